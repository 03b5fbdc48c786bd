"""Credentials → JWT → API Gateway → authorizer → policy → app, on the deployed template."""

from collections.abc import Callable

import httpx

from app.doctor.examination import examine
from app.doctor.report import Verdict
from local import tokens
from local.cloud import Edge
from tests.edge.conftest import Headers

NOTE = {"title": "first", "body": "light the lamp"}


def test_login_answers_a_token_issued_by_the_api_itself(
    http: httpx.Client, edge: Edge, member: Headers
) -> None:
    header, claims = tokens.read(member["Authorization"].removeprefix("Bearer "))

    assert header["typ"] == "at+jwt"
    assert claims["iss"] == edge.url
    assert http.get("/users/me", headers=member).json()["id"] == claims["sub"]


def test_a_wrong_password_is_the_apps_401_not_a_refusal_by_the_edge(http: httpx.Client) -> None:
    credentials = {"username": "nobody@example.com", "password": "not the right passphrase"}

    answer = http.post("/auth/login", data=credentials)

    assert answer.status_code == 401
    assert "x-amzn-ErrorType" not in answer.headers


def test_a_note_is_made_read_replaced_and_deleted(http: httpx.Client, member: Headers) -> None:
    note = http.post("/notes", json=NOTE, headers=member).json()
    path = f"/notes/{note['id']}"

    assert http.get(path, headers=member).json()["body"] == NOTE["body"]
    assert note["id"] in [n["id"] for n in http.get("/notes", headers=member).json()["items"]]
    changed = http.put(path, json=NOTE | {"body": "put it out"}, headers=member)
    assert changed.json()["body"] == "put it out"
    assert http.delete(path, headers=member).status_code == 204
    assert http.get(path, headers=member).status_code == 404


def test_somebody_elses_note_is_404(
    http: httpx.Client, member: Headers, new_member: Callable[[], Headers]
) -> None:
    note = http.post("/notes", json=NOTE, headers=member).json()

    assert http.get(f"/notes/{note['id']}", headers=new_member()).status_code == 404


def test_an_administrator_lists_users_on_the_path_where_anybody_registers(
    http: httpx.Client, admin: Headers
) -> None:
    answer = http.get("/users", headers=admin)

    assert answer.status_code == 200
    assert "admin@example.com" in [user["email"] for user in answer.json()["items"]]


def test_public_routes_ask_for_no_token(http: httpx.Client, edge: Edge) -> None:
    assert http.get("/health").status_code == 200
    assert http.get("/ready").status_code == 200
    assert len(http.get("/.well-known/jwks.json").json()["keys"]) == 1
    for name in ("openid-configuration", "oauth-authorization-server"):
        metadata = http.get(f"/.well-known/{name}").json()
        assert metadata["issuer"] == edge.url
        assert len(http.get(metadata["jwks_uri"]).json()["keys"]) == 1


def test_the_deployment_is_what_native_authorizers_ask_for(
    http: httpx.Client, edge: Edge, member: Headers
) -> None:
    """Behind a stage, so RFC 8414's own location is beyond reach, and that is said, not wrong."""
    token = member["Authorization"].removeprefix("Bearer ")
    http.get("/.well-known/openid-configuration")  # a cold start is not what is looked at here
    checks = examine(edge.url, token, address="127.0.0.1")

    assert [f"{c.name}: {c.found}" for c in checks if c.verdict is Verdict.WRONG] == []
    left = [check.name for check in checks if check.verdict is Verdict.OPEN]
    assert left == ["https, public host", "RFC 8414's location"]


def test_the_docs_and_their_assets_are_reached_under_the_stage_prefix(http: httpx.Client) -> None:
    page = http.get("/docs")

    assert page.headers["content-type"].startswith("text/html")
    for name, media_type in [
        ("openapi.json", "application/json"),
        ("docs/swagger-ui-bundle.js", "text/javascript"),
        ("docs/swagger-ui.css", "text/css"),
    ]:
        assert name in page.text
        # The address as a browser works it out from the page's own.
        asset = http.get(page.url.join(name))
        assert asset.status_code == 200
        assert asset.headers["content-type"].startswith(media_type)

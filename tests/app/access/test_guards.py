"""A guard admits exactly one well-formed bearer token with its scope, and says little else."""

import logging
import time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.tokens.issue import Issuer
from tests.support import AUDIENCE, ISSUER, Account, bearer, key_set, token_of

MISSING = ["Basic {}", "Digest {}", "{}", "", "Token {}", 'OAuth oauth_token="{}"']
MALFORMED = [
    *(
        "Bearer",
        "Bearer ",
        "Bearer  {}",
        "Bearer\t{}",
        "Bearer {} ",
        "Bearer\u00a0{}",
    ),
    *(
        'Bearer "{}"',
        "Bearer {},Bearer {}",
        "Bearer {}, Bearer {}",
        "Bearer {} x",
        "Bearer Bearer {}",
    ),
    *("Bearer={}", "Bearer:{}", "BearerX {}", "Bearer token={}", "Bearer {};", "Bearer {}\x0b"),
]


def asked(client: TestClient, *values: str) -> tuple[int, str]:
    headers = [(b"authorization", value.encode("latin-1")) for value in values]
    answer = client.get("/users/me", headers=headers)
    return answer.status_code, answer.json().get("code", "admitted")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_taken_in_any_case(client: TestClient, member: Account, scheme: str) -> None:
    assert asked(client, f"{scheme} {member.token}") == (200, "admitted")


def test_what_is_no_single_bearer_token_is_refused(client: TestClient, member: Account) -> None:
    token = member.token
    assert asked(client) == (401, "unauthorized")
    for template in MISSING:
        assert asked(client, template.replace("{}", token)) == (401, "unauthorized"), template
    for template in MALFORMED:
        assert asked(client, template.replace("{}", token)) == (401, "invalid_token"), template


def test_two_headers_are_refused_whatever_they_hold(client: TestClient, member: Account) -> None:
    good = f"Bearer {member.token}"
    for pair in ((good, good), (good, "Bearer x"), ("Bearer x", good), (good, ""), ("", good)):
        assert asked(client, *pair) == (401, "invalid_token")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Authorization": "Bearer {}"},
        {"X-Original-Authorization": "Bearer {}"},
        {"Proxy-Authorization": "Bearer {}"},
        {"Cookie": "access_token={}; token={}; Authorization=Bearer {}"},
        {"X-Amzn-Oidc-Data": "{}"},
        {"X-User-Id": "admin"},
    ],
)
def test_no_other_carrier_is_looked_at(
    client: TestClient, member: Account, headers: dict[str, str]
) -> None:
    carried = {name: value.replace("{}", member.token) for name, value in headers.items()}
    query = {"access_token": member.token, "token": member.token}
    answer = client.get("/users/me", headers=carried, params=query)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_one_scope_is_not_another_that_begins_or_ends_like_it(
    app: FastAPI, client: TestClient, member: Account
) -> None:
    sub = client.get("/users/me", headers=member.headers).json()["id"]
    for scopes in ((), ("notes:reader",), ("my-notes:read",), ("notes:",), ("NOTES:READ",), ("*",)):
        answer = client.get("/notes", headers=bearer(token_of(app, sub, *scopes)))
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    admitted = token_of(app, sub, "users:read", "notes:read")
    assert client.get("/notes", headers=bearer(admitted)).status_code == 200


def test_a_token_of_another_issuer_audience_time_or_key_is_refused(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ostiary.access")
    keys = key_set("ES256")

    def code(issuer: Issuer) -> str:
        caplog.clear()
        token = issuer.issue(sub="eve", client_id="ostiary", scopes=["account:read"])
        assert asked(client, f"Bearer {token}") == (401, "invalid_token")
        assert token not in caplog.text
        return str(vars(caplog.records[0])["code"])

    def issuer(name: str = ISSUER, audience: str = AUDIENCE, ago: float = 0) -> Issuer:
        return Issuer(
            keys, issuer=name, audience=audience, lifetime=60, clock=lambda: time.time() - ago
        )

    assert code(issuer("https://other.example")) == "wrong_issuer"
    assert code(issuer(audience="other")) == "wrong_audience"
    assert code(issuer(ago=70)) == "token_expired"
    assert code(issuer(ago=-3600)) == "token_not_yet_valid"
    strange = Issuer(key_set("ES384"), issuer=ISSUER, audience=AUDIENCE, lifetime=60)
    assert code(strange) == "unknown_key"


def test_a_refusal_is_logged_with_its_reason_and_answered_without_it(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ostiary.access")
    token = token_of(app, "eve")
    tampered = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    answer = client.get("/users/me", headers=bearer(tampered))
    assert "bad_signature" in caplog.text
    assert "signature" not in answer.text
    assert tampered not in caplog.text
    client.get("/users/me", headers=bearer(token))
    assert "insufficient_scope: account:read" in caplog.text


def test_each_refusal_of_a_guard_is_logged_once_with_its_code_and_no_token(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ostiary")
    token = token_of(app, "eve", "notes:read")
    asked = {
        "missing_token": ["", f"Basic {token}", token],
        "malformed_token": ["Bearer", f"Bearer {token},{token}", f"Bearer  {token}"],
        "bad_signature": [f"Bearer {token.rpartition('.')[0]}.{'A' * 86}"],
        "insufficient_scope": [f"Bearer {token}"],
    }
    for code, headers in asked.items():
        for header in headers:
            caplog.clear()
            client.get("/users/me", headers={"Authorization": header})
            (record,) = [record for record in caplog.records if record.name == "ostiary.access"]
            assert vars(record)["code"] == code
            assert record.getMessage().startswith(f"refused: {code}: ")
            said = f"{vars(record)} {caplog.text}"
            assert not [segment for segment in token.split(".") if segment in said]
    assert vars(record)["sub"] == "eve"


def test_who_is_admitted_is_not_logged_as_refused(
    client: TestClient, member: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ostiary.access")
    assert client.get("/users/me", headers=member.headers).status_code == 200
    assert [record for record in caplog.records if record.name == "ostiary.access"] == []

"""An explanation says what the app answers and logs, and what the edge answers and logs."""

import json
import random
import time
from urllib.parse import unquote
from uuid import uuid4

import pytest
from fastapi import FastAPI

from app.doctor.report import Verdict
from app.explain.explanation import explained
from app.explain.house import House
from app.explain.refusal import Refusal
from app.tokens.errors import TokenError
from tests.app.events import Handler, rest_event
from tests.app.explain.conftest import HouseMaker
from tests.app.explain.house import bad_headers, kinds_of, of_app, of_http_api, of_rest_api
from tests.doors.forge import Forge, join
from tests.proof.judges import texts_of

ALGS = ("HS256", "RS256", "ES256")
NOTE = f"/notes/{uuid4()}"
CALLS = (
    *(("GET", "/notes"), ("POST", "/notes"), ("GET", NOTE), ("PUT", NOTE), ("DELETE", NOTE)),
    *(("GET", "/users"), ("GET", "/users/me"), ("POST", "/users"), ("GET", "/health")),
    *(("GET", "/docs"), ("POST", "/auth/login"), ("GET", "/.well-known/jwks.json")),
    *(("PATCH", "/notes"), ("DELETE", "/notes"), ("POST", "/health"), ("PUT", "/users/me")),
    *(("GET", "/none"), ("GET", "/"), ("GET", "/notesx"), ("GET", f"{NOTE}/x")),
    *(("HEAD", "/notes"), ("TRACE", "/notes"), ("get", "/notes"), ("PROPFIND", "/none")),
    *(("GET", "/notes/"), ("GET", "//notes"), ("GET", "/notes/x"), ("GET", NOTE.upper())),
)
# Nothing of the token itself: an authorizer that asks no list, and an app without such a session,
# say none of them.
OF_STATUS_LISTS = {"missing_status", "wrong_status", "session_ended"}
HOSTILE = [
    *("/users%2Fme", "/users/%6d%65", "/%6eotes", "/notes%0A", "/notes%252F", "/users/%256de"),
    *("/./notes", "/users/../notes", "/notes//", "/notes%00", "/notes%5C", "/notes%C3%BC", "/ü"),
    *("/notes/*", "/*", "/notes/${x}", "/notes\n", "/notes\\", "/%68ealth"),
    *("/notes%3F", "/notes;x=1", "/no tes", "/%", "/%g1"),
]


def scope_sets(house: House) -> list[tuple[str, ...]]:
    """None, all, each by itself, and some others: an order is as good as another."""
    scopes = sorted(house.table.scopes)
    chance = random.Random(7)  # noqa: S311 - not for secrets
    some = [chance.sample(scopes, chance.randint(2, len(scopes) - 1)) for _ in range(8)]
    return [(), *((scope,) for scope in scopes), *map(tuple, some), tuple(scopes)]


def check(
    house: House,
    app: FastAPI,
    caplog: pytest.LogCaptureFixture,
    authorization: str,
    method: str,
    path: str,
) -> Refusal | None:
    """All three doors, against who really answers there; what the app says."""
    found = explained(house, authorization, method, path)
    answer = of_app(app, caplog, authorization, method, path)
    assert found.app == answer, (method, path, authorization)
    rest, http = (
        of(caplog, authorization, method, path) or answer for of in (of_rest_api, of_http_api)
    )
    assert (found.rest_api, found.http_api) == (rest, http), (method, path, authorization)
    assert found.allowed == (answer is None)
    told = found.app.told if found.app else "Allowed: "
    assert told in found.sentence
    return answer


@pytest.mark.parametrize("alg", ALGS)
def test_each_way_to_be_a_bad_token_is_told_with_its_code(
    make_house: HouseMaker, caplog: pytest.LogCaptureFixture, alg: str
) -> None:
    app, house = make_house(alg)
    headers = bad_headers(alg)
    codes = {vars(kind)["code"] for kind in kinds_of(TokenError)}
    assert set(headers) == codes - OF_STATUS_LISTS
    for code, authorization in headers.items():
        answer = check(house, app, caplog, authorization, "GET", "/notes")
        assert answer
        assert (answer.status, answer.reason) == (401, code)
        for method, path in CALLS:
            check(house, app, caplog, authorization, method, path)


@pytest.mark.parametrize(
    "authorization",
    [
        *("Basic YTpi", "Bearer", "Bearer a", "Bearer  a.b.c", "Bearer a.b.c d", "BearerX a.b.c"),
        *("bearer a.b.c", "Bearer a.b.c,Bearer a.b.c", "Token a.b.c", "Bearer =.=.=", "Bearer a.b"),
    ],
)
def test_what_is_no_bearer_header_is_told_as_the_doors_see_it(
    make_house: HouseMaker, caplog: pytest.LogCaptureFixture, authorization: str
) -> None:
    app, house = make_house("ES256")
    for method, path in (("GET", "/notes"), ("GET", "/health"), ("GET", "/none")):
        check(house, app, caplog, authorization, method, path)


@pytest.mark.parametrize("alg", ALGS)
def test_for_all_routes_and_many_sets_of_scopes_the_verdict_is_that_of_the_doors(
    make_house: HouseMaker, caplog: pytest.LogCaptureFixture, alg: str
) -> None:
    app, house = make_house(alg)
    forge = Forge(alg, "ada", int(time.time()))
    own = [(e.method, path) for e in house.table.entries for path in texts_of(e.spelling)]
    answers = set()
    for scopes in scope_sets(house):
        header = f"Bearer {forge.token(scope=' '.join(scopes))}"
        for method, path in {*own, *CALLS}:
            answers.add(check(house, app, caplog, header, method, path))
    assert {answer.code if answer else "" for answer in answers} == {
        *("", "insufficient_scope", "not_found", "method_not_allowed")
    }


@pytest.mark.parametrize("scope", ["my-notes:read", "notes:reader", "notes:", "NOTES:READ", "*"])
def test_a_scope_is_not_another_that_holds_it(
    make_house: HouseMaker, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    app, house = make_house("ES256")
    header = f"Bearer {Forge('ES256', 'ada', int(time.time())).token(scope=scope)}"
    answer = check(house, app, caplog, header, "GET", "/notes")
    assert answer == Refusal(403, "insufficient_scope", "insufficient_scope")


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_told_as_uvicorn_and_as_api_gateway_have_it(
    make_house: HouseMaker, handler: Handler, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    app, house = make_house("ES256")
    token = Forge("ES256", "ada", int(time.time())).token()
    for header in (f"Bearer {token}", ""):
        found = explained(house, header, "GET", path)
        assert found.app == of_app(app, caplog, header, "GET", path)
        decoded = unquote(path)
        edge = of_rest_api(caplog, header, "GET", decoded)
        event = rest_event("GET", decoded, token if header else None)
        answer = handler(event)
        if edge:
            assert found.rest_api == edge
        elif found.rest_api:
            assert found.rest_api.status == answer["statusCode"]
            assert found.rest_api.code in answer["body"]
        else:
            # The route itself: no such user, or nothing but the truth.
            assert answer["statusCode"] in (200, 403)
            assert "insufficient_scope" not in answer["body"]


def test_a_preflight_is_for_api_gateway_and_a_plain_options_is_no_verb_of_the_app(
    make_house: HouseMaker, caplog: pytest.LogCaptureFixture
) -> None:
    app, house = make_house("ES256")
    found = explained(house, "", "OPTIONS", "/notes")
    assert found.app == of_app(app, caplog, "", "OPTIONS", "/notes")
    edge = {check.name: check for check in found.checks if check.name.endswith("API")}
    assert {check.verdict for check in edge.values()} == {Verdict.OPEN}
    assert edge["REST API"].found.startswith("200, a static answer to preflights")
    assert edge["HTTP API"].found.startswith("answers preflights itself if an origin is configured")
    assert (found.rest_api, found.http_api, found.certain) == (None, None, False)
    assert found.sentence == (
        "Refused: 405 method_not_allowed; behind API Gateway OPTIONS is for preflights."
    )


@pytest.mark.parametrize(("length", "fits"), [(100, True), (190, True), (230, False), (255, False)])
def test_a_token_that_no_policy_has_room_for_is_denied_at_the_edge_alone(
    make_house: HouseMaker, caplog: pytest.LogCaptureFixture, length: int, *, fits: bool
) -> None:
    """In JSON each of these letters takes 12, and the policy names the subject twice."""
    app, house = make_house("ES256")
    forge, name = Forge("ES256", "ada", int(time.time())), "\N{KEY}" * length
    payload = json.dumps(forge.claims(sub=name, client_id=name), ensure_ascii=False)
    header = f"Bearer {join(forge.header(), payload.encode(), forge.sign)}"
    found = explained(house, header, "GET", "/notes")
    assert found.app is None
    assert of_app(app, caplog, header, "GET", "/notes") is None
    assert found.rest_api == of_rest_api(caplog, header, "GET", "/notes")
    if fits:
        assert found.allowed
    else:
        assert found.rest_api == Refusal(403, "insufficient_scope", "policy_too_large")
        assert found.sentence.startswith("Refused at the edge alone: 403 insufficient_scope")

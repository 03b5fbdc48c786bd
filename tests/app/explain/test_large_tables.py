"""Where a policy is too long to list, a wildcard decides, or a denial: and that is told."""

import json
from itertools import product

from app.access.routes import RouteTable
from app.explain.explanation import Explanation, explained
from app.explain.house import House
from app.explain.refusal import Refusal
from app.tokens.statements import CompiledRoutes
from app.tokens.verify import Verifier
from authorizer.policy import policy_for
from tests.authorizer.iam import allows
from tests.doors.forge import Forge
from tests.proof.tables import Line, app_of, public_of
from tests.support import AUDIENCE, ISSUER, key_set

NOW = 1_800_000_000
ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/" + "s" * 47  # 100 characters
# Eighty routes that begin alike, one of which needs another scope than all around it.
LINES = (
    *(Line("GET", f"/notes/n{number:02}", "a:read") for number in range(40) if number != 17),
    *(Line("POST", f"/notes/n{number:02}", "a:write") for number in range(40)),
    Line("GET", "/notes/n17", "b:read"),
    Line("GET", "/notes-of-all", None),
    Line("GET", "/files/{path:tail}", "a:read"),
)
TABLE = RouteTable.of(app_of(LINES), public_of(LINES))
COMPILED = CompiledRoutes(json.loads(TABLE.compiled()))
KEYS = key_set("ES256")
HOUSE = House(TABLE, COMPILED, KEYS, ISSUER, AUDIENCE, lambda: NOW)
TOKEN = Forge("ES256", "ada", NOW).token(scope="a:read a:write")


def _explained(method: str, path: str) -> Explanation:
    return explained(HOUSE, f"Bearer {TOKEN}", method, path)


def _rest_row(found: Explanation) -> str:
    (row,) = [check.found for check in found.checks if check.name == "REST API"]
    return row


def test_a_route_is_opened_by_the_wildcard_that_is_named() -> None:
    found = _explained("GET", "/notes/n07")
    assert found.allowed
    assert _rest_row(found).startswith("lets it by: Allow ")
    assert _rest_row(found).endswith("*")


def test_a_denial_under_a_wildcard_is_named_and_wins() -> None:
    found = _explained("GET", "/notes/n17")
    assert (found.app, found.rest_api) == (
        Refusal(403, "insufficient_scope", "insufficient_scope"),
        Refusal(403, "insufficient_scope", "granted"),
    )
    assert _rest_row(found).startswith("403 insufficient_scope: Deny GET/notes/n17; ")


def test_a_path_without_a_route_that_a_wildcard_lets_by_is_the_apps_404() -> None:
    found = _explained("GET", "/notes/none")
    assert found.rest_api == found.http_api == found.app == Refusal(404, "not_found")
    assert _rest_row(found).startswith("lets it by: Allow ")
    assert _rest_row(found).endswith("; the app behind it answers 404 not_found")
    assert found.sentence == "Refused: 404 not_found."
    elsewhere = _explained("GET", "/none")
    assert elsewhere.rest_api == Refusal(403, "insufficient_scope", "granted")


def test_what_is_left_of_escapes_behind_api_gateway_is_refused_by_the_app() -> None:
    """It would be `!` if the app decoded once more, and that the route takes."""
    assert _explained("GET", "/files/%21").allowed
    twice = _explained("GET", "/files/%2521")
    assert twice.rest_api == twice.app == Refusal(404, "not_found")
    assert _rest_row(twice).startswith("lets it by: Allow ")


def test_of_a_path_with_two_readings_the_app_admits_none() -> None:
    """So a verdict is never an admission that API Gateway might turn round."""
    for path in ("/files/a%20b", "/files/%C3%A9", "/files/a%22b", "/files/a/", "/files//a"):
        found = _explained("GET", path)
        assert (found.app, found.certain) == (Refusal(404, "not_found"), False)
        assert found.sentence.endswith(
            "; behind API Gateway it depends on what becomes of the path."
        )


def test_every_call_is_ruled_as_the_authorizers_policy_rules_it() -> None:
    claims = Verifier(KEYS, issuer=ISSUER, audience=AUDIENCE, clock=lambda: NOW).verify(TOKEN)
    policy = policy_for(claims, ARN, COMPILED)
    assert len(policy["policyDocument"]["Statement"]) == 2
    paths = {line.path for line in LINES} | {"/notes", "/notes/none", "/none", "/notesx", "/notes/"}
    ruled = set()
    for method, path in product(("GET", "POST", "PUT"), sorted(paths)):
        if (method, path) != ("GET", "/notes-of-all"):
            found = _rest_row(_explained(method, path))
            found = found.removeprefix("if it keeps such a path as it is, ")
            allowed = allows(policy, f"{ARN}/{method}{path}")
            assert found.startswith("lets it by: Allow ") == allowed, (method, path)
            ruled.add(allowed)
    assert ruled == {True, False}

"""The authorizer as an instance grows old: a thousand decisions, with status lists to be asked."""

import time
from collections.abc import Callable
from itertools import product
from typing import Any

from app.tokens.claims import StatusReference
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from tests.authorizer.decisions import recorded
from tests.authorizer.list_service import says_list
from tests.images.instance import INVOCATIONS, WARM_UP, Holding
from tests.images.runtime import Environment, Function, Start
from tests.images.steps import ISSUER
from tests.web_server import WebServer, hangs_up

LIST = "/00000000-0000-4000-8000-000000000001"
ENDED, GOES_ON = 3, 4
SHAPES = ("rest_token", "rest_request", "http_api_2.0")
# What a token may be, and by which code it is decided.
TOKENS: dict[str, Callable[["Signer"], str]] = {
    "granted": lambda signer: signer.token(GOES_ON),
    "session_ended": lambda signer: signer.token(ENDED),
    "missing_status": lambda signer: signer.token(None),
    "token_expired": lambda signer: signer.token(GOES_ON, seconds_ago=3600),
    "bad_signature": lambda signer: _forged(signer.token(GOES_ON)),
    "malformed_token": lambda signer: "a.b.c",
}
CASES = list(product(TOKENS, SHAPES))


class Signer:
    """The deployed app as far as it signs: tokens with a place in its one list, and that list."""

    def __init__(self, key_set: str, lists: str) -> None:
        self._uri = lists + LIST
        self._seconds_ago = 0
        self._issuer = Issuer(
            parse_key_set(key_set.encode()),
            issuer=ISSUER,
            audience="ostiary",
            lifetime=600,
            clock=lambda: time.time() - self._seconds_ago,
        )

    def token(self, idx: int | None, seconds_ago: int = 0) -> str:
        self._seconds_ago = seconds_ago
        status = None if idx is None else StatusReference(idx, self._uri)
        return self._issuer.issue(
            sub="somebody", client_id="ostiary", scopes=["notes:read"], status=status
        )

    def status_list(self) -> str:
        """The list, in which one session has ended."""
        raw = bytes([1 << ENDED]) + bytes(99)
        return self._issuer.sign_status_list(uri=self._uri, raw=raw)


def test_a_thousand_decisions_leave_the_authorizer_as_it_was(
    app_environment: Environment, authorizer_environment: Environment, start_image: Start
) -> None:
    with WebServer(hangs_up) as server:
        lists = server.url("/status-lists")
        signer = Signer(app_environment["OSTIARY_SIGNING_KEYS"], lists)
        server.speak = says_list(signer.status_list(), '"one"')
        environment = authorizer_environment | {"OSTIARY_STATUS_LISTS": lists}
        with start_image("authorizer", environment) as function:
            for number in range(WARM_UP):
                _check_decision(function, signer, number)
            before = Holding.of(function)
            for number in range(WARM_UP, WARM_UP + INVOCATIONS):
                _check_decision(function, signer, number)
            after = Holding.of(function)
            print(f"authorizer: {INVOCATIONS} decisions, {before} to {after}")
            before.check_flat(after)
            for code in TOKENS:
                assert f'"code": "{code}"' in function.log(), code
            assert "UndecidedError" not in function.log()
        assert len(server.requests) == 1


def _check_decision(function: Function, signer: Signer, number: int) -> None:
    """Three good tokens of four; each of them is new, as an authorizer with a cache sees them."""
    code, shape = "granted", SHAPES[number % len(SHAPES)]
    if number % 4 == 0:
        code, shape = CASES[number // 4 % len(CASES)]
    report = function.invoke(recorded(shape, TOKENS[code](signer)))
    if code == "granted":
        assert report.content["context"]["code"] == code, (report, function.log())
    elif shape == "http_api_2.0":
        assert _effects(report.content) == {"Deny"}, report
    else:
        assert (report.kind, report.content["errorMessage"]) == ("error", "Unauthorized"), report


def _effects(policy: Any) -> set[str]:
    return {statement["Effect"] for statement in policy["policyDocument"]["Statement"]}


def _forged(token: str) -> str:
    """The same claims, and the signature of nobody."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"

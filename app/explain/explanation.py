"""One request, judged as each part would judge it."""

from typing import NamedTuple
from urllib.parse import unquote

from app.doctor.report import Check, Verdict, not_judged, right, wrong
from app.errors import InsufficientScope, InvalidToken, Unauthenticated
from app.explain.edge import HTTP_API, REST_API, Call, Kind, rule
from app.explain.house import House
from app.explain.refusal import Refusal, refused
from app.explain.routing import Reading, read, read_behind_gateway
from app.explain.token import Judged, judge, not_looked_at
from app.request_rules import is_one_spelling
from app.tokens.errors import MissingToken


class Explanation(NamedTuple):
    """What each part says, row by row, and what comes of it at three doors: None is let by.

    `app` is the app asked directly, the others the app behind API Gateway. `unsure` says why those
    may come out otherwise, or is '': API Gateway may make another path of one that has more than
    one reading, and what it answers to OPTIONS is no verdict.
    """

    checks: list[Check]
    entry_name: str
    app: Refusal | None
    rest_api: Refusal | None
    http_api: Refusal | None
    unsure: str

    @property
    def certain(self) -> bool:
        """Whether what comes back through API Gateway can be told."""
        return not self.unsure

    @property
    def allowed(self) -> bool:
        return not (self.app or self.rest_api or self.http_api)

    @property
    def sentence(self) -> str:
        """The verdict, with its code."""
        if self.app is None:
            edge = self.rest_api or self.http_api
            if edge is None:
                return f"Allowed: {self.entry_name}."
            return f"Refused at the edge alone: {edge.told}; the app would let it by."
        reason = f" ({self.app.reason})" if self.app.reason not in ("", self.app.code) else ""
        return f"Refused: {self.app.told}{reason}{self._at_the_edge(self.app)}."

    def _at_the_edge(self, app: Refusal) -> str:
        if self.unsure:
            return f"; {self.unsure}"
        if self.rest_api is None:
            return "; behind API Gateway, which decodes the path, it is allowed"
        same = self.rest_api[:2] == app[:2]
        return "" if same else f"; at a REST API {self.rest_api.told}"


def explained(house: House, authorization: str, method: str, path: str) -> Explanation:
    """Why a request is allowed or refused. `path` is the one that is sent, without its query.

    Raises KeySetError where the keys cannot be read.
    """
    sent = read(house.table, method, path)
    behind = read_behind_gateway(house.table, method, path)
    token = not_looked_at(authorization) if sent.public else judge(authorization, house)
    app = _answer(sent, token)
    rows = [*sent.checks, *token.checks, *_scope_row(sent, token), _app_row(sent, app)]
    call = Call(method, unquote(path), behind.public)
    doors = [_through(kind, house, call, behind, token) for kind in (REST_API, HTTP_API)]
    (rest_row, rest), (http_row, http) = doors
    rows += [rest_row, http_row]
    return Explanation(rows, _why_allowed(sent), app, rest, http, _unsure(call))


def _answer(reading: Reading, token: Judged) -> Refusal | None:
    """What the app answers instead of what the route does; None where the guard admits."""
    if reading.entry is None or reading.entry.scope is None:
        return reading.refusal
    if isinstance(token.error, MissingToken):
        return refused(Unauthenticated(""), token.code)
    if token.claims is None:
        return refused(InvalidToken(), token.code)
    scope = reading.entry.scope.name
    if scope not in token.claims.scopes:
        return refused(InsufficientScope(scope), InsufficientScope.code)
    return None


def _scope_row(reading: Reading, token: Judged) -> list[Check]:
    if reading.entry is None or reading.entry.scope is None:
        return []
    scope = reading.entry.scope
    if token.claims is None:
        return [not_judged("guard", f"{scope.name}: no token to look for it in")]
    if scope.name in token.claims.scopes:
        return [right("guard", f"{scope.name} is in the token's scope")]
    advice = f"log in as one who may: {' or '.join(scope.roles)}"
    return [wrong("guard", f"{scope.name} is not in the token's scope", advice)]


def _app_row(reading: Reading, refusal: Refusal | None) -> Check:
    if refusal is None:
        return right("app", "lets it by; what lies behind, such as whose note it is, is not asked")
    logged = f"; its log says {refusal.reason}" if refusal.reason else ""
    return wrong("app", f"{refusal.told}{logged}", "")


def _through(
    kind: Kind, house: House, call: Call, behind: Reading, token: Judged
) -> tuple[Check, Refusal | None]:
    """What an API of a kind says, and what comes back through it in the end."""
    if call.method == "OPTIONS":
        return not_judged(kind.name, kind.preflight), None
    answer = _answer(behind, token)
    ruling = rule(kind, call, token, house.at_the_edge)
    if ruling.refusal:
        found, verdict = f"{ruling.refusal.told}: {ruling.because}", Verdict.WRONG
    else:
        then = f"; the app behind it answers {answer.told}" if answer else ""
        found, verdict = f"lets it by: {ruling.because}{then}", Verdict.RIGHT
    if _unsure(call):
        found, verdict = f"if it keeps such a path as it is, {found}", Verdict.OPEN
    return Check(kind.name, found, verdict), ruling.refusal or answer


def _unsure(call: Call) -> str:
    """Why it cannot be told what comes back through API Gateway; '' where it can."""
    if call.method == "OPTIONS":
        return "behind API Gateway OPTIONS is for preflights"
    if not is_one_spelling(call.path.encode("utf-8", "replace")):
        return "behind API Gateway it depends on what becomes of the path"
    return ""


def _why_allowed(reading: Reading) -> str:
    if reading.entry is None or reading.entry.scope is None:
        return f"{reading.entry.name if reading.entry else ''} is public, and wants no token"
    return f"{reading.entry.name} wants {reading.entry.scope.name}, and the token carries it"

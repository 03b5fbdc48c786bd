"""How each route is called: with what, and by whom. A route that cannot be called as it stands and
is not among these stops the benchmark, so that none is forgotten.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.access.entries import RouteEntry
from benchmarks.scale_house import PASSWORD, House, user_id
from benchmarks.scale_rows import NOTES_EACH, OF_ONE, SPENT, UNUSED, an_id

Words = dict[str, Any]
_NOTE = {"title": "A title", "body": "A body"}


@dataclass(frozen=True)
class Call:
    """A way to call a route. `prepare` gives what TestClient.request wants beside the method."""

    route: str
    prepare: Callable[[House], Words]
    detail: str = ""
    status: int | None = None  # that of a refusal, where one is expected
    may_time_out: bool = False  # whether the database may give up, and 503 be the answer
    hashes: bool = False  # whether it costs an argon2

    @property
    def name(self) -> str:
        """The route, and what is special about the call."""
        return f"{self.route}, {self.detail}" if self.detail else self.route


def calls(house: House) -> Iterator[Call]:
    """All calls of all routes; LookupError where it is not known how one is called."""
    for entry in house.app.state.routes.entries:
        known = [call for call in _CALLS if call.route == entry.name]
        if not known and (entry.method != "GET" or "{" in entry.path):
            raise LookupError(f"benchmarks/scale_calls.py does not say how to call {entry.name}")
        yield from known or [Call(entry.name, _plain(entry))]


def _plain(entry: RouteEntry) -> Callable[[House], Words]:
    scopes = {entry.scope.name} if entry.scope else set()

    def prepare(house: House) -> Words:
        headers = house.bearer(house.owner(), scopes) if scopes else {}
        return {"url": entry.path, "headers": headers}

    return prepare


def ask(house: House, call: Call) -> None:
    """Do it once; AssertionError where the answer is not the one that is expected."""
    words = call.prepare(house)
    house.meter.reset()
    answer = house.client.request(call.route.partition(" ")[0], **words)
    fits = answer.is_success if call.status is None else answer.status_code == call.status
    gave_up = call.may_time_out and answer.status_code == 503
    assert fits or gave_up, (call.name, answer.status_code, answer.text)


def _as(house: House, number: int, url: str, *scopes: str, **more: Any) -> Words:
    return {"url": url, "headers": house.bearer(number, scopes), **more}


def _as_owner(url: str, *scopes: str, **more: Any) -> Callable[[House], Words]:
    return lambda house: _as(house, house.owner(), url, *scopes, **more)


def _as_other(url: str, *scopes: str, **more: Any) -> Callable[[House], Words]:
    """By somebody whose sessions it ends."""
    return lambda house: _as(house, house.other(), url, *scopes, **more)


def _as_one(url: str, *scopes: str) -> Callable[[House], Words]:
    """By the one with very many notes, and very many sessions that ended."""
    return lambda house: _as(house, 0, url, *scopes)


def _see_owner(end: str) -> Callable[[House], Words]:
    """By an administrator, of somebody."""
    return lambda house: _as(
        house, house.owner(), f"/users/{user_id(house.owner())}{end}", "users:read"
    )


def _on_other(end: str, *scopes: str, **more: Any) -> Callable[[House], Words]:
    """By an administrator, to somebody."""

    def prepare(house: House) -> Words:
        return _as(house, house.owner(), f"/users/{user_id(house.other())}{end}", *scopes, **more)

    return prepare


def _on_note(scope: str, *, last: bool, **more: Any) -> Callable[[House], Words]:
    """One of the caller's own notes: the last, or the first that is still there."""

    def prepare(house: House) -> Words:
        number = house.owner()
        place = NOTES_EACH - 1 if last else house.count(f"deleted {number}")
        note = an_id("note", NOTES_EACH * number + place)
        return _as(house, number, f"/notes/{note}", scope, **more)

    return prepare


def _deep(kind: str, url: str, scope: str) -> Callable[[House], Words]:
    """The page half way through what the one with very many has, or through all."""

    def prepare(house: House) -> Words:
        middle = house.rows // (2 * OF_ONE if kind == "note" else 2)
        return _as(house, 0, f"{url}?cursor={house.cursor(kind, middle)}", scope)

    return prepare


def _log_in(house: House, number: int, password: str = PASSWORD) -> Words:
    data = {"username": f"user{number}@example.com", "password": password}
    return {"url": "/auth/login", "data": data}


def _log_in_again(house: House) -> Words:
    words = _log_in(house, house.owner())
    assert house.client.post(**words).is_success
    return words


def _end_own_session(house: House) -> Words:
    number = house.other()
    return _as(house, number, f"/sessions/{an_id('session', number)}", "sessions:write")


def _dismiss_administrator(house: House) -> Words:
    """After he was made one."""
    url = f"/users/{user_id(house.other())}/roles"
    words = _as(house, house.owner(), url, *house.scopes, json={"roles": ["member", "admin"]})
    assert house.client.put(**words).is_success
    return words | {"json": {"roles": ["member"]}}


def _change_password(house: House) -> Words:
    passwords = {"current_password": PASSWORD, "new_password": "another agreed sentence"}
    return _as(house, house.other(), "/users/me/password", "account:write", json=passwords)


def _refresh(house: House) -> Words:
    token = house.refresh_token(UNUSED, house.other())
    return {"url": "/auth/token", "data": {"grant_type": "refresh_token", "refresh_token": token}}


def _reuse(house: House) -> Words:
    token = house.refresh_token(SPENT, house.other())
    return {"url": "/auth/token", "data": {"grant_type": "refresh_token", "refresh_token": token}}


def _revoke(house: House) -> Words:
    return {"url": "/auth/revoke", "data": {"token": house.refresh_token(UNUSED, house.other())}}


def _machine(house: House) -> tuple[str, str]:
    return house.machine.id, house.machine.secret


def _introspect(house: House) -> Words:
    token = house.bearer(house.owner(), ["notes:read"])["Authorization"].partition(" ")[2]
    return {"url": "/auth/introspect", "data": {"token": token}, "auth": _machine(house)}


def _introspect_refresh(house: House) -> Words:
    token = house.refresh_token(UNUSED, house.owner())
    return {"url": "/auth/introspect", "data": {"token": token}, "auth": _machine(house)}


def _own_grant(house: House) -> Words:
    form = {"grant_type": "client_credentials"}
    return {"url": "/auth/token", "data": form, "auth": _machine(house)}


def _register(house: House) -> Words:
    email = f"new{house.count('new')}@example.com"
    return {"url": "/users", "json": {"email": email, "password": PASSWORD}}


def events(query: Mapping[str, str]) -> Call:
    """A way to ask for events of the audit."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    prepare = _as_owner(f"/audit-events?{asked}", "audit:read")
    return Call("GET /audit-events", prepare, asked, may_time_out=True)


_ONE = "one with very many"
_CALLS = (
    Call("POST /auth/login", lambda house: _log_in(house, house.owner()), hashes=True),
    Call("POST /auth/login", _log_in_again, "where one did before", hashes=True),
    Call(
        "POST /auth/login",
        lambda house: _log_in(house, 1 + house.count("wrong"), "a wrong guess of somebody"),
        "a wrong password",
        status=401,
        hashes=True,
    ),
    Call("POST /auth/token", _refresh),
    Call("POST /auth/token", _reuse, "a spent token", status=400),
    Call("POST /auth/token", _own_grant, "a client's own"),
    Call("POST /auth/revoke", _revoke),
    Call("POST /auth/introspect", _introspect),
    Call("POST /auth/introspect", _introspect_refresh, "a refresh token"),
    Call("POST /users", _register, hashes=True),
    Call("GET /status-lists/{list_id}", lambda _: {"url": f"/status-lists/{an_id('list', 0)}"}),
    Call("GET /notes", _as_owner("/notes", "notes:read")),
    Call("GET /notes", _deep("note", "/notes", "notes:read"), f"{_ONE}, half way"),
    Call("POST /notes", _as_owner("/notes", "notes:write", json=_NOTE)),
    Call("GET /notes/{note_id}", _on_note("notes:read", last=True)),
    Call("PUT /notes/{note_id}", _on_note("notes:write", last=True, json=_NOTE)),
    Call("DELETE /notes/{note_id}", _on_note("notes:write", last=False)),
    Call("GET /sessions", _as_owner("/sessions", "sessions:read")),
    Call("GET /sessions", _as_one("/sessions", "sessions:read"), f"{_ONE} that ended"),
    Call("DELETE /sessions", _as_other("/sessions", "sessions:write")),
    Call("DELETE /sessions/{session_id}", _end_own_session),
    Call("GET /users", _as_owner("/users", "users:read")),
    Call("GET /users", _deep("user", "/users", "users:read"), "half way"),
    Call("PATCH /users/me", _as_owner("/users/me", "account:write", json={"name": "Ada"})),
    Call("PUT /users/me/password", _change_password, hashes=True),
    Call("DELETE /users/me", _as_other("/users/me", "account:write")),
    Call("GET /users/{user_id}", _see_owner("")),
    Call("PATCH /users/{user_id}", _on_other("", "users:write", json={"disabled": True})),
    Call("DELETE /users/{user_id}", _on_other("", "users:write")),
    Call("PUT /users/{user_id}/roles", _dismiss_administrator, "an administrator no more"),
    Call("GET /users/{user_id}/sessions", _see_owner("/sessions")),
    Call("DELETE /users/{user_id}/sessions", _on_other("/sessions", "users:write")),
)

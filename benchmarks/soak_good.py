"""What people and machines ask who mean no harm; each is answered, and with what is theirs."""

import base64
import json

from benchmarks.soak_people import Machine, Person, address_in, new_password
from benchmarks.soak_wire import Answer, Request
from benchmarks.soak_world import Call, Kind, World

OK, CREATED, EMPTY = frozenset({200}), frozenset({201}), frozenset({204})
FEW_NOTES, MANY_NOTES = 2, 30


def _has_token(person: Person) -> bool:
    return bool(person.token)


def _as_somebody(world: World, method: str, path: str) -> Call | None:
    person = world.free(_has_token)
    if person is None:
        return None
    return Call(Request(method, path, person.token), OK, person.address, person)


def login_of(world: World, person: Person) -> Call:
    """A login, and what its answer changes."""
    form = {"username": person.email, "password": person.password}

    def then(answer: Answer) -> str:
        return _kept(world, person, answer, anew=True)

    request = Request("POST", "/auth/login", form=form)
    return Call(request, OK, person.address, person, then, person.email)


def _kept(world: World, person: Person, answer: Answer, *, anew: bool) -> str:
    token, refresh = answer["access_token"], answer["refresh_token"]
    if not (token and refresh):
        return "no tokens came"
    world.keep_secret(token, refresh)
    person.holds(token, refresh, anew=anew)
    return ""


def _login(world: World) -> Call | None:
    """Whoever has no session first; the owners of attacked accounts no less than all others."""
    person = (
        world.free(lambda each: not each.token)
        if world.chance.random() < 0.6
        else world.free(lambda _: True, world.crowd.victims)
    )
    person = person or world.free(lambda _: True)
    if person is None:
        return None
    return login_of(world, person)


def _refresh(world: World) -> Call | None:
    person = world.free(lambda each: each.refresh)
    if person is None:
        return None
    form = {"grant_type": "refresh_token", "refresh_token": person.refresh}
    return Call(
        Request("POST", "/auth/token", form=form),
        OK,
        person.address,
        person,
        lambda answer: _kept(world, person, answer, anew=False),
    )


def _me(world: World) -> Call | None:
    person = world.free(_has_token)
    if person is None:
        return None
    return Call(
        Request("GET", "/users/me", person.token),
        OK,
        person.address,
        person,
        lambda answer: "" if answer["email"] == person.email else "somebody else's account",
    )


def _list_notes(world: World) -> Call | None:
    return _as_somebody(world, "GET", "/notes")


def _list_sessions(world: World) -> Call | None:
    return _as_somebody(world, "GET", "/sessions")


def _write_note(world: World) -> Call | None:
    person = world.free(lambda each: each.token and len(each.notes) < MANY_NOTES)
    if person is None:
        return None

    def then(answer: Answer) -> str:
        person.notes.append(answer["id"])
        return ""

    request = _note_request("POST", "/notes", person, world)
    return Call(request, CREATED, person.address, person, then)


def _note_request(method: str, path: str, person: Person, world: World) -> Request:
    content = {"title": f"Note {world.chance.random()}", "body": "What was on my mind. " * 8}
    return Request(method, path, person.token, json=content)


def _read_note(world: World) -> Call | None:
    person = world.free(lambda each: each.token and each.notes)
    if person is None:
        return None
    note = world.chance.choice(person.notes)
    request = Request("GET", f"/notes/{note}", person.token)
    return Call(request, OK, person.address, person)


def _change_note(world: World) -> Call | None:
    person = world.free(lambda each: each.token and each.notes)
    if person is None:
        return None
    note = world.chance.choice(person.notes)
    request = _note_request("PUT", f"/notes/{note}", person, world)
    return Call(request, OK, person.address, person)


def _delete_note(world: World) -> Call | None:
    person = world.free(lambda each: each.token and len(each.notes) > FEW_NOTES)
    if person is None:
        return None
    note = person.notes.pop()
    request = Request("DELETE", f"/notes/{note}", person.token)
    return Call(request, EMPTY, person.address, person)


def _log_out(world: World) -> Call | None:
    person = world.free(lambda each: each.refresh)
    if person is None:
        return None

    def then(_: Answer) -> str:
        person.lost()
        return ""

    form = {"token": person.refresh}
    request = Request("POST", "/auth/revoke", form=form)
    return Call(request, OK, person.address, person, then)


def _client_token(world: World) -> Call | None:
    machine = world.machine()

    def then(answer: Answer) -> str:
        machine.token = answer["access_token"] or ""
        world.keep_secret(machine.token)
        return "" if machine.token else "no token came"

    request = Request(
        "POST", "/auth/token", form={"grant_type": "client_credentials"}, basic=machine.basic()
    )
    return Call(request, OK, machine.address, then=then)


def _introspect(world: World) -> Call | None:
    """A token that is good, or one of a session that was ended."""
    machine = world.machine()
    ended = world.chance.random() < 0.3
    person = world.free(lambda each: each.ended if ended else each.token)
    if person is None:
        return None
    return introspection(machine, person, person.ended if ended else person.token)


def introspection(machine: Machine, person: Person, token: str) -> Call:
    """What a machine is told of a person's token, who does nothing meanwhile."""
    active = token == person.token
    request = Request("POST", "/auth/introspect", form={"token": token}, basic=machine.basic())
    return Call(
        request,
        OK,
        machine.address,
        person,
        lambda answer: "" if answer["active"] is active else f"active is not {active}",
    )


def _status_list(world: World) -> Call | None:
    person = world.free(_has_token)
    if person is None:
        return None
    segment = person.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(segment + "=="))
    number = claims["status"]["status_list"]["uri"].rpartition("/")[2]
    return Call(Request("GET", f"/status-lists/{number}"), OK, person.address)


def _public(world: World) -> Call | None:
    paths = ("/.well-known/jwks.json", "/.well-known/openid-configuration", "/health", "/ready")
    return Call(Request("GET", world.chance.choice(paths)), OK, address_in(5, 0))


def _register(world: World) -> Call | None:
    """Somebody new, who is one of the people from then on."""
    world.newcomers += 1
    number = world.newcomers
    new = Person(
        f"new-{number}@soak.example", new_password(world.chance), address_in(6, number), busy=True
    )
    world.secrets.add(new.password)

    def then(_: Answer) -> str:
        world.crowd.people.append(new)
        return ""

    content = {"email": new.email, "password": new.password}
    return Call(Request("POST", "/users", json=content), CREATED, new.address, new, then)


def _as_admin(world: World) -> Call | None:
    admin = world.free(_has_token, world.crowd.admins)
    if admin is None:
        return None
    path = world.chance.choice(("/users?limit=50", "/audit-events?limit=50", "/users", "/users/me"))
    return Call(Request("GET", path, admin.token), OK, admin.address, admin)


GOOD = (
    Kind("GET /users/me", 140, hostile=False, make=_me),
    Kind("GET /notes", 110, hostile=False, make=_list_notes),
    Kind("POST /notes", 40, hostile=False, make=_write_note),
    Kind("GET /notes/{id}", 50, hostile=False, make=_read_note),
    Kind("PUT /notes/{id}", 30, hostile=False, make=_change_note),
    Kind("DELETE /notes/{id}", 25, hostile=False, make=_delete_note),
    Kind("GET /sessions", 30, hostile=False, make=_list_sessions),
    Kind("a login", 40, hostile=False, make=_login),
    Kind("a refresh", 60, hostile=False, make=_refresh),
    Kind("a logout", 10, hostile=False, make=_log_out),
    Kind("a client's token", 20, hostile=False, make=_client_token),
    Kind("an introspection", 30, hostile=False, make=_introspect),
    Kind("a status list", 30, hostile=False, make=_status_list),
    Kind("keys, discovery, health", 40, hostile=False, make=_public),
    Kind("a registration", 5, hostile=False, make=_register),
    Kind("an administrator's reads", 20, hostile=False, make=_as_admin),
)

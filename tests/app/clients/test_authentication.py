"""How a client authenticates, and all that is no authentication (RFC 6749 §2.3)."""

import logging
from base64 import b64encode
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.clients import checking
from app.clients.checking import ClientCredentials
from app.clients.service import find_client, hash_of_secret
from app.database import Database
from app.parts import find
from tests.app.clients.machine import Machine, basic, raw_basic, refused

GRANT = {"grant_type": "client_credentials"}
MARKER = "hunter2-marker"
UNKNOWN = "client_" + "0" * 32
INVALID_CLIENT, INVALID_REQUEST = (401, "invalid_client"), (400, "invalid_request")


def ask(client: TestClient, headers: Any = None, **form: str) -> httpx.Response:
    answer: httpx.Response = client.post("/auth/token", data=GRANT | form, headers=headers)
    return answer


def test_basic_and_the_form_authenticate(machine: Machine) -> None:
    for headers, form in (
        (machine.headers, {}),
        (machine.headers, {"client_id": machine.id}),
        (machine.headers, {"client_secret": ""}),  # what has no value was not sent (§3.2)
        ({}, machine.form),
    ):
        answer = ask(machine.client, headers, **form)
        assert answer.status_code == 200, answer.text


def test_the_scheme_is_written_in_any_case_and_both_halves_are_decoded(machine: Machine) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in f"{machine.id}".encode())
    for pair in (f"{escaped}:{machine.secret}", f"{machine.id}:{machine.secret}"):
        value = raw_basic(pair.encode())["Authorization"]
        for scheme in ("basic", "BASIC", "Basic"):
            headers = {"Authorization": f"{scheme} {value.split()[1]}"}
            assert ask(machine.client, headers).status_code == 200


@pytest.mark.parametrize(
    "secret",
    [
        *("", " ", "wrong", MARKER, "a%2Bb", "a+b", "a b", "%", "%zz", "a:b", ":", "é", "💥", "\0"),
        *("\n", "x" * 5_000, "' OR 1=1 --", "-" * 43, "A" * 43),
    ],
)
def test_a_wrong_secret_is_refused_in_one_way(machine: Machine, secret: str) -> None:
    ways = (
        ask(machine.client, basic(machine.id, secret)),
        ask(machine.client, raw_basic(f"{machine.id}:{secret}".encode())),
        ask(machine.client, basic(UNKNOWN, secret)),
        ask(machine.client, client_id=machine.id, client_secret=secret),
        ask(machine.client, client_id=UNKNOWN, client_secret=secret),
    )
    assert {refused(answer) for answer in ways} == {INVALID_CLIENT}
    assert len({answer.content for answer in ways[:3]}) == 1
    assert ways[3].content == ways[4].content
    assert MARKER not in "".join(answer.text for answer in ways)


def test_another_clients_secret_is_a_wrong_one(app: FastAPI, machine: Machine) -> None:
    other = Machine.make(app, machine.client, "notes:read")
    assert refused(ask(machine.client, basic(machine.id, other.secret))) == INVALID_CLIENT


@pytest.mark.parametrize(
    "client_id",
    [*("ostiary", MARKER, "\0", "é", "client_", "CLIENT_", "x" * 5_000, "client_%", "client_*")],
)
def test_an_id_that_is_no_clients_is_refused(machine: Machine, client_id: str) -> None:
    for headers, form in (
        (basic(client_id, machine.secret), {}),
        ({}, {"client_id": client_id, "client_secret": machine.secret}),
    ):
        answer = ask(machine.client, headers, **form)
        assert refused(answer) == INVALID_CLIENT
        assert MARKER not in answer.text


@pytest.mark.parametrize("changed", [str.upper, lambda found: f" {found}", lambda f: f"{f}\n"])
def test_an_id_has_one_spelling(machine: Machine, changed: Any) -> None:
    form = {"client_id": changed(machine.id), "client_secret": machine.secret}
    assert refused(ask(machine.client, **form)) == INVALID_CLIENT


@pytest.mark.parametrize("endpoint", ["token", "revoke", "introspect"])
def test_a_confidential_client_without_its_secret_is_refused_as_an_unknown_one(
    machine: Machine, endpoint: str
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "A" * 43, "token": "A" * 43}
    answers = [
        machine.client.post(f"/auth/{endpoint}", data=form | {"client_id": client_id})
        for client_id in (machine.id, UNKNOWN, MARKER)
    ]
    assert {refused(answer) for answer in answers} == {INVALID_CLIENT}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("endpoint", ["token", "revoke", "introspect"])
def test_two_ways_at_once_are_refused_though_both_are_right(
    machine: Machine, endpoint: str
) -> None:
    form = GRANT | {"token": "x"} | machine.form
    answer = machine.client.post(f"/auth/{endpoint}", data=form, headers=machine.headers)
    assert refused(answer) == INVALID_REQUEST
    del form["client_id"]
    answer = machine.client.post(f"/auth/{endpoint}", data=form, headers=machine.headers)
    assert refused(answer) == INVALID_REQUEST


def test_an_id_in_the_form_must_be_the_one_in_the_header(app: FastAPI, machine: Machine) -> None:
    other = Machine.make(app, machine.client, "notes:read")
    for client_id in (other.id, "ostiary", machine.id.upper()):
        answer = ask(machine.client, machine.headers, client_id=client_id)
        assert refused(answer) == INVALID_REQUEST


def test_a_secret_without_an_id_is_no_request(machine: Machine) -> None:
    assert refused(ask(machine.client, client_secret=machine.secret)) == INVALID_REQUEST


def test_two_authorization_headers_are_refused_though_both_are_right(machine: Machine) -> None:
    header = ("Authorization", machine.headers["Authorization"])
    assert refused(ask(machine.client, [header, header])) == INVALID_CLIENT


@pytest.mark.parametrize(
    "header",
    [
        *(
            "",
            "Basic",
            "Basic ",
            "Basic :",
            "Basic %",
            "Basic a",
            "Basic =",
            "Basic ====",
            "Bearer",
        ),
        *("Bearer x.y.z", "Digest x", "basic\tx", "Basic a b", 'Basic "', f"Basic {MARKER}"),
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + b64encode(b"%ff:%fe").decode(),
        "Basic " + b64encode(b"a:b").decode().rstrip("="),
        "Basic " + b64encode(b":").decode(),
        b"Basic \xe9\xff",
    ],
)
def test_a_header_that_cannot_be_read_is_refused(machine: Machine, header: str | bytes) -> None:
    for form in ({}, {"client_id": machine.id}, {"client_id": "ostiary"}):
        answer = ask(machine.client, {"Authorization": header}, **form)
        assert refused(answer) in (INVALID_CLIENT, INVALID_REQUEST)
        assert MARKER not in answer.text
    assert refused(ask(machine.client, {"Authorization": header})) == INVALID_CLIENT


def test_a_bad_header_is_not_passed_over_for_a_good_form(machine: Machine) -> None:
    headers = {"Authorization": "Bearer x.y.z"}
    assert refused(ask(machine.client, headers, **machine.form)) == INVALID_REQUEST


@pytest.mark.parametrize("client_id", ["known", UNKNOWN, "no client at all", "\0"])
def test_an_unknown_client_costs_what_a_known_one_does(
    app: FastAPI, machine: Machine, monkeypatch: pytest.MonkeyPatch, client_id: str
) -> None:
    client_id = machine.id if client_id == "known" else client_id
    engine = find(app, Database).engine
    asked: list[str] = []
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("app.clients.checking.hmac.compare_digest", compare)
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    ask(machine.client, client_id=client_id, client_secret=MARKER)
    kinds = [statement.split()[0] for statement in asked]
    assert kinds == ["SELECT", "SELECT", *["INSERT"] * 4]  # the client, the counters, the audit
    ((one, other),) = compared
    assert (len(one), len(other)) == (32, 32)


def test_the_hash_of_nobody_lets_nobody_in(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it ever that of a known secret, an unknown client would be let in."""
    hashed = hash_of_secret(machine.secret)
    monkeypatch.setattr(checking, "_NOBODYS_HASH", hashed)
    assert refused(ask(machine.client, basic(UNKNOWN, machine.secret))) == INVALID_CLIENT


def test_no_secret_is_in_the_database_in_a_log_or_in_a_repr(
    app: FastAPI, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    machine.token()
    ask(machine.client, client_id=machine.id, client_secret=MARKER)
    ask(machine.client, client_id=MARKER, client_secret=machine.id)
    with find(app, Database).transaction() as session:
        known = find_client(session, machine.id)
    assert known is not None
    assert machine.secret.encode() not in known.secret_hash
    records = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    written = f"{records} {known} {ClientCredentials(machine.id, machine.secret)}"
    assert f"refused: invalid_client: {machine.id}" in written
    assert machine.secret not in written
    assert MARKER not in written
    assert repr(known.secret_hash) not in written

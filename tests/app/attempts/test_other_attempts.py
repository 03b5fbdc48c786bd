"""Registrations, password changes and clients' secrets are limited as logins are."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.accounts.models import User
from app.attempts import attempts
from app.attempts.keys import Kind
from app.attempts.limits import Quota
from app.clients.checking import ClientCheck
from app.parts import find
from tests.app.attempts.siege import ELSEWHERE, HOME, IN, OWNER, WRONG, Siege, wait
from tests.app.clients.machine import Machine
from tests.support import PASSWORD, Account

UNKNOWN = f"client_{'0' * 32}"


@pytest.fixture
def stranger(siege: Siege) -> Iterator[TestClient]:
    with siege.http() as client:
        yield client


def register(client: TestClient, email: str) -> httpx.Response:
    body = {"email": email, "password": PASSWORD}
    answer: httpx.Response = client.post("/users", json=body)
    return answer


def change(client: TestClient, token: str, current: str) -> httpx.Response:
    body = {"current_password": current, "new_password": "an entirely new password"}
    headers = {"Authorization": f"Bearer {token}"}
    answer: httpx.Response = client.put("/users/me/password", json=body, headers=headers)
    return answer


def ask(client: TestClient, client_id: str, secret: str = "wrong") -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    answer: httpx.Response = client.post("/auth/token", data=form)
    return answer


def wait_of(answer: httpx.Response) -> int:
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    return int(answer.headers["retry-after"])


def users(siege: Siege) -> int | None:
    with siege.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(User))


def test_a_range_registers_so_many_addresses_and_those_that_are_taken_count_too(
    siege: Siege, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(attempts._OF_RANGE, Kind.REGISTRATION, Quota(3, an_hour=60))
    assert register(stranger, OWNER).status_code == 409
    assert register(stranger, "1@example.com").status_code == 201
    assert register(stranger, "2@example.com").status_code == 201
    before, evaluations = siege.rows(), siege.evaluations
    for email in ("3@example.com", "admin@example.com"):
        assert wait_of(register(stranger, email)) == 60
    assert (siege.rows(), siege.evaluations) == (before, evaluations)
    assert register(stranger, OWNER).status_code == 409  # whoever repeats himself learns nothing
    assert register(siege.http(HOME), "3@example.com").status_code == 201
    siege.clock.move(60)
    assert register(stranger, "4@example.com").status_code == 201
    assert users(siege) == 5


def test_all_ranges_together_register_so_many_as_the_setting_says(
    siege: Siege,
) -> None:
    siege.everywhere = Quota(2, an_hour=100)
    tried = [siege.register(f"{number}@example.com", f"10.0.{number}.1") for number in range(3)]
    assert tried == [201, 201, 429]
    assert siege.guess() == WRONG


def test_an_address_is_registered_over_and_over_sixty_times_from_one_range(siege: Siege) -> None:
    statuses = [siege.register("new@example.com") for _ in range(61)]
    assert statuses == [201] + [409] * 59 + [429]
    assert siege.register("new@example.com", HOME) == 409
    assert siege.guess("new@example.com") == WRONG


def test_registrations_delay_no_login_and_logins_no_registration(
    siege: Siege, stranger: TestClient
) -> None:
    siege.delay(9, "new@example.com")
    assert register(stranger, "new@example.com").status_code == 201
    assert siege.log_in(ELSEWHERE, "new@example.com")[0] == 429
    assert siege.log_in(HOME) == IN


def test_a_password_change_counts_as_a_login(siege: Siege, stranger: TestClient) -> None:
    token = Account.log_in(siege.http(HOME), OWNER).token
    for _ in range(3):
        assert siege.guess() == WRONG
    for _ in range(2):
        assert change(stranger, token, "a wrong one").json()["code"] == "wrong_password"
    evaluations = siege.evaluations
    assert wait_of(change(stranger, token, PASSWORD)) == 1
    assert siege.guess() == wait(1)
    assert siege.evaluations == evaluations
    siege.clock.move(1)
    assert change(stranger, token, "a wrong one").status_code == 403
    assert change(siege.http(HOME), token, PASSWORD).status_code == 204


def test_a_password_change_that_succeeds_begins_the_curve_anew(
    siege: Siege, stranger: TestClient
) -> None:
    token = Account.log_in(siege.http(HOME), OWNER).token
    siege.delay(6)
    siege.clock.move(2)
    assert change(stranger, token, PASSWORD).status_code == 204
    assert [siege.guess(address="203.0.113.1") for _ in range(6)] == [WRONG] * 5 + [wait(1)]
    assert siege.guess() == WRONG  # a known range, now


def test_wrong_secrets_are_refused_and_a_right_one_always_passes(
    siege: Siege, stranger: TestClient
) -> None:
    machine = Machine.make(siege.app, stranger, "notes:read")
    for client_id in (machine.id, UNKNOWN, "no id"):
        answers = [ask(stranger, client_id) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert wait_of(answers[5]) == 1
        if client_id != "no id":  # which each range is told by itself
            before = siege.rows()
            assert wait_of(ask(siege.http(HOME), client_id)) == 1
            assert siege.rows() == before
        assert ask(stranger, machine.id, machine.secret).status_code == 200


def test_a_right_secret_leaves_the_wrong_ones_counted(siege: Siege, stranger: TestClient) -> None:
    machine = Machine.make(siege.app, stranger, "notes:read")
    for _ in range(5):
        assert ask(stranger, machine.id).status_code == 401
    assert ask(stranger, machine.id, machine.secret).status_code == 200
    assert wait_of(ask(stranger, machine.id)) == 1


def test_a_range_tries_the_secrets_of_so_many_clients(
    siege: Siege, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(attempts._OF_RANGE, Kind.CLIENT_SECRET, Quota(3, an_hour=50))
    machine = Machine.make(siege.app, stranger, "notes:read")
    statuses = [ask(stranger, f"client_{n:032x}").status_code for n in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert ask(stranger, machine.id, machine.secret).status_code == 200
    assert ask(siege.http(HOME), UNKNOWN).status_code == 401
    assert siege.guess() == WRONG


def test_all_ranges_together_may_try_any_number_of_clients(siege: Siege) -> None:
    """Nobody guesses 256 bits, and a limit that all share would be a means to delay others."""
    check = find(siege.app, ClientCheck)
    one = replace(check.attempts, everywhere=Quota(1, an_hour=100))
    siege.app.state.parts[ClientCheck] = replace(check, attempts=one)
    for number in range(3):
        client = siege.http(f"10.0.{number}.1")
        assert ask(client, f"client_{number:032x}").status_code == 401

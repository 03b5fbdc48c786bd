"""The app's benchmark: everybody answers the same, and what is not right is not measured."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.app_driver import Answer, LoadFailed, answer_in, load
from benchmarks.app_field import APPS, OURS, Database, Work, contenders_installed
from benchmarks.app_measure import cold_command, turns, users_of
from benchmarks.app_servers import LOGINS, NOTES, USERS, Server, is_right, note, serving
from benchmarks.processes import run_once
from benchmarks.under_logins import burst
from tests.web_server import WebServer, answers, says

WHOLE = b"HTTP/1.1 200 OK\r\ndate: now\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module", params=APPS, ids=lambda app: app.name)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    app = request.param
    if app is not OURS and not contenders_installed():
        pytest.skip("`make bench` installs the others")
    folder = tmp_path_factory.mktemp("served")
    with serving(app, f"sqlite:///{folder / 'notes.db'}", folder, users=2) as served:
        yield served


def test_everybody_answers_the_same(server: Server) -> None:
    requests = [server.request(work, user) for work in Work for user in (0, 1)]
    told = load(server.port, requests, seconds=0)
    for number, body in enumerate(told["bodies"]):
        server.check([*Work][number // 2], number % 2, body)


def test_everybody_answers_under_mangum(server: Server) -> None:
    url = f"sqlite:///{server.log.parent / 'notes.db'}"
    environment = server.app.environment(url) | {"TOKEN": server.tokens[0]}
    assert run_once(cold_command(server.app), environment) > (0, 0)


def test_a_burst_of_logins_is_counted_and_others_are_asked_meanwhile(server: Server) -> None:
    if server.app is not OURS:
        pytest.skip("the others have no /health")
    loop = asyncio.new_event_loop()
    crowd = loop.run_until_complete(burst("Ostiary", server, (0, 1)))
    loop.close()
    assert crowd.statuses == {200: 2}
    assert crowd.slowest_login > 1
    assert 0 < crowd.growth < 500
    assert all(min(times) > 0 for times in crowd.others.values())
    assert crowd.others.keys() == {"/users/me", "/health"}


def test_what_is_not_ones_own_is_not_right() -> None:
    notes = [note(3, number) for number in reversed(range(NOTES))]
    assert is_right(Work.NOTES, 3, notes)
    assert is_right(Work.NOTES, 3, {"items": notes})
    assert not is_right(Work.NOTES, 4, notes)
    assert not is_right(Work.NOTES, 3, notes[1:])
    assert not is_right(Work.NOTES, 3, notes[::-1])
    assert is_right(Work.ME, 7, {"email": "user-7@example.com"})
    assert not is_right(Work.ME, 8, {"email": "user-7@example.com"})
    assert not is_right(Work.LOGIN, 0, {"token_type": "bearer", "access_token": "opaque"})


def test_an_answer_is_taken_when_it_is_whole() -> None:
    assert [answer_in(WHOLE[:end]) for end in range(len(WHOLE))] == [None] * len(WHOLE)
    assert answer_in(WHOLE) == Answer(200, b"{}")


@pytest.mark.parametrize("raw", [WHOLE + b"H", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_cannot_be_told_from_the_next_ends_the_run(raw: bytes) -> None:
    with pytest.raises(LoadFailed):
        answer_in(raw)


@pytest.mark.parametrize("speak", [answers(b"no", 401), says(WHOLE[:-1])])
def test_a_refusal_or_half_an_answer_ends_the_run(speak: object) -> None:
    with WebServer(speak) as web, pytest.raises(LoadFailed):  # type: ignore[arg-type]
        load(web.port, ["GET / HTTP/1.1\r\n\r\n"], seconds=0)


def test_each_answer_is_timed() -> None:
    with WebServer(answers(json.dumps({}).encode())) as web:
        told = load(web.port, ["GET / HTTP/1.1\r\n\r\n"] * 3, seconds=0)
    assert len(told["latencies"]) == 3
    assert min(told["latencies"]) > 0
    assert told["bodies"] == ["{}"] * 3
    assert told["seconds"] * 1e6 >= max(told["latencies"])


def test_the_order_goes_there_and_back() -> None:
    assert [turns([*"ABC"], number) for number in (1, 2, 3)] == [
        [*"ABC"],
        [*"CBA"],
        [*"ABC"],
    ]


def test_who_logs_in_is_not_whose_token_is_used() -> None:
    assert users_of(Work.ME, 3) == [*range(USERS)]
    logins = [user for number in range(LOGINS // 4) for user in users_of(Work.LOGIN, number)]
    assert logins == [*range(USERS, USERS + LOGINS)]


def test_each_app_has_its_own_driver_and_database(tmp_path: Path) -> None:
    plain = "postgresql+psycopg://postgres@/notes?host=%2Fsocket"
    urls = {app.name: app.url(plain) for app in APPS}
    assert urls["Ostiary"] == plain
    assert urls["fastapi-users"].startswith("postgresql+asyncpg://postgres@/notes?host=")
    assert {app.url(f"sqlite:///{tmp_path}/x") for app in APPS} == {
        f"sqlite:///{tmp_path}/x",
        f"sqlite+aiosqlite:///{tmp_path}/x",
    }
    assert {kind for app in APPS for kind in app.drivers} == {*Database}

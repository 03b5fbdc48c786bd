"""The soak: its mix can be sent, its judge sees what is wrong, its figures are reckoned right."""

import json
import random
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from app.tokens.encoding import base64url_encode
from benchmarks import soak
from benchmarks.soak_figures import Found, goals_table, kinds_table, memory_table
from benchmarks.soak_good import GOOD, login_of
from benchmarks.soak_hostile import HOSTILE, requests_of
from benchmarks.soak_load import Load
from benchmarks.soak_people import Crowd, Machine, Person, address_in
from benchmarks.soak_watch import Sample, slope, told
from benchmarks.soak_wire import Answer, Door, Request
from benchmarks.soak_world import Call, Result, World, wrong_in

DOOR = Door("uvicorn", 8000)
# As a token's signature, or a refresh token, is: 43 characters of base64url.
OPAQUE = "fRefresh-token_of-nobody_0123456789-abcdefgh"
_CLAIMS = {"status": {"status_list": {"idx": 7, "uri": "https://api.example.com/status-lists/1"}}}
TOKEN = f"e30.{base64url_encode(json.dumps(_CLAIMS).encode())}.{OPAQUE}"
TOKENS = Answer(200, f'{{"access_token": "e30.e30.{OPAQUE}", "refresh_token": "{OPAQUE}"}}')


def _person(number: int) -> Person:
    return Person(f"{number}@example.com", f"a password of number {number}", address_in(1, number))


@pytest.fixture
def world() -> World:
    machines = [Machine("client_1", "a secret of a client", address_in(4, 0))]
    people = [_person(number) for number in range(8)]
    crowd = Crowd(people, [_person(90)], [_person(70), _person(71)], machines)
    return World(crowd, random.Random(1))  # noqa: S311 - a mix that can be repeated


def _found(**changes: object) -> Found:
    told: dict[str, object] = {
        "door": "uvicorn",
        "rate": 50,
        "seconds": 100,
        "results": [Result("a login", at, 0.05, 200) for at in range(100)],
        "processes": {"ostiary serve": [Sample(at, 100, 30) for at in range(100)]},
        "hostile": frozenset(),
        "logged": 10,
        "told": [],
        "secrets": 5,
        "load": (0.5, 1.5),
    }
    return Found(**{**told, **changes})  # type: ignore[arg-type]


def _missed(found: Found) -> list[str]:
    return [asked for asked, _, verdict in goals_table(found).rows if verdict != "met"]


def test_nobody_sends_two_requests_at_once(world: World) -> None:
    load = Load(DOOR, world, (*GOOD, *HOSTILE))
    for person in world.crowd.people:
        person.holds(TOKEN, "refresh", anew=True)
    whose = [call.whose for _, call in (load.drawn() for _ in range(300)) if call.whose]
    assert max(Counter(person.email for person in whose).values()) == 1


def test_most_of_the_mix_is_good_and_a_good_part_hostile() -> None:
    hostile = sum(kind.share for kind in HOSTILE) + 200  # what the two tables have
    assert hostile / (hostile + sum(kind.share for kind in GOOD)) == pytest.approx(0.32, abs=0.05)


def test_a_request_table_has_a_status_for_each_of_many_requests_and_none_is_a_5xx() -> None:
    for door in ("uvicorn", "edge"):
        statuses = [status for _, status in requests_of(door)]
        assert len(statuses) > 150
        assert max(statuses) < 500


def test_an_owner_who_is_kept_waiting_is_a_wrong_verdict(world: World) -> None:
    call = login_of(world, world.crowd.victims[0])
    assert wrong_in(call, TOKENS) == ""
    assert "expected 200, got 429" in wrong_in(call, Answer(429))


def test_a_5xx_is_never_right() -> None:
    call = Call(Request("GET", "/health"), frozenset({200, 503}), address_in(5, 0))
    assert "got 503" in wrong_in(call, Answer(503))


def test_an_answer_with_anothers_account_in_it_is_wrong(world: World) -> None:
    (kind,) = (kind for kind in GOOD if kind.name == "GET /users/me")
    world.crowd.people[3].holds("token", "refresh", anew=True)
    call = kind.make(world)
    assert call
    assert wrong_in(call, Answer(200, '{"email": "3@example.com"}')) == ""
    assert "somebody else's" in wrong_in(call, Answer(200, '{"email": "4@example.com"}'))


def test_a_spent_refresh_token_is_one_whose_successor_was_used(world: World) -> None:
    person = world.crowd.people[0]
    for refresh in ("first", "second"):
        person.holds("token", refresh, anew=refresh == "first")
    assert person.spent == ""
    person.holds("token", "third", anew=False)
    assert person.spent == "first"


def test_what_was_received_is_searched_for_and_found_in_a_log(world: World) -> None:
    wrong_in(login_of(world, world.crowd.people[0]), TOKENS)
    assert OPAQUE in world.secrets
    assert told(f'{{"path": "/x", "at": "-{OPAQUE}"}}', world.secrets)
    assert not told('{"path": "/x", "code": "granted"}', world.secrets)


def test_the_slope_is_that_of_a_straight_line() -> None:
    assert slope([Sample(60 * at, 100 + 2.5 * at, 30) for at in range(10)]) == pytest.approx(2.5)
    assert slope([Sample(0, 100, 30)]) == 0


def test_a_quiet_soak_meets_every_goal() -> None:
    assert _missed(_found()) == []


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({"results": [Result("a login", 1, 1, 500, "got 500")]}, ["0 answers of 5xx, or none"]),
        ({"results": [Result("a login", 1, 1, 0, "none")]}, ["0 answers of 5xx, or none"]),
        ({"results": [Result("a login", 1, 1, 429, "got 429")]}, []),
        (
            {"processes": {"ostiary serve": [Sample(at, 100 + at / 30, 30) for at in range(100)]}},
            ["memory ≤ 1 MB a minute"],
        ),
        (
            {"processes": {"ostiary serve": [Sample(at, 100, 30 + at) for at in range(100)]}},
            ["open files do not grow"],
        ),
        ({"told": ["a secret"]}, ["0 tokens, passwords or secrets logged"]),
    ],
)
def test_each_goal_can_be_missed(changes: dict[str, object], missed: list[str]) -> None:
    wrong = ["0 wrong verdicts"] if "results" in changes else []
    assert _missed(_found(**changes)) == missed + wrong


def test_the_emulator_may_grow_and_what_lived_but_shortly_may_start() -> None:
    growing = [Sample(at, at, 30) for at in range(100)]
    processes = {"MiniStack": growing, "a function": growing[60:70]}
    found = _found(processes=processes, emulator=frozenset({"MiniStack"}))
    assert _missed(found) == []
    assert [row[0] for row in memory_table(found).rows] == ["MiniStack"]


def test_the_page_has_no_gap_and_its_chart_is_one(tmp_path: Path) -> None:
    found = [_found(), _found(door="edge", hostile=frozenset({"a login"}))]
    soak.write(tmp_path / "soak.md", found, "2 CPUs")
    page = (tmp_path / "soak.md").read_text("utf-8")
    assert "$" not in page
    assert page.count(kinds_table(found[0]).markdown()) == 2
    lines = ET.fromstring((tmp_path / "soak.svg").read_text("utf-8")).iter()  # noqa: S314 - ours
    assert sum(line.tag.endswith("polyline") for line in lines) == 6

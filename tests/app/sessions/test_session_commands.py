"""`ostiary sessions`: what it ends and shows, how long it waits, what it asks of API Gateway.

No emulator knows the two calls that empty the cache: botocore's Stubber holds them against the
shapes of its own service models instead.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from sqlalchemy import update

from app import cli as command
from app.accounts.models import User
from app.clock import Clock
from app.sessions import commands
from tests.app.sessions.house import CALLER, House
from tests.support import key_set_document

EMAIL = "ada@example.com"
REST = ("--rest-api-id", "abc123", "--stage", "prod")
HTTP = ("--http-api-id", "abc123", "--stage", "prod")
Ran = tuple[object, str, str]


@dataclass
class Shell:
    """The command as its entry point runs it, and the seconds that it slept."""

    run: Callable[..., Ran]
    slept: list[float] = field(default_factory=list)


@pytest.fixture
def house(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """On the clock that the commands read, too."""
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256"))
    house = House(database_url)
    monkeypatch.setattr(commands, "Clock", lambda: Clock(house.clock))
    yield house
    house.close()


@pytest.fixture
def shell(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", house.url)

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["ostiary", "sessions", *words])
        with pytest.raises(SystemExit) as ended:
            command.main()
        out, err = capsys.readouterr()
        return ended.value.code, out, " ".join(err.split())

    shell = Shell(run)
    monkeypatch.setattr(commands, "sleep", shell.slept.append)
    return shell


@pytest.fixture
def sids(house: House) -> list[str]:
    """The ids of Ada's three sessions, oldest first."""
    user_id = house.user()
    with house.database.transaction() as session:
        session.execute(update(User).where(User.id == user_id).values(email=EMAIL))
    found = []
    for _ in range(3):
        found.append(house.claims(house.begin(user_id)).sid or "")
        house.clock.move(1)
    return found


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Stubber]]:
    """A stub of each service that is asked for, of which nothing may be left unasked."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    stubs: dict[str, Stubber] = {}

    def stub(service: str) -> Stubber:
        stubs[service] = Stubber(boto3.Session(region_name="eu-central-1").client(service))
        stubs[service].activate()
        return stubs[service]

    monkeypatch.setattr("app.sessions.edge_cache.client", lambda service: stubs[service].client)
    yield stub
    for one in stubs.values():
        one.assert_no_pending_responses()
        one.client.close()


def ended(house: House) -> int:
    return sum(row[9] is not None for row in house.rows()["sessions"])


def test_list_shows_where_somebody_is_logged_in_newest_first(
    shell: Shell, sids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "PAGE", 2)
    code, out, err = shell.run("list", "Ada@Example.com")
    assert (code, err) == (0, "")
    assert [line[:36] for line in out.splitlines()] == sids[::-1]
    assert str(CALLER.address) in out


def test_one_session_is_ended_and_the_others_go_on(
    shell: Shell, house: House, sids: list[str]
) -> None:
    assert shell.run("revoke", sids[1]) == (0, f"Ended the session {sids[1]}.\n", "")
    rows = {str(row[0]): row for row in house.rows()["sessions"]}
    assert [rows[sid][10] for sid in sids] == [None, "administrator", None]
    assert "had ended before" in shell.run("revoke", sids[1])[1]
    assert shell.slept == []


def test_all_sessions_of_a_user_are_ended(shell: Shell, house: House, sids: list[str]) -> None:
    house.begin()
    assert shell.run("revoke", "--user", EMAIL) == (0, f"Ended {len(sids)} sessions.\n", "")
    assert ended(house) == 3
    assert shell.run("list", EMAIL) == (0, "", "")


@pytest.mark.parametrize(
    "words",
    [
        ["revoke"],
        ["revoke", "not-an-id"],
        ["revoke", "SID", "--user", EMAIL],
        ["revoke", "SID", "--now"],
        ["revoke", "SID", "--now", "--stage", "prod"],
        ["revoke", "SID", "--now", "--rest-api-id", "abc123"],
        ["revoke", "SID", "--now", *REST, "--http-api-id", "def456"],
        ["revoke", "SID", *REST],
        ["revoke", "--user", "nobody"],
        ["list", "nobody"],
    ],
)
def test_what_is_not_said_rightly_ends_nothing(
    shell: Shell, house: House, sids: list[str], words: list[str]
) -> None:
    code, out, _ = shell.run(*(sids[0] if word == "SID" else word for word in words))
    assert (code, out, ended(house)) == (2, "", 0)


def test_who_is_not_there_is_said_in_a_sentence(shell: Shell, house: House) -> None:
    for words in (["revoke", str(uuid4())], ["revoke", "--user", EMAIL], ["list", EMAIL]):
        code, out, err = shell.run(*words)
        assert (code, out) == (1, "")
        assert err.startswith("ostiary: There is no ")


@pytest.mark.parametrize(
    ("api", "service", "call", "asked"),
    [
        (REST, "apigateway", "flush_stage_authorizers_cache",
         {"restApiId": "abc123", "stageName": "prod"}),
        (HTTP, "apigatewayv2", "reset_authorizers_cache",
         {"ApiId": "abc123", "StageName": "prod"}),
    ],
)  # fmt: skip
def test_now_waits_for_the_lists_and_then_empties_the_cache(
    shell: Shell, house: House, sids: list[str], aws: Any, api: Any, service: str, call: str,
    asked: dict[str, str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    stub = aws(service)
    order: list[object] = []
    stub.add_response(call, {}, asked)
    stub.client.meta.events.register("before-parameter-build", lambda **_: order.append("flush"))

    def sleep(seconds: float) -> None:
        assert ended(house) == 1
        order.append(seconds)

    monkeypatch.setattr(commands, "sleep", sleep)
    code, out, err = shell.run("revoke", sids[0], "--now", *api)
    assert (code, err) == (0, "The authorizers ask for the status lists again: 17 s")
    assert out.splitlines()[-1] == "Emptied the policy cache of prod of abc123."
    assert order == [1] * 17 + ["flush"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDeniedException", "apigateway:DELETE on '/restapis/abc123/stages/prod/cache"),
        ("NotFoundException", "no such API or stage"),
        ("TooManyRequestsException", "throttles"),
        ("SomethingElse", "AWS refused (SomethingElse)"),
    ],
)
def test_where_aws_refuses_it_says_what_to_do_and_that_the_sessions_are_ended(
    shell: Shell, house: House, sids: list[str], aws: Any, code: str, advice: str
) -> None:
    aws("apigateway").add_client_error("flush_stage_authorizers_cache", code, "a secret of AWS")
    status, out, err = shell.run("revoke", "--user", EMAIL, "--now", *REST)
    assert (status, out) == (1, "Ended 3 sessions.\n")
    assert ended(house) == 3
    assert "has ended" in err
    assert "another 60 s" in err
    assert advice in err
    assert "a secret of AWS" not in err


def test_without_credentials_too(
    shell: Shell, house: House, sids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def client(_: str) -> Any:
        raise NoCredentialsError

    monkeypatch.setattr("app.sessions.edge_cache.client", client)
    status, _, err = shell.run("revoke", sids[0], "--now", *HTTP)
    assert (status, ended(house)) == (1, 1)
    assert "no AWS credentials" in err


def test_without_a_region_too(shell: Shell, house: House, sids: list[str]) -> None:
    status, _, err = shell.run("revoke", sids[0], "--now", *HTTP)
    assert (status, ended(house)) == (1, 1)
    assert "AWS_DEFAULT_REGION" in err


def test_prune_says_what_it_removed(shell: Shell, house: House, sids: list[str]) -> None:
    house.clock.move(30 * 86_400)
    code, out, _ = shell.run("prune")
    assert code == 0
    removed = "3 sessions, 3 refresh tokens, 0 status lists, the salts of 0 tokens"
    assert out == f"Removed {removed}, 0 counters of attempts and 0 events of the audit.\n"
    assert shell.run("prune")[1].startswith("Removed 0 sessions")

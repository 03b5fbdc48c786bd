"""The function's time runs out: whatever was begun is rolled back, and it is said in time."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import NullPool, create_engine, text

from app import deadline, deployment
from app import deploy as module
from app.deploy import handler
from tests.app.deploy.conftest import ALMOST_OVER, Context, Deploy
from tests.app.migrations.conftest import NEXT, Folder
from tests.app.migrations.databases import connected, dump, fill
from tests.support import on_postgresql

SAID = "this took longer than the function may run"
SLOW = """
op.add_column("users", sa.Column("more", sa.Text(), nullable=True))
op.execute("DELETE FROM notes")
op.execute("SELECT pg_sleep(60)")
"""
LOCKS = """
SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid()
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@contextmanager
def holding(url: str, statement: str) -> Iterator[None]:
    """Somebody who keeps what the statement locks."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql(statement)
        yield


def locks(url: str) -> int:
    """How many anybody holds in this database, or waits for."""
    with connected(url) as connection:
        return connection.scalar(text(LOCKS)) or 0


@on_postgresql
def test_a_deploy_that_waits_for_another_says_so_in_time(
    settings: str, deploy: Deploy, folder: Folder
) -> None:
    folder.add(NEXT, 'op.execute("SELECT 1")')
    with folder.in_use(), holding(settings, f"SELECT pg_advisory_lock({0x0571A21})"):
        begun = time.monotonic()
        answer = deploy("Update", Context(left=ALMOST_OVER))
        assert time.monotonic() - begun < module.ANSWER_SECONDS
        assert answer["Status"] == "FAILED"
        assert SAID in answer["Reason"]
        assert locks(settings) == 1  # the other's own


@on_postgresql
def test_a_migration_that_takes_too_long_is_rolled_back(
    settings: str, deploy: Deploy, folder: Folder
) -> None:
    folder.add(NEXT, SLOW)
    fill(settings)
    before = dump(settings)
    with folder.in_use():
        assert SAID in deploy("Update", Context(left=ALMOST_OVER))["Reason"]
        assert locks(settings) == 0
    assert dump(settings) == before


@on_postgresql
def test_the_pauses_between_tries_end_in_time_too(
    settings: str, deploy: Deploy, folder: Folder
) -> None:
    folder.add(NEXT, 'op.add_column("users", sa.Column("more", sa.Text(), nullable=True))')
    with folder.in_use(), holding(settings, "SELECT count(*) FROM users"):
        assert SAID in deploy("Update", Context(left=ALMOST_OVER + 500))["Reason"]


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Puts something else in the place of a deploy's work."""

    def put(work: Callable[[], None]) -> None:
        monkeypatch.setattr(deployment, "deploy", lambda _: work())

    return put


def test_who_goes_on_is_interrupted_again(
    deploy: Deploy, instead: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted: list[bool] = []

    def stubborn() -> None:
        with suppress(KeyboardInterrupt):
            threading.Event().wait(60)
        interrupted.append(True)
        threading.Event().wait(60)

    monkeypatch.setattr(deadline, "AGAIN_SECONDS", 0.1)
    instead(stubborn)
    assert SAID in deploy("Create", Context(left=ALMOST_OVER))["Reason"]
    assert interrupted == [True]


def test_no_code_takes_it_for_an_error_that_it_may_pass_over(
    deploy: Deploy, instead: Callable[..., None]
) -> None:
    def lenient() -> None:
        with suppress(Exception):
            threading.Event().wait(60)
        raise AssertionError

    instead(lenient)
    assert SAID in deploy("Create", Context(left=ALMOST_OVER))["Reason"]


@pytest.mark.parametrize("left", [module.ANSWER_SECONDS * 1000, 5000, 1500])
def test_without_time_nothing_is_begun_and_it_is_said(
    deploy: Deploy, instead: Callable[..., None], left: float
) -> None:
    begun: list[bool] = []
    instead(lambda: begun.append(True))
    assert SAID in deploy("Create", Context(left=left))["Reason"]
    assert begun == []


@pytest.mark.parametrize("left", [110_000, ALMOST_OVER, 1500])
def test_no_alarm_is_left_behind(deploy: Deploy, instead: Callable[..., None], left: float) -> None:
    before = signal.getsignal(signal.SIGALRM)
    instead(lambda: None)
    deploy("Create", Context(left=left))
    handler({"argv": ["--help"]}, Context(left=left))
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before


@on_postgresql
def test_a_command_that_takes_too_long_is_ended_and_rolled_back(
    settings: str, folder: Folder
) -> None:
    folder.add(NEXT, SLOW)
    fill(settings)
    before = dump(settings)
    with folder.in_use():
        done = handler({"argv": ["migrate"]}, Context(left=ALMOST_OVER))
    assert done is not None
    assert (done["exit_code"], done["stdout"]) == (1, "")
    assert done["stderr"].endswith(f"ostiary: {SAID}, and was ended; it can be run again\n")
    assert locks(settings) == 0
    assert dump(settings) == before


@pytest.mark.parametrize("left", [module.ANSWER_SECONDS * 1000, 100])
def test_without_time_no_command_is_begun(settings: str, left: float) -> None:
    before = dump(settings)
    done = handler({"argv": ["clients", "create", "x", "--scope", "notes:read"]}, Context(left))
    assert done is not None
    assert (done["exit_code"], done["stdout"]) == (1, "")
    assert SAID in done["stderr"]
    assert dump(settings) == before

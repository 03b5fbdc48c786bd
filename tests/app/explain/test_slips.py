"""What people have at hand instead of a token, a time or a verb: taken as meant, or told."""

import json
import os
import subprocess
import sys
import time

import pytest

from tests.app.explain.asking import (
    AT,
    NOW,
    READS,
    advice_below,
    ask,
    holds_no_secret,
    last,
    row,
)
from tests.doors.forge import Forge

pytestmark = pytest.mark.usefixtures("keys_at_hand")
LOGIN = {"access_token": READS, "token_type": "bearer", "expires_in": 600}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("by_input", [True, False])
def test_a_whole_login_answer_is_no_token_and_its_member_is_asked_for(
    indent: int | None, *, by_input: bool
) -> None:
    text = json.dumps(LOGIN, indent=indent)
    ended = ask("-" if by_input else text, "GET", "/notes", *AT, given=text if by_input else None)
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert "its member access_token is wanted" in ended.output
    assert holds_no_secret(ended, READS)


@pytest.mark.parametrize("name", ["Authorization: ", "authorization:", "AUTHORIZATION:  "])
@pytest.mark.parametrize("by_input", [True, False])
def test_a_header_that_was_copied_with_its_name_is_taken_as_meant(
    name: str, *, by_input: bool
) -> None:
    text = f"{name}Bearer {READS}"
    ended = ask("-" if by_input else text, "GET", "/notes", *AT, given=text if by_input else None)
    assert (ended.exit_code, row(ended, "sub")) == (0, "✓ 'ada'")


def test_a_header_with_its_name_and_without_a_scheme_is_judged_as_it_would_be_sent() -> None:
    ended = ask(f"Authorization: {READS}", "GET", "/notes", *AT)
    assert last(ended) == "Refused: 401 unauthorized (missing_token)."


@pytest.mark.parametrize("second", ["more", READS, "{"])
def test_a_second_line_is_an_error_and_blank_ones_are_none(second: str) -> None:
    ended = ask("-", "GET", "/notes", *AT, given=f"{READS}\n{second}\n")
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert "on one line, and a second line came" in ended.output
    assert holds_no_secret(ended, READS)
    assert ask("-", "GET", "/notes", *AT, given=f"\n{READS}\r\n \n\n").exit_code == 0


def test_at_a_terminal_the_end_of_the_line_is_the_end_of_the_token() -> None:
    fresh = Forge("ES256", "ada", int(time.time())).token(scope="notes:read")
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, f"{fresh}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "explain", "-", "GET", "/notes"],
            stdin=terminal,
            capture_output=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(terminal)
        os.close(keyboard)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("moment", ["2026-11-22T22:30:00", "2026-11-22"])
def test_a_time_without_an_offset_is_told_that_this_is_missing(moment: str) -> None:
    ended = ask(READS, "GET", "/notes", "--at", moment)
    assert ended.exit_code == 2
    assert "offset" in ended.output
    assert "such as Z" in ended.output
    assert "offset" not in ask(READS, "GET", "/notes", "--at", "yesterday").output


def test_a_verb_that_is_there_in_capitals_is_told_so_and_no_other() -> None:
    small = advice_below(ask(READS, "get", "/notes", *AT), "route")
    assert small == "it is there for GET, POST; verbs are in capitals"
    for verb in ("delete", "DELETE"):
        assert advice_below(ask(READS, verb, "/notes", *AT), "route") == "it is there for GET, POST"


def test_times_are_dates_in_each_row_of_a_token() -> None:
    ended = ask(READS, "GET", "/notes", "--at", str(NOW + 605))
    assert row(ended, "token") == (
        "✗ token_expired: exp was 2027-01-15T08:10:00Z, and it is 2027-01-15T08:10:05Z"
    )
    assert row(ended, "exp") == "– 2027-01-15T08:10:00Z, 5 s ago, not believed"
    assert str(NOW)[:6] not in ended.output

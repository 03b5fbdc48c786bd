"""A process killed at each step of a rotation, and what the next one finds."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

from tests.app.sessions.house import House, successor
from tests.support import key_set_document

ROOT = Path(__file__).parents[3]
STATEMENTS = 7  # at least: two that look, five that write
COMMITS = 2


class Dying:
    """Somebody who rotates a token and is killed at a step; see dying.py."""

    def __init__(self, process: "Popen[str]") -> None:
        self._process = process

    def rotate(self, token: str, *, killed_at: int) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{killed_at} {token}\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline().strip()
        assert said, "the process that should let others die died itself"
        return said


@contextmanager
def dying(house: House) -> Iterator[Dying]:
    command = [sys.executable, "-m", "tests.app.sessions.dying", house.url, str(house.clock())]
    environment = {"TEST_KEY_SET": key_set_document("ES256")}
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=environment, cwd=ROOT) as process:
        yield Dying(process)


def test_killed_at_any_step_a_rotation_is_done_or_it_is_not(house: House) -> None:
    steps: list[str] = []
    with dying(house) as somebody:
        while True:
            token = house.token()
            before = house.rows()
            said = somebody.rotate(token, killed_at=len(steps) + 1)
            if said.startswith("lived"):
                assert successor(house.refresh(token)) == said.removeprefix("lived ")
                break
            steps.append(said)
            if f"after commit {COMMITS}" not in steps:
                assert house.rows() == before, f"killed at: {said}"
            assert_goes_on(house, token, rotated=f"after commit {COMMITS}" in steps)
    assert len(steps) >= 2 * STATEMENTS + 2 * COMMITS + 1, steps
    assert steps[-1] == "answer made"


def assert_goes_on(house: House, token: str, *, rotated: bool) -> None:
    """The token yields one successor, twice the same, and the session lives and goes on."""
    family = house.session_of(token).id

    def line() -> list[bytes]:
        return [row[0] for row in house.rows()["refresh_tokens"] if row[1] == family]

    assert len(line()) == (2 if rotated else 1)
    following = successor(house.refresh(token))
    assert successor(house.refresh(token)) == following
    assert len(line()) == 2
    assert house.row_of(following).hash in line()
    assert house.session_of(token).ended_at is None
    assert house.refresh(following).refresh_token

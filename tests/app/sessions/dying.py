"""A process that dies by SIGKILL in the middle of a rotation: `python -m … URL SECONDS`.

It reads lines `STEP TOKEN` and answers each with the name of the step at which a child of its own
killed itself, or with `lived` and the successor where there is no such step.
"""

import os
import signal
import sys

from app.database import Database
from tests.app.sessions.house import House, StoppedClock, successor
from tests.app.sessions.points import Points


def _rotate(url: str, seconds: float, step: int, token: str, pipe: int) -> None:
    passed = 0

    def die_at_last(name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == step:
            os.write(pipe, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    house = House(url, StoppedClock(seconds))
    database: Database = house.database
    with Points(die_at_last).of(database.engine):
        following = successor(house.refresh(token))
    die_at_last("answer made")
    os.write(pipe, f"lived {following}".encode())


def _in_child(url: str, seconds: float, step: int, token: str) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _rotate(url, seconds, step, token, writing)
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as words:
        said = words.read()
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed != said.startswith("lived"), (status, said)
    return said


def main() -> None:
    url, seconds = sys.argv[1], float(sys.argv[2])
    for line in sys.stdin:
        step, token = line.split()
        print(_in_child(url, seconds, int(step), token), flush=True)


if __name__ == "__main__":
    main()

"""One line on the terminal that says how far a long run has come."""

import sys


def progress(what: str, done: int, count: int) -> None:
    """Say it where somebody watches; a log is not filled with it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}: {done} of {count}", end="", file=sys.stderr, flush=True)
    elif not done:
        print(f"{what} …", file=sys.stderr, flush=True)


def progress_ended() -> None:
    """Take the line away."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)

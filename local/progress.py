"""What is going on, one line a step, with the seconds it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show `text` while the block runs, then its seconds, or that it failed."""
    print(f"  {text:<58}", end="", flush=True)
    begun = time.monotonic()
    verdict = "failed after"
    try:
        yield
        verdict = ""
    finally:
        print(f"{verdict} {time.monotonic() - begun:5.1f} s", flush=True)

"""What a check found and what it means, and the table of all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Right, wrong, or nothing that could be judged."""

    RIGHT = "✓"
    WRONG = "✗"
    OPEN = "–"


@dataclass(frozen=True, slots=True)
class Check:
    """One row. `advice` says what to do where it is wrong."""

    name: str
    found: str
    verdict: Verdict
    advice: str = ""


def right(name: str, found: str) -> Check:
    return Check(name, found, Verdict.RIGHT)


def wrong(name: str, found: str, advice: str) -> Check:
    return Check(name, found, Verdict.WRONG, advice)


def not_judged(name: str, why: str) -> Check:
    return Check(name, why, Verdict.OPEN)


def judged(name: str, found: str, *, fits: bool, advice: str) -> Check:
    """Right where it `fits`; else wrong, with the advice."""
    return right(name, found) if fits else wrong(name, found, advice)


def as_text(checks: Iterable[Check]) -> str:
    """Two columns behind the verdict, and under a row that is wrong what to do. No colours."""
    rows = list(checks)
    width = max(len(check.name) for check in rows)
    lines = [f"   {'CHECK'.ljust(width)}  FOUND"]
    for check in rows:
        lines.append(f"{check.verdict}  {check.name.ljust(width)}  {check.found}")
        if check.advice:
            lines.append(f"   {'to do:'.rjust(width)}  {check.advice}")
    return "\n".join(lines)

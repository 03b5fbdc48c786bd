"""What the app is to reach, held against what was measured."""

from collections.abc import Iterator, Mapping

from benchmarks.app_field import OURS, TUTORIAL, Database, Work
from benchmarks.app_figures import (
    Crowd,
    Figures,
    OnDatabase,
    Rounds,
    fastest,
    rates,
    ratio,
    steadiest,
    tails,
)
from benchmarks.goals import Goal

AT_LEAST: Mapping[Work, float] = {Work.ME: 2.0, Work.NOTES: 2.0, Work.LOGIN: 0.95}
START_AT_MOST = 1.0
TAIL_AT_MOST = 1.0
GROWTH_MIB, ME_P99_MS, LOGIN_MS = 140, 150, 8000
EXPECTED = frozenset({200, 503})


def goals(figures: Figures) -> Iterator[Goal]:
    """Every goal."""
    for database, found in figures.found.items():
        yield from _of(database, found)
    for crowd in figures.crowds:
        if crowd.name.startswith(OURS.name):
            yield from _of_crowd(crowd)


def _of(database: Database, found: OnDatabase) -> Iterator[Goal]:
    for work, rounds in found.work.items():
        yield _rate(f"{database.value}: {work.value}", AT_LEAST[work], rounds)
    for work, rounds in found.work.items():
        yield _tail(f"{database.value}: {work.value}", rounds)
    reached = found.cold[OURS.name].median / found.cold[TUTORIAL.name].median
    wanted = f"{database.value}: import and first request at most {START_AT_MOST} × the tutorial's"
    yield Goal(wanted, f"{reached:.2f} ×", reached <= START_AT_MOST)


def _rate(what: str, least: float, rounds: Rounds) -> Goal:
    best = fastest(rounds, OURS.name)
    reached = ratio(rates(rounds[OURS.name]), rates(rounds[best])).median
    return Goal(f"{what}: at least {least} × {best}", f"{reached:.2f} ×", reached >= least)


def _tail(what: str, rounds: Rounds) -> Goal:
    best = steadiest(rounds, OURS.name)
    reached = ratio(tails(rounds[OURS.name]), tails(rounds[best])).median
    wanted = f"{what}: p99 at most {TAIL_AT_MOST} × {best}"
    return Goal(wanted, f"{reached:.2f} ×", reached <= TAIL_AT_MOST)


def _of_crowd(crowd: Crowd) -> Iterator[Goal]:
    me = crowd.p99("/users/me")
    yield _under(f"{crowd.name}, 200 logins: memory grows", crowd.growth, GROWTH_MIB, "MiB")
    yield _under(f"{crowd.name}, 200 logins: /users/me p99", me, ME_P99_MS, "ms")
    yield _under(f"{crowd.name}, 200 logins: the slowest", crowd.slowest_login, LOGIN_MS, "ms")
    wanted = f"{crowd.name}, 200 logins: each answered 200 or 503"
    yield Goal(wanted, statuses(crowd.statuses), set(crowd.statuses) <= EXPECTED)


def _under(what: str, reached: float, most: int, unit: str) -> Goal:
    return Goal(f"{what} at most {most:,} {unit}", f"{reached:,.0f} {unit}", reached <= most)


def statuses(counted: Mapping[int, int]) -> str:
    """How often each came."""
    return ", ".join(f"{count} × {status}" for status, count in sorted(counted.items()))

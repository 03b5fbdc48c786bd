"""`python -m benchmarks.attacks`: what guessing passwords comes to, and what others notice of it.

Writes docs/benchmarks/attacks.md and a histogram beside it: 10,000 tries at one account, one try at
each of 10,000, other people's logins meanwhile, and the time that a refusal takes.
"""

import argparse
import asyncio
import os
import platform
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, count
from math import ceil
from pathlib import Path
from statistics import median
from string import Template

from app.accounts.passwords import PasswordHasher, Verdict
from app.parts import find
from benchmarks.attacks_chart import auc, histogram
from benchmarks.attacks_siege import Answer, Siege, address_in, sieges, together
from benchmarks.material import ROOT
from benchmarks.progress import progress, progress_ended
from benchmarks.tables import Table

PAGE = ROOT / "docs" / "benchmarks" / "attacks.md"
HOUR = 3600
NO_LIMIT = 1_000_000  # failed accounts an hour, where times are measured
OWNER = "owner@example.com"
HOME, AWAY, STRANGERS = "192.0.2.7", "203.0.113.7", "198.51.100.7"
A_SECOND = 50  # of the attacker's tries, while others log in
_SEED, _FIRST = 7, 20
_TOLERANCE = 1.1  # of others' p99, under attack
_TEXT = Path(__file__).with_name("attacks.md")
Times = dict[str, list[float]]
Make = Callable[[int], Siege]


@dataclass(frozen=True)
class Effort:
    """How many of each; `blocks` of `logins` each, with and without an attack beside them."""

    tries: int = 10_000
    an_hour: int = 1000  # failed accounts, by default
    accounts: int = 300
    delayed: int = 100
    blocks: int = 24
    logins: int = 25


QUICK = Effort(tries=300, an_hour=100, accounts=20, delayed=10, blocks=2, logins=10)


async def at_one_account(siege: Siege, tries: int, address: Callable[[int], str]) -> list[str]:
    """So many wrong passwords spread over an hour, then the owner from two places."""
    siege.accounts([OWNER])
    await siege.log_in(OWNER, HOME)
    compared, begun = siege.compared, siege.clock.now
    for number in range(tries):
        siege.clock.now = begun + number * HOUR / tries
        await siege.guess(OWNER, address(number))
        progress("wrong passwords on one account", number, tries)
    compared = siege.compared - compared
    home = await siege.log_in(OWNER, HOME)
    away = await siege.log_in(OWNER, AWAY)
    siege.clock.now += away.wait
    after = await siege.log_in(OWNER, AWAY)
    assert (home.status, after.status) == (200, 200), (home, after)
    return [f"{tries:,}", str(compared), "none", f"{away.wait} s"]


async def spray(siege: Siege, tries: int) -> list[str]:
    """One wrong password at each of so many accounts, each from a range of its own, at once."""
    siege.accounts([OWNER])
    await siege.log_in(OWNER, HOME)
    compared = siege.compared
    answers = await together(
        siege.guess(f"{number}@example.com", address_in(number)) for number in range(tries)
    )
    compared = siege.compared - compared
    assert sum(answer.status == 401 for answer in answers) == compared
    home, away = await siege.log_in(OWNER, HOME), await siege.log_in(OWNER, AWAY)
    assert home.status == 200, home
    return [f"{tries:,}", str(compared), "none", f"{away.wait} s"]


async def beside(siege: Siege, effort: Effort) -> Times:
    """How long others' logins take, in blocks without and with an attack, which take turns."""
    emails = [f"{number}@example.com" for number in range(effort.logins)]
    siege.accounts([OWNER, *emails])
    for email in emails:
        await siege.log_in(email, HOME)
    times: Times = {"before": [], "meanwhile": []}
    numbers = count()
    for block in range(2 * effort.blocks):
        progress("others' logins", block, 2 * effort.blocks)
        over = asyncio.Event()
        attack = asyncio.create_task(_attack(siege, numbers, over)) if block % 2 else None
        answers = [await siege.log_in(email, HOME) for email in emails]
        over.set()
        if attack:
            await attack
        assert all(answer.status == 200 for answer in answers)
        times["meanwhile" if attack else "before"] += [answer.taken for answer in answers]
    return times


async def _attack(siege: Siege, numbers: "count[int]", over: asyncio.Event) -> None:
    """Wrong passwords at the owner's account, from one range after the other."""
    loop = asyncio.get_running_loop()
    begun, tried = loop.time(), 0
    while not over.is_set():
        await siege.guess(OWNER, address_in(next(numbers) % 65_536))
        tried += 1
        await asyncio.sleep(max(0, begun + tried / A_SECOND - loop.time()))


async def refused(siege: Siege, accounts: int, status: int) -> Times:
    """The times of one try at each account of each kind, in an order that chance gives.

    Each from a range of its own, at accounts that nobody tried before where 401 is expected, and
    at such as are delayed where it is 429.
    """
    kinds = ("known", "unknown", "disabled")
    tries = [(kind, f"{kind}{number}@example.com") for kind in kinds for number in range(accounts)]
    siege.accounts([email for kind, email in tries if kind == "known"])
    siege.accounts([email for kind, email in tries if kind == "disabled"], disabled=True)
    if status == 429:
        await _delay(siege, [email for _, email in tries])
        tries *= 3
    random.Random(_SEED).shuffle(tries)  # noqa: S311
    for number in range(_FIRST):  # what is prepared at first use
        await siege.guess(f"first{number}@example.com", address_in(40_000 + number))
    times: Times = {kind: [] for kind in kinds}
    for number, (kind, email) in enumerate(tries):
        progress(f"refusals, {status}", number, len(tries))
        answer = await siege.guess(email, address_in(number))
        assert answer.status == status, (email, answer)
        times[kind].append(answer.taken)
    return times


async def _delay(siege: Siege, emails: Sequence[str]) -> None:
    """Five wrong passwords at each, whose comparison is left out."""
    hasher = find(siege.app, PasswordHasher)
    compare = hasher.compare
    hasher.compare = lambda *_: Verdict.FAILS  # type: ignore[method-assign]
    ranges = map(address_in, count(20_000))
    tried = [siege.guess(email, next(ranges)) for email in emails for _ in range(5)]
    answers: list[Answer] = await together(tried)
    assert {answer.status for answer in answers} == {401}
    hasher.compare = compare  # type: ignore[method-assign]


async def measure(make: Make, effort: Effort) -> tuple[dict[str, Table], str]:
    """The tables of the page, and the histogram."""
    one = await at_one_account(make(effort.an_hour), effort.tries, lambda _: STRANGERS)
    many = await at_one_account(make(effort.an_hour), effort.tries, address_in)
    progress("a spray", 0, 1)
    sprayed = await spray(make(effort.an_hour), effort.tries)
    others = await beside(make(NO_LIMIT), effort)
    wrong = await refused(make(NO_LIMIT), effort.accounts, 401)
    delayed = await refused(make(NO_LIMIT), effort.delayed, 429)
    columns = ("", "tries", "compared", "the owner's wait at home", "elsewhere")
    rows = [
        ["one account in an hour, from one range", *one],
        ["one account in an hour, from a range each", *many],
        ["an account each at once, from a range each", *sprayed],
    ]
    tables = {
        "guessing": Table("Guessing", columns, rows),
        "others": _others(others),
        "times": _times({"refused (401)": wrong, "delayed (429)": delayed}),
    }
    return tables, histogram({"Refused (401)": wrong, "Delayed (429)": delayed})


def _others(times: Times) -> Table:
    figures = {name: (median(taken), _p99(taken)) for name, taken in times.items()}
    rows = [[name, *(f"{value * 1e3:.1f} ms" for value in pair)] for name, pair in figures.items()]
    pairs = zip(figures["meanwhile"], figures["before"], strict=True)
    middle, worst = (now / then for now, then in pairs)
    verdict = "met" if worst <= _TOLERANCE else "not met"
    rows.append(["meanwhile ÷ before", f"{middle:.2f} ×", f"{worst:.2f} × ({verdict})"])
    return Table("Others' logins", ("", "median", "p99"), rows)


def _p99(taken: Sequence[float]) -> float:
    return sorted(taken)[ceil(0.99 * len(taken)) - 1]


def _times(found: Mapping[str, Times]) -> Table:
    rows = []
    for name, times in found.items():
        middle = (f"{kind} {median(taken) * 1e3:.2f}" for kind, taken in times.items())
        worst = max(auc(times[one], times[other]) for one, other in combinations(times, 2))
        rows.append([name, str(len(times["known"])), ", ".join(middle), f"{worst:.3f}"])
    return Table("Refusals", ("", "tries of each", "medians, ms", "AUC at worst"), rows)


def main() -> None:
    """Measure, show, and write the page unless it was but a look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look; writes nothing")
    quick = parser.parse_args().quick
    effort = QUICK if quick else Effort()
    with sieges() as make:
        tables, drawn = asyncio.run(measure(make, effort))
    progress_ended()
    for table in tables.values():
        print(f"\n{table.plain()}")
    if not quick:
        write(tables, drawn, effort)


def write(tables: Mapping[str, Table], drawn: str, effort: Effort) -> None:
    """The page, and its histogram beside it."""
    machine = f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, "
    machine += f"{platform.python_implementation()} {platform.python_version()}"
    gaps = {name: table.markdown() for name, table in tables.items()}
    gaps |= {"machine": machine, "accounts": str(effort.accounts), "an_hour": f"{effort.an_hour:,}"}
    gaps |= {"a_second": str(A_SECOND), "logins": str(effort.blocks * effort.logins)}
    PAGE.write_text(Template(_TEXT.read_text("utf-8")).substitute(gaps), "utf-8")
    PAGE.with_suffix(".svg").write_text(drawn, "utf-8")


if __name__ == "__main__":
    main()

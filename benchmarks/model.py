"""`python -m benchmarks.model`: what breaks first at 1, 100 and 10,000 requests a second.

Writes docs/benchmarks/model.md and its chart, from what the other benchmarks measured and what is
assumed in benchmarks/model_inputs.py. `--database-gib 8` changes an assumption and writes nothing.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from string import Template

from benchmarks.model_arithmetic import (
    at_memory,
    cost_of_a_million,
    counter_row_seconds,
    hit_rate,
    list_row_seconds,
    load,
)
from benchmarks.model_chart import chart
from benchmarks.model_inputs import PAGES, Assumptions, Measured, read_measured
from benchmarks.model_limits import Limit, bill, broken, fitting, full_at, limits
from benchmarks.tables import ABSENT, Table

PAGE = PAGES / "model.md"
RATES = (1.0, 100.0, 10_000.0)
MEMORIES = (256, 512, 1024, 1769)
CALLS_A_MINUTE = (0.5, 1.5, 5, 30, 120)
_TEXT = Path(__file__).with_name("model.md")


def first_table(assumed: Assumptions, measured: Measured, rates: Sequence[float]) -> Table:
    """What breaks on the way to each rate, in that order, and what to turn at the first."""
    rows = []
    for rate in rates:
        over = broken(assumed, measured, rate)
        names = [f"{each.name} ({_rate(full_at(assumed, measured, each))}/s)" for each in over]
        first, *others = names or ["nothing"]
        turn = over[0].turn if over else ABSENT
        dollars = f"{sum(bill(assumed, measured, rate).values()):,.0f}"
        rows.append([_rate(rate), first, turn, ", ".join(others) or ABSENT, dollars])
    columns = ["requests/s", "breaks first", "what to turn", "then, in this order", "$ a month"]
    return Table("What breaks first", columns, rows)


def limits_table(assumed: Assumptions, measured: Measured, rates: Sequence[float]) -> Table:
    """How full each limit is at each rate, and where it is reached."""
    rows = [_limit_row(limit, assumed, measured, rates) for limit in limits(assumed)]
    columns = ["", "most", *(f"at {_rate(rate)}/s" for rate in rates), "full at", "what to turn"]
    return Table("Limits", columns, rows)


def _limit_row(
    limit: Limit, assumed: Assumptions, measured: Measured, rates: Sequence[float]
) -> list[str]:
    shares = [limit.share(load(assumed, measured, rate)) for rate in rates]
    cells = [f"**{share:,.0%}**" if share > 1 else f"{share:.1%}" for share in shares]
    full = full_at(assumed, measured, limit)
    where = ABSENT if math.isinf(full) else f"{_rate(full)}/s"
    most = "always locked" if limit.most == 1 else f"{limit.most:,g}"
    return [limit.name, most, *cells, where, limit.turn]


def parts_table(assumed: Assumptions, measured: Measured, rates: Sequence[float]) -> Table:
    """What each part has to do."""
    loads = [load(assumed, measured, rate) for rate in rates]
    classes = [fitting(each) for each in loads]
    rows = {
        "logins, refreshes a second": [
            f"{_count(at.logins)}, {_count(at.refreshes)}" for at in loads
        ],
        "decisions of the authorizer a second": [_count(at.decisions) for at in loads],
        "instances of the authorizer": [f"{at.authorizers:,.0f}" for at in loads],
        "instances of the app": [f"{at.apps:,.0f}" for at in loads],
        "status lists in use": [f"{at.lists:.1f}" for at in loads],
        "requests for them a second": [_count(at.list_requests) for at in loads],
        "their answers, MB a second": [f"{at.list_bytes / 1e6:.2g}" for at in loads],
        "signatures a second": [_count(at.signatures) for at in loads],
        "transactions of PostgreSQL a second": [f"{at.transactions:,.0f}" for at in loads],
        "cores at work in PostgreSQL, at most": [f"{at.database_cores:.2g}" for at in loads],
        "smallest class that bears it": [one.name if one else "none" for one in classes],
    }
    columns = ["", *(f"{_rate(rate)}/s" for rate in rates)]
    return Table("Parts", columns, [[name, *cells] for name, cells in rows.items()])


def bill_table(assumed: Assumptions, measured: Measured, rates: Sequence[float]) -> Table:
    """Dollars a month."""
    bills = [bill(assumed, measured, rate) for rate in rates]
    rows = [[name, *(f"{each[name]:,.2f}" for each in bills)] for name in bills[0]]
    rows.append(["together", *(f"{sum(each.values()):,.2f}" for each in bills)])
    return Table("$ a month", ["", *(f"{_rate(rate)}/s" for rate in rates)], rows)


def cache_table(assumed: Assumptions, measured: Measured, rates: Sequence[float]) -> Table:
    """What API Gateway's cache leaves to the authorizer."""
    rows = []
    for calls in CALLS_A_MINUTE:
        changed = replace(assumed, calls_a_minute=calls)
        loads = [load(changed, measured, rate) for rate in rates]
        rows.append(
            [f"{calls:g}", f"{hit_rate(calls):.0%}", *(_count(at.decisions) for at in loads)]
        )
    decisions = (f"decisions/s at {_rate(rate)}/s" for rate in rates)
    return Table("Cache", ["calls with a token a minute", "hits", *decisions], rows)


def memory_table(measured: Measured) -> Table:
    """The authorizer by its memory."""
    rows = []
    for megabytes in MEMORIES:
        decision = at_memory(measured.decision_ms, megabytes)
        cold = at_memory(measured.cold_authorizer_ms, megabytes)
        dollars = cost_of_a_million(measured.decision_ms / 1e3, megabytes, measured)
        rows.append([f"{megabytes}", f"{decision:.1f}", f"{cold:.0f}", f"{dollars:.3f}"])
    columns = ["MB", "a decision, ms", "cold, ms", "$ a million decisions"]
    return Table("The authorizer", columns, rows)


def assumptions_table(assumed: Assumptions) -> Table:
    """All of them, and the options that change them."""
    rows = [
        [each.metadata["meaning"], _count(asdict(assumed)[each.name]), f"`{_option(each.name)}`"]
        for each in fields(assumed)
    ]
    return Table("Assumed", ["", "assumed", "option"], rows)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _count(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _rate(rate: float) -> str:
    return f"{rate:,.2g}" if rate < 10 else f"{float(f'{rate:.2g}'):,.0f}"


def parse(arguments: Sequence[str] | None) -> tuple[Assumptions, Sequence[float], bool]:
    """The assumptions, the rates, and whether they are those of the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look; writes nothing")
    parser.add_argument("--rates", help="requests a second, parted by commas: 1,100,10000")
    for each in fields(Assumptions):
        told = {"help": each.metadata["meaning"].replace("%", "%%"), "type": float}
        parser.add_argument(_option(each.name), default=each.default, metavar="NUMBER", **told)
    options = vars(parser.parse_args(arguments))
    rates = options["rates"]
    chosen = tuple(map(float, rates.split(","))) if rates else RATES
    assumed = Assumptions(**{each.name: options[each.name] for each in fields(Assumptions)})
    return assumed, chosen, assumed == Assumptions() and chosen == RATES and not options["quick"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Reckon, show, and write the page unless something was changed."""
    assumed, rates, is_page = parse(arguments)
    measured = read_measured()
    parts = {
        "first": first_table(assumed, measured, rates),
        "limits": limits_table(assumed, measured, rates),
        "parts": parts_table(assumed, measured, rates),
        "bill": bill_table(assumed, measured, rates),
        "cache": cache_table(assumed, measured, rates),
        "memory": memory_table(measured),
        "assumptions": assumptions_table(assumed),
    }
    for table in parts.values():
        print(f"\n{table.plain()}")
    if is_page:
        page = Template(_TEXT.read_text("utf-8"))
        gaps = {name: table.markdown() for name, table in parts.items()}
        gaps["logins"] = _count(1 / list_row_seconds(assumed))
        gaps["new_logins"] = _count(1 / counter_row_seconds(assumed))
        PAGE.write_text(page.substitute(gaps), "utf-8")
        PAGE.with_suffix(".svg").write_text(chart(assumed, measured, rates), "utf-8")


if __name__ == "__main__":
    main()

"""`make bench`: our authorizer beside those that one writes with the usual libraries.

What is compared, and how, stands on the page that it writes: docs/benchmarks/authorizer.md.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import measure, node_package, tables
from benchmarks.field import field
from benchmarks.figures import Effort, Figures
from benchmarks.machine import describe
from benchmarks.material import ALGORITHMS, ROOT
from benchmarks.oddities import judge_oddities
from benchmarks.page import write
from benchmarks.progress import progress_ended
from benchmarks.start import measure_start

_FULL = Effort(cold_runs=40, rounds=60, batch=250, warm_up=3000, memory_tokens=100_000)
_QUICK = Effort(cold_runs=5, rounds=8, batch=100, warm_up=500, memory_tokens=5_000)


def main() -> None:
    """Measure, show, and write the page where asked to."""
    options = _options()
    effort = _QUICK if options.quick else _FULL
    changes = {name: value for name in ("cold_runs", "rounds") if (value := vars(options)[name])}
    figures = run(Effort(**vars(effort) | changes))
    for table in _tables(figures):
        print(f"\n{table.plain()}")
    if options.output:
        write(figures, options.output)
    elif not options.quick:
        write(figures, ROOT / "docs" / "benchmarks")


def run(effort: Effort) -> Figures:
    """Everything, in an order in which nothing waits beside what is measured."""
    node = _node()
    contenders = field(with_node=node is not None)
    try:
        return Figures(
            contenders=contenders,
            effort=effort,
            machine=describe(node),
            cold={alg: measure.cold(alg, contenders, effort) for alg in ALGORITHMS},
            warm={alg: measure.warm(alg, contenders, effort) for alg in ALGORITHMS},
            memory=measure.memory(effort),
            start=measure_start(effort.cold_runs),
            oddities=judge_oddities(contenders),
        )
    finally:
        progress_ended()


def _node() -> str | None:
    """Node's version; None, and a sentence, where aws-jwt-verify cannot take part."""
    node = node_package.node_version()
    if node is None:
        print("Node and npm are not both installed: aws-jwt-verify takes no part.", file=sys.stderr)
        return None
    try:
        node_package.install()
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip()
        print(f"npm ci failed: aws-jwt-verify takes no part.\n{said}", file=sys.stderr)
        return None
    return node


def _tables(figures: Figures) -> Iterator[tables.Table]:
    yield tables.warm_table(figures)
    yield tables.cold_table(figures)
    yield tables.memory_table(figures)
    yield tables.oddities_table(figures)
    yield tables.start_table(figures)
    yield tables.runtime_table(figures)
    yield tables.imports_table(figures)
    yield tables.goals_table(figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.authorizer", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a look in under a minute; writes no page"
    )
    parser.add_argument("--cold-runs", type=_several, help="fresh processes for each contender")
    parser.add_argument("--rounds", type=_several, help="rounds in which all decide in turn")
    parser.add_argument("--output", type=Path, help="the folder to write the page to")
    return parser.parse_args()


def _several(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError("at least 2, for a median with a spread")
    return number


if __name__ == "__main__":
    main()

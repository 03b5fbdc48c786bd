"""Brings into the corpus what a run of the fuzzer found: `python -m tests.fuzz.minimise FOLDER`.

A find is worth a file when it goes a way through the kernel that no smaller input has gone to the
same outcome. What stands in the corpus already stays there.
"""

import logging
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.fuzz import harness

CORPUS = Path(__file__).with_name("corpus")
KERNEL = "*/app/tokens/*"
Ways = set[tuple[str, str, tuple[int, int]]]


def ways(measure: Any, data: bytes) -> Ways:
    """Each step from line to line in the kernel that an input takes, and what became of it."""
    measure.erase()
    measure.start()
    try:
        outcome = harness.run(data)
    finally:
        measure.stop()
    measured = measure.get_data()
    return {
        (outcome, Path(name).name, step)
        for name in measured.measured_files()
        for step in measured.arcs(name) or ()
    }


def main(folder: str) -> None:
    """Copies the finds that go new ways, the smallest first, each under its own name."""
    logging.getLogger("ostiary.keys").setLevel(logging.ERROR)
    harness.verifier()
    coverage: Any = import_module("coverage")
    measure = coverage.Coverage(data_file=None, branch=True, include=[KERNEL])
    known: Ways = set()
    for path in sorted(CORPUS.iterdir()):
        known |= ways(measure, path.read_bytes())
    for path in sorted(Path(folder).iterdir(), key=lambda path: (path.stat().st_size, path.name)):
        found = ways(measure, path.read_bytes())
        if not found <= known:
            known |= found
            (CORPUS / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main(sys.argv[1])

"""The processes that are measured: a fresh one for a single decision, a lasting one for many."""

import json
import resource
import subprocess
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from tempfile import TemporaryFile
from typing import Any, Self

import psutil  # type: ignore[import-untyped]

from benchmarks.field import Contender


class ContenderFailed(Exception):
    """A contender ended, or judged wrong; the message holds what it said."""


def run_once(contender: Contender, environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds of a whole process that decides once."""
    before, start = _cpu_of_children(), time.perf_counter()
    ran = subprocess.run(contender.once, env=environment, capture_output=True, check=False)
    wall, cpu = time.perf_counter() - start, _cpu_of_children() - before
    if ran.returncode:
        raise ContenderFailed(f"{contender.name}: {ran.stderr.decode('utf-8', 'replace')}")
    return wall, cpu


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Worker(AbstractContextManager["Worker"]):
    """A contender that stays, as benchmarks/worker.py describes it."""

    def __init__(self, contender: Contender, environment: dict[str, str]) -> None:
        self._name = contender.name
        self._errors = TemporaryFile()  # noqa: SIM115 (lives as long as the worker)
        self._process = subprocess.Popen(
            contender.work,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def time(self, tokens: Sequence[str]) -> tuple[float, float]:
        """Wall and CPU microseconds a decision."""
        wall, cpu = self._ask("time", tokens)
        return wall / len(tokens) / 1000, cpu / len(tokens) / 1000

    def judge(self, tokens: Sequence[str]) -> list[dict[str, Any] | None]:
        """Each token's policy, None where it was refused."""
        policies: list[dict[str, Any] | None] = self._ask("judge", tokens)
        return policies

    def memory(self) -> tuple[int, int]:
        """The memory that the process holds in KiB, and Python's own blocks in it."""
        blocks: int = self._ask("blocks", ())
        return int(psutil.Process(self._process.pid).memory_info().rss) // 1024, blocks

    def _ask(self, wanted: str, tokens: Sequence[str]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(" ".join((wanted, *tokens)) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said before it ended is told below
        answer = self._process.stdout.readline()
        if not answer:
            self._errors.seek(0)
            said = self._errors.read().decode("utf-8", "replace")
            raise ContenderFailed(f"{self._name}: {said}")
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process, self._errors:
            self._process.terminate()

"""Where our cold start goes: the imports by package, then the settings and the first decision."""

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.field import OTHERS, OURS, python
from benchmarks.figures import ImportGroup, Start
from benchmarks.material import Material
from benchmarks.progress import progress

_EVENT = """
event = {{
    "type": "TOKEN",
    "authorizationToken": "Bearer " + os.environ["TOKEN"],
    "methodArn": os.environ["METHOD_ARN"],
}}
"""
_STEPS = f"""
import json
from time import process_time
{_EVENT}
moments = [process_time()]
from authorizer.handler import handler
moments.append(process_time())
handler(event, None)
moments.append(process_time())
handler(event, None)
moments.append(process_time())
print(json.dumps([after - before for before, after in zip(moments, moments[1:])]))
"""
# What Lambda starts is awslambdaric; it has loaded json, logging and more before any handler.
_IN_RUNTIME = f"""
import awslambdaric.bootstrap
from time import process_time
{_EVENT}
start = process_time()
from {{module}} import handler
handler(event, None)
print(process_time() - start)
"""
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|( +)(\S+)")
_OURS = ("app", "authorizer")
_SHOWN = 16


@dataclass(frozen=True)
class _Import:
    module: str
    depth: int
    microseconds: int

    @property
    def package(self) -> str:
        top = self.module.partition(".")[0]
        if top in _OURS:
            return "app, authorizer"
        if top in ("_cffi_backend", "_openssl"):
            return "cryptography"
        return top.lstrip("_") or top


def measure_start(runs: int) -> Start:
    """Medians of so many fresh processes, RS256; CPU time, for one thread is at work."""
    material = Material("RS256")
    environment = material.environment()
    # Off Lambda the settings are read at the first decision, which tells them from the imports.
    off_lambda = environment.copy()
    del off_lambda["AWS_LAMBDA_FUNCTION_NAME"]
    steps, times = [], []
    in_runtime: dict[str, list[float]] = {contender.name: [] for contender in (OURS, *OTHERS)}
    for number in range(runs):
        progress("imports", number + 1, runs)
        token = {"TOKEN": material.tokens(1)[0]}
        steps.append(_milliseconds(python(_STEPS), off_lambda | token))
        times.append(_imports(environment))
        for contender in (OURS, *OTHERS):
            command = python(_IN_RUNTIME, module=contender.module)
            in_runtime[contender.name] += _milliseconds(command, environment | token)
    importing, first, second = (median(step) for step in zip(*steps, strict=True))
    medians = {name: median(taken) for name, taken in in_runtime.items()}
    return Start(importing, first, second, medians, _groups(times))


def _milliseconds(command: tuple[str, ...], environment: dict[str, str]) -> list[float]:
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [float(seconds) * 1e3 for seconds in ran.stdout.strip(" []\n").split(",")]


def _imports(environment: dict[str, str]) -> list[_Import]:
    """Every module that the authorizer loads beyond the interpreter's own start, in their order."""
    program = "print(file=sys.stderr)\nimport authorizer.handler"
    command = python(program, "-X", "importtime")
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    _, _, ours = ran.stderr.partition("\n\n")
    found = (_LINE.fullmatch(line) for line in ours.splitlines())
    return [_Import(m[3], len(m[2]) // 2, int(m[1])) for m in found if m]


def _groups(runs: list[list[_Import]]) -> tuple[ImportGroup, ...]:
    sums = [_sums(run) for run in runs]
    askers = _askers(runs[0])
    modules: dict[str, int] = defaultdict(int)
    for entry in runs[0]:
        modules[entry.package] += 1
    groups = [
        ImportGroup(name, modules[name], median(run[name] for run in sums) / 1e3, askers[name])
        for name in modules
    ]
    groups.sort(key=lambda group: -group.milliseconds)
    rest = groups[_SHOWN:]
    others = ImportGroup(
        f"{len(rest)} others",
        sum(group.modules for group in rest),
        sum(group.milliseconds for group in rest),
        "",
    )
    return (*groups[:_SHOWN], others)


def _sums(run: list[_Import]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for entry in run:
        sums[entry.package] += entry.microseconds
    return sums


def _askers(run: list[_Import]) -> dict[str, str]:
    """For each package the module of another one that was first to ask for it."""
    askers: dict[str, str] = {}
    for entry, asker in _with_askers(run):
        askers.setdefault(entry.package, asker)
    return askers


def _with_askers(run: list[_Import]) -> Iterator[tuple[_Import, str]]:
    """Each import with the nearest module above it of another package.

    The log tells a module after all that it asked for, so it is read from its end.
    """
    above: list[_Import] = []
    told = []
    for entry in reversed(run):
        del above[entry.depth - 1 :]
        asker = next((a.module for a in reversed(above) if a.package != entry.package), "")
        told.append((entry, asker))
        above.append(entry)
    return reversed(told)

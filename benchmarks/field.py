"""Who takes part: each contender's name, what it can verify, and how it is started."""

import sys
import sysconfig
from dataclasses import dataclass
from enum import Enum

from benchmarks import node_package
from benchmarks.material import ALGORITHMS, ROOT

# Without `site` and what a virtual environment hooks into it: that is not Lambda's start. The
# code lies in front of the packages, as it does there.
_START = """
import os, sys
sys.path[:0] = {paths!r}
"""
_ONCE = """
from {module} import handler
event = {{
    "type": "TOKEN",
    "authorizationToken": "Bearer " + os.environ["TOKEN"],
    "methodArn": os.environ["METHOD_ARN"],
}}
sys.exit(handler(event, None)["policyDocument"]["Statement"][0]["Effect"] != "Allow")
"""
_CHECK_ONCE = """
from {module} import handler, prepare
sys.exit(not handler(prepare(os.environ["TOKEN"]), None))
"""
_WORK = """
from benchmarks.worker import main
main({module!r})
"""


class Side(Enum):
    """What a contender is to the comparison."""

    OURS = "ours"
    PYTHON = "another authorizer in Python"
    NODE = "another authorizer on Node"
    LIMIT = "no authorizer: what none can be faster than"


@dataclass(frozen=True)
class Contender:
    """One way to decide. `once` decides on one token in a fresh process, `work` on batches."""

    name: str
    side: Side
    once: tuple[str, ...]
    work: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ALGORITHMS
    module: str = ""


def python(program: str, *flags: str, **values: str) -> tuple[str, ...]:
    """The command that runs a program in a fresh, bare interpreter."""
    installed = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    start = _START.format(paths=[str(ROOT), *installed])
    return (sys.executable, "-I", "-S", *flags, "-c", start + program.format(**values))


def _in_python(name: str, side: Side, module: str) -> Contender:
    program = _CHECK_ONCE if side is Side.LIMIT else _ONCE
    once, work = python(program, module=module), python(_WORK, module=module)
    return Contender(name, side, once, work, module=module)


OURS = _in_python("Ostiary", Side.OURS, "authorizer.handler")
PYTHON_ALONE = Contender("Python's start alone", Side.LIMIT, python(""))
NODE_ALONE = Contender("Node's start alone", Side.LIMIT, ("node", "--eval", "0"))
_SIGNATURE = _in_python(
    "the signature check alone", Side.LIMIT, "benchmarks.contenders.signature_alone"
)
OTHERS = tuple(
    _in_python(name, Side.PYTHON, f"benchmarks.contenders.{module}")
    for name, module in (
        ("PyJWT", "with_pyjwt"),
        ("joserfc", "with_joserfc"),
        ("python-jose", "with_jose"),
    )
)
NODE = Contender(
    "aws-jwt-verify (Node)",
    Side.NODE,
    ("node", str(node_package.FOLDER / "once.mjs")),
    ("node", str(node_package.FOLDER / "worker.mjs")),
    ("RS256", "ES256"),
)


def field(*, with_node: bool) -> tuple[Contender, ...]:
    """Everyone who decides on tokens."""
    return (OURS, *OTHERS, *((NODE,) if with_node else ()), _SIGNATURE)

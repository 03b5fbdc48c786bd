"""One contender in a process of its own: a line of tokens in, what they took or got out.

The first word of a line says what is wanted. `time`: decide on each, all being good, and answer
`[wall, cpu]` in nanoseconds. `judge`: answer with each policy, or null where it was refused.
`blocks`: how many blocks of memory Python holds once its garbage is collected.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

Case = tuple[Any, None]
Handler = Callable[[Any, None], Any]


def main(module_name: str) -> None:
    """Serve standard input until it ends."""
    module = import_module(module_name)
    prepare = getattr(module, "prepare", _event)
    for line in sys.stdin:
        wanted, *tokens = line.split()
        cases = [(prepare(token), None) for token in tokens]
        print(json.dumps(_ANSWERS[wanted](module.handler, cases)), flush=True)


def _event(token: str) -> dict[str, str]:
    return {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {token}",
        "methodArn": os.environ["METHOD_ARN"],
    }


def _time(handler: Handler, cases: list[Case]) -> list[int]:
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    answers = [handler(*case) for case in cases]
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    if not all(map(_allows, answers)):
        raise AssertionError("a good token was not allowed")
    return [wall, cpu]


def _allows(answer: Any) -> bool:
    return answer is True or answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"


def _judge(handler: Handler, cases: list[Case]) -> list[Any]:
    return [_judgement(handler, case) for case in cases]


def _judgement(handler: Handler, case: Case) -> Any:
    try:
        return handler(*case)
    except Exception as error:
        if error.args != ("Unauthorized",):
            raise
        return None


def _blocks(_handler: Handler, _cases: list[Case]) -> int:
    gc.collect()
    return sys.getallocatedblocks()


_ANSWERS: dict[str, Callable[[Handler, list[Case]], Any]] = {
    "time": _time,
    "judge": _judge,
    "blocks": _blocks,
}

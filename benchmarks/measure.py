"""Cold, warm and memory: the contenders taking turns, so that a slow minute is everyone's."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from benchmarks.field import NODE_ALONE, OURS, PYTHON_ALONE, Contender, Side
from benchmarks.figures import Effort, Growth, Timing
from benchmarks.hostile import hostile_tokens
from benchmarks.material import ALGORITHMS, Material
from benchmarks.processes import ContenderFailed, Worker, run_once
from benchmarks.progress import progress

# Of the tokens for the memory: their own list must not be what grows.
_BATCH = 100


def cold(alg: str, contenders: Sequence[Contender], effort: Effort) -> dict[str, Timing]:
    """Milliseconds of whole processes, from the start of the interpreter to its end."""
    material = Material(alg)
    environment = material.environment()
    with_node = any(contender.side is Side.NODE for contender in contenders)
    takers = [
        *(contender for contender in contenders if alg in contender.algorithms),
        *((PYTHON_ALONE, NODE_ALONE) if with_node else (PYTHON_ALONE,)),
    ]
    runs: dict[str, list[tuple[float, float]]] = {taker.name: [] for taker in takers}
    for number in range(effort.cold_runs + 1):
        progress(f"cold {alg}", number, effort.cold_runs)
        for taker in _turns(takers, number):
            (token,) = material.tokens(1)
            wall, cpu = run_once(taker, environment | {"TOKEN": token})
            if number:  # the first run compiles, and fills the caches of the file system
                runs[taker.name].append((wall * 1e3, cpu * 1e3))
    return {name: Timing.of(taken) for name, taken in runs.items()}


def warm(alg: str, contenders: Sequence[Contender], effort: Effort) -> dict[str, Timing]:
    """Microseconds a decision, each token being new to the process that decides."""
    material = Material(alg)
    environment = material.environment()
    takers = [contender for contender in contenders if alg in contender.algorithms]
    runs: dict[str, list[tuple[float, float]]] = {taker.name: [] for taker in takers}
    with ExitStack() as stack:
        workers = {taker.name: stack.enter_context(Worker(taker, environment)) for taker in takers}
        warm_up = material.tokens(effort.warm_up)
        for worker in workers.values():
            worker.time(warm_up)
        for number in range(effort.rounds):
            progress(f"warm {alg}", number + 1, effort.rounds)
            tokens = material.tokens(effort.batch)
            for taker in _turns(takers, number):
                runs[taker.name].append(workers[taker.name].time(tokens))
    return {name: Timing.of(taken) for name, taken in runs.items()}


def memory(effort: Effort) -> tuple[Growth, ...]:
    """Our authorizer over good tokens, then over hostile ones, of all three algorithms."""
    material = Material(*ALGORITHMS)
    with Worker(OURS, material.environment()) as worker:

        def allow() -> None:
            worker.time(material.tokens(_BATCH))

        def refuse() -> None:
            if any(worker.judge(hostile_tokens(material.jwks, _BATCH))):
                raise ContenderFailed("a hostile token was allowed")

        return (
            _growth(worker, allow, "good tokens", effort.memory_tokens),
            _growth(worker, refuse, "hostile tokens", effort.memory_tokens),
        )


def _growth(worker: Worker, decide: Callable[[], None], tokens: str, count: int) -> Growth:
    def decide_on(number: int) -> tuple[int, int]:
        for done in range(0, number, _BATCH):
            progress(f"memory, {tokens}", done, number)
            decide()
        return worker.memory()

    (before, blocks_before), (after, blocks_after) = decide_on(count // 5), decide_on(count)
    return Growth(tokens, count, before, after, blocks_after - blocks_before)


def _turns(takers: Sequence[Contender], number: int) -> list[Contender]:
    """Everyone once, another one first each time: nobody always runs after the same neighbour."""
    first = number % len(takers)
    return [*takers[first:], *takers[:first]]

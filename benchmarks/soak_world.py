"""The soak's state: who is free, what each request must be answered, and what was."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.soak_people import Crowd, Machine, Person
from benchmarks.soak_wire import Answer, Request

SIGNATURE = 20  # the least length of a last segment that is told from other texts
Then = Callable[[Answer], str]
_OPAQUE = re.compile(r"[\w-]{20,}", re.ASCII)


def nothing(_: Answer) -> str:
    """Nothing follows from this answer, and nothing is wrong in it."""
    return ""


@dataclass(frozen=True)
class Call:
    """A request and its verdict: the statuses that are right.

    `then` is handed an answer of a right status, changes what it changes, and says what is wrong
    in its body. `whose` sends nothing else meanwhile.
    """

    request: Request
    right: frozenset[int]
    address: str
    whose: Person | None = None
    then: Then = nothing
    said: str = ""  # which of many, for the list of wrong verdicts


@dataclass(frozen=True)
class Kind:
    """One kind of request; `share` of a thousand. `make` answers None where nobody can send it."""

    name: str
    share: int
    hostile: bool
    make: Callable[["World"], Call | None]


@dataclass(frozen=True)
class Result:
    """What came of one request. Seconds; `due` since the beginning, `took` since it was due."""

    kind: str
    due: float
    took: float
    status: int
    wrong: str = ""


@dataclass
class World:
    """Everybody, and everything secret that was sent or received."""

    crowd: Crowd
    chance: random.Random
    secrets: set[str] = field(default_factory=set)
    results: list[Result] = field(default_factory=list)
    newcomers: int = 0

    def __post_init__(self) -> None:
        self.secrets.update(self.crowd.secrets())

    def free(
        self, fits: Callable[[Person], object], among: Sequence[Person] | None = None
    ) -> Person | None:
        """Somebody who sends nothing just now and fits."""
        people = self.crowd.people if among is None else among
        found = [each for each in people if not each.busy and fits(each)]
        return self.chance.choice(found) if found else None

    def machine(self) -> Machine:
        return self.chance.choice(self.crowd.machines)

    def keep_secret(self, *texts: str) -> None:
        """Remember what no log may hold: of a token, its signature; of anything else, all of it."""
        for text in texts:
            last = text.rpartition(".")[2]
            if len(last) >= SIGNATURE and _OPAQUE.fullmatch(last):
                self.secrets.add(last)

    def judged(self, kind: Kind, call: Call, answer: Answer, due: float, took: float) -> Result:
        """What came of a call, kept; whose session went wrong begins anew."""
        wrong = wrong_in(call, answer)
        if wrong and call.whose:
            call.whose.lost()
            call.whose.ended = ""
        if call.whose:
            call.whose.busy = False
        result = Result(kind.name, due, took, answer.status, wrong)
        self.results.append(result)
        return result


def wrong_in(call: Call, answer: Answer) -> str:
    """What is wrong in an answer; nothing where it is right. A 5xx is never right."""
    said = f"{call.request.method} {call.request.path[:80]} {call.said}".rstrip()
    if answer.status not in call.right or answer.status >= 500:
        right = " or ".join(map(str, sorted(call.right)))
        return f"{said}: expected {right}, got {answer.status} {answer.text[:200]}"
    complaint = call.then(answer)
    return f"{said}: {complaint}" if complaint else ""

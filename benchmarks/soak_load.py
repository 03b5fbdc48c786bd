"""Sends the mix on a schedule: a request is due whether or not those before were answered."""

import asyncio
import time
from collections.abc import Sequence

from benchmarks.progress import progress
from benchmarks.soak_good import login_of
from benchmarks.soak_people import Person
from benchmarks.soak_wire import Door, ask
from benchmarks.soak_world import Call, Kind, World

MOST_WARMED, WARMING_ROUNDS, WARM_SECONDS = 8, 30, 0.5
OTHERWISE = "keys, discovery, health"  # what is sent where nobody can send what was drawn


class Load:
    """The schedule of one door: so many requests a second, for so long."""

    def __init__(self, door: Door, world: World, kinds: Sequence[Kind]) -> None:
        self._door, self._world, self._kinds = door, world, kinds
        self._otherwise = next(kind for kind in kinds if kind.name == OTHERWISE)
        self._shares = [kind.share for kind in kinds]
        self._room = asyncio.Semaphore(door.at_once)

    async def log_everybody_in(self) -> None:
        """One after the other, before it begins; what goes wrong here is a wrong verdict, too."""
        crowd = self._world.crowd
        everybody = (*crowd.people, *crowd.admins, *crowd.victims)
        kind = next(kind for kind in self._kinds if kind.name == "a login")
        for number, person in enumerate(everybody):
            progress("logging in", number, len(everybody))
            await self._send(kind, login_of(self._world, person), None)
        self._world.results[:] = [result for result in self._world.results if result.wrong]

    async def warm(self) -> None:
        """Start what is needed at once, before any answer is judged: functions start one by one.

        By logins: an instance that hashes for the first time takes 19 MiB, which it keeps.
        """
        crowd, count = self._world.crowd, min(self._door.at_once, MOST_WARMED)
        calls = [login_of(self._world, person) for person in crowd.people[:count]]
        for _ in range(WARMING_ROUNDS):
            begun = time.monotonic()
            asked = (ask(self._door, call.request, call.address) for call in calls)
            statuses = {answer.status for answer in await asyncio.gather(*asked)}
            if statuses == {200} and time.monotonic() - begun < WARM_SECONDS:
                return

    async def run(self, rate: float, seconds: float) -> None:
        """All of it; returns when the last answer is there."""
        begun, count = time.monotonic(), int(rate * seconds)
        async with asyncio.TaskGroup() as under_way:
            for number in range(count):
                due = number / rate
                await asyncio.sleep(max(0.0, begun + due - time.monotonic()))
                if not number % int(rate):
                    progress(f"{self._door.name}: seconds", int(due), int(seconds))
                kind, call = self.drawn()
                under_way.create_task(self._send(kind, call, begun + due, due))

    def drawn(self) -> tuple[Kind, Call]:
        """The next request; whoever sends it is busy from here on."""
        (kind,) = self._world.chance.choices(self._kinds, self._shares)
        call = kind.make(self._world)
        if call is None:
            kind = self._otherwise
            call = kind.make(self._world)
        assert call
        _occupy(call.whose)
        return kind, call

    async def _send(self, kind: Kind, call: Call, since: float | None, due: float = 0.0) -> None:
        begun = time.monotonic() if since is None else since
        async with self._room:
            answer = await ask(self._door, call.request, call.address)
        self._world.judged(kind, call, answer, due, time.monotonic() - begun)


def _occupy(person: Person | None) -> None:
    if person:
        person.busy = True

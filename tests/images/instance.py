"""What an instance of a function holds: memory, descriptors, threads, connections."""

import os
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]
from sqlalchemy import NullPool, create_engine, text

from tests.images.runtime import Function

INVOCATIONS = int(os.environ.get("INVOCATIONS", "300"))
WARM_UP = 100  # until caches are full, and the allocator has its arenas
# What the allocator may keep of its own accord; a leak of 2 KB an invocation would be more.
MAX_GROWTH = 2 * 2**20


@dataclass(frozen=True)
class Holding:
    """At one moment, between two invocations. Memory in bytes, resident."""

    memory: int
    descriptors: int
    threads: int

    @classmethod
    def of(cls, function: Function) -> "Holding":
        """What that process holds now."""
        process = psutil.Process(function.pid)
        return cls(process.memory_info().rss, process.num_fds(), process.num_threads())

    def check_flat(self, later: "Holding") -> None:
        """Nothing has grown since, but what may."""
        assert later.memory - self.memory < MAX_GROWTH, (self, later)
        assert later.descriptors <= self.descriptors, (self, later)
        assert later.threads <= self.threads, (self, later)


OURS = {"application_name": "a test"}


def connections(postgres_url: str) -> list[int]:
    """The server's processes for clients of this database, without those of tests themselves.

    A connection that was closed may be listed a moment longer.
    """
    engine = create_engine(postgres_url, poolclass=NullPool, connect_args=OURS)
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND datname = current_database() AND application_name <> :ours"
            ),
            {"ours": OURS["application_name"]},
        )
        return sorted(found.scalars())

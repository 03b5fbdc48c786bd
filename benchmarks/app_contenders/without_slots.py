"""Ostiary as it would be without hashing slots, and with passlib's own choice for argon2.

Every login hashes in one of anyio's forty threads, 64 MiB each.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from anyio import to_thread
from passlib.context import CryptContext

from app.accounts.hashing_slots import HashingSlots
from app.accounts.password_workers import PasswordWorkers
from app.accounts.passwords import PasswordHasher
from app.main import create_app
from app.parts import find
from app.settings import load_settings

P = ParamSpec("P")
T = TypeVar("T")

ANYIO_THREADS = 40
DEFAULTS = CryptContext(schemes=["argon2"])


class _Unbounded(PasswordWorkers):
    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await to_thread.run_sync(lambda: work(*args, **kwargs))


app = create_app(load_settings())
app.state.parts[PasswordWorkers] = _Unbounded()
hasher = find(app, PasswordHasher)
# Neither is anybody's to choose.
hasher._context, hasher._slots = DEFAULTS, HashingSlots(ANYIO_THREADS)  # noqa: SLF001

"""Ostiary as it would be without hashing slots, and with passlib's own choice for argon2.

Every login hashes in one of anyio's forty threads, 64 MiB each.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from anyio import to_thread
from passlib.context import CryptContext

from app.accounts.hashing_slots import HashingSlots
from app.accounts.passwords import PasswordHasher
from app.main import create_app
from app.parts import find
from app.settings import load_settings

P = ParamSpec("P")
T = TypeVar("T")

DEFAULTS = CryptContext(schemes=["argon2"])


class _NoSlots(HashingSlots):
    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await to_thread.run_sync(lambda: work(*args, **kwargs))


app = create_app(load_settings())
app.state.parts[HashingSlots] = _NoSlots()
find(app, PasswordHasher)._context = DEFAULTS  # noqa: SLF001 - it is nobody's to choose

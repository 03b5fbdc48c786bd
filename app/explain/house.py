"""What decides about a request."""

import time
from collections.abc import Callable
from typing import NamedTuple

from app.access.routes import RouteTable
from app.tokens.keys import KeySet, TrustedKeys
from app.tokens.statements import CompiledRoutes
from app.tokens.verify import Verifier


class House(NamedTuple):
    """What decides: the guards, the table at the edge, the keys, and whose tokens are taken."""

    table: RouteTable
    at_the_edge: CompiledRoutes
    keys: TrustedKeys
    issuer: str
    audience: str
    clock: Callable[[], float] = time.time

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.keys, issuer=self.issuer, audience=self.audience, clock=self.clock)


class WatchedKeys:
    """Keys that know whether they were asked for: a source is not read before."""

    def __init__(self, keys: TrustedKeys) -> None:
        self._keys = keys
        self.asked = False

    def current(self) -> KeySet:
        """As the keys themselves."""
        self.asked = True
        return self._keys.current()

    def after_unknown_kid(self) -> KeySet:
        """As the keys themselves; `current` was asked before."""
        return self._keys.after_unknown_kid()

"""Tokens that the authorizer knows the key of, or not."""

import time

from tests.doors.forge import Forge


def ec(*key_name: str) -> Forge:
    """Of this moment: a run of all tests takes longer than a token lives."""
    return Forge("ES256", "user", int(time.time()), key_name)

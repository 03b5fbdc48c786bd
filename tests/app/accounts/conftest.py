"""Counts what login and registration cost: evaluations of argon2, and with which parameters."""

import re
from typing import Any

import argon2.low_level
import pytest
from argon2.exceptions import VerifyMismatchError

PHC = re.compile(
    r"\$argon2id\$v=19\$m=(?P<m>\d+),t=(?P<t>\d+),p=(?P<p>\d+)"
    r"\$(?P<salt>[A-Za-z0-9+/]+)\$(?P<digest>[A-Za-z0-9+/]+)"
)


def costs(phc: str) -> tuple[int, int, int]:
    """Memory in KiB, passes and lanes of a hash in PHC format."""
    parsed = PHC.fullmatch(phc)
    assert parsed, phc
    return int(parsed["m"]), int(parsed["t"]), int(parsed["p"])


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """The costs of every evaluation of argon2 from here on; a hash that cannot be read has none."""
    seen: list[tuple[int, int, int]] = []
    verify, compute = argon2.low_level.verify_secret, argon2.low_level.hash_secret

    def counted_verify(phc: bytes, *rest: Any) -> bool:
        try:
            found = verify(phc, *rest)
        except VerifyMismatchError:
            seen.append(costs(phc.decode()))
            raise
        seen.append(costs(phc.decode()))
        return found

    def counted_compute(*args: Any, **kwargs: Any) -> bytes:
        phc = compute(*args, **kwargs)
        seen.append(costs(phc.decode()))
        return phc

    monkeypatch.setattr(argon2.low_level, "verify_secret", counted_verify)
    monkeypatch.setattr(argon2.low_level, "hash_secret", counted_compute)
    return seen

"""What is counted, and the keys under which the counters lie."""

import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is attempted. Each kind is counted by itself."""

    PASSWORD = "password"  # noqa: S105
    REGISTRATION = "registration"
    CLIENT_SECRET = "client_secret"  # noqa: S105


@dataclass(frozen=True)
class Keys:
    """The counters that an attempt at one account from one range concerns.

    `account`: what strangers tried at it. `place`: what was tried at it in a range where its owner
    logged in. `known`: that he did. `pair`: that this range has tried this account. `range` and
    `everywhere`: on how many different accounts.
    """

    account: bytes
    place: bytes
    known: bytes
    pair: bytes
    range: bytes
    everywhere: bytes

    def __iter__(self) -> Iterator[bytes]:
        return iter(astuple(self))

    @classmethod
    def of(cls, kind: Kind, name: str, address_range: str) -> "Keys":
        """The keys for what has this name: an address in its one spelling, a client's id.

        What is tried at nothing that could have a name has none; each range does it for itself.
        """
        name = name or f"nothing in {address_range}"
        return cls(
            account=_key(kind, "account", name),
            place=_key(kind, "place", name, address_range),
            known=_key(kind, "known", name, address_range),
            pair=_key(kind, "pair", name, address_range),
            range=_key(kind, "range", address_range),
            everywhere=_key(kind, "everywhere"),
        )


def _key(*parts: str) -> bytes:
    """No name can look like two: none has a NUL, which neither an address nor an id can hold."""
    return hashlib.sha256("\0".join(parts).encode()).digest()

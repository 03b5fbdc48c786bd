"""The place of each session in a status list: taken one after the other, in an order that nobody
can guess, so that an index tells neither how many sessions there are nor which one is next.
"""

import hmac
import secrets
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.database import table_of
from app.sessions.models import StatusList

LIST_SIZE = 1_000_000
_ROUNDS = 10


class Place(NamedTuple):
    """A status list, and an index in it."""

    list_id: UUID
    idx: int


def take_place(session: Session, now: datetime) -> Place:
    """A place that nobody ever had; a new list is begun where all are full.

    The list's row stays locked until the transaction ends: let that be soon.
    """
    while True:
        taken = session.execute(_TAKING, {"now": now}).first()
        if taken:
            return Place(taken.id, shuffled(taken.taken - 1, taken.size, taken.key))
        # All are full, or somebody was faster to the last place of one.
        if session.scalar(_OPEN) is None:
            _begin_list(session, now)


_LISTS = table_of(StatusList).c
_OPEN = (
    select(_LISTS.id)
    .where(_LISTS.taken < _LISTS.size)
    .order_by(_LISTS.created_at, _LISTS.id)
    .limit(1)
)
_TAKING = (
    update(table_of(StatusList))
    .where(_LISTS.id == _OPEN.scalar_subquery(), _LISTS.taken < _LISTS.size)
    .values(taken=_LISTS.taken + 1, last_taken_at=bindparam("now"))
    .returning(_LISTS.id, _LISTS.taken, _LISTS.key, _LISTS.size)
)


def _begin_list(session: Session, now: datetime) -> None:
    session.add(
        StatusList(
            id=uuid4(),
            key=secrets.token_bytes(32),
            size=LIST_SIZE,
            taken=0,
            created_at=now,
            last_taken_at=now,
        )
    )
    session.flush()


def shuffled(position: int, size: int, key: bytes) -> int:
    """Where `position` of `size` comes to stand: a permutation that `key` alone tells.

    A Feistel network over the least even number of bits that hold `size`, walked again until it
    leads into the range (cycle walking: Black and Rogaway, Ciphers with Arbitrary Finite Domains).
    """
    half = ((size - 1).bit_length() + 1) // 2
    while True:
        left, right = position >> half, position & (1 << half) - 1
        for number in range(_ROUNDS):
            left, right = right, left ^ _mixed(key, number, right) & (1 << half) - 1
        position = left << half | right
        if position < size:
            return position


def _mixed(key: bytes, number: int, value: int) -> int:
    message = number.to_bytes(1) + value.to_bytes(8)
    return int.from_bytes(hmac.digest(key, message, "sha256")[:8])

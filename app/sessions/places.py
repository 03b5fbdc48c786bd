"""The place of each session in a status list: taken one after the other, in an order that nobody
can guess, so that an index tells neither how many sessions there are nor which one is next.
"""

import hmac
import secrets
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

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
        list_id = session.scalar(_OPEN) or _new_list(session, now)
        taken = session.execute(
            update(StatusList)
            .where(StatusList.id == list_id, StatusList.taken < StatusList.size)
            .values(taken=StatusList.taken + 1, last_taken_at=now)
            .returning(StatusList.taken, StatusList.key, StatusList.size)
        ).first()
        if taken:  # else somebody was faster to the last place
            return Place(list_id, shuffled(taken.taken - 1, taken.size, taken.key))


_OPEN = (
    select(StatusList.id)
    .where(StatusList.taken < StatusList.size)
    .order_by(StatusList.created_at, StatusList.id)
    .limit(1)
)


def _new_list(session: Session, now: datetime) -> UUID:
    new = StatusList(
        id=uuid4(),
        key=secrets.token_bytes(32),
        size=LIST_SIZE,
        taken=0,
        created_at=now,
        last_taken_at=now,
    )
    session.add(new)
    session.flush()
    return new.id


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

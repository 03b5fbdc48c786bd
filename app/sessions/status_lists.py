"""The status lists as they are published: no answer says less than the database did on asking.

Whoever asks may be a stranger, and a list may have 100,000 ended sessions. So those who ask for one
list while it is being read wait for the next reading, and share it. To a request that comes after a
reading has begun, what that finds is too old.

An entity tag is a digest of what a list says and is signed with, and the second of the signing. So
every process of the app, whichever of them signed, knows by the tag alone what its holder has.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.clock import Clock
from app.database import Database
from app.errors import NotFound, Unavailable
from app.sessions.access_tokens import AccessTokens
from app.sessions.models import AuthSession, StatusList
from app.tokens.encoding import base64url_encode
from app.tokens.keys import KeySet, TrustedKeys
from app.tokens.status_list import LIFETIME_SECONDS
from app.tokens.urls import status_list_uri
from app.tokens.verify import LEEWAY_SECONDS

KEPT_LISTS = 64
# Whoever holds a list goes on with it, unchanged, as long as this much of its life is left.
HELD_SECONDS = LIFETIME_SECONDS // 2
# Authorizers take no time to live from a list that is older than the one they hold, be it signed by
# another process. One asks again 15 s after it asked, for what was signed at most 5 s after that.
SERVED_SECONDS = 10
WAIT_SECONDS = 2  # each who waits for another holds one of the app's threads
_TAG = re.compile(r'"([A-Za-z0-9_-]{43})\.([0-9]{1,12})"')


class Tag(NamedTuple):
    """What a version of a list is known by; `signed_at` in seconds since the epoch."""

    digest: str
    signed_at: int

    def __str__(self) -> str:
        return f'"{self.digest}.{self.signed_at}"'

    def age(self, now: float) -> float:
        """Seconds since it was signed; less than none where another machine's clock is ahead."""
        return now - self.signed_at


class Published(NamedTuple):
    """A version of a list; without its token, where whoever asked holds it."""

    tag: Tag
    token: str | None


class _Version(NamedTuple):
    """A list as it was signed, and the keys that counted then."""

    tag: Tag
    keys: KeySet
    token: str

    def may_be_served(self, digest: str, keys: KeySet, now: float) -> bool:
        """Whether it says what is to be said, by the very keys that count now, and is young."""
        age = self.tag.age(now)
        return self.keys is keys and self.tag.digest == digest and 0 <= age < SERVED_SECONDS


class _Content(NamedTuple):
    """The bits of a list as they were read, and their SHA-256."""

    raw: bytes
    sha256: bytes


class _Memory:
    """What was last read of a list, and last signed of it; a lock each for who wants more.

    `begun` is the place of the last reading in the order of all that comes; `content` is absent
    where that reading failed.
    """

    def __init__(self) -> None:
        self.reading = Lock()
        self.begun = -1
        self.content: _Content | None = None
        self.signing = Lock()
        self.version: _Version | None = None


class PublishedLists:
    """Builds and signs lists. Safe to share between threads."""

    def __init__(
        self, database: Database, access_tokens: AccessTokens, keys: TrustedKeys, clock: Clock
    ) -> None:
        """`keys` are those that `access_tokens` are signed with."""
        self._database = database
        self._access_tokens = access_tokens
        self._keys = keys
        self._clock = clock
        self._memories: dict[UUID, _Memory] = {}
        self._lock = Lock()
        self._order = count()

    def read(self, list_id: UUID, if_none_match: Iterable[str] = ()) -> Published:
        """The list as it is at this moment; NotFound where there is none, KeysUnavailable where
        it cannot be signed, Unavailable where others were waited for in vain.
        """
        asked = next(self._order)
        memory = self._memory(list_id)
        content, keys = self._content(list_id, memory, asked), self._keys.current()
        digest, now = _digest(content, keys), self._clock()
        for held in _tags(if_none_match):
            if held.digest == digest and -LEEWAY_SECONDS <= held.age(now) < HELD_SECONDS:
                return Published(held, None)
        with _turn(memory.signing):  # of many who ask at once, one has it signed
            version = memory.version
            if version is None or not version.may_be_served(digest, keys, now):
                tag = Tag(digest, int(self._clock()))
                version = memory.version = _Version(tag, keys, self._signed(list_id, content.raw))
        return Published(version.tag, version.token)

    def _content(self, list_id: UUID, memory: _Memory, asked: int) -> _Content:
        """What was read after this request came, by itself or by another one."""
        with _turn(memory.reading):
            if memory.begun < asked:
                memory.begun, memory.content = next(self._order), None
                memory.content = self._from_database(list_id)
            if memory.content is None:  # else each who waits would fail as slowly, in turn
                raise Unavailable("The service could not read this status list.")
            return memory.content

    def _from_database(self, list_id: UUID) -> _Content:
        """A bit for each place, set where the session has ended (§4.1 of the draft)."""
        with self._database.transaction() as session:
            raw = bytearray(-(-_size(session, list_id) // 8))
            places = _ended_places(session, list_id)
        for idx in places:
            raw[idx >> 3] |= 1 << (idx & 7)
        return _Content(bytes(raw), hashlib.sha256(raw).digest())

    def _signed(self, list_id: UUID, raw: bytes) -> str:
        tokens = self._access_tokens
        uri = status_list_uri(tokens.status_lists, str(list_id))
        return tokens.issuer.sign_status_list(uri=uri, raw=raw)

    def _memory(self, list_id: UUID) -> _Memory:
        """That of a list that there is: what a stranger makes up takes no place."""
        if list_id not in self._memories:
            with self._database.transaction() as session:
                _size(session, list_id)
        with self._lock:
            # Behind all others: whichever was asked for longest ago is dropped first.
            memory = self._memories.pop(list_id, None) or _Memory()
            self._memories[list_id] = memory
            if len(self._memories) > KEPT_LISTS:
                del self._memories[next(iter(self._memories))]
        return memory


@contextmanager
def _turn(lock: Lock) -> Iterator[None]:
    if not lock.acquire(timeout=WAIT_SECONDS):
        raise Unavailable("The status list is being made for others. Try again.")
    try:
        yield
    finally:
        lock.release()


_SESSIONS = AuthSession.__table__.c
_ENDED = (_SESSIONS.status_list_id == bindparam("list_id"), _SESSIONS.ended_at.is_not(None))
_ENDED_PLACES = select(_SESSIONS.status_index).where(*_ENDED)
_ENDED_PLACES_AT_ONCE = select(func.array_agg(_SESSIONS.status_index)).where(*_ENDED)


def _size(session: Session, list_id: UUID) -> int:
    size = session.scalar(select(StatusList.size).where(StatusList.id == list_id))
    if size is None:
        raise NotFound("There is no status list with this id.")
    return size


def _ended_places(session: Session, list_id: UUID) -> Sequence[int]:
    """As one value where there are arrays: 100,000 rows take many times as long."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return connection.scalar(_ENDED_PLACES_AT_ONCE, {"list_id": list_id}) or ()
    return connection.scalars(_ENDED_PLACES, {"list_id": list_id}).all()


def _digest(content: _Content, keys: KeySet) -> str:
    signing = keys.signing.kid if keys.signing else None
    trusted = json.dumps([signing, *sorted(keys.keys), keys.jwks()], sort_keys=True)
    return base64url_encode(hashlib.sha256(trusted.encode() + b"\0" + content.sha256).digest())


def _tags(if_none_match: Iterable[str]) -> Iterable[Tag]:
    """The tags of our making that such fields name (RFC 9110 §13.1.2)."""
    for digest, signed_at in _TAG.findall(", ".join(if_none_match)):
        yield Tag(digest, int(signed_at))

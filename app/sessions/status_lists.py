"""The status lists as they are published, made of the database each time that one is asked for.

An entity tag is a digest of what a list says and is signed with, and the second of the signing. So
every process of the app, whichever of them signed, knows by the tag alone what its holder has.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from app.clock import Clock
from app.database import Database
from app.errors import NotFound
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
# Authorizers refuse a list that is older than the one they hold, be it signed by another process.
# One asks again 15 s after it asked, and what it got then was signed at most 5 s after that.
SERVED_SECONDS = 10
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


class _Memory:
    """The last version of a list. The lock is for who looks whether there is need of another."""

    def __init__(self) -> None:
        self.lock = Lock()
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

    def read(self, list_id: UUID, if_none_match: Iterable[str] = ()) -> Published:
        """The list as it is at this moment; NotFound where there is none, KeysUnavailable where
        it cannot be signed.
        """
        raw, keys = self._raw(list_id), self._keys.current()
        digest, now = _digest(raw, keys), self._clock()
        for held in _tags(if_none_match):
            if held.digest == digest and -LEEWAY_SECONDS <= held.age(now) < HELD_SECONDS:
                return Published(held, None)
        memory = self._memory(list_id)
        with memory.lock:  # of many who ask at once, one has it signed
            version = memory.version
            if version is None or not version.may_be_served(digest, keys, now):
                tag = Tag(digest, int(self._clock()))
                version = memory.version = _Version(tag, keys, self._signed(list_id, raw))
        return Published(version.tag, version.token)

    def _raw(self, list_id: UUID) -> bytes:
        """A bit for each place, set where the session has ended (§4.1 of the draft)."""
        with self._database.transaction() as session:
            size = session.scalar(select(StatusList.size).where(StatusList.id == list_id))
            if size is None:
                raise NotFound("There is no status list with this id.")
            places = session.scalars(ENDED_PLACES, {"list_id": list_id}).all()
        raw = bytearray(-(-size // 8))
        for idx in places:
            raw[idx >> 3] |= 1 << (idx & 7)
        return bytes(raw)

    def _signed(self, list_id: UUID, raw: bytes) -> str:
        tokens = self._access_tokens
        uri = status_list_uri(tokens.status_lists, str(list_id))
        return tokens.issuer.sign_status_list(uri=uri, raw=raw)

    def _memory(self, list_id: UUID) -> _Memory:
        with self._lock:
            # Behind all others: whichever was asked for longest ago is dropped first.
            memory = self._memories.pop(list_id, _Memory())
            self._memories[list_id] = memory
            if len(self._memories) > KEPT_LISTS:
                del self._memories[next(iter(self._memories))]
        return memory


ENDED_PLACES = select(AuthSession.status_index).where(
    AuthSession.status_list_id == bindparam("list_id"), AuthSession.ended_at.is_not(None)
)


def _digest(raw: bytes, keys: KeySet) -> str:
    signing = keys.signing.kid if keys.signing else None
    trusted = json.dumps([signing, *sorted(keys.keys), keys.jwks()], sort_keys=True)
    return base64url_encode(hashlib.sha256(trusted.encode() + b"\0" + raw).digest())


def _tags(if_none_match: Iterable[str]) -> Iterable[Tag]:
    """The tags of our making that such fields name (RFC 9110 §13.1.2)."""
    for digest, signed_at in _TAG.findall(", ".join(if_none_match)):
        yield Tag(digest, int(signed_at))

"""Whether a client's secret is right, and how often it may be wrong."""

import hmac
import logging
import re
from dataclasses import dataclass, field

from app.attempts.attempts import Attempts
from app.attempts.keys import Kind
from app.audit.recording import Action, record_failure
from app.caller import Caller
from app.clients.service import KnownClient, find_client, hash_of_secret
from app.database import Database
from app.sessions.oauth_errors import InvalidClient
from app.telemetry import note

_LOG = logging.getLogger("ostiary.clients")
_ID = re.compile(r"client_[0-9a-f]{32}")
_NOBODY = "client_"
_NOBODYS_HASH = bytes(32)


@dataclass(frozen=True)
class ClientCredentials:
    """What a client says that it is, and what it proves it with."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ClientCheck:
    """Tells who a client is.

    A right secret is never delayed: nobody guesses 256 bits, so that whoever has it is the client,
    and no stranger's wrong ones may keep it out. Wrong ones are counted, so that what tries them
    is slowed down and seen.
    """

    database: Database
    attempts: Attempts

    def __call__(self, credentials: ClientCredentials, caller: Caller) -> KnownClient:
        """The client whose credentials these are.

        InvalidClient, never saying why, and TooManyAttempts in its place when it came too often.
        An unknown client costs what another does: the same queries and one comparison.
        """
        presented = hash_of_secret(credentials.secret)
        well_formed = _ID.fullmatch(credentials.client_id) is not None
        # Anything may stand where an id is expected, a secret too.
        client_id = credentials.client_id if well_formed else _NOBODY
        with self.database.transaction() as session:
            known = find_client(session, client_id)
        matches = hmac.compare_digest(presented, known.secret_hash if known else _NOBODYS_HASH)
        if known and matches:
            note(client_id=known.id)
            return known
        # What is no id is nobody's, and counted for each range by itself.
        self._count(client_id if well_formed else "", known, caller)
        named = client_id if well_formed else None
        extra = {"code": InvalidClient.error, "sub": named}
        _LOG.info("refused: %s: %s", extra["code"], named or "no client's id", extra=extra)
        raise InvalidClient("The client is not known, or its secret is wrong.")

    def _count(self, client_id: str, known: KnownClient | None, caller: Caller) -> None:
        with self.database.transaction() as session:
            self.attempts.reserve(session, Kind.CLIENT_SECRET, client_id, caller)
            who, code = known.id if known else None, InvalidClient.error
            record_failure(session, Action.CLIENT_AUTHENTICATION, code, target=who)

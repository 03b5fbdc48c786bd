"""Taking out what nobody asks for any more: over sessions, salts behind spent tokens, full lists,
counters that have expired, events of a year ago.

Each step is a short transaction of its own that takes a batch and leaves alone what others hold, so
it may run beside traffic, be killed at any moment, and be run again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Delete, Select, Update, delete, func, select

from app.attempts.counters import expired_counters
from app.audit.service import old_events
from app.database import Database, rows_changed
from app.sessions.models import AuthSession, RefreshToken, StatusList
from app.sessions.refreshing import SALT_GRACE, wiping_late_salts
from app.tokens.status_list import LIFETIME_SECONDS
from app.tokens.verify import LEEWAY_SECONDS

MAX_TOKEN_SECONDS = 3600  # the most that OSTIARY_ACCESS_TOKEN_SECONDS takes
CLOCKS_SECONDS = 300  # by which two machines may disagree, the gateway's cache included
# A session's bit goes back to 0 with its row. By then its last access token must have expired for
# everybody who reads it, and nobody may need the list any more in which its place was.
GRACE = timedelta(seconds=MAX_TOKEN_SECONDS + LEEWAY_SECONDS + LIFETIME_SECONDS + CLOCKS_SECONDS)
BATCH = 500


@dataclass
class Pruned:
    """How much was taken out so far."""

    salts: int = 0
    refresh_tokens: int = 0
    sessions: int = 0
    status_lists: int = 0
    counters: int = 0
    events: int = 0


def prune(
    database: Database,
    now: datetime,
    batch: int = BATCH,
    told: Callable[[Pruned], None] = lambda _: None,
) -> Pruned:
    """Take out what is over, `batch` rows at a time; `told` hears of each batch."""
    pruned = Pruned()
    while count := _in_one_go(database, wiping_late_salts(now - SALT_GRACE, batch)):
        pruned.salts += count
        told(pruned)
    while _prune_sessions(database, now - GRACE, batch, pruned):
        told(pruned)
    pruned.status_lists = _in_one_go(database, _dropping(now - GRACE))
    while count := _in_one_go(database, expired_counters(now, batch)):
        pruned.counters += count
        told(pruned)
    while count := _in_one_go(database, old_events(now, batch)):
        pruned.events += count
        told(pruned)
    return pruned


def _in_one_go(database: Database, change: Update | Delete) -> int:
    with database.transaction() as session:
        return rows_changed(session, change)


def _prune_sessions(database: Database, before: datetime, batch: int, pruned: Pruned) -> bool:
    """A batch of tokens, and when their sessions have none left, these; whether there were any.

    Tokens go first, since thousands may hang on one session: its deletion must not be a long one.
    """
    with database.transaction() as session:
        over = session.scalars(over_sessions(before, batch)).all()
        tokens = rows_changed(session, _spent_tokens(over, batch)) if over else 0
        gone = 0
        if over and tokens < batch:
            # Looked at once more: SQLite holds no lock between the SELECT and this.
            those = AuthSession.id.in_(over) & (AuthSession.expires_at < before)
            gone = rows_changed(session, delete(AuthSession).where(those))
    pruned.refresh_tokens += tokens
    pruned.sessions += gone
    return tokens + gone > 0


def over_sessions(before: datetime, batch: int) -> Select[UUID]:
    """Sessions that expired before a moment, longest ago first, unless somebody holds them."""
    return (
        select(AuthSession.id)
        .where(AuthSession.expires_at < before)
        .order_by(AuthSession.expires_at)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )


def _spent_tokens(sessions: Sequence[UUID], batch: int) -> Delete:
    some = select(RefreshToken.hash).where(RefreshToken.session_id.in_(sessions)).limit(batch)
    return delete(RefreshToken).where(RefreshToken.hash.in_(some))


def _dropping(before: datetime) -> Delete:
    """Lists that are full, whose last place was taken long ago, and in which no session is left."""
    # By the first entry of the index, not by EXISTS: with few lists, that reads all sessions.
    first = select(func.min(AuthSession.status_index))
    no_session = (
        first.where(AuthSession.status_list_id == StatusList.id).scalar_subquery().is_(None)
    )
    full = StatusList.taken >= StatusList.size
    return delete(StatusList).where(full, StatusList.last_taken_at < before, no_session)

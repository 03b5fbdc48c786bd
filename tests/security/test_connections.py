"""docs/security/asvs.md says how the service connects: with the numbers that the code has."""

import re

import pytest

from app import server, workers
from app.accounts import password_workers
from app.database import POOL_SIZE, POOL_WAIT_SECONDS
from app.time_limits import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    IDLE_SECONDS,
    LOCK_SECONDS,
    QUERY_SECONDS,
)
from app.tokens import aws_sources, key_ring, key_sources
from authorizer import status_lists
from tests.architecture.sources import ROOT

TABLE = (ROOT / "docs/security/asvs.md").read_text("utf-8").partition("\n## Connections\n")[2]
CONNECTIONS = {
    "PostgreSQL, from a server": (
        f"| {POOL_SIZE} connections, and as many threads | {POOL_WAIT_SECONDS} s for one of them",
        f"{workers.BEGIN_SECONDS:g} s for one of them, {CONNECT_SECONDS} s to connect,",
        f"{QUERY_SECONDS:g} s a statement, {LOCK_SECONDS} s a lock, {ANSWER_SECONDS:g} s an answer",
        f"hears of it in {workers.ANSWER_SECONDS} s",
        f"idle transactions are ended after {IDLE_SECONDS} s",
    ),
    "PostgreSQL, from Lambda": ("| 1 connection an instance",),
    "KMS, Secrets Manager": (
        f"{aws_sources.CONNECT_SECONDS} s to connect, {aws_sources.READ_SECONDS} s to read",
        f"| {aws_sources.ATTEMPTS} attempts in all |",
        f"good for {key_ring.STALE_SECONDS} s, and are asked for again after",
        f"again after {key_ring.RETRY_SECONDS} s",
    ),
    "the JWKS, from the authorizer": (
        f"| {key_sources.FETCH_SECONDS} s in all | not before {key_ring.RETRY_SECONDS} s |",
        f"known keys for {key_ring.STALE_SECONDS} s",
    ),
    "a status list, from the authorizer": (
        f"{status_lists.MAX_LISTS} lists held | {status_lists.RENEW_SECONDS} s while it holds one,",
        f"{status_lists.FIRST_SECONDS:g} s while it holds none |",
        f"| not before {status_lists.RETRY_SECONDS} s |",
    ),
    "hashing of passwords": (f"| {password_workers.PATIENCE_SECONDS:g} s for a thread |",),
    "callers of `ostiary serve`": (f"| {server.CONCURRENT_REQUESTS} connections |",),
}


def test_there_is_a_row_for_each() -> None:
    assert re.findall(r"^\| (.+?) \|", TABLE, re.MULTILINE)[1:] == list(CONNECTIONS)


@pytest.mark.parametrize("to", CONNECTIONS)
def test_the_page_says_what_the_code_does(to: str) -> None:
    (row,) = re.findall(rf"^\| {re.escape(to)} \|.+$", TABLE, re.MULTILINE)
    assert [words for words in CONNECTIONS[to] if words not in row] == []

"""What tests look at status lists with: joserfc, zlib and arithmetic, and nothing of the app's."""

import base64
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc import jwk, jws
from sqlalchemy import Engine, event, text

from app.clock import Clock
from app.sessions.ending import Because, end_session
from app.sessions.models import AuthSession, StatusList
from app.sessions.schemas import TokenResponse
from app.tokens.claims import AccessClaims, StatusReference
from tests.app.sessions.house import House
from tests.support import ISSUER, private_jwk


def status_of(claims: AccessClaims) -> StatusReference:
    assert claims.status is not None
    return claims.status


def get(app: FastAPI, uri: str, **headers: str) -> httpx.Response:
    assert uri.startswith(f"{ISSUER}/status-lists/")
    answer: httpx.Response = TestClient(app, base_url=ISSUER).get(
        uri.removeprefix(ISSUER), headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    return answer


def payload_of(token: str, alg: str = "ES256", name: str = "first") -> dict[str, Any]:
    """The claims of a list whose signature joserfc has verified."""
    key = jwk.import_key({k: v for k, v in private_jwk(alg, name).items() if k != "alg"})
    found = jws.deserialize_compact(token, key, algorithms=[alg])
    assert found.headers()["typ"] == "statuslist+jwt"
    payload: dict[str, Any] = json.loads(found.payload)
    return payload


def bits_of(answer: httpx.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    lst = payload_of(answer.text)["status_list"]
    assert lst["bits"] == 1
    packed = lst["lst"]
    return zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))


def is_ended(house: House, tokens: TokenResponse, app: FastAPI | None = None) -> bool:
    """What the list that a token names says at this moment of its session."""
    status = status_of(house.claims(tokens))
    bits = bits_of(get(app or house.app, status.uri))
    return bits[status.idx // 8] & (1 << status.idx % 8) != 0


def fill(house: House, count: int) -> UUID:
    """A list of so many sessions more, of which every hundredth has ended."""
    now, list_id = Clock(house.clock).now(), uuid4()
    with house.database.transaction() as session:
        session.add(
            StatusList(id=list_id, key=b"", size=count, taken=count, created_at=now,
                       last_taken_at=now)
        )  # fmt: skip
        session.flush()
        session.add_all(
            AuthSession(
                client_id="client_x", scope="", status_list_id=list_id, status_index=idx,
                created_at=now, last_used_at=now, expires_at=now,
                ended_at=None if idx % 100 else now,
            )
            for idx in range(count)
        )  # fmt: skip
    with house.database.transaction() as session:
        session.execute(text("ANALYZE"))
    return list_id


def end(house: House, tokens: TokenResponse) -> None:
    """End the session of these tokens, without HTTP around it."""
    sid = UUID(house.claims(tokens).sid or "")
    with house.database.transaction() as session:
        assert end_session(session, sid, Because.LOGOUT, Clock(house.clock).now())


@contextmanager
def plans(engine: Engine) -> Iterator[list[str]]:
    """How the database finds what each statement asks for that is sent in the `with` block."""
    sent: list[tuple[str, Any]] = []
    found: list[str] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        for statement, parameters in sent:
            rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
            found.append("\n".join(str(row[-1]) for row in rows))

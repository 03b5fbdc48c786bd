"""Alive is not ready: what each of the two says, and when."""

from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from app.database import Base


def test_a_migrated_app_is_alive_and_ready(client: TestClient) -> None:
    for path in ("/health", "/ready"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_an_app_without_its_schema_is_alive_and_not_ready(
    client: TestClient, database_url: str
) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()
    assert client.get("/health").status_code == 200
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "ostiary migrate" in answer.json()["detail"]


def test_a_newer_schema_is_ready(client: TestClient, database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert client.get("/ready").status_code == 200

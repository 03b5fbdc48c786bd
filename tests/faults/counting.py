"""What stands in a database, asked without the app."""

from sqlalchemy import NullPool, create_engine, text


def count(url: str, rows: str) -> int:
    """How many `rows` there are: `notes`, or `sessions WHERE …`."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {rows}")) or 0)  # noqa: S608

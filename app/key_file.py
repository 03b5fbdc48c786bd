"""Files that only their owner can read: the first key of a `file:` source, a SQLite database."""

import json
import os
import secrets
from pathlib import Path

from app.tokens.generate import generate_key


def create_private(path: Path) -> int:
    """A file descriptor to a new file, 0600, in a folder, 0700; FileExistsError if it is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def write_first_key(path: Path, alg: str) -> str:
    """Make a key set of one new key; its kid. FileExistsError where a key set lies already.

    Whole or not at all, and never over another's: the name is given once all is on the disk.
    """
    key = generate_key(alg)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(create_private(unfinished), "w") as written:
            json.dump({"keys": [key]}, written, indent=1)
            written.flush()
            os.fsync(written.fileno())
        path.hardlink_to(unfinished)
    finally:
        unfinished.unlink(missing_ok=True)
    return str(key["kid"])

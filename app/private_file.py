"""Files that only their owner can read: a key set, a SQLite database."""

import os
from pathlib import Path


def create_private(path: Path) -> int:
    """A file descriptor to a new file, 0600, in a folder, 0700; FileExistsError if it is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

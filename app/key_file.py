"""The first key of a `file:` source, written so that nobody else can read it."""

import json
import os
from pathlib import Path

from app.settings import SettingsError
from app.tokens.generate import generate_key


def create_private(path: Path) -> int:
    """A file descriptor to a new file, 0600, in a folder, 0700; FileExistsError if it is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def generate_key_file(source: str, alg: str) -> str:
    """Make the first key of a `file:` key source; its kid. SettingsError when there is one."""
    if not source.startswith("file:"):
        raise SettingsError(
            f"OSTIARY_KEYS is {source.split(':')[0]}:…; only `file:` is written here"
        )
    path = Path(source.removeprefix("file:"))
    key = generate_key(alg)
    try:
        file = create_private(path)
    except FileExistsError:
        raise SettingsError(f"{path} exists already; its keys are left as they are") from None
    with os.fdopen(file, "w") as written:
        json.dump({"keys": [key]}, written, indent=1)
    return str(key["kid"])

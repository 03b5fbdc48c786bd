"""Two key sets, one to be changed into the other, and what lies in a folder."""

import json
from pathlib import Path

from app.tokens.rotation import Document
from tests.support import key_set_document

OLD: Document = json.loads(key_set_document("ES256"))
NEW: Document = json.loads(key_set_document("ES256", "ES384"))


def to_new(_: Document | None) -> Document:
    return NEW


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777

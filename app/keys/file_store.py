"""The key set in a file (`file:PATH`), changed in place."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.private_file import create_private
from app.tokens.encoding import parse_json_object
from app.tokens.errors import KeySetError
from app.tokens.generate import generate_key
from app.tokens.key_sources import file_source
from app.tokens.rotation import Document, Step, first

_UNFINISHED = ".unfinished"


def write_first_key(path: Path, alg: str) -> str | None:
    """Make a key set of one new key; its kid. None, and nothing made, where a set lies already."""
    key = generate_key(alg)
    written = FileStore(path).change(lambda found: found or first(key, time.time()))
    return key["kid"] if written["keys"][0]["kid"] == key["kid"] else None


class FileStore:
    """The key set in a file: changed by one process at a time, and whole at every moment."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path

    def read(self) -> Document | None:
        """The set, or None where there is no file; KeySetError for one that must be refused."""
        with self._explained("read"):
            if not self._path.exists():
                if self._path.is_symlink():
                    raise KeySetError(f"{self._path} is a link to nothing: remove it, or mend it")
                return None
            file_source(str(self._path)).read()
            return parse_json_object(self._path.read_bytes())

    def change(self, step: Step) -> Document:
        """Replace the set by what `step` makes of it, with all other changes kept waiting."""
        with self._explained("written"), self._locked() as folder:
            document = self.read()
            changed = step(document)
            if changed != document:
                self._write(changed, folder, replaces=document is not None)
        return changed

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Alone with the folder, as its descriptor. The lock ends with the process at the latest.

        On the folder and not on the file, which is another one after each change.
        """
        target = self._target()
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(folder)

    def _write(self, document: Document, folder: int, *, replaces: bool) -> None:
        """All of it is on the disk before the name leads there; a crash leaves the old or the new.

        `folder` is locked, so what lies there unfinished was left by a crash.
        """
        target = self._target()
        for left in target.parent.iterdir():
            if left.name.startswith(f".{target.name}.") and left.suffix == _UNFINISHED:
                left.unlink()
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_UNFINISHED}")
        try:
            with os.fdopen(create_private(unfinished), "w") as written:
                if replaces:
                    _keep_owner(target, written.fileno())
                json.dump(document, written, indent=1)
                written.flush()
                os.fsync(written.fileno())
            if replaces:
                unfinished.replace(target)
            else:
                target.hardlink_to(unfinished)  # never over a file that came without our lock
            os.fsync(folder)
        finally:
            unfinished.unlink(missing_ok=True)

    def _target(self) -> Path:
        """What a link leads to is replaced, and the link stays one."""
        try:
            return self._path.resolve()
        except (RuntimeError, ValueError):  # links in a circle; a NUL
            raise KeySetError("no key set can lie there: the path leads nowhere") from None

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise KeySetError(
                f"the key set at {self._path} cannot be {done}: {error.strerror or error}"
            ) from None


def _keep_owner(target: Path, descriptor: int) -> None:
    """Whoever could read the set before it was changed by root must be able to read it after."""
    before, now = target.stat(), os.fstat(descriptor)
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        os.fchown(descriptor, before.st_uid, before.st_gid)

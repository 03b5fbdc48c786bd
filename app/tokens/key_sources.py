"""Where a key set comes from: `file:PATH`, or `env:NAME`, a JWK Set in the variable NAME."""

import os
import re
from pathlib import Path

from app.tokens.errors import KeySetError
from app.tokens.jwk import parse_key_set
from app.tokens.keys import KeySet

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def load_key_set(source: str) -> KeySet:
    """The key set behind a key source; KeySetError says what is wrong and what to do."""
    scheme, _, rest = source.partition(":")
    if scheme not in _SOURCES or not rest:
        raise KeySetError(
            "a key source is written `file:PATH` or `env:NAME` (a JWK Set in the variable NAME), "
            "and this is neither; a key itself never stands in a setting"
        )
    document = _SOURCES[scheme](rest)
    try:
        return parse_key_set(document)
    except KeySetError as error:
        raise KeySetError(f"{scheme}:{rest}: {error}") from None


def _from_file(path: str) -> bytes:
    if path.lstrip().startswith("{"):
        raise KeySetError("`file:` takes a path, not the key set itself")
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise KeySetError(
            f"no key set lies at {path}; make one with `ostiary keys generate`"
        ) from None
    except OSError as error:
        raise KeySetError(f"the key set at {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise KeySetError("the key set cannot be read: its path holds a NUL character") from None


def _from_environment(name: str) -> bytes:
    if not _VARIABLE.fullmatch(name):
        raise KeySetError("`env:` takes the name of a variable, not the key set itself")
    document = os.environ.get(name)
    if not document:
        raise KeySetError(f"the variable {name} is not set; it must hold a JWK Set (RFC 7517 §5)")
    return document.encode("utf-8", "surrogateescape")


_SOURCES = {"file": _from_file, "env": _from_environment}

"""Where a key set comes from: the setting OSTIARY_KEYS, read into a KeyRing.

file:PATH                  a JWK Set; with private keys in it, for its owner's eyes alone
env:NAME                   a JWK Set in the variable NAME
https://HOST/jwks.json     the public JWK Set of an issuer: verifies only
secretsmanager:NAME        a JWK Set in a secret of AWS Secrets Manager ┐ the app's: see
kms:KEY_ID[,KEY_ID…]       keys that never leave AWS KMS                ┘ aws_sources.py
"""

import os
import re
import stat
import time
from collections.abc import Callable, Mapping

from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.jwk import parse_key_set
from app.tokens.key_ring import KeyRing, Source
from app.tokens.keys import KeySet
from app.tokens.urls import check_url

MAX_DOCUMENT_BYTES = 65_536
FETCH_SECONDS = 0.9  # an authorizer that waits for its keys answers within a second
_NEXT_SOURCE = r" (?=(?:file|env|https?|secretsmanager|kms):)"
_MAX_VARIABLE = 128
Opener = Callable[[str], Source]


def open_verifying_keys(
    setting: str,
    *,
    accept: Callable[[KeySet], KeySet] = lambda keys: keys,
    clock: Callable[[], float] = time.time,
) -> KeyRing:
    """The KeyRing behind a setting of one source, or of two parted by a space.

    Of two, the first serves a cold start, and the second takes its place once it has answered.
    `accept` may refuse each set that is read, or give another in its place. Raises KeySetError for
    a setting that names no source, and for a first source of two that gives no set; one that
    stands alone is read when it is first asked.
    """
    written = re.split(_NEXT_SOURCE, setting) if " " in setting else [setting]
    if len(written) > 2:
        raise KeySetError("at most two key sources stand side by side, parted by one space")
    sources = [open_source(source, TO_VERIFY, accept) for source in written]
    if len(sources) == 1:
        return KeyRing(sources[0], clock=clock)
    second = sources[1]._replace(asked_for_unknown=True)
    return KeyRing(second, first=sources[0].read(), clock=clock)


def open_source(
    written: str,
    openers: Mapping[str, Opener],
    accept: Callable[[KeySet], KeySet] = lambda keys: keys,
) -> Source:
    """The one source that is written there; KeySetError where none of `openers` takes it."""
    scheme, _, rest = written.partition(":")
    if scheme not in openers or not rest:
        taken = ", ".join(f"`{spelling}`" for name, spelling in _WRITTEN.items() if name in openers)
        # What was written is not repeated: it may be the key itself.
        raise KeySetError(
            f"a key source is written {taken} here, and what OSTIARY_KEYS says is none of them; a "
            "key itself never stands in a setting"
        )
    source = openers[scheme](rest)
    return Source(lambda: accept(source.read()), source.lasting, source.asked_for_unknown)


def file_source(path: str) -> Source:
    """`file:PATH`."""
    check_path(path)

    def read() -> KeySet:
        document, mode = _read_file(path)
        keys = parsed(f"file:{path}", document)
        if mode & (stat.S_IRWXG | stat.S_IRWXO) and keys.holds_secrets:
            raise KeySetError(
                f"the key set at {path} holds private keys, and others may open it (its mode is "
                f"{mode:04o}, 0600 was expected): run `chmod 600 {path}`"
            )
        return keys

    return Source(read)


def check_path(path: str) -> str:
    """`path` itself, when it may be one of a key set; KeySetError, which never repeats it, else."""
    if any(sign in path for sign in ("{", "[", '"', "\n", "-----")):
        raise KeySetError("`file:` takes a path, not the key set itself")
    if re.search(_NEXT_SOURCE, path):
        raise KeySetError("one key source was expected, and two are written there")
    if path.startswith("~"):
        raise KeySetError("`file:` takes a path as it is: write your home folder out, `~` is none")
    return path


def _read_file(path: str) -> tuple[bytes, int]:
    """What the file holds, and the mode of that very file, whatever its name means by now."""
    try:
        # Not blocking: whoever opens a pipe to read would wait for one who writes.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            document = opened.read(MAX_DOCUMENT_BYTES + 1)
    except FileNotFoundError:
        raise KeySetError(
            f"no key set lies at {path}; make one with `ostiary keys generate`"
        ) from None
    except OSError as error:
        raise KeySetError(f"the key set at {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise KeySetError("the key set cannot be read: its path holds a NUL character") from None
    if not stat.S_ISREG(mode) or len(document) > MAX_DOCUMENT_BYTES:
        raise KeySetError(
            f"what lies at {path} is no key set: a file of at most {MAX_DOCUMENT_BYTES} bytes was "
            "expected"
        )
    return document, stat.S_IMODE(mode)


def environment_source(name: str) -> Source:
    """`env:NAME`."""
    if not (name.isascii() and name.isidentifier() and len(name) <= _MAX_VARIABLE):
        raise KeySetError("`env:` takes the name of a variable, not the key set itself")

    def read() -> KeySet:
        document = os.environ.get(name)
        if not document:
            raise KeySetError(
                f"the variable {name} is not set; it must hold a JWK Set (RFC 7517 §5)"
            )
        return parsed(f"env:{name}", document.encode("utf-8", "surrogateescape"))

    return Source(read, lasting=True)


def _web(scheme: str) -> Opener:
    def opened(rest: str) -> Source:
        try:
            url = check_url(f"{scheme}:{rest}")
        except ValueError as error:
            raise KeySetError(str(error)) from None
        return Source(lambda: _read_jwks(url), asked_for_unknown=True)

    return opened


def _read_jwks(url: str) -> KeySet:
    # It brings http.client, ssl and email along: a cold start with a set at hand does without.
    from app.tokens.fetch import FetchError, fetch

    named = url.partition("?")[0]  # a query may be a signature, and is not repeated
    try:
        answer = fetch(url, seconds=FETCH_SECONDS, most=MAX_DOCUMENT_BYTES)
    except FetchError as error:
        raise KeysUnavailable(f"{named}: {error}") from None
    if answer.status != 200:
        raise KeysUnavailable(f"{named}: the status 200 was expected, not {answer.status}")
    try:
        keys = parsed(named, answer.body)
    except KeySetError as error:
        # Not for whoever reads it to mend: the next reading may do better.
        raise KeysUnavailable(str(error)) from None
    if keys.holds_secrets:
        raise KeysUnavailable(
            f"{named}: it publishes private keys; everyone can sign with them: retire them at once"
        )
    return keys


def parsed(source: str, document: bytes) -> KeySet:
    """The KeySet in a document; what is refused is told with its source."""
    try:
        return parse_key_set(document)
    except KeySetError as error:
        raise KeySetError(f"{source}: {error}") from None


_WRITTEN = {
    "file": "file:PATH",
    "env": "env:NAME",
    "https": "https://HOST/PATH",
    "secretsmanager": "secretsmanager:NAME",
    "kms": "kms:KEY_ID[,KEY_ID…]",
}
TO_VERIFY: Mapping[str, Opener] = {
    "file": file_source,
    "env": environment_source,
    "https": _web("https"),
    "http": _web("http"),
}

"""Key sets that can be changed: the store behind OSTIARY_KEYS, and what a new set must prove."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from app.keys.file_store import FileStore
from app.keys.secret_store import SecretStore
from app.settings import Settings, SettingsError
from app.tokens.errors import KeySetError
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from app.tokens.key_sources import check_path
from app.tokens.key_states import State
from app.tokens.rotation import Document, Step, Waits, activate, in_minutes, keys_in

_PROBE_SECONDS = 60


class KeyStore(Protocol):
    """Where a key set lies that can be changed."""

    where: str  # as it is spoken of

    def read(self) -> Document | None:
        """The set, or None where there is none yet; KeySetError for one that must be refused."""

    def change(self, step: Step) -> Document:
        """Put what `step` makes of the set in its place, as one: all of it or nothing.

        Where two change it at once, one of them has `step` judge the other's set. What `step`
        raises leaves the set as it is, and so does the set itself as its answer.
        """


STORES: Mapping[str, Callable[[str], KeyStore]] = {
    "file": lambda path: FileStore(Path(check_path(path))),
    "secretsmanager": SecretStore,
}


def is_changeable(setting: str) -> bool:
    """Whether there is a store behind this key source."""
    return setting.partition(":")[0] in STORES


def store_for(setting: str, waits: Waits) -> KeyStore:
    """The store behind this key source; SettingsError, with what to do instead, where none is."""
    scheme, _, rest = setting.partition(":")
    if scheme in STORES and rest:
        return STORES[scheme](rest)
    advice = {
        "kms": "the keys of `kms:` are made in AWS and rotated by the setting: make one in KMS, "
        "deploy OSTIARY_KEYS=kms:OLD,NEW, wait "
        f"{in_minutes(waits.before_signing)}, deploy kms:NEW,OLD, wait "
        f"{in_minutes(waits.before_going)}, deploy kms:NEW (see docs/keys.md)",
        "env": "a variable cannot be changed from here: keep the set in a file, change it with "
        "OSTIARY_KEYS=file:PATH, and deploy its new content",
        "https": "`https:` brings public keys alone: run this with the OSTIARY_KEYS of the app "
        "that signs",
    }
    raise SettingsError(
        advice.get(scheme, "OSTIARY_KEYS must be `file:PATH` or `secretsmanager:NAME` for this")
    )


def proved(document: Document, settings: Settings) -> Document:
    """The same set, which parses, and whose keys sign what they verify: now, and as the next one.

    Raises KeySetError where it does not, before anybody comes to depend on it.
    """
    _sign_with(document, settings)
    if keys_in(document, State.NEXT):
        try:
            _sign_with(activate(document, 0, Waits(0, 0), emergency=True), settings)
        except KeySetError as error:
            raise KeySetError(f"the next key could not take over: {error}") from None
    return document


def _sign_with(document: Document, settings: Settings) -> None:
    """An Issuer signs a token, and verifies it, before it is one."""
    Issuer(
        parse_key_set(json.dumps(document).encode()),
        issuer=settings.issuer,
        audience=settings.audience,
        lifetime=_PROBE_SECONDS,
    )

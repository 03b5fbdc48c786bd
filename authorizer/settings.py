"""The authorizer's settings, read from the environment with the standard library alone."""

import os
from typing import NamedTuple

from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.key_ring import KeyRing
from app.tokens.key_sources import open_verifying_keys
from app.tokens.keys import KeySet
from app.tokens.urls import check_issuer, check_status_list_base, on_loopback

_LOCAL = {
    "OSTIARY_ISSUER": "http://127.0.0.1:8000",
    "OSTIARY_AUDIENCE": "ostiary",
    "OSTIARY_KEYS": "file:.ostiary/keys.json",
    "OSTIARY_STATUS_LISTS": "off",
}
_MEANING = {
    "OSTIARY_ISSUER": "the `iss` of the tokens, an https URL",
    "OSTIARY_AUDIENCE": "the `aud` of the tokens",
    "OSTIARY_KEYS": "the source of the public keys: `https://…/jwks.json`, `env:NAME` (a JWK Set "
    "in the variable NAME) or `file:PATH`, or two of them parted by a space",
    "OSTIARY_STATUS_LISTS": "the base URL of the status lists, `${Issuer}/status-lists`, or `off`",
}


class SettingsError(Exception):
    """The authorizer does not start with these settings; the message says what to set instead."""


class Settings(NamedTuple):
    """What the authorizer trusts; without `status_lists`, their base URL, it asks for none."""

    issuer: str
    audience: str
    keys: KeyRing
    status_lists: str | None


def on_lambda() -> bool:
    """Whether this process is a Lambda function's."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def load_settings() -> Settings:
    """The settings in the environment, refused with a SettingsError when absent or unsafe.

    KeysUnavailable where a set that is needed at once is fetched, and nobody answers.
    """
    values = _read_environment()
    status_lists = _read_status_lists(values["OSTIARY_STATUS_LISTS"])
    try:
        keys = open_verifying_keys(values["OSTIARY_KEYS"], accept=_public_halves)
        # A set that is fetched is asked for by each request until it comes: who is down now may be
        # up then. What lies at hand and must be refused ends the start.
        if keys.at_hand:
            keys.current().warn_of_mixture()
    except KeysUnavailable:
        raise
    except KeySetError as error:
        raise SettingsError(f"OSTIARY_KEYS: {error}") from None
    return Settings(values["OSTIARY_ISSUER"], values["OSTIARY_AUDIENCE"], keys, status_lists)


def _read_status_lists(value: str) -> str | None:
    try:
        return None if value == "off" else check_status_list_base(value)
    except ValueError as error:
        raise SettingsError(f"OSTIARY_STATUS_LISTS must be `off`, or else {error}") from None


def _public_halves(keys: KeySet) -> KeySet:
    """The set as the authorizer may hold it: it verifies, and must not be able to sign."""
    if on_lambda() and keys.asymmetric_private_kids:
        named = ", ".join(keys.asymmetric_private_kids)
        raise KeySetError(
            f"the set gives the authorizer the private halves of {named}. It verifies and must not "
            "be able to sign: give it the JWK Set that `/.well-known/jwks.json` shows"
        )
    return keys.verifying()


def _read_environment() -> dict[str, str]:
    """Every variable, or its default where that is safe: nothing on Lambda, all on a laptop."""
    given = {name: value for name in _LOCAL if (value := os.environ.get(name))}
    defaults = {} if on_lambda() else dict(_LOCAL)
    try:
        issuer = check_issuer(given.get("OSTIARY_ISSUER", _LOCAL["OSTIARY_ISSUER"]))
    except ValueError as error:
        raise SettingsError(f"OSTIARY_ISSUER: {error}") from None
    if not on_loopback(issuer):
        for name in ("OSTIARY_AUDIENCE", "OSTIARY_KEYS"):
            defaults.pop(name, None)
    values = defaults | given
    absent = [name for name in _LOCAL if name not in values]
    if absent:
        advice = "; ".join(f"{name} to {_MEANING[name]}" for name in absent)
        raise SettingsError(f"nothing is assumed here: set {advice}")
    return values

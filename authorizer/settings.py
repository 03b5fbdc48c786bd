"""The authorizer's settings, read from the environment with the standard library alone."""

import os
from dataclasses import dataclass

from app.tokens.claims import check_issuer, on_loopback
from app.tokens.errors import KeySetError
from app.tokens.key_sources import load_key_set
from app.tokens.keys import KeySet

_LOCAL = {
    "OSTIARY_ISSUER": "http://127.0.0.1:8000",
    "OSTIARY_AUDIENCE": "ostiary",
    "OSTIARY_KEYS": "file:.ostiary/keys.json",
    "OSTIARY_STATUS_LISTS": "off",
}
_MEANING = {
    "OSTIARY_ISSUER": "the `iss` of the tokens, an https URL",
    "OSTIARY_AUDIENCE": "the `aud` of the tokens",
    "OSTIARY_KEYS": "the source of the public keys: `env:NAME` or `file:PATH`",
    "OSTIARY_STATUS_LISTS": "`off`",
}


class SettingsError(Exception):
    """The authorizer does not start with these settings; the message says what to set instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the authorizer trusts."""

    issuer: str
    audience: str
    keys: KeySet


def on_lambda() -> bool:
    """Whether this process is a Lambda function's."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def load_settings() -> Settings:
    """The settings in the environment, refused with a SettingsError when absent or unsafe."""
    try:
        issuer = check_issuer(_read("OSTIARY_ISSUER"))
        local = on_loopback(issuer) and not on_lambda()
        audience = _read("OSTIARY_AUDIENCE", local=local)
        keys = load_key_set(_read("OSTIARY_KEYS", local=local))
    except (ValueError, KeySetError) as error:
        raise SettingsError(str(error)) from None
    if _read("OSTIARY_STATUS_LISTS") != "off":
        raise SettingsError("OSTIARY_STATUS_LISTS must be `off`")
    if on_lambda() and keys.asymmetric_private_kids:
        named = ", ".join(keys.asymmetric_private_kids)
        raise SettingsError(
            f"OSTIARY_KEYS gives the authorizer the private halves of {named}. It verifies and "
            "must not be able to sign: give it the JWK Set that `/.well-known/jwks.json` shows"
        )
    keys.warn_of_mixture()
    return Settings(issuer, audience, keys.verifying())


def _read(name: str, *, local: bool = True) -> str:
    """The variable, or its local default where this is a laptop's process."""
    value = os.environ.get(name) or (_LOCAL[name] if local and not on_lambda() else "")
    if not value:
        raise SettingsError(f"{name} is not set; set it to {_MEANING[name]}")
    return value

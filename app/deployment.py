"""What a deploy does: migrate, make the first administrator, hand over the public keys."""

import json
import logging
import time
from typing import Any

from app.accounts.common_passwords import not_guessable
from app.accounts.emails import normalise_email
from app.accounts.passwords import PasswordHasher, normalise_password
from app.database import opened_database
from app.errors import EmailTaken
from app.first_start import is_administered, make_first_administrator
from app.migrate import migrate
from app.settings import Settings, SettingsError, load_settings
from app.tokens.aws_errors import explained
from app.tokens.aws_sources import client, open_signing_keys
from app.tokens.errors import KeysUnavailable
from app.tokens.keys import KeySet

_LOG = logging.getLogger("ostiary.deploy")

# Of the 4096 bytes that CloudFormation takes as an answer, in which each quote takes two.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
KEYS_BYTES = 2800
TRIES, PAUSE_SECONDS = 5, 3

sleep = time.sleep


def deploy(properties: dict[str, Any]) -> dict[str, str]:
    """Make this code's release ready to serve; the attributes of the resource `Deployment`.

    Of `properties`: `AdminEmail`, and `AdminPasswordSecret`, the secret with its password. Both may
    be absent. `VerifyKeysGiven` is `true` where the authorizer gets its keys by a parameter.
    Attributes: `VerifyKeys`, the JWK Set that the authorizer starts with. Each step can be done
    again. Raises what `load_settings`, `migrate` and the sources of keys raise.
    """
    settings = load_settings()
    keys = _signing_keys(settings)
    _check_verifiable(keys, given=properties.get("VerifyKeysGiven") == "true")
    _LOG.info(migrate(settings, say=_LOG.info))
    if email := properties.get("AdminEmail"):
        first_administrator(settings, email, properties.get("AdminPasswordSecret", ""))
    return {"VerifyKeys": verify_keys(keys)}


def _signing_keys(settings: Settings) -> KeySet:
    """They may have been allowed a moment ago: IAM says so everywhere after some seconds.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
    """
    for _ in range(TRIES - 1):
        try:
            return open_signing_keys(settings.keys).current()
        except KeysUnavailable as error:
            _LOG.warning("The keys are asked for again in %s s: %s", PAUSE_SECONDS, error)
            sleep(PAUSE_SECONDS)
    return open_signing_keys(settings.keys).current()


def first_administrator(settings: Settings, email: str, secret: str) -> None:
    """Make one with the password in `secret`, where there is none at all."""
    with opened_database(settings) as database:
        if is_administered(database):
            return
        address, password_hash = _credentials(email, secret, settings.issuer)
        try:
            made = make_first_administrator(database, address, password_hash)
        except EmailTaken:
            raise SettingsError(
                "AdminEmail is the address of somebody who is no administrator, and whoever "
                "registered it knows its password: name another, or invoke this function with "
                '{"argv": ["users", "set-password", ADDRESS], "stdin": "…"}, which logs him out, '
                'and then with {"argv": ["users", "set-roles", ADDRESS, "member", "admin"]}'
            ) from None
    if made:
        _LOG.info("Made the first administrator; the password lies in the secret AdminPassword.")


def _credentials(email: str, secret: str, issuer: str) -> tuple[str, str]:
    """The address in its one spelling, and the hash of the password that the secret holds."""
    try:
        address = normalise_email(email)
    except ValueError as error:
        raise SettingsError(f"AdminEmail: {error}") from None
    try:
        password = normalise_password(_password_in(secret))
        return address, PasswordHasher().hash(not_guessable(password, address, issuer))
    except ValueError as error:
        raise SettingsError(f"AdminPasswordSecret: {error}") from None


def _password_in(secret: str) -> str:
    """ValueError, which repeats nothing of the secret, where it holds no password."""
    with explained(f"secretsmanager:{secret}", SettingsError):
        answer = client("secretsmanager", secret).get_secret_value(SecretId=secret)
    try:
        members = json.loads(answer.get("SecretString", ""))
    except ValueError:
        members = None
    password = members.get("password") if isinstance(members, dict) else None
    if not isinstance(password, str):
        raise ValueError('a JSON object was expected there, as {"password": "…"}')
    return password


def _check_verifiable(keys: KeySet, *, given: bool) -> None:
    """An HMAC key has no public half, so that the authorizer cannot start with what we tell."""
    if given and len(_public_kids(keys)) == len(keys.keys):
        raise SettingsError(
            "the template's parameter VerifyKeys is for HMAC alone, and no key of the app is one: "
            "leave it empty, or the authorizer would learn of no other key"
        )
    if given or keys.signing is None or keys.signing.kid in _public_kids(keys):
        return
    raise SettingsError(
        f"the key that signs is for {keys.signing.alg}, and has no public half to hand over: put "
        "the same key set into the template's parameter VerifyKeys, or sign with RSA or ECDSA"
    )


def verify_keys(keys: KeySet) -> str:
    """The public halves as a JWK Set, the one that signs first; as many as the answer has room for.

    What has no room is at the JWKS address, which the authorizer asks for a kid it does not know.
    """
    signing = keys.signing.kid if keys.signing else None
    public = sorted(keys.jwks()["keys"], key=lambda jwk: jwk["kid"] != signing)
    while True:
        document = json.dumps({"keys": public}, separators=(",", ":"))
        if len(json.dumps(document)) <= KEYS_BYTES:
            return document
        public = public[:-1]


def _public_kids(keys: KeySet) -> set[str]:
    return {jwk["kid"] for jwk in keys.jwks()["keys"]}

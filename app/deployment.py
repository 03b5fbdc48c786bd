"""What a deploy does: migrate, make the first administrator, hand over the public keys."""

import json
import logging
from typing import Any

from app.accounts.emails import normalise_email
from app.accounts.passwords import normalise_password
from app.database import opened_database
from app.errors import EmailTaken
from app.first_start import has_administrator, make_administrator
from app.migrate import migrate
from app.settings import Settings, SettingsError, load_settings
from app.tokens.aws_errors import explained
from app.tokens.aws_sources import client, open_signing_keys
from app.tokens.keys import KeySet

_LOG = logging.getLogger("ostiary.deploy")

# Of the 4096 bytes that CloudFormation takes as an answer, in which each quote takes two.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
KEYS_BYTES = 2800


def deploy(properties: dict[str, Any]) -> dict[str, str]:
    """Make this code's release ready to serve; the attributes of the resource `Deployment`.

    Of `properties`: `AdminEmail`, and `AdminPasswordSecret`, the secret with its password. Both may
    be absent. Attributes: `VerifyKeys`, the JWK Set that the authorizer starts with. Each step can
    be done again. Raises what `load_settings`, `migrate` and the sources of keys raise.
    """
    settings = load_settings()
    keys = open_signing_keys(settings.keys).current()
    _LOG.info(migrate(settings, say=_LOG.info))
    if email := properties.get("AdminEmail"):
        first_administrator(settings, email, properties.get("AdminPasswordSecret", ""))
    return {"VerifyKeys": verify_keys(keys)}


def first_administrator(settings: Settings, email: str, secret: str) -> None:
    """Make one with the password in `secret`, where there is none at all."""
    with opened_database(settings) as database, database.transaction() as session:
        if has_administrator(session):
            return
        try:
            address = normalise_email(email)
            make_administrator(session, address, normalise_password(_password_in(secret)))
        except ValueError as error:
            raise SettingsError(f"AdminEmail: {error}") from None
        except EmailTaken:
            raise SettingsError(
                "AdminEmail is the address of somebody who is no administrator: give him the role, "
                'by {"argv": ["users", "set-roles", ADDRESS, "member", "admin"]}, or name another'
            ) from None
    _LOG.info("Made the first administrator; the password lies in the secret AdminPassword.")


def _password_in(secret: str) -> str:
    with explained(f"secretsmanager:{secret}", SettingsError):
        text = client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    password: str = json.loads(text)["password"]
    return password


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

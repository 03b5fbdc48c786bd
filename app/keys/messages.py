"""What `ostiary keys` says after a step: what comes next, and what an emergency breaks."""

from collections.abc import Mapping
from typing import Any

from app.discovery.router import MAX_AGE_SECONDS
from app.tokens.key_ring import REREAD_SECONDS, RETRY_SECONDS
from app.tokens.rotation import NATIVE_CACHE_SECONDS, Document, Waits, in_minutes, utc

# A process of the app, the JWKS that it shows, and an authorizer that reads that: one by one.
_HTTPS_SECONDS = REREAD_SECONDS + MAX_AGE_SECONDS + REREAD_SECONDS
Key = Mapping[str, Any]


def made(new: Key, where: str) -> str:
    return f"Made an {new['alg']} key, {new['kid']}, in {where}."


def published(new: Key, where: str, waits: Waits) -> str:
    return (
        f"Published an {new['alg']} key, {new['kid']}, as the next one, in {where}. It may sign "
        f"from {utc(waits.due(new))}: run `ostiary keys rotate` then. Verifiers whose set stands "
        f"in a variable (`env:`) must by then have been deployed with {_to_deploy(new)}."
    )


def _to_deploy(new: Key) -> str:
    if new["kty"] == "oct":
        return "the set itself, since an HMAC key has no public half"
    return "what `ostiary keys show-jwks` prints"


def migration(document: Document) -> str | None:
    """A warning where the set mixes families of algorithms."""
    families = sorted({key["alg"][:2] for key in document["keys"]})
    if len(families) == 1:
        return None
    return (
        f"The set mixes the families {', '.join(families)}. That is meant for a migration: see "
        "that every verifier takes the new one, and take the old family out once its last token "
        "has expired."
    )


def rotated(new: Key, old: Key, waits: Waits, token_seconds: int) -> str:
    return (
        f"{new['kid']} signs, in every process of the app within {in_minutes(REREAD_SECONDS)}. "
        f"{old['kid']} is retiring: it still verifies, and may go from {utc(waits.due(old))}, if "
        f"no token lives longer than {token_seconds} s (OSTIARY_ACCESS_TOKEN_SECONDS here)."
    )


def rotated_early(old: Key) -> str:
    return (
        "What breaks: whoever holds an older set refuses the new tokens until it has read this "
        f"one. Processes of the app: for up to {in_minutes(REREAD_SECONDS)}. Authorizers with "
        f"`https:` ask for an unknown key, at most every {RETRY_SECONDS} s, and may be shown an "
        f"older set for up to {in_minutes(REREAD_SECONDS + MAX_AGE_SECONDS)}. A set in a variable "
        "(`env:`): until it is deployed again. Native JWT authorizers of API Gateway: for up to "
        f"{in_minutes(NATIVE_CACHE_SECONDS)} after that. Tokens of {old['kid']} stay good; if it "
        f"is no longer a secret, run `ostiary keys retire --emergency {old['kid']}`."
    )


def retired(kid: str, where: str) -> str:
    return f"{kid} is gone from {where}; its kid will not be used again."


def retired_early() -> str:
    return (
        "What breaks: tokens that it signed are refused before they expire. By processes of the "
        f"app within {in_minutes(REREAD_SECONDS)}, by authorizers with `https:` within "
        f"{in_minutes(_HTTPS_SECONDS)}. Out of their reach: a set in a variable (`env:`) trusts "
        "the key until it is deployed again, and native JWT authorizers of API Gateway may for up "
        f"to {in_minutes(NATIVE_CACHE_SECONDS + REREAD_SECONDS + MAX_AGE_SECONDS)}."
    )


def promoted_early(new: Key) -> str:
    """A next key that was at hand is as secret as the set that it stood in."""
    return (
        f"{new['kid']} had waited in this set. If the whole set is no longer a secret, neither is "
        "that key: rotate with --emergency once more, which makes another, and retire both."
    )

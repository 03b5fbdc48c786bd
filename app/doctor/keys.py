"""The published keys: readable, public to the last member, and of a kind the authorizers take."""

from collections.abc import Mapping
from typing import Any

from app.doctor.pages import Page
from app.doctor.report import Check, judged, not_judged, right, wrong
from app.tokens.ec_key import EcKey
from app.tokens.errors import KeySetError, quoted
from app.tokens.jwk import parse_key_set
from app.tokens.jwk_members import PRIVATE_MEMBERS
from app.tokens.keys import KeySet
from app.tokens.rsa_key import MIN_RSA_BITS, RsaKey

_SET, _SECRETS = "JWK Set", "no secret in it"
_HTTP_API, _REST_API = "HTTP API's authorizer", "REST API's authorizer"


def check_keys(page: Page) -> tuple[list[Check], KeySet | None]:
    """The rows, and the set where it can be read."""
    if page.answer is None or page.members is None:
        why = "no JWK Set came"
        return [not_judged(name, why) for name in (_SET, _SECRETS, _HTTP_API, _REST_API)], None
    secrets = _check_secrets(page.members)
    if page.members == {"keys": []}:
        return _without_a_public_key(secrets), None
    try:
        keys = parse_key_set(page.answer.body)
    except KeySetError as error:
        rows = [
            wrong(_SET, str(error), "publish what `ostiary keys show-jwks` prints, and HMAC never"),
            secrets,
            *(not_judged(name, "the set cannot be read") for name in (_HTTP_API, _REST_API)),
        ]
        return rows, None
    count = f"{len(keys.keys)} {'key' if len(keys.keys) == 1 else 'keys'}, each with kid and alg"
    return [right(_SET, count), secrets, _check_http_api(keys), _check_rest_api(keys)], keys


def _without_a_public_key(secrets: Check) -> list[Check]:
    """What an app that signs with HMAC shows: nobody else can verify its tokens."""
    advice = "sign with RS256 or ES256: an HMAC key has no public half to verify with"
    return [
        wrong(_SET, "no public key: this deployment signs with HMAC", advice),
        secrets,
        *(not_judged(name, "nothing to verify with") for name in (_HTTP_API, _REST_API)),
    ]


def _check_secrets(members: Mapping[str, Any]) -> Check:
    """Looked for in the JSON itself: a key that the reader refuses may be secret all the same."""
    listed = members.get("keys")
    jwks = [jwk for jwk in listed if isinstance(jwk, dict)] if isinstance(listed, list) else []
    told = [quoted(jwk.get("kid")) for jwk in jwks if _is_secret(jwk)]
    if not told:
        return right(_SECRETS, "no private and no oct key")
    return wrong(
        _SECRETS,
        f"everybody can sign with {', '.join(told)}",
        "take these keys out of use now, make new ones, and look at who read this address",
    )


def _is_secret(jwk: Mapping[str, Any]) -> bool:
    return jwk.get("kty") == "oct" or not (PRIVATE_MEMBERS | {"k"}).isdisjoint(jwk)


def _check_http_api(keys: KeySet) -> Check:
    sizes = [
        f"{key.alg} of {key.public_key.key_size} bits"
        for key in keys.keys.values()
        if isinstance(key, RsaKey)
    ]
    return judged(
        _HTTP_API,
        ", ".join(sizes) or "no RSA key",
        fits=bool(sizes),
        advice=f"it takes RSA alone, of {MIN_RSA_BITS} bits or more: sign with RS256, or use a "
        "REST API",
    )


def _check_rest_api(keys: KeySet) -> Check:
    algs = sorted({key.alg for key in keys.keys.values() if isinstance(key, RsaKey | EcKey)})
    return judged(
        _REST_API,
        ", ".join(algs) or "no RSA and no EC key",
        fits=bool(algs),
        advice="it takes RS256, RS384, RS512, ES256, ES384 and ES512: sign with one of them",
    )

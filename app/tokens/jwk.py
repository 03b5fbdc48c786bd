"""JWK Sets read (RFC 7517): each key refused with a sentence, or made ready to verify."""

from collections.abc import Callable, Mapping
from typing import Any

from app.tokens.encoding import parse_json_object
from app.tokens.errors import KeySetError, quoted
from app.tokens.jwk_members import PRIVATE_MEMBERS, is_kid, refusal
from app.tokens.key_states import State, check_states
from app.tokens.keys import ALGORITHMS, Key, KeySet, SigningKey

OPERATIONS = ("sign", "verify")
_KTY = {"RS": "RSA", "ES": "EC", "HS": "oct"}


def parse_key_set(document: bytes) -> KeySet:
    """The KeySet in a JWK Set document.

    The key whose `state` is active signs; where no key has a state, the first with a private half
    does. Raises KeySetError, naming the key and what is wrong with it.
    """
    try:
        return read_key_set(parse_json_object(document))
    except ValueError as error:
        raise KeySetError(f"the key set is not JSON as RFC 7517 has it: {error}") from None


def read_key_set(members: Mapping[str, Any]) -> KeySet:
    """The KeySet in the members of a JWK Set; the same refusals."""
    if "keys" not in members:
        raise KeySetError("a JWK Set has a member 'keys' (RFC 7517 §5); this has none")
    jwks = members["keys"]
    if not isinstance(jwks, list) or not jwks:
        raise KeySetError("'keys' must be an array of at least one JWK (RFC 7517 §5.1)")
    keys: dict[str, Key] = {}
    signing: list[SigningKey] = []
    private_kids: list[str] = []
    for jwk in jwks:
        key = _parse_key(jwk)
        if key.kid in keys:
            raise refusal(key.kid, "another key of the set has the same kid; kids are never reused")
        keys[key.kid] = key
        if key.public_jwk is None or "d" in jwk:
            signing.append(SigningKey(key.kid, key.alg, jwk))
        if key.public_jwk is not None and not PRIVATE_MEMBERS.isdisjoint(jwk):
            private_kids.append(key.kid)
    check_states(members)
    active = [key for key in signing if key.jwk.get("state", State.ACTIVE) == State.ACTIVE]
    return KeySet(keys, active[0] if active else None, tuple(private_kids))


def _parse_key(jwk: object) -> Key:
    if not isinstance(jwk, dict):
        # Not repeated: it may be a secret that somebody put there as it is.
        raise KeySetError(
            f"each of 'keys' must be a JWK, a JSON object, and one is a {type(jwk).__name__}"
        )
    kid, alg = jwk.get("kid"), jwk.get("alg")
    if not is_kid(kid):
        raise KeySetError(
            f"every key needs a 'kid' of 1 to 255 printable characters, not {quoted(kid)}"
        )
    if alg is None:
        raise refusal(kid, "it has no 'alg'; a key is bound to one algorithm (RFC 8725 §3.1)")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise refusal(kid, f"its 'alg' {quoted(alg)} is none of {', '.join(sorted(ALGORITHMS))}")
    if jwk.get("use") != "sig":
        raise refusal(kid, f"its 'use' must be 'sig', not {quoted(jwk.get('use'))}")
    operations = jwk.get("key_ops", [])
    if not isinstance(operations, list) or any(op not in OPERATIONS for op in operations):
        raise refusal(kid, "its 'key_ops' may name only 'sign' and 'verify'")
    kty = _KTY[alg[:2]]
    if jwk.get("kty") != kty:
        raise refusal(kid, f"{alg} takes kty {kty!r}, not {quoted(jwk.get('kty'))}")
    return _reader(kty)(kid, alg, jwk)


def _reader(kty: str) -> Callable[[str, str, Mapping[str, Any]], Key]:
    """What reads keys of this family: no cold start pays for one that its key set has not."""
    if kty == "RSA":
        from app.tokens.rsa_key import read_rsa_key

        return read_rsa_key
    if kty == "EC":
        from app.tokens.ec_key import read_ec_key

        return read_ec_key
    from app.tokens.hmac_key import read_hmac_key

    return read_hmac_key

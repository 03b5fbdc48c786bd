"""JWK Sets read (RFC 7517): each key refused with a sentence, or made ready to verify."""

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.tokens.encoding import base64url_decode, parse_json_object
from app.tokens.errors import KeySetError, quoted
from app.tokens.keys import (
    ALGORITHMS,
    CURVES,
    HASHES,
    EcKey,
    HmacKey,
    Key,
    KeySet,
    RsaKey,
    SigningKey,
)
from app.tokens.weak_keys import (
    has_roca_fingerprint,
    is_easily_factored,
    is_repetition,
    is_well_known,
)

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
MIN_RSA_EXPONENT = 65537  # FIPS 186-5 §5.1
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
OPERATIONS = ("sign", "verify")


def parse_key_set(document: bytes) -> KeySet:
    """The KeySet in a JWK Set document; its first key with a private half signs.

    Raises KeySetError, naming the key and what is wrong with it.
    """
    try:
        jwks = parse_json_object(document)["keys"]
    except KeyError:
        raise KeySetError("a JWK Set has a member 'keys' (RFC 7517 §5); this has none") from None
    except ValueError as error:
        raise KeySetError(f"the key set is not JSON as RFC 7517 has it: {error}") from None
    if not isinstance(jwks, list) or not jwks:
        raise KeySetError("'keys' must be an array of at least one JWK (RFC 7517 §5.1)")
    keys: dict[str, Key] = {}
    signing: list[SigningKey] = []
    private_kids: list[str] = []
    for jwk in jwks:
        key = _parse_key(jwk)
        if key.kid in keys:
            raise _refusal(
                key.kid, "another key of the set has the same kid; kids are never reused"
            )
        keys[key.kid] = key
        if isinstance(key, HmacKey) or "d" in jwk:
            signing.append(SigningKey(key.kid, key.alg, jwk))
        if not isinstance(key, HmacKey) and not PRIVATE_MEMBERS.isdisjoint(jwk):
            private_kids.append(key.kid)
    return KeySet(keys, signing[0] if signing else None, tuple(private_kids))


def _parse_key(jwk: object) -> Key:
    if not isinstance(jwk, dict):
        raise KeySetError(f"each of 'keys' must be a JWK, a JSON object, not {quoted(jwk)}")
    kid, alg = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kid, str) or not (0 < len(kid) <= 255 and kid.isprintable() and kid.strip()):
        raise KeySetError(
            f"every key needs a 'kid' of 1 to 255 printable characters, not {quoted(kid)}"
        )
    if alg is None:
        raise _refusal(kid, "it has no 'alg'; a key is bound to one algorithm (RFC 8725 §3.1)")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise _refusal(kid, f"its 'alg' {quoted(alg)} is none of {', '.join(sorted(ALGORITHMS))}")
    if jwk.get("use") != "sig":
        raise _refusal(kid, f"its 'use' must be 'sig', not {quoted(jwk.get('use'))}")
    operations = jwk.get("key_ops", [])
    if not isinstance(operations, list) or any(op not in OPERATIONS for op in operations):
        raise _refusal(kid, "its 'key_ops' may name only 'sign' and 'verify'")
    family = _FAMILIES[alg[:2]]
    if jwk.get("kty") != family[0]:
        raise _refusal(kid, f"{alg} takes kty {family[0]!r}, not {quoted(jwk.get('kty'))}")
    return family[1](kid, alg, jwk)


def _hmac_key(kid: str, alg: str, jwk: Mapping[str, Any]) -> Key:
    secret = _octets(kid, jwk, "k")
    least = HASHES[alg[2:]].digest_size
    if len(secret) < least:
        raise _refusal(
            kid,
            f"its secret has {len(secret)} bytes, and {alg} needs {least} (RFC 7518 §3.2); "
            f"make one with `ostiary keys generate --alg {alg}`",
        )
    if is_repetition(secret):
        raise _refusal(
            kid,
            f"its secret is one text repeated; make one with `ostiary keys generate --alg {alg}`",
        )
    if is_well_known(secret):
        raise _refusal(
            kid,
            "its secret stands on a public list of JWT secrets; "
            f"make one with `ostiary keys generate --alg {alg}`",
        )
    return HmacKey(kid, alg, secret)


def _rsa_key(kid: str, alg: str, jwk: Mapping[str, Any]) -> Key:
    octets = [_octets(kid, jwk, name) for name in ("n", "e")]
    if any(len(value) > 1 and value[0] == 0 for value in octets):
        raise _refusal(kid, "its 'n' and 'e' must have no leading zero octet (RFC 7518 §2)")
    n, e = map(int.from_bytes, octets)
    if not MIN_RSA_BITS <= n.bit_length() <= MAX_RSA_BITS:
        raise _refusal(
            kid,
            f"its RSA modulus has {n.bit_length()} bits; "
            f"{MIN_RSA_BITS} to {MAX_RSA_BITS} are taken (RFC 7518 §3.3)",
        )
    if e < MIN_RSA_EXPONENT or e % 2 == 0 or e.bit_length() > 64:
        raise _refusal(kid, "its RSA exponent is even, tiny or huge; 65537 is usual")
    if is_easily_factored(n):
        raise _refusal(kid, "its RSA modulus is no product of two large primes")
    if has_roca_fingerprint(n):
        raise _refusal(kid, "its RSA modulus has the ROCA fingerprint (CVE-2017-15361): it factors")
    public_key = rsa.RSAPublicNumbers(e, n).public_key()
    return RsaKey(kid, alg, public_key, _public_jwk(jwk, "n", "e"))


def _ec_key(kid: str, alg: str, jwk: Mapping[str, Any]) -> Key:
    curve = CURVES[alg]
    crv = f"P-{curve.key_size}"
    if jwk.get("crv") != crv:
        raise _refusal(kid, f"{alg} takes the curve {crv!r}, not {quoted(jwk.get('crv'))}")
    x, y = (_octets(kid, jwk, name) for name in ("x", "y"))
    size = (curve.key_size + 7) // 8
    if len(x) != size or len(y) != size:
        raise _refusal(kid, f"its 'x' and 'y' must have {size} bytes each (RFC 7518 §6.2.1)")
    try:
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve)
        public_key = numbers.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise _refusal(kid, f"its point does not lie on the curve {crv}") from None
    if public_key.public_numbers() != numbers:
        raise _refusal(kid, "its 'x' and 'y' must be below the prime of the curve's field")
    return EcKey(kid, alg, public_key, _public_jwk(jwk, "crv", "x", "y"))


_FAMILIES: Mapping[str, tuple[str, Callable[[str, str, Mapping[str, Any]], Key]]] = {
    "HS": ("oct", _hmac_key),
    "RS": ("RSA", _rsa_key),
    "ES": ("EC", _ec_key),
}


def _octets(kid: str, jwk: Mapping[str, Any], member: str) -> bytes:
    value = jwk.get(member)
    try:
        if isinstance(value, str):
            return base64url_decode(value.encode("ascii"))
    except ValueError:
        pass
    raise _refusal(kid, f"its {member!r} must be base64url without padding")


def _public_jwk(jwk: Mapping[str, Any], *members: str) -> Mapping[str, str]:
    return {name: jwk[name] for name in ("kty", "kid", "alg", "use", *members)}


def _refusal(kid: str, why: str) -> KeySetError:
    return KeySetError(f"the key {quoted(kid)} is refused: {why}")

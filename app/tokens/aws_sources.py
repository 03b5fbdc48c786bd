"""Key sets that AWS holds. The app alone reads them: they sign, and need boto3.

secretsmanager:NAME        a secret whose text is a JWK Set, private keys included
kms:KEY_ID[,KEY_ID…]       asymmetric keys of AWS KMS, whose private halves never leave it
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.tokens.aws_errors import explained
from app.tokens.ec_key import CURVES
from app.tokens.errors import KeySetError, quoted
from app.tokens.generate import public_members, thumbprint
from app.tokens.jwk import read_key_set
from app.tokens.key_ring import KeyRing, Source
from app.tokens.key_sources import (
    Opener,
    environment_source,
    file_source,
    open_source,
    parsed,
)
from app.tokens.keys import KeySet, RemoteSigningKey

# Of what KMS can make, that which both native JWT authorizers of API Gateway take, or one of them.
# https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
ALG_OF_SPEC: Mapping[str, str] = {
    "RSA_2048": "RS256",
    "RSA_3072": "RS256",
    "RSA_4096": "RS256",
    "ECC_NIST_P256": "ES256",
    "ECC_NIST_P384": "ES384",
    "ECC_NIST_P521": "ES512",
}
_FAMILY_IN_KMS = {"RS": "RSASSA_PKCS1_V1_5", "ES": "ECDSA"}
# What AWS takes for names and ARNs. Anything else may be a key itself, and is not repeated.
_NAME = re.compile(r"[A-Za-z0-9/_+=.@:-]{1,2048}")
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 1, 2, 2


def open_signing_keys(setting: str, *, clock: Callable[[], float] = time.time) -> KeyRing:
    """The KeyRing behind the setting of an app, which signs and so takes one source.

    Raises KeySetError for a setting that names none; the source is read when it is first asked.
    """
    if setting.startswith(("https:", "http:")):
        raise KeySetError(
            "`https:` brings public keys, with which nothing is signed; the app signs: give it the "
            "source of the private ones"
        )
    return KeyRing(open_source(setting, TO_SIGN), clock=clock)


def client(service: str, named: str = "") -> Any:
    """A boto3 client that gives up within seconds, not minutes.

    For what is `named`: an ARN says which region it is of, a name is of the process's own.
    """
    import boto3  # 100 ms that only these sources cost
    from botocore.config import Config

    with explained(service):
        # A session of its own: the one that boto3 shares is not made for threads.
        return boto3.Session().client(
            service,
            region_name=_region_in(named),
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            ),
        )


def _region_in(named: str) -> str | None:
    parts = named.split(":")  # arn:PARTITION:SERVICE:REGION:ACCOUNT:…
    return parts[3] if parts[0] == "arn" and len(parts) > 4 else None


def _secrets_manager(name: str) -> Source:
    check_secret_name(name)
    made: list[Any] = []  # one client for the life of the source

    def read() -> KeySet:
        if not made:
            made.append(client("secretsmanager", name))
        with explained(f"secretsmanager:{name}"):
            secret = made[0].get_secret_value(SecretId=name)
        return parsed(f"secretsmanager:{name}", text_of(secret, name))

    return Source(read)


def check_secret_name(name: str) -> str:
    """`name` itself, when it may be one of a secret; KeySetError, which never repeats it, else."""
    if not _NAME.fullmatch(name):
        raise KeySetError("`secretsmanager:` takes the name or the ARN of a secret")
    return name


def text_of(secret: Mapping[str, Any], name: str) -> bytes:
    """What GetSecretValue gave of a secret that holds a key set; KeySetError for a binary one."""
    if "SecretString" not in secret:
        raise KeySetError(
            f"secretsmanager:{name}: the secret is binary; a JWK Set as text was expected"
        )
    return bytes(secret["SecretString"], "utf-8")


def _kms(ids: str) -> Source:
    named = ids.split(",")
    if not all(map(_NAME.fullmatch, named)) or len(set(named)) != len(named):
        raise KeySetError("`kms:` takes key ids parted by commas, each once, without spaces")

    def read() -> KeySet:
        return _read_kms(named)

    return Source(read, lasting=True)


def _read_kms(ids: list[str]) -> KeySet:
    """The public halves of these keys; the first one signs, through kms:Sign.

    Raises KeySetError for a key that cannot sign, KeysUnavailable where KMS does not answer.
    """
    kms = client("kms", ids[0])
    answers = []
    for key_id in ids:
        with explained(f"kms:{key_id}"):
            answers.append(kms.get_public_key(KeyId=key_id))
    jwks = [_public_jwk(key_id, answer) for key_id, answer in zip(ids, answers, strict=True)]
    keys = read_key_set({"keys": jwks})
    kid, alg = jwks[0]["kid"], jwks[0]["alg"]
    # By its ARN: an alias may come to mean another key while this process lives.
    signer = _KmsSigner(kms, answers[0]["KeyId"], alg)
    return KeySet(keys.keys, RemoteSigningKey(kid, alg, signer.sign))


def _public_jwk(key_id: str, answer: Mapping[str, Any]) -> dict[str, str]:
    alg = ALG_OF_SPEC.get(answer["KeySpec"])
    if alg is None or answer["KeyUsage"] != "SIGN_VERIFY":
        raise KeySetError(
            f"kms:{key_id}: a key for SIGN_VERIFY of one of {', '.join(ALG_OF_SPEC)} was expected, "
            f"not {quoted(answer['KeySpec'])} for {quoted(answer['KeyUsage'])}"
        )
    public = load_der_public_key(answer["PublicKey"])
    if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise KeySetError(f"kms:{key_id}: its public half is no RSA and no EC key")
    members = public_members(public)
    return {"kid": thumbprint(members), "alg": alg, "use": "sig", **members}


class _KmsSigner:
    """Has KMS sign. It is sent the digest, so that a token's claims stay here."""

    def __init__(self, kms: Any, arn: str, alg: str) -> None:
        self._kms = kms
        self._arn = arn
        self._hash = f"sha{alg[2:]}"
        self._algorithm = f"{_FAMILY_IN_KMS[alg[:2]]}_SHA_{alg[2:]}"
        curve = CURVES.get(alg)
        self._half = (curve.key_size + 7) // 8 if curve else 0

    def sign(self, signing_input: bytes) -> bytes:
        with explained(f"kms:{self._arn}"):
            answer = self._kms.sign(
                KeyId=self._arn,
                Message=hashlib.new(self._hash, signing_input).digest(),
                MessageType="DIGEST",
                SigningAlgorithm=self._algorithm,
            )
        signature: bytes = answer["Signature"]
        if not self._half:
            return signature
        # KMS gives ECDSA signatures in DER; a JWS holds r and s side by side (RFC 7518 §3.4).
        r, s = utils.decode_dss_signature(signature)
        return r.to_bytes(self._half) + s.to_bytes(self._half)


TO_SIGN: Mapping[str, Opener] = {
    "file": file_source,
    "env": environment_source,
    "secretsmanager": _secrets_manager,
    "kms": _kms,
}

"""What an Issuer does when the keys change under it, or their holder is elsewhere and silent."""

import json
import logging
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from app.tokens.keys import KeySet, RemoteSigningKey
from app.tokens.verify import Verifier
from tests.app.tokens.verifying import NOW
from tests.doors.forge import private_key, unb64
from tests.support import AUDIENCE, ISSUER, private_jwk


class Holder:
    """Keys that a test changes while an Issuer has them."""

    def __init__(self, keys: KeySet) -> None:
        self.keys: KeySet | None = keys

    def current(self) -> KeySet:
        if self.keys is None:
            raise KeysUnavailable("the source is down")
        return self.keys

    def after_unknown_kid(self) -> KeySet:
        return self.current()


def of(*jwks: dict[str, Any]) -> KeySet:
    return parse_key_set(json.dumps({"keys": jwks}).encode())


def issuer_of(keys: Holder | KeySet) -> Issuer:
    return Issuer(keys, issuer=ISSUER, audience=AUDIENCE, lifetime=600, clock=lambda: NOW)


def kid_of_new_token(issuer: Issuer) -> str:
    token = issuer.issue(sub="u", client_id="ostiary", scopes=())
    kid: str = json.loads(unb64(token.partition(".")[0]))["kid"]
    return kid


OLD, NEW = private_jwk("ES256", "old"), private_jwk("ES256", "new")


def halves_of_two() -> dict[str, Any]:
    """A key pair that was pasted together from two."""
    return NEW | {"d": private_jwk("ES256", "third")["d"]}


def test_a_new_signing_key_signs_from_then_on() -> None:
    holder = Holder(of(OLD, NEW))
    issuer = issuer_of(holder)
    assert kid_of_new_token(issuer) == OLD["kid"]
    holder.keys = of(NEW, OLD)
    assert kid_of_new_token(issuer) == NEW["kid"]


def test_a_set_that_cannot_sign_leaves_the_old_key_signing_while_it_verifies(
    caplog: pytest.LogCaptureFixture,
) -> None:
    holder = Holder(of(OLD))
    issuer = issuer_of(holder)
    holder.keys = of(halves_of_two(), OLD)
    with caplog.at_level(logging.ERROR, "ostiary.keys"):
        assert kid_of_new_token(issuer) == OLD["kid"]
        assert kid_of_new_token(issuer) == OLD["kid"]
    (told,) = caplog.records  # once a set, not once a login
    assert "the old key goes on signing" in told.getMessage()
    assert NEW["kid"] in told.getMessage()


@pytest.mark.parametrize("public_half", [True, False])
def test_nothing_is_signed_that_the_current_set_would_refuse(public_half: bool) -> None:
    holder = Holder(of(OLD))
    issuer = issuer_of(holder)
    holder.keys = of(NEW).verifying() if public_half else of(halves_of_two())
    for _ in range(2):
        with pytest.raises(KeySetError, match=r"signs nothing|private half does not sign"):
            kid_of_new_token(issuer)


def test_without_keys_nothing_is_signed_and_with_them_again_it_is() -> None:
    holder = Holder(of(OLD))
    issuer = issuer_of(holder)
    holder.keys = None
    with pytest.raises(KeysUnavailable):
        kid_of_new_token(issuer)
    holder.keys = of(OLD)
    assert kid_of_new_token(issuer) == OLD["kid"]


def remote(sign: Any) -> KeySet:
    """A set whose private half is behind `sign`."""
    jwk = private_jwk("RS256")
    return KeySet(of(jwk).keys, RemoteSigningKey(jwk["kid"], "RS256", sign))


def signed_elsewhere(signing_input: bytes) -> bytes:
    key = private_key("RS256")
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.sign(signing_input, padding.PKCS1v15(), hashes.SHA256())


def test_a_key_whose_private_half_is_elsewhere_signs_what_its_public_half_verifies() -> None:
    keys = remote(signed_elsewhere)
    token = issuer_of(keys).issue(sub="u", client_id="ostiary", scopes=["a:read"])
    verifier = Verifier(keys, issuer=ISSUER, audience=AUDIENCE, clock=lambda: NOW)
    assert verifier.verify(token).scope == "a:read"


def test_a_silent_holder_of_the_key_is_told_as_what_it_is() -> None:
    silent = False

    def sign(signing_input: bytes) -> bytes:
        if silent:
            raise KeysUnavailable("kms: AWS throttles these calls")
        return signed_elsewhere(signing_input)

    issuer = issuer_of(remote(sign))
    silent = True
    with pytest.raises(KeysUnavailable, match="AWS throttles"):
        kid_of_new_token(issuer)
    silent = False
    assert kid_of_new_token(issuer) == private_jwk("RS256")["kid"]


def test_a_holder_that_is_silent_at_start_ends_the_start() -> None:
    def sign(_: bytes) -> bytes:
        raise KeysUnavailable("kms: AWS did not answer")

    with pytest.raises(KeysUnavailable, match="AWS did not answer"):
        issuer_of(remote(sign))


@pytest.mark.parametrize("signature", [b"", b"\0" * 256, b"x" * 512])
def test_a_holder_that_signs_with_another_key_ends_the_start(signature: bytes) -> None:
    with pytest.raises(KeySetError, match="private half does not sign"):
        issuer_of(remote(lambda _: signature))


def test_a_new_set_whose_holder_signs_wrongly_is_found_before_a_login_is() -> None:
    holder = Holder(of(OLD))
    issuer = issuer_of(holder)
    signing = RemoteSigningKey(NEW["kid"], "ES256", lambda _: b"x" * 64)
    holder.keys = KeySet(of(NEW, OLD).keys, signing)
    assert kid_of_new_token(issuer) == OLD["kid"]


def test_a_kid_that_comes_to_name_another_key_ends_the_old_one() -> None:
    holder = Holder(of(OLD))
    issuer = issuer_of(holder)
    holder.keys = of(NEW | {"kid": OLD["kid"]}).verifying()
    with pytest.raises(KeySetError, match="signs nothing"):
        kid_of_new_token(issuer)


def test_a_silent_holder_of_a_new_key_is_told_as_what_it_is() -> None:
    def silent(_: bytes) -> bytes:
        raise KeysUnavailable("kms: AWS did not answer")

    holder = Holder(of(OLD))
    issuer = issuer_of(holder)
    holder.keys = KeySet(of(NEW, OLD).keys, RemoteSigningKey(NEW["kid"], "ES256", silent))
    with pytest.raises(KeysUnavailable, match="AWS did not answer"):
        kid_of_new_token(issuer)


@pytest.mark.parametrize("d", [10**400, [], {}, None, True])
def test_a_private_half_that_is_no_text_ends_the_start(d: object) -> None:
    with pytest.raises(KeySetError, match="private half does not sign"):
        issuer_of(of(NEW | {"d": d}))

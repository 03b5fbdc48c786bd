"""Secrets that the public knows, and RSA moduli with the ROCA fingerprint."""

import base64
import hashlib
import math
import random
import re
from pathlib import Path

import pytest

from app.tokens import weak_keys, weak_secrets
from app.tokens.weak_keys import has_roca_fingerprint
from app.tokens.weak_secrets import is_well_known, known_secret_digests
from tests.doors.forge import unb64
from tests.support import private_jwk

LIST = Path(weak_secrets.__file__).with_name("known_secrets.txt")
GENERATOR = 65537
# Nemec et al. 2017, table 1: keys of 512 to 960 bits are built on the product of the first 39
# primes; those of 2048 bits on that of the first 126, which the former divides.
PRIMES = [number for number in range(2, 702) if all(number % d for d in range(2, number))]
SECRETS = (
    b"super-secret-jwt-token-with-at-least-32-characters-long",
    b"my-32-character-ultra-secure-and-ultra-long-secret",
    b"KfWygTLF21huOgppqWKTfbVkUuhERx6L",
)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same numbers in each run, no secrets


def infineon_prime(rng: random.Random, primorial: int, bits: int) -> int:
    """A number of the form that the library took for primes: k·M + (65537^a mod M)."""
    power = pow(GENERATOR, rng.getrandbits(64), primorial)
    spare = bits - primorial.bit_length()
    return (rng.getrandbits(spare) | 1 << (spare - 1)) * primorial + power


@pytest.mark.parametrize("secret", SECRETS)
def test_an_entry_of_the_public_list_is_well_known(secret: bytes) -> None:
    assert is_well_known(secret)


@pytest.mark.parametrize(
    "entry",
    [
        "Ak0WcVcGuOoFuZ4oqF1tgqbW6dIAeSacIN6h7qEyJM8=",
        "n/y1HzjLXD8Wzoen21E7G8fa0fFEbx2Rlfg6nO/CqXg=",
        "Eot06D_iSdPmSZu5YnsgntB75wiYHaCuVKGa6SW7N2U",
        "5adc220945b6bb01c184188ab496dd526cd610c7da3e7edf399a4b77340b96f7",
        "B4B654FE0AE4A3DE7AAB4F6A80D100101599346947F4CA932164FE58B1144B2C",
    ],
    ids=["base64", "base64 with slashes", "base64url", "hex", "hex in capitals"],
)
def test_the_bytes_behind_an_entry_are_well_known_too(entry: str) -> None:
    written_in_hex = re.fullmatch("[0-9a-fA-F]+", entry)
    standard = entry.replace("-", "+").replace("_", "/")
    decoded = bytes.fromhex(entry) if written_in_hex else base64.b64decode(standard + "==")
    assert len(decoded) >= 32
    assert is_well_known(entry.encode())
    assert is_well_known(decoded)


def test_a_random_secret_is_not_well_known() -> None:
    rng = seeded(1)
    for _ in range(200):
        assert not is_well_known(rng.randbytes(32))
    assert not is_well_known(b"")


def test_a_further_entry_in_each_spelling_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = bytes(range(200, 240))
    for text in (
        secret,
        base64.b64encode(secret),
        base64.b64encode(secret).rstrip(b"="),
        base64.urlsafe_b64encode(secret).rstrip(b"="),
        secret.hex().encode(),
    ):
        digests = frozenset({hashlib.sha256(text).hexdigest()})
        monkeypatch.setattr(weak_secrets, "known_secret_digests", lambda digests=digests: digests)
        assert is_well_known(secret)
    monkeypatch.setattr(weak_secrets, "known_secret_digests", frozenset)
    assert not is_well_known(secret)


def test_the_list_has_as_many_entries_as_it_states() -> None:
    stated = re.search(r"the (\d+) entries of 32 bytes and more", LIST.read_text())
    assert stated
    assert len(known_secret_digests()) == int(stated[1]) == 1830


def test_every_entry_of_the_list_is_a_sha_256_and_stands_once() -> None:
    lines = [line for line in LIST.read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch("[0-9a-f]{64}", line) for line in lines)
    assert lines == sorted(set(lines))


@pytest.mark.parametrize(("count", "bits"), [(39, 256), (71, 512), (126, 1024)])
def test_a_modulus_of_infineons_form_has_the_fingerprint(count: int, bits: int) -> None:
    rng = seeded(count)
    primorial = math.prod(PRIMES[:count])
    for _ in range(20):
        p, q = (infineon_prime(rng, primorial, bits) for _ in "pq")
        assert has_roca_fingerprint(p * q)


def test_sound_moduli_do_not_have_the_fingerprint() -> None:
    rng = seeded(3)
    for _ in range(5000):
        assert not has_roca_fingerprint(rng.getrandbits(2048) | 1)
    for alg in ("RS256", "RS384", "RS512"):
        assert not has_roca_fingerprint(int.from_bytes(unb64(private_jwk(alg)["n"])))


def test_one_residue_that_is_no_power_is_enough_to_lack_the_fingerprint() -> None:
    """For each prime that tells anything: the other sixteen agree, and it alone does not."""
    telling = [p for p in PRIMES[1:39] if len({pow(GENERATOR, e, p) for e in range(p)}) < p - 1]
    assert tuple(telling) == weak_keys._ROCA_PRIMES
    product = math.prod(PRIMES[:39])
    good = pow(GENERATOR, 99, product)
    assert has_roca_fingerprint(good)
    for prime in telling:
        others = product // prime
        strange = next(r for r in range(1, prime) if not is_power(r, prime))
        shift = (strange - good) * pow(others, -1, prime) % prime
        assert not has_roca_fingerprint(good + shift * others)


def is_power(residue: int, prime: int) -> bool:
    return residue in {pow(GENERATOR, exponent, prime) for exponent in range(prime)}

"""Advisories against JWT libraries, each tried on ours by its id.

A row's sentence is what the library of that advisory took; here it is refused, and for that very
reason. The rules that most of them broke are tried in test_standards.py, and what they say of keys
in test_key_advisories.py.
"""

import hmac

import pytest

from app.tokens.errors import TokenError
from tests.app.tokens.attacks import ATTACKS, CODES, PAIRS, Attack
from tests.app.tokens.verifying import NOW, verifier
from tests.doors.forge import Forge, Sign, b64, hmac_with, join
from tests.doors.rows import public_keys
from tests.support import ALGORITHMS


@pytest.mark.parametrize(
    ("attack", "alg"),
    [
        pytest.param(attack, alg, id=f"{attack.advisory}: {attack.sentence}, {alg}")
        for attack in ATTACKS
        for alg in attack.algs
    ],
)
def test_what_another_library_took_is_refused(attack: Attack, alg: str) -> None:
    token = attack.build(Forge(alg, "user", NOW))
    with pytest.raises(TokenError) as refused:
        verifier(alg).verify(token)
    assert refused.value.code == CODES.get(attack.code, attack.code)


@pytest.mark.parametrize("alg", PAIRS)
def test_cve_2021_46743_among_keys_of_all_families_none_is_used_for_another(alg: str) -> None:
    trusted, forge = verifier(*ALGORITHMS), Forge(alg, "user", NOW)
    for size in ("256", "384", "512"):
        token = forge.signed(hmac_with(public_keys.pem(forge), size), alg=f"HS{size}")
        with pytest.raises(TokenError, match="is for"):
            trusted.verify(token)
        under_the_secret = Forge(f"HS{size}", "user", NOW).signed(hmac_with(public_keys.pem(forge)))
        with pytest.raises(TokenError, match="the signature"):
            trusted.verify(under_the_secret)


@pytest.mark.parametrize("advisory", ["CVE-2016-5429", "CVE-2016-7036"])
def test_an_hmac_is_compared_in_constant_time(
    advisory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both libraries compared with ==, which tells by its time how much was right."""
    compared: list[tuple[bytes, bytes]] = []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    forge = Forge("HS256", "user", NOW)
    trusted = verifier("HS256")
    monkeypatch.setattr(hmac, "compare_digest", spy)
    forged = forge.signed(lambda _: bytes(32))
    with pytest.raises(TokenError):
        trusted.verify(forged)
    assert compared == [(forge.sign(forged.rpartition(".")[0].encode()), bytes(32))]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_cve_2019_7644_no_message_tells_what_signature_was_expected(alg: str) -> None:
    forge = Forge(alg, "user", NOW)
    wanted: list[bytes] = []

    def remember(data: bytes) -> bytes:
        wanted.append(forge.sign(data))
        return bytes(len(wanted[0]))

    sign: Sign = remember
    with pytest.raises(TokenError) as refused:
        verifier(alg).verify(forge.signed(sign))
    for told in (b64(wanted[0]), wanted[0].hex(), repr(wanted[0]), str(list(wanted[0]))):
        assert told not in str(refused.value)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_cve_2019_17195_a_damaged_token_is_refused_and_nothing_else_is_raised(alg: str) -> None:
    trusted, forge = verifier(alg), Forge(alg, "user", NOW)
    for part in (b"", b"{", b"[]", b"1", b'"', b"\xff", b'{"a":}', b"nul", b"{}" * 9, b"\0"):
        for token in (
            join(part, forge.claims(), forge.sign),
            join(forge.header(), part, forge.sign),
        ):
            with pytest.raises(TokenError):
                trusted.verify(token)

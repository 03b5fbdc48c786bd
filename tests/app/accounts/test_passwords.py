"""What may be a password, how it is hashed, and that every refusal costs the same."""

import logging
from base64 import b64decode

import pytest
from fastapi import FastAPI
from passlib.context import CryptContext
from sqlalchemy import delete, select, update

from app.accounts.models import User
from app.accounts.passwords import PasswordHasher, Verdict, normalise_password
from app.attempts.models import AttemptCounter
from app.database import Database
from app.parts import find
from tests.app.accounts.conftest import PHC, costs
from tests.support import PASSWORD, Account

OWASP_FLOOR_KIB, OWASP_FLOOR_PASSES = 19 * 1024, 2
TODAY = (19_456, 2, 1)
Evaluations = list[tuple[int, int, int]]
_SALT_AND_DIGEST = f"{'c2FsdHNhbHRzYWx0c2FsdA'}${'A' * 43}"
TOO_DEAR = (
    (19_456, 1_000_000),
    (19_456, 11),
    (65_536, 4),
    (4_194_304, 1),
    (65_537, 1),
    (2**32 - 1, 2**32 - 1),
)
DAMAGED = (
    *("", "x", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$"),
    *("$argon2id$v=19$m=19456,t=2,p=1$!!!!$!!!!", "$argon2id$v=19$m=1,t=0,p=0$c2FsdA$aGFzaA"),
    f"$argon2id$v=19$m=19456,t=2,p=1,keyid=AAAA,data=AAAA${_SALT_AND_DIGEST}",
    # Whole, and more than a login may cost: for minutes, or in gigabytes.
    *(f"$argon2id$v=19$m={kib},t={passes},p=1${_SALT_AND_DIGEST}" for kib, passes in TOO_DEAR),
    *(f"$argon2id$v=19$m=8192,t=2,p={lanes}${_SALT_AND_DIGEST}" for lanes in (5, 1024)),
    *("$2b$12$abcdefghijklmnopqrstuv", "$pbkdf2-sha256$1$a$b", "plain text password", "\0", "ä"),
)


@pytest.fixture(scope="module")
def hasher() -> PasswordHasher:
    return PasswordHasher()


def fits(hasher: PasswordHasher, text: str, stored: str | None) -> bool:
    return hasher.compare(text, stored) is Verdict.FITS


def test_a_hash_is_argon2id_at_owasps_floor_or_above(hasher: PasswordHasher) -> None:
    parsed = PHC.fullmatch(hasher.hash(PASSWORD))
    assert parsed
    assert int(parsed["m"]) >= OWASP_FLOOR_KIB
    assert int(parsed["t"]) >= OWASP_FLOOR_PASSES
    assert int(parsed["p"]) >= 1
    assert len(b64decode(parsed["salt"] + "==")) >= 16
    assert len(b64decode(parsed["digest"] + "==")) >= 32


def test_two_hashes_of_one_password_have_nothing_in_common(hasher: PasswordHasher) -> None:
    one, other = (PHC.fullmatch(hasher.hash(PASSWORD)) for _ in range(2))
    assert one
    assert other
    assert one["salt"] != other["salt"]
    assert one["digest"] != other["digest"]


def test_the_right_password_fits_and_no_other_does(hasher: PasswordHasher) -> None:
    stored = hasher.hash(PASSWORD)
    assert fits(hasher, PASSWORD, stored)
    assert hasher.compare(PASSWORD, stored) is Verdict.FITS
    assert hasher.compare(PASSWORD + " ", stored) is Verdict.FAILS
    others = (PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), " " + PASSWORD, PASSWORD * 2, "")
    assert not any(fits(hasher, other, stored) for other in others)


def test_a_long_password_is_verified_to_its_last_character(hasher: PasswordHasher) -> None:
    long = "ä" * 127
    stored = hasher.hash(long + "x")
    assert fits(hasher, long + "x", stored)
    assert not fits(hasher, long + "y", stored)


@pytest.mark.parametrize(
    "text", ["a" * 15, "a" * 128, "\U0001f512" * 15, "\U0001f512" * 128, " " * 15]
)
def test_fifteen_to_128_code_points_are_a_password(text: str) -> None:
    assert normalise_password(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "a" * 14, "a" * 129, "\U0001f512" * 14, "\U0001f512" * 129, "e\u0301" * 14, "a" * 10_000],
)
def test_fewer_or_more_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="15 to 128 characters"):
        normalise_password(text)


def test_length_is_counted_in_nfc() -> None:
    assert normalise_password("e\u0301" * 128) == "\u00e9" * 128


@pytest.mark.parametrize("unfit", ["\0", chr(0xD800), chr(0xDFFF), "\n", "\x1b", "\x7f", "\x85"])
def test_controls_and_lone_surrogates_are_no_part_of_a_password(unfit: str) -> None:
    for text in (unfit + "a" * 20, "a" * 20 + unfit, "a" * 10 + unfit + "a" * 10):
        with pytest.raises(ValueError, match="no control characters"):
            normalise_password(text)


@pytest.mark.parametrize(
    "text", ["an entirely wrong password", "short", "a" * 129, "\ud800" * 20, "\0" * 20, ""]
)
@pytest.mark.parametrize("known", [True, False])
def test_whatever_fails_costs_one_evaluation_at_todays_parameters(
    hasher: PasswordHasher, evaluations: Evaluations, text: str, *, known: bool
) -> None:
    stored = hasher.hash(PASSWORD) if known else None
    evaluations.clear()
    assert not fits(hasher, text, stored)
    assert evaluations == [TODAY]


def test_the_right_password_costs_one_evaluation_too(
    hasher: PasswordHasher, evaluations: Evaluations
) -> None:
    stored = hasher.hash(PASSWORD)
    evaluations.clear()
    assert fits(hasher, PASSWORD, stored)
    assert evaluations == [TODAY]


def test_no_password_fits_nobodys_hash(hasher: PasswordHasher) -> None:
    assert costs(hasher._nobodys_hash) == TODAY
    assert not fits(hasher, PASSWORD, hasher._nobodys_hash)
    assert PasswordHasher()._nobodys_hash != hasher._nobodys_hash


def test_where_there_is_no_user_not_even_a_password_that_fits_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hasher = PasswordHasher()
    monkeypatch.setattr(hasher, "_nobodys_hash", hasher.hash(PASSWORD))
    assert not fits(hasher, PASSWORD, None)


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_hash_fails_in_the_log_and_costs_the_same(
    hasher: PasswordHasher,
    evaluations: Evaluations,
    caplog: pytest.LogCaptureFixture,
    damaged: str,
) -> None:
    assert hasher.compare(PASSWORD, damaged) is Verdict.DAMAGED
    assert evaluations == [TODAY]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert damaged == "" or damaged not in caplog.text
    assert not fits(hasher, PASSWORD, damaged)


def test_what_stands_behind_a_hash_damages_it(hasher: PasswordHasher) -> None:
    stored = hasher.hash(PASSWORD)
    for more in ("\0", "\0x", "\n", " ", "$"):
        assert hasher.compare(PASSWORD, stored + more) is Verdict.DAMAGED


def test_a_hash_as_dear_as_any_standard_wants_it_fits(hasher: PasswordHasher) -> None:
    dear = CryptContext(["argon2"], argon2__memory_cost=65_536, argon2__time_cost=3)
    assert hasher.compare(PASSWORD, dear.hash(PASSWORD)) is Verdict.FITS


def test_a_login_at_a_damaged_hash_is_one_that_failed(
    app: FastAPI, member: Account, caplog: pytest.LogCaptureFixture
) -> None:
    dialect = find(app, Database).engine.dialect.name
    for damaged in DAMAGED:
        if dialect == "postgresql" and "\0" in damaged:
            continue  # it stores no such text
        caplog.clear()
        with find(app, Database).transaction() as session:
            session.execute(update(User).values(password_hash=damaged))
            session.execute(delete(AttemptCounter))
        credentials = {"username": member.email, "password": PASSWORD}
        answer = member.client.post("/auth/login", data=credentials)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        assert "damaged" in caplog.text, damaged


def weak_hash(password: str) -> str:
    """A hash as made before today's parameters."""
    hashed: str = CryptContext(
        schemes=["argon2"], argon2__type="ID", argon2__memory_cost=8192, argon2__time_cost=1
    ).hash(password)
    return hashed


@pytest.mark.parametrize(("password", "renewed"), [(PASSWORD, True), (PASSWORD + "!", False)])
def test_only_a_login_that_succeeds_renews_an_outdated_hash(
    app: FastAPI, member: Account, password: str, *, renewed: bool
) -> None:
    database = find(app, Database)
    before = weak_hash(PASSWORD)
    with database.transaction() as session:
        session.execute(update(User).values(password_hash=before))
    credentials = {"username": member.email, "password": password}
    answer = member.client.post("/auth/login", data=credentials)
    assert answer.status_code == (200 if renewed else 401)
    with database.transaction() as session:
        after = session.scalars(select(User.password_hash)).one()
    assert costs(after) == (TODAY if renewed else costs(before))
    assert Account.log_in(member.client, member.email).token
    with database.transaction() as session:
        assert renewed is (session.scalars(select(User.password_hash)).one() == after)


def test_a_long_text_is_refused_before_it_is_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """NFC is quadratic in a run of combining marks: 63 KB of them would hold the process 1 s."""

    class TooLate:
        def normalize(self, *_: object) -> None:
            pytest.fail("it was normalised")

    monkeypatch.setattr("app.accounts.passwords.unicodedata", TooLate())
    with pytest.raises(ValueError, match="15 to 128 characters"):
        normalise_password("a" + "\u0301\u0323" * 15_000)

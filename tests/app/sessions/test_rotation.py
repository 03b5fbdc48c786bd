"""A refresh token used: what comes of it, for how long it is forgiven, and when it ends all."""

import base64
import hashlib
import hmac
import logging
from datetime import UTC, datetime, timedelta

import pytest

from app.sessions.oauth_errors import InvalidGrant
from tests.app.sessions.house import DAY, START, House, is_refused, successor


def test_each_use_gives_a_new_pair(house: House) -> None:
    answers = [house.begin()]
    for _ in range(5):
        house.clock.move(60)
        answer = house.post(successor(answers[-1]))
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        answers.append(type(answers[0])(**answer.json()))
    assert len({successor(answer) for answer in answers}) == 6
    claims = [house.claims(answer) for answer in answers]
    assert len({each.jti for each in claims}) == 6
    assert len({(each.sub, each.sid, each.scope, each.status) for each in claims}) == 1
    assert {each.auth_time for each in claims} == {int(START)}


def test_the_database_holds_no_token(house: House) -> None:
    first = house.begin()
    second = house.refresh(successor(first))
    third = house.refresh(successor(second))
    stored = repr(house.rows()).encode()
    raw = b"".join(
        value if isinstance(value, bytes) else repr(value).encode()
        for rows in house.rows().values()
        for row in rows
        for value in row
    )
    for answer in (first, second, third):
        token = successor(answer)
        assert hashlib.sha256(decoded(token)).digest() in raw
        for secret in (token, answer.access_token, answer.access_token.rpartition(".")[2]):
            assert secret.encode() not in stored
        assert decoded(token) not in raw


def decoded(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=")


def test_the_successor_is_derived_from_the_token_and_its_salt(house: House) -> None:
    token = house.token()
    following = successor(house.refresh(token))
    salt = house.row_of(token).salt
    assert salt is not None
    assert len(salt) == 32
    assert decoded(following) == hmac.new(decoded(token), salt, hashlib.sha256).digest()


@pytest.mark.parametrize("times", [(0, 0, 0), (3, 3, 3.99), (9.99,), (-29.99,), (-4, 8)])
def test_within_ten_seconds_the_same_successor_comes_with_a_fresh_access_token(
    house: House, times: tuple[float, ...]
) -> None:
    token = house.token()
    seen = []
    for seconds in (0, *times):
        house.clock.move(seconds)
        answer = house.refresh(token)
        seen.append((answer.refresh_token, house.claims(answer).jti))
    followings, ids = map(set, zip(*seen, strict=True))
    assert (len(followings), len(ids)) == (1, len(seen))
    assert house.session_of(token).ended_at is None
    assert house.refresh(followings.pop()).refresh_token


@pytest.mark.parametrize("seconds", [10, 10.01, 3600, -30, -3600])
def test_from_ten_seconds_on_a_spent_token_ends_the_session(
    house: House, seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    user_id = house.user()
    token, other = house.token(user_id), house.token(user_id)
    following = successor(house.refresh(token))
    house.clock.move(seconds)
    with caplog.at_level(logging.INFO, "ostiary.sessions"):
        assert is_refused(house.post(token))
    ended = house.session_of(token)
    now = datetime.fromtimestamp(house.clock(), UTC)
    assert (ended.ended_because, ended.ended_at) == ("refresh_token_reused", now)
    assert ended.expires_at == now
    assert [record.__dict__["code"] for record in caplog.records] == ["refresh_token_reused"]
    assert str(ended.id) in caplog.text
    for secret in (token, following):
        assert secret not in caplog.text
        assert is_refused(house.post(secret))
    assert len(caplog.records) == 1, "it ends once"
    assert house.session_of(other).ended_at is None
    assert house.refresh(other).refresh_token


def test_once_its_successor_was_used_a_spent_token_ends_the_session(house: House) -> None:
    first = house.token()
    second = successor(house.refresh(first))
    third = successor(house.refresh(second))
    with pytest.raises(InvalidGrant):
        house.refresh(first)
    assert house.session_of(third).ended_because == "refresh_token_reused"
    assert is_refused(house.post(third))


def test_the_salt_is_wiped_when_the_successor_is_used(house: House) -> None:
    first = house.token()
    second = successor(house.refresh(first))
    assert house.row_of(first).salt is not None
    house.refresh(second)
    assert house.row_of(first).salt is None
    assert house.row_of(second).salt is not None


def test_the_salts_of_other_sessions_are_wiped_once_their_time_is_over(house: House) -> None:
    spent = [house.token() for _ in range(3)]
    for token in spent:
        house.refresh(token)
        house.clock.move(20.5)
    house.refresh(house.token())
    wiped = [house.row_of(token).salt is None for token in spent]
    # Ten seconds, and thirty by which the clock of another process may be ahead.
    assert wiped == [True, True, False], "used 61.5, 41 and 20.5 seconds ago"


def test_a_session_is_over_seven_days_after_its_last_use(house: House) -> None:
    token, idle = house.token(), house.token()
    house.clock.move(7 * DAY - 2)
    token = successor(house.refresh(token))
    assert house.session_of(token).expires_at.timestamp() == house.clock() + 7 * DAY
    house.clock.move(2)
    before = house.rows()
    assert is_refused(house.post(idle))
    assert house.rows() == before
    assert house.refresh(token).refresh_token


def test_a_session_is_over_thirty_days_after_its_beginning(house: House) -> None:
    token = house.token()
    for _ in range(4):
        house.clock.move(7 * DAY - 2)
        token = successor(house.refresh(token))
    house.clock.move(START + 30 * DAY - 30 - house.clock())
    answer = house.refresh(token)
    assert answer.expires_in == 30
    assert house.claims(answer).exp == int(START + 30 * DAY)
    house.clock.move(30)
    assert is_refused(house.post(successor(answer)))


def test_settings_that_shrink_shorten_sessions_that_have_begun(house: House) -> None:
    token = house.token()
    house.clock.move(2 * DAY)
    shorter = house.open(refresh_token_days=2)
    assert is_refused(house.post(token, app=shorter))
    assert house.row_of(token).used_at is None
    longer = house.open(refresh_token_days=3)
    following = successor(house.refresh(token, app=longer))
    assert house.session_of(following).expires_at.timestamp() == START + 3 * DAY


def test_a_short_life_is_the_first_tokens_too(house: House) -> None:
    house.app = house.open(refresh_token_days=1)
    token = house.token()
    assert house.session_of(token).expires_at.timestamp() == START + DAY


def test_a_clock_that_goes_backward_ends_nothing(house: House) -> None:
    token = house.token()
    house.clock.move(-3600)
    following = successor(house.refresh(token))
    house.clock.move(-9)
    assert successor(house.refresh(token)) == following
    house.clock.move(7200)
    assert house.refresh(following).refresh_token


def test_a_use_is_noted_with_time_address_and_software(house: House) -> None:
    token = house.token()
    house.clock.move(60)
    house.post(token)
    noted = house.session_of(token)
    assert noted.last_used_at - noted.created_at == timedelta(seconds=60)
    assert (noted.first_address, noted.first_user_agent) == ("192.0.2.1", "a browser")
    assert (noted.last_address, noted.last_user_agent) == ("testclient", "testclient")

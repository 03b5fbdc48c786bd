"""No header lets a stranger try again, and whoever is turned away is told of to operators."""

import logging

import pytest

from tests.app.attempts.siege import ELSEWHERE, IN, OWNER, WRONG_PASSWORD, Siege
from tests.app.sessions.house import DAY
from tests.support import on_sqlite

FORM = {"username": OWNER, "password": WRONG_PASSWORD}
CLAIMING_AN_ADDRESS = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP")


@on_sqlite
@pytest.mark.parametrize("header", CLAIMING_AN_ADDRESS)
def test_no_header_takes_a_stranger_to_a_range_where_the_owner_is_known(
    siege: Siege, header: str
) -> None:
    assert siege.log_in("192.0.2.7") == IN
    stranger = siege.http(ELSEWHERE)
    claim = "for=192.0.2.7" if header == "Forwarded" else "192.0.2.7"
    tried = [stranger.post("/auth/login", data=FORM, headers={header: claim}) for _ in range(6)]
    assert [answer.status_code for answer in tried] == [401] * 5 + [429]
    assert siege.log_in("192.0.2.7") == IN
    assert siege.guess()[0] == 429  # it was counted where it came from


@on_sqlite
def test_who_is_turned_away_is_logged_and_counted(
    siege: Siege, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    requests = logging.getLogger("ostiary.requests")
    monkeypatch.setattr(requests, "propagate", True)
    siege.app = siege.open(metrics="Ostiary/shop")
    siege.delay(5)
    with caplog.at_level(logging.INFO, "ostiary"):
        assert siege.http().post("/auth/login", data=FORM).status_code == 429
    (line,) = [record.message for record in caplog.records if record.name == requests.name]
    assert '"code": "too_many_attempts"' in line
    assert '"AttemptsRefused": 1' in line


@on_sqlite
def test_a_password_does_not_expire(siege: Siege) -> None:
    siege.clock.move(10 * 365 * DAY)
    assert siege.log_in() == IN

"""Where an owner has logged in, a stranger's attack from elsewhere never delays him."""

from itertools import islice

import pytest

from tests.app.attempts.siege import ELSEWHERE, HOME, IN, OWNER, WRONG, Siege, ranges, wait
from tests.app.sessions.house import DAY
from tests.support import PASSWORD


def attack(siege: Siege) -> None:
    """Tries from many ranges, until no stranger is admitted."""
    for address in islice(ranges(), 12):
        siege.guess(address=address)
    assert siege.guess()[0] == 429


def test_strangers_elsewhere_never_delay_the_owner(siege: Siege) -> None:
    assert siege.log_in() == IN
    for _ in range(3):
        attack(siege)
        assert siege.log_in() == IN
        assert siege.log_in("192.0.2.250") == IN  # the same range
        assert siege.log_in("192.0.3.7")[0] == 429
        siege.clock.move(600)


def test_his_success_at_home_gives_strangers_no_tries(siege: Siege) -> None:
    assert siege.log_in() == IN
    siege.delay(10)
    assert siege.log_in() == IN
    assert siege.guess() == wait(32)


def test_a_known_range_has_a_curve_of_its_own_that_delays_nobody_elsewhere(siege: Siege) -> None:
    assert siege.log_in() == IN
    assert [siege.guess(address=HOME) for _ in range(6)] == [WRONG] * 5 + [wait(1)]
    assert siege.log_in(HOME) == wait(1)
    assert siege.guess() == WRONG
    siege.clock.move(1)
    assert siege.guess(address=HOME) == WRONG
    assert siege.guess(address=HOME) == wait(2)
    siege.clock.move(2)
    assert siege.log_in() == IN
    assert [siege.guess(address=HOME) for _ in range(6)] == [WRONG] * 5 + [wait(1)]


def test_a_range_is_known_for_thirty_days_after_the_last_login_there(siege: Siege) -> None:
    assert siege.log_in() == IN
    for days in (0.9, 20, 29.9, 30 - 0.001):
        siege.clock.move(days * DAY)
        attack(siege)
        assert siege.log_in() == IN
    siege.clock.move(31 * DAY)
    attack(siege)
    assert siege.log_in()[0] == 429


def test_a_login_elsewhere_does_not_make_a_range_known_for_longer(siege: Siege) -> None:
    assert siege.log_in() == IN
    siege.clock.move(20 * DAY)
    assert siege.log_in(ELSEWHERE) == IN
    siege.clock.move(11 * DAY)
    siege.delay(5, address="203.0.113.1")
    assert siege.log_in() == wait(1)
    assert siege.log_in(ELSEWHERE) == IN


def test_a_range_is_known_to_its_owner_alone(siege: Siege) -> None:
    siege.account("other@example.com")
    assert siege.log_in(HOME, "other@example.com") == IN
    siege.delay()
    assert siege.log_in() == wait(1)


def test_who_fails_makes_no_range_known(siege: Siege) -> None:
    siege.account("disabled@example.com", disabled=True)
    for email, password in ((OWNER, "wrong"), ("disabled@example.com", PASSWORD)):
        assert siege.guess(email, password, HOME) == WRONG
        siege.delay(5, email)
        assert siege.guess(email, PASSWORD, HOME)[0] == 429


@pytest.mark.parametrize("full", ["range", "everywhere"])
@pytest.mark.usefixtures("tight")
def test_full_quotas_concern_no_known_range(siege: Siege, full: str) -> None:
    assert siege.log_in() == IN
    addresses = [HOME] * 7 if full == "range" else islice(ranges(), 7)
    tried = [siege.guess(f"{n}@example.com", address=each) for n, each in enumerate(addresses)]
    assert tried[-1][0] == 429
    assert siege.guess("another@example.com", address=HOME)[0] == 429
    assert siege.log_in() == IN
    assert siege.guess(address=HOME) == WRONG


@pytest.mark.usefixtures("tight")
def test_failures_in_known_ranges_use_up_quotas_but_never_more_than_there_is(siege: Siege) -> None:
    """Else who has many accounts of his own could shut out strangers for as long as he likes."""
    emails = [f"{number}@example.com" for number in range(8)]
    for email in emails:
        siege.account(email)
        assert siege.log_in(HOME, email) == IN
    for email in emails[:3]:
        assert siege.guess(email, address=HOME) == WRONG
    assert siege.guess("stranger@example.com", address=HOME) == WRONG
    assert siege.guess("another@example.com", address=HOME) == wait(72)
    assert siege.guess("another@example.com", address=ELSEWHERE) == WRONG
    for email in emails[3:]:
        assert siege.guess(email, address=HOME) == WRONG
    assert siege.guess("another@example.com", address=HOME) == wait(72)
    assert siege.guess("another@example.com", address="203.0.113.1") == WRONG
    assert siege.guess("another@example.com", address="203.0.112.1") == wait(36)

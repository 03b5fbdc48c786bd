"""Limits on different accounts: from one address range, and from all of them together."""

from itertools import islice

import pytest
from fastapi import FastAPI

from app.attempts.ranges import range_of
from tests.app.attempts.siege import (
    A_RANGE,
    ELSEWHERE,
    EVERYWHERE,
    HOME,
    IN,
    WRONG,
    Siege,
    Verdicts,
    ranges,
    wait,
)

HOUR = 3600


def name(number: int) -> str:
    return f"{number}@example.com"


def spray(siege: Siege, numbers: range, address: str | None = ELSEWHERE) -> list[Verdicts]:
    """One try at each of these accounts."""
    return [siege.guess(name(number), address=address) for number in numbers]


def spray_from_everywhere(
    siege: Siege, numbers: range, app: FastAPI | None = None
) -> list[Verdicts]:
    """The same, each from a range of its own."""
    addresses = islice(ranges(), numbers.start, numbers.stop)
    return [
        siege.guess(name(number), address=address, app=app)
        for number, address in zip(numbers, addresses, strict=True)
    ]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.0/24"),
        ("192.0.2.255", "192.0.2.0/24"),
        ("192.0.3.0", "192.0.3.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:0DB8:0001:ffff::", "2001:db8:1::/48"),
        ("2001:db8:2::", "2001:db8:2::/48"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("::ffff:c000:209", "192.0.2.0/24"),
        ("64:ff9b::192.0.2.9", "192.0.2.0/24"),
        ("2002:c000:209::1", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        *(("testclient", ""), ("", ""), (None, ""), ("192.0.2.1:80", ""), ("192.0.2.01", "")),
    ],
)
def test_a_range_is_what_one_subscriber_has_at_hand(address: str | None, expected: str) -> None:
    assert range_of(address) == expected


def test_one_range_fails_on_fifty_accounts_and_is_then_refused(siege: Siege) -> None:
    assert spray(siege, range(51)) == [WRONG] * 50 + [wait(72)]


@pytest.mark.parametrize(
    ("addresses", "another"),
    [
        (("198.51.100.1", "::ffff:198.51.100.200"), "198.51.101.1"),
        (("2001:db8:7:1::1", "2001:db8:7:ffff::2"), "2001:db8:8:1::1"),
        ((None, "unknown"), "198.51.100.1"),
    ],
)
@pytest.mark.usefixtures("tight")
def test_all_addresses_of_a_range_share_its_limit_and_others_go_on(
    siege: Siege, addresses: tuple[str | None, ...], another: str
) -> None:
    for number in range(A_RANGE):
        assert siege.guess(name(number), address=addresses[number % 2]) == WRONG
    before = siege.rows()
    for address in addresses:
        assert siege.guess(name(A_RANGE), address=address) == wait(72)
        assert siege.log_in(address) == wait(72)
    assert siege.rows() == before
    assert siege.guess(name(A_RANGE), address=another) == WRONG
    assert siege.log_in(another) == IN


@pytest.mark.usefixtures("tight")
def test_tries_at_accounts_that_a_range_has_tried_are_limited_by_account_alone(
    siege: Siege,
) -> None:
    for _ in range(5):
        assert spray(siege, range(A_RANGE)) == [WRONG] * A_RANGE
    assert spray(siege, range(A_RANGE)) == [wait(1)] * A_RANGE
    assert siege.guess(name(A_RANGE)) == wait(72)


@pytest.mark.usefixtures("tight")
def test_the_limit_of_a_range_refills_by_one_in_72_seconds_and_no_further_than_it_was(
    siege: Siege,
) -> None:
    spray(siege, range(A_RANGE))
    siege.clock.move(71.999)
    assert siege.guess(name(50)) == wait(1)
    siege.clock.move(0.001)
    assert spray(siege, range(50, 52)) == [WRONG, wait(72)]
    siege.clock.move(A_RANGE * 72)
    assert spray(siege, range(60, 65)) == [WRONG] * A_RANGE + [wait(72)]
    siege.clock.move(10 * HOUR)
    assert spray(siege, range(70, 75)) == [WRONG] * A_RANGE + [wait(72)]


@pytest.mark.usefixtures("tight")
def test_an_account_that_was_tried_an_hour_ago_is_another_one_again(siege: Siege) -> None:
    assert siege.guess() == WRONG
    siege.clock.move(HOUR - 1)
    spray(siege, range(A_RANGE))
    assert siege.guess() == WRONG
    siege.clock.move(1)
    assert siege.guess() == wait(71)


@pytest.mark.usefixtures("tight")
def test_a_success_costs_a_range_nothing_and_gives_it_nothing(siege: Siege) -> None:
    for number in range(A_RANGE + 2):
        siege.account(name(number))
        assert siege.log_in(ELSEWHERE, name(number)) == IN
    assert spray(siege, range(100, 105)) == [WRONG] * A_RANGE + [wait(72)]
    siege.clock.move(72)
    for _ in range(2):
        assert siege.log_in(ELSEWHERE) == IN
    assert spray(siege, range(200, 202)) == [WRONG, wait(72)]


@pytest.mark.usefixtures("tight")
def test_a_success_after_a_failure_leaves_the_failure_counted(siege: Siege) -> None:
    assert siege.guess() == WRONG
    assert siege.log_in(ELSEWHERE) == IN
    assert spray(siege, range(A_RANGE)) == [WRONG] * (A_RANGE - 1) + [wait(72)]


def test_of_one_try_at_each_of_many_accounts_so_many_are_compared_as_the_setting_says(
    siege: Siege,
) -> None:
    small = siege.open(failed_accounts_per_hour=100)
    tried = spray_from_everywhere(siege, range(105), app=small)
    assert tried == [WRONG] * 100 + [wait(36)] * 5
    assert siege.evaluations == 100
    siege.clock.move(36)
    assert spray_from_everywhere(siege, range(105, 107), app=small) == [WRONG, wait(36)]


@pytest.mark.usefixtures("tight")
def test_while_all_ranges_together_are_refused_those_go_on_that_tried_before_or_are_known(
    siege: Siege,
) -> None:
    assert siege.log_in(HOME) == IN
    tried = spray_from_everywhere(siege, range(9))
    assert tried == [WRONG] * EVERYWHERE + [wait(36)] * 3
    assert siege.log_in(HOME) == IN
    assert siege.log_in("203.0.113.1") == wait(36)
    assert siege.guess(name(0), address="10.0.0.9") == WRONG
    siege.clock.move(36)
    assert siege.log_in("203.0.113.1") == IN


@pytest.mark.usefixtures("tight")
def test_a_success_costs_all_ranges_nothing(siege: Siege) -> None:
    spray_from_everywhere(siege, range(EVERYWHERE - 1))
    for address in ("203.0.113.1", "203.0.112.1"):
        assert siege.log_in(address) == IN
    assert spray_from_everywhere(siege, range(200, 202)) == [WRONG, wait(36)]

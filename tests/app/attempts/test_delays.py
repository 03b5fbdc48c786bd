"""Five tries for nothing, then a wait that doubles: each number of it, and what changes it."""

from sqlalchemy import update

from app.attempts.limits import delay_after
from app.attempts.models import AttemptCounter
from tests.app.attempts.siege import ELSEWHERE, HOME, IN, OWNER, WRONG, Siege, wait

CURVE = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900)
HOUR = 3600


def test_five_tries_are_free_and_then_each_wait_is_twice_the_last_up_to_15_minutes(
    siege: Siege,
) -> None:
    assert [siege.guess() for _ in range(5)] == [WRONG] * 5
    for seconds in CURVE:
        assert siege.guess() == wait(seconds)
        siege.clock.move(seconds - 0.001)
        assert siege.guess() == wait(1)
        siege.clock.move(0.001)
        assert siege.guess() == WRONG
    assert siege.evaluations == 5 + len(CURVE)


def test_a_clock_that_is_behind_takes_none_of_the_free_tries_away(siege: Siege) -> None:
    for _ in range(5):
        assert siege.guess() == WRONG
        siege.clock.move(-0.7)
    assert siege.guess() == wait(2)


def test_one_machine_whose_clock_was_ahead_keeps_nobody_out_when_it_is_mended(
    siege: Siege,
) -> None:
    """Neither at that account, nor by the limits of its range and of all."""
    siege.clock.move(30 * 24 * HOUR)
    siege.delay(7)
    for number in range(60):
        siege.guess(f"nobody-{number}@example.com", address="203.0.113.7")
    siege.clock.move(-30 * 24 * HOUR)
    assert siege.log_in("8.8.8.8") == IN
    assert siege.guess("somebody@example.com", address="203.0.113.7") == WRONG
    assert siege.register("new@example.com") == 201
    again = [siege.guess(f"again-{n}@example.com", address="203.0.113.7") for n in range(50)]
    assert again == [WRONG] * 49 + [wait(72)]


def test_at_the_longest_delay_a_clock_that_is_a_little_behind_admits_nobody(siege: Siege) -> None:
    siege.delay(15)
    siege.clock.move(-0.001)
    assert siege.guess() == wait(901)
    siege.clock.move(-1)
    assert siege.guess() == wait(902)


def test_a_counter_does_not_run_over(siege: Siege) -> None:
    siege.guess()
    with siege.database.transaction() as session:
        session.execute(update(AttemptCounter).values(tries=2**31 - 1))
    assert siege.guess("another@example.com") == WRONG
    assert siege.guess() == WRONG
    assert siege.guess() == wait(900)


def test_the_curve_has_no_end() -> None:
    assert [delay_after(tries) for tries in (0, 1, 4, 5, 14, 15, 16, 1000, 10**9)] == [
        *(0, 0, 0, 1000, 512_000, 900_000, 900_000, 900_000, 900_000)
    ]


def test_attempts_during_a_wait_change_nothing_and_are_told_how_long_it_still_is(
    siege: Siege,
) -> None:
    siege.delay(8)
    before, evaluations = siege.rows(), siege.evaluations
    told = []
    for address in (ELSEWHERE, "203.0.113.9", None, ELSEWHERE):
        told.append(siege.guess(address=address))
        siege.clock.move(1.5)
    assert told == [wait(8), wait(7), wait(5), wait(4)]
    assert siege.log_in(ELSEWHERE) == wait(2)
    assert siege.rows() == before
    assert siege.evaluations == evaluations
    siege.clock.move(2)
    assert siege.guess() == WRONG


def test_whoever_tries_as_often_as_he_may_gets_few_comparisons_an_hour(siege: Siege) -> None:
    begun = siege.clock.now
    while siege.clock.now < begun + HOUR:
        siege.clock.move(siege.guess()[1] or 0)
    assert siege.evaluations == 17
    siege.clock.move(900)
    assert siege.log_in(ELSEWHERE) == IN


def test_a_day_without_tries_forgets_and_less_does_not(siege: Siege) -> None:
    siege.delay(9)
    siege.clock.move(24 * HOUR - 0.001)
    assert siege.guess() == WRONG
    assert siege.guess() == wait(32)
    siege.clock.move(24 * HOUR)
    assert [siege.guess() for _ in range(6)] == [WRONG] * 5 + [wait(1)]


def test_a_success_begins_the_curve_anew(siege: Siege) -> None:
    siege.delay(7)
    siege.clock.move(4)
    assert siege.log_in(ELSEWHERE) == IN
    assert [siege.guess(address=HOME) for _ in range(6)] == [WRONG] * 5 + [wait(1)]


def test_each_address_has_a_curve_of_its_own_however_it_is_spelled(siege: Siege) -> None:
    siege.account("other@example.com")
    siege.delay(3)
    assert [siege.guess(OWNER.upper()) for _ in range(3)] == [WRONG, WRONG, wait(1)]
    assert siege.guess("other@example.com") == WRONG
    assert siege.log_in(ELSEWHERE, "other@example.com") == IN


def test_what_is_no_address_delays_nobody_in_another_range(siege: Siege) -> None:
    for text in ("no address", "", "a@b@c", "\0", "no address"):
        assert siege.guess(text) == WRONG
    assert siege.guess("another that is none") == wait(1)
    assert siege.guess("no address", address=HOME) == WRONG
    assert siege.guess() == WRONG

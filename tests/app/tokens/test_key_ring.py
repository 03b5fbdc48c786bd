"""A key set as time passes: read again, kept while its source is down, given up in the end."""

import logging

import pytest

from app.tokens.errors import KeySetError, KeysUnavailable
from app.tokens.key_ring import KeyRing
from tests.app.tokens.ringing import OLD, Clock, Shelf
from tests.support import key_set

NEW = key_set("ES384")
DOWN = KeysUnavailable("the source is down")
BAD = KeySetError("the source holds nonsense")
YEAR = 365 * 86_400


def test_a_source_is_first_read_when_somebody_asks(ring: KeyRing, shelf: Shelf) -> None:
    assert shelf.readings == 0
    assert ring.current() is OLD
    assert shelf.readings == 1


def test_it_is_read_again_after_300_seconds_and_not_before(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    shelf.answer = NEW
    for seconds, expected, readings in (
        (0, OLD, 1),
        (299.999, OLD, 1),
        (300, NEW, 2),
        (599.999, NEW, 2),
        (600, NEW, 3),
    ):
        clock.at(seconds)
        assert [ring.current() for _ in range(3)] == [expected] * 3
        assert shelf.readings == readings


def test_an_equal_set_leaves_the_same_object_in_its_place(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    before = ring.current()
    shelf.answer = key_set("ES256")
    assert shelf.answer is not before
    clock.at(300)
    assert ring.current() is before
    assert shelf.readings == 2


def test_a_set_that_signs_with_another_key_is_another_set(shelf: Shelf, clock: Clock) -> None:
    ring = KeyRing(shelf.source(), clock=clock)
    ring.current()
    shelf.answer = OLD.verifying()
    clock.at(300)
    assert ring.current().signing is None


@pytest.mark.parametrize("failure", [DOWN, BAD])
def test_a_failure_keeps_the_old_set_and_is_tried_anew_after_10_seconds(
    failure: KeySetError,
    ring: KeyRing,
    shelf: Shelf,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ring.current()
    shelf.answer = failure
    with caplog.at_level(logging.WARNING):
        for seconds, readings in ((300, 2), (305, 2), (309.999, 2), (310, 3), (319.9, 3), (320, 4)):
            clock.at(seconds)
            assert ring.current() is OLD
            assert shelf.readings == readings
    assert [record.name for record in caplog.records] == ["ostiary.keys"] * 3
    assert f"could not be read again; the last one stays: {failure}" in caplog.text


def test_a_set_is_served_for_an_hour_after_it_was_last_read_and_then_no_more(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    clock.at(300)
    ring.current()
    shelf.answer = DOWN
    for seconds in (600, 3600, 3899.9, 3900):
        clock.at(seconds)
        assert ring.current() is OLD
        assert ring.after_unknown_kid() is OLD
    for seconds in (3900.1, 3901, 4000, YEAR):
        clock.at(seconds)
        for ask in (ring.current, ring.after_unknown_kid):
            with pytest.raises(KeysUnavailable, match=f"last read {seconds - 300:.0f} s ago"):
                ask()


def test_after_it_was_given_up_the_next_good_reading_counts(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    shelf.answer = DOWN
    clock.at(YEAR)
    with pytest.raises(KeysUnavailable):
        ring.current()
    shelf.answer = NEW
    clock.at(YEAR + 10)
    assert ring.current() is NEW
    assert ring.current() is NEW
    assert shelf.readings == 3


def test_a_source_that_is_back_after_an_hour_is_not_refused_first(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    """What Lambda froze for a day reads before it judges."""
    ring.current()
    shelf.answer = NEW
    clock.at(86_400)
    assert ring.current() is NEW


@pytest.mark.parametrize("failure", [DOWN, BAD])
def test_without_any_set_each_ask_is_a_reading(
    failure: KeySetError, ring: KeyRing, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.answer = failure
    for readings in (1, 2, 3):
        with pytest.raises(KeySetError) as refused:
            ring.current()
        assert (type(refused.value), refused.value.args) == (type(failure), failure.args)
        assert shelf.readings == readings
    assert not caplog.records, "nothing stays, and who asked is told"
    shelf.answer = OLD
    assert ring.current() is OLD


def test_an_unknown_kid_is_asked_for_at_once_but_only_once_in_10_seconds(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    shelf.answer = NEW
    clock.at(10)
    assert ring.after_unknown_kid() is NEW
    for attempt in range(10_000):
        clock.at(10 + attempt / 1000)
        ring.after_unknown_kid()
    assert shelf.readings == 2
    clock.at(20)
    ring.after_unknown_kid()
    assert shelf.readings == 3


def test_a_source_that_is_down_is_no_more_often_asked_for_unknown_kids(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    shelf.answer = DOWN
    for attempt in range(10_000):
        clock.at(10 + attempt / 1000)
        assert ring.after_unknown_kid() is OLD
        assert ring.current() is OLD
    assert shelf.readings == 2


def test_a_reading_for_an_unknown_kid_counts_for_the_schedule(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    clock.at(200)
    ring.after_unknown_kid()
    clock.at(499)
    ring.current()
    assert shelf.readings == 2
    clock.at(500)
    ring.current()
    assert shelf.readings == 3


def test_an_unknown_kid_is_asked_for_even_where_nothing_was_read_before(
    ring: KeyRing, shelf: Shelf
) -> None:
    assert ring.after_unknown_kid() is OLD
    assert shelf.readings == 1


def test_a_source_that_is_not_to_be_asked_is_not_asked_for_unknown_kids(
    shelf: Shelf, clock: Clock
) -> None:
    ring = KeyRing(shelf.source(), clock=clock)
    with pytest.raises(KeysUnavailable, match="no key set could be read"):
        ring.after_unknown_kid()
    assert shelf.readings == 0
    ring.current()
    clock.at(299)
    assert ring.after_unknown_kid() is OLD
    assert shelf.readings == 1


def test_what_lasts_is_read_once(shelf: Shelf, clock: Clock) -> None:
    ring = KeyRing(shelf.source(lasting=True), clock=clock)
    ring.current()
    shelf.answer = DOWN
    for seconds in (-YEAR, 10, 300, 3601, YEAR):
        clock.at(seconds)
        ring.refresh()
        assert ring.current() is OLD
    assert shelf.readings == 1


def test_what_lasts_is_asked_until_it_has_answered(shelf: Shelf, clock: Clock) -> None:
    shelf.answer = DOWN
    ring = KeyRing(shelf.source(lasting=True), clock=clock)
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            ring.current()
    shelf.answer = OLD
    assert ring.current() is OLD

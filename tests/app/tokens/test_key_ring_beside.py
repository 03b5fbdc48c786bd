"""What is beside the schedule of a KeyRing: a first set, a clock set back, a refresh, faults."""

import logging

import pytest

from app.tokens.errors import KeysUnavailable
from app.tokens.key_ring import KeyRing
from tests.app.tokens.ringing import OLD, START, Clock, Shelf
from tests.support import key_set

NEW, SEED = key_set("ES384"), key_set("ES512")
DOWN = KeysUnavailable("the source is down")
YEAR = 365 * 86_400


def test_a_first_set_serves_until_the_source_has_answered(shelf: Shelf, clock: Clock) -> None:
    ring = KeyRing(shelf.source(asked_for_unknown=True), first=SEED, clock=clock)
    assert ring.current() is SEED
    clock.at(299.9)
    assert ring.current() is SEED
    assert shelf.readings == 0
    clock.at(300)
    assert ring.current() is OLD
    assert shelf.readings == 1


def test_a_first_set_serves_for_ever_while_the_source_never_answers(
    shelf: Shelf, clock: Clock
) -> None:
    shelf.answer = DOWN
    ring = KeyRing(shelf.source(asked_for_unknown=True), first=SEED, clock=clock)
    for seconds in (0, 300, 3601, YEAR):
        clock.at(seconds)
        assert ring.current() is SEED
        assert ring.after_unknown_kid() is SEED
    assert shelf.readings == 4


@pytest.mark.parametrize("answer", [OLD, SEED], ids=["another", "equal"])
def test_a_first_set_never_comes_back(answer: object, shelf: Shelf, clock: Clock) -> None:
    shelf.answer = key_set("ES512") if answer is SEED else OLD
    ring = KeyRing(shelf.source(asked_for_unknown=True), first=SEED, clock=clock)
    assert ring.after_unknown_kid() == answer
    assert ring.current() == answer
    shelf.answer = DOWN
    clock.at(3600)
    assert ring.current() == answer
    clock.at(3600.1)
    for ask in (ring.current, ring.after_unknown_kid):
        with pytest.raises(KeysUnavailable):
            ask()


def test_a_first_set_gives_way_to_a_source_that_lasts(shelf: Shelf, clock: Clock) -> None:
    """`env:A env:B`: the second counts once it has answered, whatever kind of source it is."""
    ring = KeyRing(shelf.source(lasting=True), first=SEED, clock=clock)
    clock.at(300)
    assert ring.current() is OLD
    clock.at(YEAR)
    assert ring.current() is OLD
    assert shelf.readings == 1


def test_a_clock_that_was_set_back_makes_the_set_be_read_again(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    shelf.answer = NEW
    clock.at(-0.001)
    assert ring.current() is NEW
    clock.at(299)
    ring.current()
    assert shelf.readings == 2
    clock.at(-YEAR)
    ring.current()
    assert shelf.readings == 3


def test_a_clock_that_was_set_back_asks_a_source_that_is_down_no_more_often(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    shelf.answer = DOWN
    for seconds, readings in ((-YEAR, 2), (-YEAR + 9.9, 2), (-YEAR + 10, 3)):
        clock.at(seconds)
        assert ring.current() is OLD
        assert shelf.readings == readings


def test_a_clock_that_was_set_back_keeps_no_set_for_longer(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    shelf.answer = DOWN
    clock.at(-YEAR)
    assert ring.current() is OLD
    clock.at(-YEAR + 3601)
    with pytest.raises(KeysUnavailable):
        ring.current()


def test_a_refresh_reads_before_the_time_has_come(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.refresh()
    assert shelf.readings == 1
    shelf.answer = NEW
    clock.at(9.9)
    ring.refresh()
    assert ring.current() is OLD
    clock.at(10)
    ring.refresh()
    assert ring.current() is NEW
    clock.at(309)
    ring.current()
    assert shelf.readings == 2


def test_a_refresh_that_fails_is_told_at_first_and_logged_later(
    ring: KeyRing, shelf: Shelf, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.answer = DOWN
    with pytest.raises(KeysUnavailable, match="the source is down"):
        ring.refresh()
    shelf.answer = OLD
    ring.refresh()
    shelf.answer = DOWN
    clock.at(10)
    with caplog.at_level(logging.WARNING):
        ring.refresh()
    assert "the source is down" in caplog.text
    assert ring.current() is OLD


def test_a_fault_of_another_kind_leaves_the_ring_usable(ring: KeyRing, shelf: Shelf) -> None:
    shelf.answer = RuntimeError("a bug in a source")
    with pytest.raises(KeysUnavailable, match="failed: RuntimeError") as told:
        ring.current()
    assert "a bug in a source" not in str(told.value)
    shelf.answer = OLD
    assert ring.current() is OLD


def test_the_clock_is_that_of_the_wall(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A monotonic one may stand still while Lambda freezes the process."""
    ring = KeyRing(shelf.source())
    ring.current()
    shelf.answer = DOWN
    assert ring.current() is OLD
    assert ring._read_at > START - 10 * YEAR


def test_a_ring_that_is_kept_reads_for_nobody_who_asks(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    assert ring.keep() == 270
    shelf.answer = NEW
    for seconds in (300, 3600):
        clock.at(seconds)
        assert ring.current() is OLD
    clock.at(3601)
    with pytest.raises(KeysUnavailable):
        ring.current()
    ring.refresh()
    assert ring.current() is NEW
    assert shelf.readings == 2


def test_a_kept_ring_is_due_sooner_after_a_failure(
    ring: KeyRing, shelf: Shelf, clock: Clock
) -> None:
    ring.current()
    clock.at(100)
    assert ring.keep() == 170
    shelf.answer = DOWN
    ring.refresh()
    assert ring.keep() == 10
    clock.at(109)
    assert ring.keep() == 1
    clock.at(110)
    assert ring.keep() == 0
    shelf.answer = OLD
    ring.refresh()
    assert ring.keep() == 270


def test_a_ring_that_lasts_is_never_due(shelf: Shelf, clock: Clock) -> None:
    ring = KeyRing(shelf.source(lasting=True), clock=clock)
    ring.current()
    assert ring.keep() is None


def test_another_set_that_counts_is_told(
    ring: KeyRing, shelf: Shelf, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        ring.current()
        clock.at(300)
        ring.current()
        assert not caplog.records
        shelf.answer = NEW
        clock.at(600)
        ring.current()
    (kid,) = NEW.keys
    assert caplog.messages == [f"Another key set counts now. {kid!r} signs, {kid!r} verify"]

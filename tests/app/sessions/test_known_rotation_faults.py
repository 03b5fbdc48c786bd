"""What other systems got wrong about rotation, each under the name it has there."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.database import Database
from app.parts import find
from app.sessions.oauth_errors import InvalidGrant
from tests.app.sessions.house import House, is_refused, successor
from tests.app.sessions.points import Points, StopAt, Stopped


def assert_ended(house: House, *tokens: str) -> None:
    assert house.session_of(tokens[0]).ended_because == "refresh_token_reused"
    for token in tokens:
        assert is_refused(house.post(token))


def test_keycloak_cve_2026_1035_concurrent_uses_make_one_successor(house: House) -> None:
    """Two requests both read that the token was unused, and each made a successor."""
    token, together = house.token(), Barrier(2)

    def use(_: int) -> str:
        together.wait(5)
        return successor(house.refresh(token))

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(use, range(2)))) == 1
    assert len(house.rows()["refresh_tokens"]) == 2


def test_keycloak_cve_2026_9802_a_restart_forgets_nothing(house: House) -> None:
    """What had been rotated was kept in memory, and valid again after a restart."""
    first = house.token()
    second = successor(house.refresh(first))
    third = successor(house.refresh(second, app=house.open()))
    find(house.app, Database).close()
    assert is_refused(house.post(first, app=house.open()))
    assert_ended(house, first, second, third)


def test_keycloak_cve_2026_9802_a_restart_within_the_window_forgets_the_successor_neither(
    house: House,
) -> None:
    token = house.token()
    following = successor(house.refresh(token))
    assert successor(house.refresh(token, app=house.open())) == following


def test_keycloak_50999_a_replay_in_the_same_tick_is_seen(house: House) -> None:
    """Whether a token was the newest was told by its time of issue, in whole seconds."""
    first = house.token()
    second = successor(house.refresh(first))
    third = successor(house.refresh(second))
    assert is_refused(house.post(first))
    assert_ended(house, first, second, third)


def test_supertokens_recent_prev_a_spent_token_after_its_grace(house: House) -> None:
    """The parent of the newest token, which is still unused, comes too late."""
    first = house.token()
    second = successor(house.refresh(first))
    house.clock.move(10)
    with pytest.raises(InvalidGrant):
        house.refresh(first)
    assert_ended(house, first, second)


def test_supertokens_orphaned_branch_no_second_branch_ever_grows(house: House) -> None:
    """Two uses of one parent made two children; one was an orphan once the other was used."""
    first = house.token()
    ours, theirs = (successor(house.refresh(first)) for _ in range(2))
    assert ours == theirs
    following = successor(house.refresh(ours))
    assert successor(house.refresh(theirs)) == following
    assert len(house.rows()["refresh_tokens"]) == 3
    newest = successor(house.refresh(following))
    with pytest.raises(InvalidGrant):
        house.refresh(theirs)
    assert_ended(house, first, ours, following, newest)


@pytest.mark.parametrize("seconds", [0, 1, 60])
def test_supertokens_stale_lineage_an_ancestor_long_spent(house: House, seconds: int) -> None:
    """A grandparent or older, whose whole line has gone on."""
    line = [house.token()]
    for _ in range(4):
        line.append(successor(house.refresh(line[-1])))
        house.clock.move(seconds)
    with pytest.raises(InvalidGrant):
        house.refresh(line[1])
    assert_ended(house, *line)


def test_supertokens_token_theft_s1_r1_s2_r1(house: House) -> None:
    """Their test of the thief's use, then the owner's, could not fail: its `try` had no `fail`."""
    stolen = house.token()
    thiefs = successor(house.refresh(stolen))
    thiefs_next = successor(house.refresh(thiefs))
    with pytest.raises(InvalidGrant):
        house.refresh(stolen)
    assert_ended(house, stolen, thiefs, thiefs_next)


def test_fosite_a_fault_at_any_step_leaves_nothing_half_done(house: House) -> None:
    """Eleven of theirs fail one step of the transaction each; here every step there is fails."""
    spoiled = 0
    while True:
        token, stop = house.token(), StopAt(spoiled + 1)
        before, points = house.rows(), Points(stop)
        with points.of(house.database.engine):
            try:
                house.refresh(token)
            except Stopped:
                spoiled += 1
            else:
                break
        if points.commits < 2:
            assert house.rows() == before, stop.passed
        following = successor(house.refresh(token))
        assert successor(house.refresh(token)) == following
        assert house.session_of(token).ended_at is None
        assert house.refresh(following).refresh_token
    assert spoiled == len(stop.passed) >= 16, stop.passed


def test_fosite_a_fault_while_a_reused_token_ends_its_session_leaves_it_to_the_next(
    house: House,
) -> None:
    token, spoiled = house.token(), 0
    house.refresh(token)
    house.clock.move(10)
    while house.session_of(token).ended_at is None:
        with (
            Points(StopAt(spoiled + 1)).of(house.database.engine),
            pytest.raises((Stopped, InvalidGrant)),
        ):
            house.refresh(token)
        spoiled += 1
    assert spoiled >= 6
    assert is_refused(house.post(token))

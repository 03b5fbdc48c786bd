"""What the counters leave behind is taken out with the rest, once it means nothing."""

from app.clock import Clock
from app.sessions.pruning import prune
from tests.app.attempts.siege import HOME, IN, OWNER, WRONG, Siege, wait
from tests.app.sessions.house import DAY

HOUR = 3600


def pruned(siege: Siege, batch: int = 2) -> int:
    return prune(siege.database, Clock(siege.clock).now(), batch).counters


def test_counters_go_when_they_have_expired_and_not_before(siege: Siege) -> None:
    assert siege.log_in(HOME) == IN
    siege.delay(5)
    before = siege.counters()
    siege.clock.move(HOUR - 0.01)
    assert pruned(siege) == 0
    assert siege.counters() == before
    siege.clock.move(0.02)  # the pair, both ranges, and all of them
    assert pruned(siege) == 4
    siege.clock.move(DAY - HOUR)  # the account
    assert siege.guess("other@example.com") == WRONG
    assert pruned(siege) == 1
    assert siege.log_in(HOME) == IN
    siege.clock.move(32 * DAY)
    assert pruned(siege) == len(siege.rows()["attempt_counters"]) + 5
    assert siege.counters() == []


def test_pruning_changes_no_answer(siege: Siege) -> None:
    siege.delay(7)
    pruned(siege)
    assert siege.guess() == wait(4)
    siege.clock.move(4)
    pruned(siege)
    assert siege.guess(OWNER) == WRONG
    assert siege.guess() == wait(8)

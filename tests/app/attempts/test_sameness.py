"""Whether there is an account cannot be told from how an attempt ends, nor from what it does."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from tests.app.attempts.siege import ELSEWHERE, HOME, IN, OWNER, WRONG, WRONG_PASSWORD, Siege
from tests.support import PASSWORD

DISABLED, NOBODY, NO_ADDRESS = "disabled@example.com", "nobody@example.com", "no address"
TRIED = (
    (OWNER, WRONG_PASSWORD),
    (NOBODY, WRONG_PASSWORD),
    (NO_ADDRESS, WRONG_PASSWORD),
    (DISABLED, WRONG_PASSWORD),
    (DISABLED, PASSWORD),
)


@contextmanager
def statements(siege: Siege) -> Iterator[list[str]]:
    """Those that are run meanwhile; `COMMIT` where a transaction ends well."""
    seen: list[str] = []

    def see(*given: object) -> None:
        seen.append(str(given[2]))

    def see_commit(_: object) -> None:
        seen.append("COMMIT")

    engine = siege.database.engine
    event.listen(engine, "before_cursor_execute", see)
    event.listen(engine, "commit", see_commit)
    yield seen
    event.remove(engine, "before_cursor_execute", see)
    event.remove(engine, "commit", see_commit)


def ask(client: TestClient, email: str, password: str) -> httpx.Response:
    answer: httpx.Response = client.post(
        "/auth/login", data={"username": email, "password": password}
    )
    return answer


def test_known_unknown_and_disabled_accounts_answer_alike_through_a_whole_curve(
    siege: Siege,
) -> None:
    siege.account(DISABLED, disabled=True)
    client = siege.http()
    for step in range(8):
        answers, did = [], []
        for email, password in TRIED[:3] + TRIED[3 + step % 2 :][:1]:
            with statements(siege) as seen:
                answers.append(ask(client, email, password))
            did.append(seen)
        first = answers[0]
        assert first.status_code == (429 if step in (5, 7) else 401)
        for answer in answers:
            assert answer.status_code == first.status_code
            assert answer.content == first.content
            assert answer.headers == first.headers
        assert did == [did[0]] * len(did)
        siege.clock.move(int(first.headers.get("Retry-After", 0)))


def test_a_refusal_says_when_to_come_again_and_not_why(siege: Siege) -> None:
    siege.delay(7)
    answer = ask(siege.http(), OWNER, PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "4")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "code": "too_many_attempts",
        "detail": "There were too many attempts. Try again in 4 s.",
    }


def test_a_first_failure_costs_the_same_statements_in_a_known_range(siege: Siege) -> None:
    """Else whoever shares a range with an owner could tell by the time that he has an account."""
    assert siege.log_in(HOME) == IN
    costs = []
    for email, address in ((OWNER, HOME), (NOBODY, HOME), (OWNER, ELSEWHERE)):
        for _ in range(2):  # a range's first try at an account, and one more
            with statements(siege) as seen:
                assert siege.guess(email, address=address) == WRONG
            costs.append(sorted(seen))
    assert costs[0::2] == [costs[0]] * 3
    assert costs[1::2] == [costs[1]] * 3
    assert len(costs[1]) < len(costs[0])


@pytest.mark.parametrize("address", [HOME, ELSEWHERE])
def test_what_is_refused_costs_one_query(siege: Siege, address: str) -> None:
    assert siege.log_in(HOME) == IN
    for email in (OWNER, NOBODY):
        siege.delay(5, email, address)
        with statements(siege) as seen:
            assert siege.guess(email, address=address)[0] == 429
        assert [statement.split()[0] for statement in seen] == ["SELECT"]


def test_nothing_is_stored_of_what_was_typed_or_where(siege: Siege) -> None:
    typed = (NOBODY, "a password in the wrong field", HOME)
    assert siege.guess(typed[0], address=HOME) == WRONG
    assert siege.guess(typed[1], address=HOME) == WRONG
    for key, *numbers in siege.counters():
        assert len(key) == 32
        assert all(isinstance(number, int) for number in numbers)
    audited = {row for rows in siege.rows().values() for row in rows}
    for text in (NOBODY, typed[1], WRONG_PASSWORD):
        assert text not in repr(audited)

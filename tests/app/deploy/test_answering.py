"""The address that CloudFormation waits at: refusing, hanging, wrong, and never in the log."""

import threading
import time
from collections.abc import Iterator

import pytest

from app import deploy as module
from app.deploy import ANSWER_TRIES, NotAnswered, handler
from tests.app.deploy.conftest import SIGNATURE, Context, Waiting, event_for


@pytest.fixture(autouse=True)
def _nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_PAUSE_SECONDS", 0)


def check_secret(raised: BaseException, log: pytest.LogCaptureFixture) -> None:
    """Lambda logs what is raised, and so do we: the address is in neither."""
    assert isinstance(raised, NotAnswered)
    assert raised.__suppress_context__ or raised.__context__ is None
    for hidden in (SIGNATURE, "127.0.0.1", "bucket"):
        assert hidden not in f"{raised}{log.text}"
    assert "CloudFormation could not be answered: " in log.text


@pytest.mark.parametrize("statuses", [[500], [403, 503]])
def test_a_refused_answer_is_sent_again(place: Waiting, statuses: list[int]) -> None:
    place.statuses = list(statuses)
    assert handler(event_for(place, "Delete"), Context()) is None
    bodies = {body for _, body in place.puts}
    assert (len(place.puts), len(bodies)) == (len(statuses) + 1, 1)


@pytest.mark.parametrize("status", [500, 403, 301])
def test_after_some_tries_it_is_given_up_without_the_address(
    place: Waiting, log: pytest.LogCaptureFixture, status: int
) -> None:
    place.statuses = [status] * 9
    with pytest.raises(NotAnswered) as refused:
        handler(event_for(place, "Delete"), Context())
    assert len(place.puts) == ANSWER_TRIES
    assert f"HTTP status {status}" in log.text
    check_secret(refused.value, log)


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:1/bucket?{SIGNATURE}",
        f"http://127.0.0.1:1/bucket/ with spaces?{SIGNATURE}",
        f"nonsense?{SIGNATURE}",
        f"http://[127.0.0.1/bucket?{SIGNATURE}",
        f"http://127.0.0.1:port/bucket?{SIGNATURE}",
        f"gopher://127.0.0.1/bucket?{SIGNATURE}",
        "",
        None,
        7,
    ],
)
def test_an_address_that_leads_nowhere_is_not_shown(
    place: Waiting, log: pytest.LogCaptureFixture, url: object
) -> None:
    event = event_for(place, "Delete") | {"ResponseURL": url}
    with pytest.raises(NotAnswered) as refused:
        handler(event, Context())
    check_secret(refused.value, log)


@pytest.fixture
def hanging(place: Waiting) -> Iterator[Waiting]:
    place.held = threading.Event()
    yield place
    place.held.set()


def test_where_nobody_answers_it_ends_before_the_function_does(
    hanging: Waiting, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUT_SECONDS", 60)
    monkeypatch.setattr(module, "RETURN_SECONDS", 0.5)
    begun = time.monotonic()
    with pytest.raises(NotAnswered) as refused:
        handler(event_for(hanging, "Delete"), Context(left=1000))
    assert 0.4 < time.monotonic() - begun < 5
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert SIGNATURE not in log.text


def test_each_try_has_a_time_of_its_own(
    hanging: Waiting, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUT_SECONDS", 0.1)
    with pytest.raises(NotAnswered) as refused:
        handler(event_for(hanging, "Delete"), Context())
    assert log.text.count("TimeoutError") == ANSWER_TRIES
    check_secret(refused.value, log)

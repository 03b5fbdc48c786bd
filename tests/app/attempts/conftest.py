"""A house under siege, in which the owner has an account."""

from collections.abc import Iterator

import pytest

from app.attempts import attempts
from app.attempts.keys import Kind
from app.attempts.limits import Quota
from tests.app.attempts.siege import A_RANGE, EVERYWHERE, Siege
from tests.support import key_set_document


@pytest.fixture
def siege(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Siege]:
    monkeypatch.setenv("TEST_KEY_SET", key_set_document("ES256"))
    siege = Siege(database_url)
    siege.account()
    yield siege
    siege.close()


@pytest.fixture
def tight(siege: Siege, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotas of a few accounts, which refill as the real ones do."""
    monkeypatch.setitem(attempts._OF_RANGE, Kind.PASSWORD, Quota(A_RANGE, an_hour=50))
    siege.everywhere = Quota(EVERYWHERE, an_hour=100)

"""All doors, opened once for the tests of this folder."""

from collections.abc import Iterator

import pytest

from local.cloud import Edge
from tests.requests.doors import Doors
from tests.requests.house import opened


@pytest.fixture(scope="package")
def _opened() -> Iterator[tuple[Doors, Edge]]:
    with opened() as both:
        yield both


@pytest.fixture(scope="package")
def doors(_opened: tuple[Doors, Edge]) -> Doors:
    return _opened[0]


@pytest.fixture(scope="package")
def edge(_opened: tuple[Doors, Edge]) -> Edge:
    """The deployed API behind the door of that name."""
    return _opened[1]

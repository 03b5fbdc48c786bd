"""For any table that compiles, and any scopes: the edge allows what the guards admit, to the call.

The app is real: its router, its guards, a signed token. The edge is IAM as AWS documents it, over
each of the ways in which the compiler can say a policy.
"""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from app.access.routes import RouteTable, TableError
from app.tokens.statements import CompiledRoutes
from tests.proof.judges import App, Ruling, differences, scope_sets, texts_of
from tests.proof.tables import TABLES, Lines, app_of, public_of

HOSTILE = ["/", "//", "/*", "/?", "/a/", "/a//b", "/a/..", "/%61", "/a%2Fb", "/a\n", "/${x}"]
ODD = ["/", "*", "?", "0", "f", "g", "A", "/a", "a/", "~", "%41", "%2F"]
proof = settings(
    max_examples=250,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def document_of(lines: Lines) -> dict[str, Any]:
    """What the compiler writes for the authorizer, by way of the file's text."""
    document: dict[str, Any] = json.loads(_table_of(lines).compiled())
    return document


def compiled(lines: Lines) -> CompiledRoutes:
    """The table that the authorizer would load."""
    return CompiledRoutes(document_of(lines))


def _table_of(lines: Lines) -> RouteTable:
    return RouteTable.of(app_of(lines), public_of(lines))


def own(lines: Lines) -> list[str]:
    """Paths of these routes, some for each."""
    return [text for entry in _table_of(lines).entries for text in texts_of(entry.spelling)]


def near(lines: Lines) -> list[str]:
    """Paths of these routes, and such as a wildcard could take for one."""
    texts = own(lines)
    return sorted({*texts, *HOSTILE, *(changed for text in texts for changed in _changed(text))})


def _changed(text: str) -> Iterator[str]:
    for odd in ODD:
        yield text + odd
        for at in {1, len(text) // 2, len(text) - 1}:
            yield text[:at] + odd + text[at + 1 :]
            yield text[:at] + odd + text[at:]
    yield text[:-1]


def rulings(lines: Lines, paths: list[str]) -> dict[tuple[str, str], Ruling]:
    """What the app says of each path with each verb."""
    verbs = sorted({*(line.verb for line in lines), "OPTIONS"})
    calls = list(product(verbs, paths))
    answers = App(app_of(lines)).rulings(calls)
    return dict(zip(calls, answers, strict=True))


def check(lines: Lines, paths: list[str]) -> None:
    """The edge says of these paths what the app says, whoever asks."""
    assert not differences(compiled(lines), rulings(lines, paths), scope_sets())


@proof
@given(st.data())
def test_the_edge_says_what_the_guards_say(data: st.DataObject) -> None:
    lines = data.draw(TABLES)
    try:
        nearby = near(lines)
        compiled(lines)
    except TableError as refused:
        note(str(refused))
        return
    check(lines, own(lines) + data.draw(st.lists(st.sampled_from(nearby), max_size=30)))

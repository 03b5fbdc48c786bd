"""The ways to say what scopes open: listed first, then by wildcards, the fewer the better."""

from typing import Any

from app.tokens.statements import CompiledRoutes, Statements

STAGE = 80
A = [f"GET/a/{number}" for number in range(9)]
DOCUMENT: dict[str, Any] = {
    "routes": [
        *({"scope": "a:read", "resource": resource} for resource in A),
        {"scope": "b:read", "resource": "GET/b"},
        {"scope": "b:read", "resource": "GET/b/1"},
        {"scope": "a:write", "resource": "POST/a"},
    ],
    "unguarded": ["GET/health"],
    "safe_wildcards": ["*/a*", "GET/*", "GET/a/*", "GET/b*"],
    "reaches": {},
}


def ways(*scopes: str, **changes: Any) -> list[Statements]:
    return list(CompiledRoutes(DOCUMENT | changes).ways_to_say(frozenset(scopes), STAGE))


def test_scopes_that_open_nothing_have_one_way_to_be_told() -> None:
    assert ways() == ways("unknown:scope") == [Statements()]


def test_each_route_is_listed_then_wildcards_stand_for_more_and_more() -> None:
    assert ways("a:read", "a:write") == [
        Statements((*A, "POST/a")),
        Statements(("GET/a/*", "POST/a")),
        Statements(("*/a*",), ("OPTIONS/*",)),
        Statements(("GET/a/*", "POST/a")),
    ]


def test_what_is_lacking_is_denied_in_as_few_words_as_it_is_allowed() -> None:
    assert ways("a:read", safe_wildcards=["GET/*", "GET/b*"])[-1] == Statements(
        ("GET/*",), ("GET/b*", "GET/health")
    )


def test_a_wildcard_that_saves_nothing_is_not_used() -> None:
    assert ways("b:read", safe_wildcards=["GET/*"])[-1] == Statements(("GET/b", "GET/b/1"))


def test_what_a_resource_reaches_is_denied_to_who_lacks_it_alone() -> None:
    reaches = {"GET/a/0": ["GET/b/1"]}
    assert ways("a:read", reaches=reaches)[0] == Statements(tuple(A), ("GET/b/1",))
    assert ways("a:read", "b:read", reaches=reaches)[0].deny == ()


def test_what_may_not_be_denied_keeps_a_wildcard_away() -> None:
    found = ways("a:read", safe_wildcards=["GET/*"], reaches={"GET/b/1": ["GET/a/0"]})
    assert all("GET/*" not in way.allow for way in found)


def test_the_length_is_that_of_the_resources_in_json() -> None:
    assert Statements(("GET/b",), ("GET/b/1",)).length(STAGE) == 2 * (STAGE + 5) + 5 + 7

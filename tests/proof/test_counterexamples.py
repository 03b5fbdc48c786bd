"""Tables that once broke a compiler, or would break a careless one: small, and named."""

import pytest

from app.access.routes import TableError
from app.tokens.statements import CompiledRoutes
from tests.proof.judges import differences, scope_sets
from tests.proof.tables import Line, Lines
from tests.proof.test_edge_is_guards import check, compiled, document_of, near, rulings

A, W, B = "a:read", "a:write", "b:read"
CASES: dict[str, Lines] = {
    "a star crosses slashes into a nested resource": (
        Line("GET", "/a", A),
        Line("GET", "/a/{p:id}", A),
        Line("GET", "/a/{p:id}/notes", B),
    ),
    "a literal beside a parameter looks like one of its values": (
        Line("GET", "/a/me", B),
        Line("GET", "/a/{p:h2}", A),
    ),
    "a question mark in front reaches a folder's own routes": (
        Line("GET", "/{p:h1}/me", A),
        Line("GET", "/a/{p:c2}", B),
    ),
    "a tail takes what no route before it takes": (
        Line("GET", "/a/me", B),
        Line("GET", "/a/ab", None),
        Line("GET", "/a/{p:tail}", A),
    ),
    "the verb of all verbs finds its folder in the middle of another path": (
        Line("GET", "/a", A),
        Line("POST", "/a", A),
        Line("GET", "/b/a", B),
        Line("POST", "/b/a/b", B),
    ),
    "the verb of all verbs opens no preflight": (
        Line("GET", "/notes", A),
        Line("POST", "/notes", A),
        Line("HEAD", "/notes", A),
    ),
    "a folder's name begins another's": (
        Line("GET", "/a", A),
        Line("GET", "/ab", B),
        Line("GET", "/ab/me", B),
    ),
    "a parameter in the first segment spells a folder": (
        Line("GET", "/f", A),
        Line("POST", "/f", A),
        Line("GET", "/{p:h1}/{q:h1}", B),
        Line("GET", "/b/{p:h1}/{q:c2}", B),
    ),
    "a public path among guarded ones": (
        Line("GET", "/a", A),
        Line("GET", "/a/b", None),
        Line("GET", "/a/me", A),
        Line("GET", "/a/notes", W),
    ),
    "HEAD is a verb of its own": (
        Line("GET", "/a", A),
        Line("HEAD", "/a", B),
    ),
    "what may not be denied stands under a wildcard": (
        Line("GET", "/a/{p:h2}", B),
        Line("GET", "/a/me", A),
        Line("GET", "/a/notes", A),
        Line("GET", "/a", A),
    ),
}
REFUSED: dict[str, Lines] = {
    "two parameters of one length and two scopes": (
        Line("GET", "/a/{p:h2}", A),
        Line("GET", "/a/{p:c2}", B),
    ),
    "a tail behind a parameter": (
        Line("GET", "/a/{p:h2}", A),
        Line("GET", "/a/{p:tail}", B),
    ),
    "a chain: the one reaches the other, and that a third": (
        Line("GET", "/a/me", A),
        Line("GET", "/a/{p:c2}", W),
        Line("GET", "/{p:h1}/{q:c2}", B),
        Line("GET", "/{p:h1}/me", B),
        Line("GET", "/{p:h1}/{q:h2}", B),
        Line("GET", "/b/{p:tail}", A),
    ),
}


@pytest.mark.parametrize("lines", CASES.values(), ids=CASES)
def test_the_edge_says_what_the_guards_say(lines: Lines) -> None:
    check(lines, near(lines))


@pytest.mark.parametrize("lines", REFUSED.values(), ids=REFUSED)
def test_what_no_policy_can_keep_apart_is_refused(lines: Lines) -> None:
    with pytest.raises(TableError, match=r"cannot be told apart at the edge.*(/\S+) is of the sec"):
        compiled(lines)


# What a careless compiler would have written for the tables above, or for nearly the same.
SABOTAGE = {
    "denials left out": ("a literal beside a parameter looks like one of its values", "reaches"),
    "public routes forgotten": ("a public path among guarded ones", "unguarded"),
    "a resource too wide": ("a star crosses slashes into a nested resource", "resource"),
    "an unsafe wildcard": ("a parameter in the first segment spells a folder", "safe_wildcards"),
}


@pytest.mark.parametrize(("name", "part"), SABOTAGE.values(), ids=SABOTAGE)
def test_the_proof_sees_a_table_that_was_compiled_badly(name: str, part: str) -> None:
    lines, document = CASES[name], document_of(CASES[name])
    match part:
        case "reaches":
            document["reaches"] = {}
        case "unguarded":
            document["unguarded"] = []
        case "safe_wildcards":
            document["safe_wildcards"] = ["*/f*", "*/b*", "GET/*", "POST/*"]
        case "resource":
            resources = {row["path"]: row for row in document["routes"]}
            resources["/a/{p}"]["resource"] = "GET/a/*"
    asked = rulings(lines, near(lines))
    assert not differences(compiled(lines), asked, scope_sets())
    assert differences(CompiledRoutes(document), asked, scope_sets())

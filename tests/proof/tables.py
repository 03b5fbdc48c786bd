"""Route tables to prove the compiler on: small alphabets, so that routes get into conflict."""

from typing import Annotated, Any, NamedTuple

from fastapi import FastAPI
from hypothesis import strategies as st
from starlette.convertors import register_url_convertor

from app.access.convertors import HouseConvertor
from app.access.guards import guarded_by
from app.access.guards import router as guarded_router
from app.access.scopes import Scope
from app.access.spelling import Spelling
from app.tokens.claims import AccessClaims

SCOPES = ("a:read", "a:write", "b:read")
VERBS = ("GET", "POST", "HEAD")


class OneHex(HouseConvertor):
    spelling = Spelling(("0123456789abcdef",))


class TwoHex(HouseConvertor):
    spelling = Spelling(("0123456789abcdef",) * 2)


class TwoCapitals(HouseConvertor):
    spelling = Spelling(("ABCDEF",) * 2)


for name, convertor in (("h1", OneHex()), ("h2", TwoHex()), ("c2", TwoCapitals())):
    register_url_convertor(name, convertor)


class Line(NamedTuple):
    """One route: a verb, a path as FastAPI takes it, and its scope; None where it is public."""

    verb: str
    path: str
    scope: str | None


Lines = tuple[Line, ...]

_LITERALS = ("a", "b", "ab", "AB", "f", "me", "notes")
_SEGMENTS = st.sampled_from(
    [*_LITERALS, "{%:h1}", "{%:h2}", "{%:c2}", "{%:id}", "x{%:h1}", "{%:h1}b"]
)


@st.composite
def _paths(draw: st.DrawFn) -> str:
    segments = draw(st.lists(_SEGMENTS, min_size=1, max_size=3))
    if draw(st.integers(0, 5)) == 0:
        segments.append("{%:tail}")
    # A parameter needs a name of its own.
    return "".join(f"/{segment.replace('%', f'p{at}')}" for at, segment in enumerate(segments))


_LINES = st.builds(
    Line, st.sampled_from(VERBS), _paths(), st.sampled_from([*SCOPES, *SCOPES, None])
)
TABLES: st.SearchStrategy[Lines] = st.lists(
    _LINES, min_size=2, max_size=9, unique_by=lambda line: line[:2]
).map(tuple)


def app_of(lines: Lines) -> FastAPI:
    """An app whose routes answer 204 to whom their guards admit."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    for line in lines:
        router = guarded_router()
        router.add_api_route(line.path, _endpoint(line), methods=[line.verb], status_code=204)
        app.include_router(router)
    return app


def public_of(lines: Lines) -> set[tuple[str, str]]:
    """What `RouteTable.of` must know to be public, by its path as the table writes it."""
    return {(line.verb, line.path.replace(":id}", "}")) for line in lines if line.scope is None}


def _endpoint(line: Line) -> Any:
    if line.scope is None:

        def public() -> None: ...

        return public
    wanted = Annotated[AccessClaims, guarded_by(Scope(line.scope, "For a proof."))]

    def guarded(claims: wanted) -> None: ...

    return guarded

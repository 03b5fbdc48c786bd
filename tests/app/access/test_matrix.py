"""The access matrix: what the code says, the same each time, and read back as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.matrix import ACCESS_MATRIX, Matrix, Row, read_matrix
from app.access.matrix_changes import changes
from app.access.routes import PUBLIC, RouteTable, TableError
from app.main import unwired_app

HEAD = "| verb | path | scope | anybody | member |\n|---|---|---|---|---|\n"
ROW = "| GET | `/x` | `x:read` | – | ✓ |\n"

_roles = st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), max_size=4, unique=True)
_paths = st.from_regex(
    r"(/([A-Za-z0-9._~!$&'()*+,;=:@%-]|\{[a-z_]{1,9}\}){0,5}){1,4}", fullmatch=True
)
_scopes = st.from_regex(r"[a-z]{1,9}(-[a-z]{1,9})?:[a-z]{1,9}", fullmatch=True)


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    """Any matrix in which each route is open to somebody."""
    roles = [*draw(_roles), "the-admin"]
    names = draw(
        st.sets(
            st.tuples(_paths, st.sampled_from(["GET", "PUT", "DELETE"])), min_size=1, max_size=6
        )
    )
    rows = []
    for path, method in sorted(names):
        scope = draw(st.none() | _scopes)
        holders = draw(st.sets(st.sampled_from(roles), min_size=1)) if scope else roles
        rows.append(Row(path, method, scope, frozenset(holders)))
    return Matrix(tuple(roles), tuple(rows))


@pytest.fixture(scope="module")
def table() -> RouteTable:
    built: RouteTable = unwired_app().state.routes
    return built


def test_the_page_in_docs_is_what_the_code_says(table: RouteTable) -> None:
    assert Matrix.of(table).as_markdown() == ACCESS_MATRIX.read_text("utf-8"), (
        "run `ostiary routes --write`"
    )


def test_a_row_of_the_page_says_whom_the_guard_lets_in(table: RouteTable) -> None:
    lines = Matrix.of(table).as_markdown().splitlines()
    start = lines.index("| verb | path | scope | anybody | member | admin |")
    assert lines[start + 1] == "|---|---|---|---|---|---|"
    assert len(lines) == start + 2 + len(table.entries)
    assert "| GET | `/users` | `users:read` | – | – | ✓ |" in lines
    assert "| DELETE | `/notes/{note_id}` | `notes:write` | – | ✓ | ✓ |" in lines
    assert "| POST | `/users` | – | ✓ | ✓ | ✓ |" in lines
    assert sum("| – | ✓ | ✓ | ✓ |" in line for line in lines) == len(PUBLIC)


def test_the_page_of_the_app_is_read_back(table: RouteTable) -> None:
    matrix = Matrix.of(table)
    assert read_matrix(matrix.as_markdown()) == matrix


@given(matrices())
def test_what_is_written_is_read_back(matrix: Matrix) -> None:
    assert read_matrix(matrix.as_markdown()) == matrix


@given(matrices(), matrices())
def test_two_matrices_differ_in_words_where_they_differ_in_rows(one: Matrix, other: Matrix) -> None:
    def told(matrix: Matrix) -> set[tuple[str, str | None, frozenset[str]]]:
        return {(row.name, row.scope, row.who) for row in matrix.rows}

    assert changes(one, one) == []
    assert bool(changes(one, other)) is (told(one) != told(other))
    assert bool(changes(other, one)) is (told(one) != told(other))


def test_what_stands_around_the_table_does_not_matter() -> None:
    row = Row("/x", "GET", "x:read", frozenset({"member"}))
    assert read_matrix(f"Some words.\n\n{HEAD}{ROW}\nMore words.\n").rows == (row,)


@pytest.mark.parametrize(
    "page",
    [
        "",
        "Some words.",
        ROW,
        HEAD.replace("anybody", "everybody") + ROW,
        HEAD.replace("scope | anybody", "scope") + ROW,
        HEAD,
        HEAD.replace("| member |", "| member | member |").replace("---|\n", "---|---|\n")
        + "| GET | `/x` | `x:read` | – | ✓ | ✓ |",
        HEAD.replace("| member |", "| anybody |") + ROW,
        HEAD.replace("| member |", "| \x1b[2J |") + ROW,
        HEAD.splitlines()[0],
        HEAD.splitlines()[0] + "\n" + ROW,
        HEAD.replace("|---|---|", "|---|", 1) + ROW,
    ],
)
def test_a_page_without_the_table_is_no_matrix(page: str) -> None:
    with pytest.raises(TableError, match=r"^this is no access matrix"):
        read_matrix(page)


@pytest.mark.parametrize(
    "row",
    [
        "| GET | `/x` | `x:read` | – |",
        "| GET | `/x` | `x:read` | – | ✓ | ✓ |",
        "| GET | /x | `x:read` | – | ✓ |",
        "| GET | `x` | `x:read` | – | ✓ |",
        "| get | `/x` | `x:read` | – | ✓ |",
        "| GET | `/x` | `x:read` | – | yes |",
        "| GET | `/x` | `x:read` | – | ✓",
        "| GET | `/x` |  | – | ✓ |",
        " | GET | `/x` | `x:read` | – | ✓ |",
        "| GET | `/\x1b[2J` | `x:read` | – | ✓ |",
    ],
)
def test_a_row_that_is_none_is_named(row: str) -> None:
    with pytest.raises(TableError, match=r"^this is no row of an access matrix: ' ?\| "):
        read_matrix(f"{HEAD}{row}\n")


@pytest.mark.parametrize(
    "row",
    [
        "| GET | `/x` | `x:read` | ✓ | ✓ |",
        "| GET | `/x` | – | – | ✓ |",
        "| GET | `/x` | – | ✓ | – |",
    ],
)
def test_a_row_that_contradicts_itself_is_refused(row: str) -> None:
    with pytest.raises(TableError, match=r"^a route needs a scope or is open to anybody"):
        read_matrix(f"{HEAD}{row}\n")


def test_a_route_that_stands_twice_is_refused() -> None:
    with pytest.raises(TableError, match=r"^GET /x stands twice"):
        read_matrix(HEAD + ROW + ROW)

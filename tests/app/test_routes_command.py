"""`ostiary routes`: the table printed, written down, held against the files, compared in words."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import routes_command
from app.access.matrix import ACCESS_MATRIX
from app.access.routes import COMPILED_TABLE, TableError
from app.cli import cli


def routes(*words: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["routes", *words], input=given)


def check_gives_up(ended: Result, why: str) -> None:
    """It ended with an error that `ostiary` makes one sentence of, and wrote nothing else."""
    assert isinstance(ended.exception, TableError), ended.output
    assert why in str(ended.exception)
    assert ended.output == ""


def test_routes_are_printed_with_scope_and_roles() -> None:
    printed = routes()
    assert printed.exit_code == 0
    lines = {tuple(line.split(maxsplit=3)) for line in printed.output.splitlines()}
    assert ("GET", "/users", "users:read", "admin") in lines
    assert ("POST", "/notes", "notes:write", "member, admin") in lines
    assert ("GET", "/health", "–", "anybody") in lines


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Copies of the two generated files, which `ostiary routes` takes for the real ones."""
    real = {"COMPILED_TABLE": COMPILED_TABLE, "ACCESS_MATRIX": ACCESS_MATRIX}
    for name, path in real.items():
        copy = tmp_path / path.parent.name / path.name
        copy.parent.mkdir()
        copy.write_bytes(path.read_bytes())
        monkeypatch.setattr(routes_command, name, copy)
    return {path.name: tmp_path / path.parent.name / path.name for path in real.values()}


def test_checking_the_routes_is_silent_where_nothing_differs() -> None:
    checked = routes("--check")
    assert (checked.exit_code, checked.output) == (0, "")


@pytest.mark.parametrize(
    ("edited", "told"),
    [
        (["routes.json"], "authorizer/routes.json is not"),
        (["access-matrix.md"], "docs/access-matrix.md is not"),
        (["routes.json", "access-matrix.md"], "routes.json and docs/access-matrix.md are not"),
    ],
)
@pytest.mark.parametrize("damage", ["another scope", "no text", "gone"])
def test_checking_the_routes_fails_on_drift_until_they_are_written(
    generated: dict[str, Path], edited: list[str], told: str, damage: str
) -> None:
    before = {name: path.read_bytes() for name, path in generated.items()}
    for name in edited:
        edit = before[name].replace(b"users:read", b"notes:read")
        generated[name].write_bytes(b"\xff" if damage == "no text" else edit)
        if damage == "gone":
            generated[name].unlink()
    check_gives_up(routes("--check"), told)
    check_gives_up(routes("--check"), "run `ostiary routes --write`")
    assert routes("--write").exit_code == 0
    assert routes("--check").exit_code == 0
    assert {name: path.read_bytes() for name, path in generated.items()} == before


def test_the_matrix_can_be_written_alone(generated: dict[str, Path]) -> None:
    for path in generated.values():
        path.write_text("old")
    written = routes("--matrix")
    assert (written.exit_code, written.output) == (0, "Wrote docs/access-matrix.md.\n")
    assert generated["access-matrix.md"].read_bytes() == ACCESS_MATRIX.read_bytes()
    assert generated["routes.json"].read_text() == "old"


@pytest.mark.parametrize("option", ["--write", "--matrix", "--check"])
def test_where_there_is_no_checkout_there_is_nothing_to_write_or_check(
    generated: dict[str, Path], option: str
) -> None:
    generated["routes.json"].write_text("old")
    generated["access-matrix.md"].unlink()
    generated["access-matrix.md"].parent.rmdir()
    check_gives_up(routes(option), "docs/access-matrix.md has no folder to stand in")
    assert generated["routes.json"].read_text() == "old"


def test_a_matrix_that_cannot_be_written_is_one_sentence(generated: dict[str, Path]) -> None:
    generated["access-matrix.md"].unlink()
    generated["access-matrix.md"].mkdir()
    for option in ("--matrix", "--write"):
        check_gives_up(routes(option), "docs/access-matrix.md cannot be written: Is a")


@pytest.mark.parametrize(
    ("replaced", "by", "told"),
    [
        ("✓", "✓", "Nobody may do more or less than before."),
        ("\n", "\r\n", "Nobody may do more or less than before."),
        ("| GET | `/notes` | `notes:read` | – | ✓ | ✓ |\n", "", "member may now GET /notes\nadmin"),
        ("`users:read` | – | – |", "`users:read` | – | ✓ |", "member may no longer GET /users"),
    ],
)
def test_what_has_changed_since_a_matrix_is_told_in_words(
    tmp_path: Path, replaced: str, by: str, told: str
) -> None:
    page = ACCESS_MATRIX.read_text("utf-8")
    earlier = tmp_path / "earlier.md"
    earlier.write_bytes(page.replace(replaced, by).encode())
    from_file = routes("--since", str(earlier))
    from_input = routes("--since", "-", given=earlier.read_bytes())
    assert (from_file.exit_code, from_file.output) == (from_input.exit_code, from_input.output)
    assert from_file.exit_code == 0
    assert from_file.output.startswith(told)


@pytest.mark.parametrize("nothing", [b"", b" \n\n"])
def test_nothing_is_nothing_to_compare_with(nothing: bytes) -> None:
    told = routes("--since", "-", given=nothing)
    assert (told.exit_code, told.output.count("\n")) == (0, 1)
    assert told.output.startswith("There is nothing to compare with")


@pytest.mark.parametrize("content", [b"# Access matrix\n", b"\xff\xfe\x00", b"| a |\n|---|\n"])
def test_what_is_no_matrix_is_no_matrix_to_compare_with(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.md").write_bytes(content)
    check_gives_up(routes("--since", str(tmp_path / "page.md")), "no access matrix")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--write", "--check"], "do not go together"),
        (["--matrix", "--since", "-"], "do not go together"),
        (["--since", "no-such-file.md"], "No such file"),
    ],
)
def test_routes_are_asked_for_one_thing_at_a_time(words: list[str], why: str) -> None:
    refused = routes(*words)
    assert refused.exit_code == 2
    assert why in " ".join(refused.output.replace("│", " ").split())

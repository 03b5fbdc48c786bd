"""The house itself: folders of one shape, files of a size, nothing of anybody's own machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from app.main import unwired_app
from tests.architecture.sources import CODE, ROOT, name_of, python_files, tree_of

MAX_LINES = 300
SHAPE = {"__init__.py", "guards.py", "models.py", "router.py", "schemas.py", "service.py"}
RESOURCES = sorted(
    path
    for path in (ROOT / "app" / "resources").iterdir()
    if path.is_dir() and not path.name.startswith(("_", "."))
)
# In two halves, or this file would find itself.
_HOMES = "|".join(f"/{name}/" for name in ("home", "Users", "root", "work")) + r"|[A-Z]:\\\\?Users"
_ONES_OWN = re.compile(rf"(?<![\w.~/-])(?:{_HOMES})[A-Za-z0-9._-]")


@pytest.mark.parametrize("folder", RESOURCES, ids=lambda folder: folder.name)
def test_a_resource_is_a_folder_of_the_one_shape(folder: Path) -> None:
    files = {path.name for path in folder.iterdir() if path.name != "__pycache__"}
    assert files == SHAPE


@pytest.mark.parametrize("folder", RESOURCES, ids=lambda folder: folder.name)
def test_folder_prefix_and_scope_share_one_word(folder: Path) -> None:
    table = unwired_app().state.routes
    own = [e for e in table.entries if e.path.split("/")[1] == folder.name]
    assert own
    assert {e.scope.name.partition(":")[0] if e.scope else None for e in own} == {folder.name}
    elsewhere = [e for e in table.guarded if e not in own]
    assert not [e for e in elsewhere if e.scope.name.startswith(f"{folder.name}:")]


def test_there_is_a_resource_to_copy() -> None:
    assert [folder.name for folder in RESOURCES]


def test_no_python_file_is_long() -> None:
    lengths = {
        name_of(path): path.read_text("utf-8").count("\n") for path in python_files(*CODE, "tests")
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        name_of(path)
        for path in python_files(*CODE, "tests")
        if path.read_text("utf-8").strip() and not path.read_text("utf-8").startswith('"""')
    ]
    assert silent == []


@pytest.mark.parametrize("package", ["app", "app/tokens", "authorizer"])
def test_the_first_file_of_a_package_is_a_docstring_and_nothing_else(package: str) -> None:
    (only,) = tree_of(ROOT / package / "__init__.py").body
    assert isinstance(only, ast.Expr)


def test_nothing_of_anybodys_own_machine_is_committed() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout, so nothing says which files are the project's")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = [name for name in listed.split("\0") if (ROOT / name).is_file()]
    assert "pyproject.toml" in names
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name in names
        for number, line in enumerate(
            (ROOT / name).read_bytes().decode("utf-8", "replace").split("\n"), 1
        )
        if _ONES_OWN.search(line)
    ]
    assert found == []
    private = [name for name in names if Path(name).name in ("keys.json", ".env", "ostiary.db")]
    assert private == []

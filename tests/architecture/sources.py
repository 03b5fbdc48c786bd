"""The project's own files, and what its Python says, read without running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CODE = ("app", "authorizer", "alembic", "local")
_SKIPPED = {"__pycache__", ".venv", "build"}


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Every Python file under these folders of the project."""
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(path for path in found if _SKIPPED.isdisjoint(path.parts))


def name_of(path: Path) -> str:
    """A file's path as it is spoken of."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), name_of(path))


def imports(path: Path) -> Iterator[str]:
    """Every dotted name that the file imports, wherever in it: `jose`, `jose.jws`, …"""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            named = node.args[0] if node.args else None
            if isinstance(named, ast.Constant):
                yield str(named.value)


def importers(package: str) -> set[str]:
    """The files of the project's code that import a package or anything in it."""
    return {
        name_of(path)
        for path in python_files(*CODE)
        if any(f"{name}.".startswith(f"{package}.") for name in imports(path))
    }


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in the file with the last word of what it calls: `sign` for `jws.sign(…)`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield _called(node), node


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""

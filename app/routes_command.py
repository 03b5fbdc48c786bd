"""`ostiary routes`: the route table shown, written down for the edge and for people, compared."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from app.access.matrix import ACCESS_MATRIX, Matrix, read_matrix
from app.access.matrix_changes import changes
from app.access.printing import as_text
from app.access.routes import COMPILED_TABLE, RouteTable, TableError
from app.main import unwired_app


def routes(
    write: Annotated[
        bool, typer.Option("--write", help="Write authorizer/routes.json and the access matrix.")
    ] = False,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Write docs/access-matrix.md alone.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Fail when either file differs from the guards.")
    ] = False,
    since: Annotated[
        typer.FileText | None,
        typer.Option(
            encoding="utf-8",
            errors="replace",
            help="Tell in words what differs from the access matrix in this file; `-` reads it.",
        ),
    ] = None,
) -> None:
    """Print route × scope × role, write it down, or tell what has changed in it."""
    if write + matrix + check + (since is not None) > 1:
        raise typer.BadParameter("--write, --matrix, --check and --since do not go together")
    table: RouteTable = unwired_app().state.routes
    if since:
        typer.echo(_differences(since.read(), Matrix.of(table)))
    elif check:
        _check(_pages(table))
    elif matrix:
        _write({ACCESS_MATRIX: Matrix.of(table).as_markdown()})
        typer.echo(f"Wrote {_name(ACCESS_MATRIX)}.")
    else:
        if write:
            _write(_pages(table))
        typer.echo(as_text(table))


def _pages(table: RouteTable) -> Mapping[Path, str]:
    """What each generated file should hold."""
    return {COMPILED_TABLE: table.compiled(), ACCESS_MATRIX: Matrix.of(table).as_markdown()}


def _write(pages: Mapping[Path, str]) -> None:
    _refuse_outside_a_checkout(pages)
    for path, page in pages.items():
        try:
            path.write_text(page, "utf-8", newline="\n")
        except OSError as error:
            raise TableError(f"{_name(path)} cannot be written: {error.strerror}") from None


def _check(pages: Mapping[Path, str]) -> None:
    _refuse_outside_a_checkout(pages)
    if differing := [_name(path) for path, page in pages.items() if _content(path) != page]:
        are = "is" if len(differing) == 1 else "are"
        raise TableError(
            f"{' and '.join(differing)} {are} not what the guards say; run `ostiary routes "
            "--write` and read the difference: it is what the edge will let through"
        )


def _refuse_outside_a_checkout(pages: Mapping[Path, str]) -> None:
    for path in pages:
        if not path.parent.is_dir():
            raise TableError(
                f"{_name(path)} has no folder to stand in: this is for a checkout of the project, "
                f"and {path.parent} is not there"
            )


def _content(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return None


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _differences(before: str, now: Matrix) -> str:
    if not before.strip():
        return "There is nothing to compare with: no earlier access matrix came."
    sentences = changes(read_matrix(before), now)
    return "\n".join(sentences) or "Nobody may do more or less than before."

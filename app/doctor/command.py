"""`ostiary doctor`."""

import sys
from typing import Annotated, NoReturn

import typer

from app.doctor.address import reach
from app.doctor.examination import examine
from app.doctor.report import Verdict, as_text
from app.tokens.errors import quoted
from app.tokens.urls import check_issuer


def doctor(
    url: Annotated[str, typer.Argument(metavar="URL", help="The issuer, as tokens name it.")],
    token: Annotated[
        str | None,
        typer.Option(help="A token to check too; `-` reads it, out of the list of processes."),
    ] = None,
) -> None:
    """Check what a running deployment serves to those who trust its tokens.

    Exit code 0 when nothing is wrong, else 1.
    """
    try:
        issuer = check_issuer(url)
        address = reach(issuer)
    except ValueError as error:
        _give_up(str(error))
    except OSError as error:
        reason = error.strerror or "no connection came about in time"
        _give_up(f"{quoted(url, 256)} cannot be reached: {reason}")
    checks = examine(issuer, _given(token), address=address)
    typer.echo(as_text(checks))
    raise typer.Exit(any(check.verdict is Verdict.WRONG for check in checks))


def _given(token: str | None) -> str | None:
    """The token itself, from standard input where `-` stands for it."""
    given = sys.stdin.readline().strip() if token == "-" else token  # noqa: S105 - no password
    if given == "":
        _give_up("a token was expected behind --token, or on standard input, and nothing came")
    return given


def _give_up(sentence: str) -> NoReturn:
    typer.secho(f"ostiary: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)

"""The `ostiary` command. Every part of it reads the settings that the app reads."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from app.access.routes import TableError
from app.accounts.commands import users
from app.audit.commands import audit
from app.clients.commands import clients
from app.database_address import AddressError
from app.doctor.command import doctor
from app.errors import DomainError
from app.explain.command import explain
from app.first_line import first_line
from app.first_start import prepare
from app.keys.commands import keys
from app.logs import LogFormat, begin_logging, saying
from app.main import create_app, unwired_app
from app.migrate import MigrationError
from app.migrate import migrate as run_migrations
from app.routes_command import routes
from app.sessions.commands import sessions
from app.settings import SettingsError, load_settings
from app.tokens.errors import KeySetError
from app.tokens.rotation import RotationError
from app.tokens.urls import on_loopback

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a local may be a key
    help=__doc__,
)
cli.add_typer(users, name="users")
cli.add_typer(audit, name="audit")
cli.add_typer(keys, name="keys")
cli.add_typer(sessions, name="sessions")
cli.add_typer(
    clients, name="clients", context_settings={"obj": lambda: unwired_app().state.routes.scopes}
)
cli.command()(doctor)
cli.command()(explain)
cli.command()(routes)


@cli.command()
def serve(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any that is free.")] = 8000,
    log: Annotated[
        LogFormat | None, typer.Option(help="By default text at a terminal, and else JSON Lines.")
    ] = None,
) -> None:
    """Serve the app with uvicorn; make its keys, database and administrator at the first start."""
    from app.server import PortTaken, bound  # only this command needs uvicorn
    from app.server import serve as run

    written = begin_logging(log)
    say = saying(written)
    try:
        listener = bound(host, port)  # first, since nothing is made where nobody can be served
    except PortTaken as error:
        _give_up(str(error))
    with closing(listener):
        port = listener.getsockname()[1]
        if not on_loopback(f"http://{host}"):
            # The issuer may still be this machine; whoever reaches the address is not.
            os.environ.setdefault("OSTIARY_REGISTRATION", "closed")
        os.environ.setdefault("OSTIARY_ISSUER", f"http://127.0.0.1:{port}")
        settings = load_settings()
        prepare(settings, say)
        say(f"Click here: http://{host}:{port}/docs")
        app = create_app(settings)
        gc.freeze()  # as app/main.py does, and for the same reason
        run(app, listener, as_text=written is LogFormat.TEXT)


@cli.command()
def migrate() -> None:
    """Bring the database to the schema that this code needs."""
    typer.echo(run_migrations(load_settings(), say=typer.echo))


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: an expected error is one sentence and exit code 1, not a traceback."""
    try:
        cli(arguments, prog_name="ostiary")
    except SQLAlchemyError as error:
        reason = first_line(error) or type(error).__name__
        _give_up(f"the database: {reason} (is it there, and migrated by `ostiary migrate`?)")
    except OSError as error:  # a file that cannot be written, a disk that is full
        _forget_output()
        _give_up(f"{error.filename or 'the output'}: {error.strerror or error}")
    except (
        AddressError,
        DomainError,
        KeySetError,
        MigrationError,
        RotationError,
        SettingsError,
        TableError,
    ) as error:
        _give_up(str(error))


def _forget_output() -> None:
    """What could not be written would be tried again when the interpreter ends."""
    with suppress(OSError, ValueError):  # where it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _give_up(sentence: str) -> NoReturn:
    typer.secho(f"ostiary: {sentence}", fg=typer.colors.RED, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()

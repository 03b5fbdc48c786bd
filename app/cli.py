"""The `ostiary` command. Every part of it reads the settings that the app reads."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from app.access.routes import TableError
from app.accounts.commands import users
from app.clients.commands import clients
from app.database_address import AddressError
from app.doctor.command import doctor
from app.errors import DomainError
from app.explain.command import explain
from app.first_line import first_line
from app.first_start import prepare
from app.keys.commands import keys
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
cli.add_typer(keys, name="keys")
cli.add_typer(sessions, name="sessions")
cli.add_typer(
    clients, name="clients", context_settings={"obj": lambda: unwired_app().state.routes.scopes}
)
cli.command()(doctor)
cli.command()(explain)
cli.command()(routes)

CONCURRENT_REQUESTS = 256


@cli.command()
def serve(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the app with uvicorn; make its keys, database and administrator at the first start."""
    import uvicorn  # only this command needs it

    logging.basicConfig(format="%(levelname)s:     %(message)s")
    logging.getLogger("ostiary").setLevel(logging.INFO)
    if not on_loopback(f"http://{host}"):
        # The issuer may still be this machine; whoever reaches the address is not.
        os.environ.setdefault("OSTIARY_REGISTRATION", "closed")
    os.environ.setdefault("OSTIARY_ISSUER", f"http://127.0.0.1:{port}")
    settings = load_settings()
    prepare(settings, typer.echo)
    # The caller's address is the socket's peer, never a header's claim: hence no proxy headers.
    config = uvicorn.Config(
        create_app(settings),
        host=host,
        port=port,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONCURRENT_REQUESTS,
    )
    socket = config.bind_socket()  # where the port is taken, it says so and ends here
    typer.echo(f"Click here: http://{host}:{port}/docs")
    uvicorn.Server(config).run(sockets=[socket])


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


def _give_up(sentence: str) -> NoReturn:
    typer.secho(f"ostiary: {sentence}", fg=typer.colors.RED, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()

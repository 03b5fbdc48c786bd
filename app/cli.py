"""The `ostiary` command. Every part of it reads the settings that the app reads."""

import getpass
import logging
import os
import sys
from contextlib import closing
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from app.access.routes import TableError
from app.access.scopes import Role
from app.accounts import service as accounts
from app.accounts.emails import normalise_email
from app.accounts.passwords import PasswordHasher, normalise_password
from app.database import Database
from app.doctor.command import doctor
from app.errors import DomainError
from app.explain.command import explain
from app.first_start import prepare
from app.keys.commands import keys
from app.main import create_app
from app.migrate import migrate as run_migrations
from app.routes_command import routes
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
users = typer.Typer(no_args_is_help=True, help="Users, straight in the database.")
cli.add_typer(users, name="users")
cli.add_typer(keys, name="keys")
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
    typer.echo(run_migrations(load_settings()))


@users.command("create")
def create_user(
    email: str,
    password: Annotated[str | None, typer.Option(help="Asked for when not given.")] = None,
    role: Annotated[list[Role] | None, typer.Option(help="May be given several times.")] = None,
) -> None:
    """Make a user. A password that is not given is asked for, or read from standard input."""
    settings = load_settings()
    try:
        address = normalise_email(email)
        secret = normalise_password(password or _read_password())
    except ValueError as error:
        raise SettingsError(str(error)) from None
    with (
        closing(Database(settings.database_url.get_secret_value())) as database,
        database.transaction() as session,
    ):
        user = accounts.create_user(
            session,
            email=address,
            password_hash=PasswordHasher().hash(secret),
            roles=sorted(set(role or [Role.MEMBER])),
        )
        typer.echo(f"Made {user.email}, {', '.join(user.role_names)}, with the id {user.id}.")


def _read_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")


def main() -> None:
    """The entry point: an expected error is one sentence and exit code 1, not a traceback."""
    try:
        cli()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        _give_up(f"the database: {reason} (is it there, and migrated by `ostiary migrate`?)")
    except (SettingsError, KeySetError, RotationError, TableError, DomainError) as error:
        _give_up(str(error))


def _give_up(sentence: str) -> NoReturn:
    typer.secho(f"ostiary: {sentence}", fg=typer.colors.RED, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()

"""`ostiary clients`: machines that authenticate with a secret, straight in the database."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from app.audit.recording import OPERATOR, Action, record
from app.clients import service
from app.clients.service import NewClient
from app.clock import Clock
from app.database import opened_database
from app.settings import load_settings

KnownScopes = Callable[[], Iterable[str]]

clients = typer.Typer(no_args_is_help=True, help="Machines that authenticate with a secret.")
_SCOPES = typer.Option("--scope", help="What it may ask for; may be given several times.")


@clients.command("create")
def create(context: typer.Context, name: str, scope: Annotated[list[str], _SCOPES]) -> None:
    """Make a client, and print its id and its secret, which is shown only once."""
    _check_scopes(context, scope)
    with _transaction() as session:
        try:
            new = service.create_client(session, name=name, scopes=scope, now=Clock().now())
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        record(session, Action.CLIENT_CREATE, actor=OPERATOR, target=new.id)
        _show(new)  # before it is committed: a secret that nobody could read is of no use


@clients.command("list")
def list_clients() -> None:
    """Show each client: its id, since when there is one, its name, and its scopes."""
    with _transaction() as session:
        for client in service.list_clients(session):
            since = client.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
            typer.echo(f"{client.id}  {since}  {client.name}: {client.scope}")


@clients.command("rotate-secret")
def rotate_secret(client_id: str) -> None:
    """Print a new secret. The old one, and what was got with it, is worth nothing at once."""
    with _transaction() as session:
        secret = service.rotate_secret(session, client_id, Clock().now())
        record(session, Action.CLIENT_ROTATE_SECRET, actor=OPERATOR, target=client_id)
        _show(NewClient(client_id, secret))


@clients.command("set-scope")
def set_scope(context: typer.Context, client_id: str, scope: Annotated[list[str], _SCOPES]) -> None:
    """Let a client ask for these scopes from now on; what it has got before ends."""
    _check_scopes(context, scope)
    with _transaction() as session:
        service.set_scope(session, client_id, scope, Clock().now())
        record(session, Action.CLIENT_SET_SCOPE, actor=OPERATOR, target=client_id)
    typer.echo(f"{client_id} may ask for {' '.join(sorted(set(scope)))}.")


@clients.command("delete")
def delete(client_id: str) -> None:
    """Delete a client, and end all its sessions."""
    with _transaction() as session:
        service.delete_client(session, client_id, Clock().now())
        record(session, Action.CLIENT_DELETE, actor=OPERATOR, target=client_id)
    typer.echo(f"{client_id} is gone, and its sessions have ended.")


def _check_scopes(context: typer.Context, scopes: Iterable[str]) -> None:
    """The app above, whose routes make the scopes, tells them in the context."""
    tell_known: KnownScopes = context.obj
    known = set(tell_known())
    if unknown := sorted(set(scopes) - known):
        wrong = ", ".join(map(ascii, unknown))
        raise typer.BadParameter(f"no route asks for {wrong}; there are {', '.join(sorted(known))}")


def _show(client: NewClient) -> None:
    typer.echo("This secret is shown only now: put it where the client reads it.", err=True)
    typer.echo(f"client_id={client.id}\nclient_secret={client.secret}")


@contextmanager
def _transaction() -> Iterator[Session]:
    with opened_database(load_settings()) as database, database.transaction() as session:
        yield session

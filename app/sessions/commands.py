"""`ostiary sessions`: see and end them, and take out what is over, straight in the database."""

import sys
import time
from datetime import datetime
from typing import Annotated, NoReturn
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from app.accounts.emails import normalise_email
from app.accounts.service import find_login
from app.audit.recording import EVERYBODY, OPERATOR, Action, record
from app.clock import Clock
from app.database import Database, opened_database
from app.errors import NotFound
from app.sessions import service
from app.sessions.edge_cache import NotFlushed, Stage
from app.sessions.ending import (
    Because,
    end_all_sessions,
    end_session,
    end_sessions_of_user,
)
from app.sessions.models import AuthSession
from app.sessions.pruning import BATCH, Pruned, prune
from app.sessions.status_router import MAX_AGE_SECONDS
from app.settings import load_settings
from app.tokens.status_list import TTL_SECONDS

# After which no authorizer decides by a list from before: a second more for a decision under way.
LISTS_SECONDS = TTL_SECONDS + MAX_AGE_SECONDS + 1
POLICY_SECONDS = 60  # ReauthorizeEvery, in both templates
PAGE = 50

sleep = time.sleep
sessions = typer.Typer(no_args_is_help=True, help="Sessions, straight in the database.")
_NOW = typer.Option("--now", help="Wait for the status lists, then empty API Gateway's cache.")


@sessions.command("list")
def list_sessions(email: str) -> None:
    """Show where somebody is logged in, newest first."""
    now, cursor, more = Clock().now(), None, True
    with opened_database(load_settings()) as database:
        user_id = _user(database, email)
        while more:
            with database.transaction() as session:
                found, cursor = service.list_sessions(
                    session, user_id, now, limit=PAGE, cursor=cursor
                )
            for auth in found:
                typer.echo(_line(auth))
            more = cursor is not None


@sessions.command("revoke")
def revoke(
    session_id: Annotated[UUID | None, typer.Argument(help="As `list` shows it.")] = None,
    user: Annotated[str | None, typer.Option(help="An address: end all its sessions.")] = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="End all there are.")] = False,
    now: Annotated[bool, _NOW] = False,
    rest_api_id: Annotated[str | None, typer.Option(help="With --now: a REST API.")] = None,
    http_api_id: Annotated[str | None, typer.Option(help="With --now: an HTTP API.")] = None,
    stage: Annotated[str | None, typer.Option(help="With --now: the API's stage.")] = None,
) -> None:
    """End one session, all of a user, or all.

    The app refuses it at once, the edge within 75 s, or 76 s behind a cache of yours.
    With --now the edge refuses it when this command has ended.
    """
    if [session_id is not None, user is not None, everybody].count(True) != 1:
        raise typer.BadParameter(
            "one of these was expected: the id of a session, --user, --everybody"
        )
    flushed = _stage(now, rest_api_id, http_api_id, stage)  # before anything is done
    with opened_database(load_settings()) as database:
        if user is not None:
            typer.echo(_end_all(database, user))
        elif session_id is not None:
            typer.echo(_end_one(database, session_id))
        else:
            typer.echo(_end_everything(database))
    if flushed:
        _flush(flushed)


@sessions.command("prune")
def prune_sessions() -> None:
    """Take out what is over. It may run beside traffic, be stopped, and be run again."""
    with opened_database(load_settings()) as database:
        pruned = prune(database, Clock().now(), told=_tell_progress)
    _end_progress()
    typer.echo(f"Removed {_counts(pruned)}.")


def _end_all(database: Database, email: str) -> str:
    user_id = _user(database, email)
    with database.transaction() as session:
        ended = end_sessions_of_user(session, user_id, Because.ADMINISTRATOR, Clock().now())
        record(session, Action.SESSIONS_END_ALL, actor=OPERATOR, target=user_id)
    return f"Ended {ended} {'session' if ended == 1 else 'sessions'}."


def _end_everything(database: Database) -> str:
    def tell(ended: int) -> None:
        _show_progress(f"Ended so far: {ended} sessions", in_log=False)

    with database.transaction() as session:  # first: it may be stopped on its way
        record(session, Action.SESSIONS_END_ALL, actor=OPERATOR, target=EVERYBODY)
    ended = end_all_sessions(database, Clock().now(), told=tell)
    _end_progress()
    return (
        f"Ended {ended} {'session' if ended == 1 else 'sessions'}. Everybody has to log in again."
    )


def _end_one(database: Database, session_id: UUID) -> str:
    with database.transaction() as session:
        auth = _found(session, session_id)
        if end_session(session, auth.id, Because.ADMINISTRATOR, Clock().now()):
            record(session, Action.SESSION_END, actor=OPERATOR, target=auth.id)
            return f"Ended the session {session_id}."
        return f"The session {session_id} had ended before."


def _found(session: Session, session_id: UUID) -> AuthSession:
    try:
        return service.get_session(session, session_id, owner=None)
    except NotFound:
        raise NotFound(
            f"There is no session {session_id}; `ostiary sessions list` shows those there are."
        ) from None


def _stage(now: bool, rest: str | None, http: str | None, name: str | None) -> Stage | None:
    api_id = rest or http
    if not now and (api_id or name):
        raise typer.BadParameter("an API and its stage are named with --now alone")
    if not now:
        return None
    if not (api_id and name) or (rest and http):
        raise typer.BadParameter(
            "--now takes --stage, and one of --rest-api-id and --http-api-id; nothing was ended"
        )
    return Stage(api_id, name, is_rest=rest is not None)


def _flush(stage: Stage) -> None:
    """Only once the lists are read anew: what is decided before is kept in the cache again."""
    try:
        stage.check()  # before anybody waits for nothing
        for left in range(LISTS_SECONDS, 0, -1):
            line = f"The authorizers ask for the status lists again: {left} s"
            _show_progress(line, in_log=left == LISTS_SECONDS)
            sleep(1)
        stage.flush()
    except NotFlushed as error:
        _end_progress()
        _give_up(
            "what was to end has ended, but API Gateway's cache was not emptied: the edge may let "
            f"it pass for another {POLICY_SECONDS} s. {error}"
        )
    _end_progress()
    typer.echo(f"Emptied the policy cache of {stage.name} of {stage.api_id}.")


def _user(database: Database, email: str) -> UUID:
    try:
        address = normalise_email(email)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    with database.transaction() as session:
        login = find_login(session, address)
    if login is None:
        raise NotFound(f"There is no user {address}.")
    return login.user_id


def _line(auth: AuthSession) -> str:
    where = f"{auth.last_address or '-'}  {auth.last_user_agent or '-'}"
    times = f"since {_time(auth.created_at)}  used {_time(auth.last_used_at)}"
    return f"{auth.id}  {times}  {auth.client_id}  {where}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _counts(pruned: Pruned) -> str:
    return (
        f"{pruned.sessions} sessions, {pruned.refresh_tokens} refresh tokens, "
        f"{pruned.status_lists} status lists, the salts of {pruned.salts} tokens, "
        f"{pruned.counters} counters of attempts and {pruned.events} events of the audit"
    )


def _tell_progress(pruned: Pruned) -> None:
    gone = sum(vars(pruned).values())
    _show_progress(f"Removed so far: {_counts(pruned)}", in_log=gone % (20 * BATCH) < BATCH)


def _show_progress(line: str, *, in_log: bool) -> None:
    """Over and over the same line on a terminal; a log is not filled with it."""
    if sys.stderr.isatty():
        typer.echo(f"\r\x1b[K{line}", nl=False, err=True)
    elif in_log:
        typer.echo(line, err=True)


def _end_progress() -> None:
    if sys.stderr.isatty():
        typer.echo("\r\x1b[K", nl=False, err=True)


def _give_up(sentence: str) -> NoReturn:
    typer.secho(f"ostiary: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)

"""`ostiary audit`: the audit as JSON Lines, for whatever keeps or searches it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.audit.schemas import AuditEventView
from app.audit.service import Wanted, export_events, in_utc, party
from app.database import opened_database
from app.settings import load_settings

audit = typer.Typer(no_args_is_help=True, help="Who did what, when and from where.")
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]
_MOMENT = "A day, or a moment as 2026-11-23T10:00:00Z."
Since = Annotated[datetime | None, typer.Option(formats=_FORMATS, help=f"From here on. {_MOMENT}")]
Until = Annotated[datetime | None, typer.Option(formats=_FORMATS, help=f"Up to here. {_MOMENT}")]


@audit.callback()
def _group() -> None:
    """A group, though it has one command."""


@audit.command("export")
def export(
    since: Since = None,
    until: Until = None,
    actor: Annotated[str | None, typer.Option(help="The id of a user or a client.")] = None,
    target: Annotated[
        str | None, typer.Option(help="The id of a user, a session or a client.")
    ] = None,
) -> None:
    """Print events as JSON Lines, oldest first."""
    wanted = Wanted(_party(actor), _party(target), since=_aware(since), until=_aware(until))
    if wanted.is_empty:
        raise typer.BadParameter("`--until` was expected to be later than `--since`")
    with opened_database(load_settings()) as database:
        for event in export_events(database, wanted):
            typer.echo(AuditEventView.model_validate(event).model_dump_json())


def _party(given: str | None) -> str | None:
    try:
        return party(given)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _aware(moment: datetime | None) -> datetime | None:
    """A day without an offset is one of UTC."""
    try:
        return in_utc(moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None

"""`ostiary keys`: the life of the keys that sign, one step at a time. See docs/keys.md."""

import json
from typing import Annotated

import typer

from app.discovery.router import MAX_AGE_SECONDS
from app.keys import changes, messages, table
from app.keys.changes import change, start_waits, there, with_new_key
from app.keys.stores import KeyStore, is_changeable, store_for
from app.settings import Settings, load_settings
from app.tokens.aws_sources import open_signing_keys
from app.tokens.generate import DEFAULT_ALG
from app.tokens.key_states import State
from app.tokens.rotation import Document, Waits, activate, keys_in, retire

keys = typer.Typer(no_args_is_help=True, help="The key set that signs and verifies.")
_ALG_HELP = (
    "HS, RS or ES with 256, 384 or 512. Without it: that of the key that signs, or "
    f"{DEFAULT_ALG} for the first."
)
_EMERGENCY = typer.Option("--emergency", help="Do it now, and say what breaks.")


@keys.command("list")
def list_keys() -> None:
    """Show each key, its state, and when its next step may be taken."""
    settings = load_settings()
    if is_changeable(settings.keys):
        store, waits = _opened(settings)
        document = there(store.read(), store)
        typer.echo(table.of_document(document, waits, changes.clock()))
        return
    rule = "read-only: see docs/keys.md"
    if settings.keys.startswith("kms:"):
        rule = "by the order of the ids in OSTIARY_KEYS"
    typer.echo(table.of_key_set(open_signing_keys(settings.keys).current(), rule))


@keys.command("generate")
def generate(alg: Annotated[str | None, typer.Option(help=_ALG_HELP)] = None) -> None:
    """Make the first key, which signs at once; or the next one, which is published and waits."""
    settings = load_settings()
    store, waits = _opened(settings)
    before, after = change(store, settings, lambda found, now: with_new_key(found, alg, now))
    new = after["keys"][-1]
    if before is None:
        typer.echo(messages.made(new, store.where))
        return
    typer.echo(messages.published(new, store.where, waits))
    if warning := messages.migration(after):
        typer.echo(warning, err=True)


@keys.command("rotate")
def rotate(emergency: Annotated[bool, _EMERGENCY] = False) -> None:
    """Let the next key sign; the one that signs now goes on verifying."""
    settings = load_settings()
    store, waits = _opened(settings)
    _start_waits(store)

    def step(found: Document | None, now: float) -> Document:
        document = there(found, store)
        if emergency and not keys_in(document, State.NEXT):
            document = with_new_key(document, None, now)
        return activate(document, now, waits, emergency=emergency)

    before, after = change(store, settings, step)
    (replaced,) = keys_in(there(before, store), State.ACTIVE)
    (new,) = keys_in(after, State.ACTIVE)
    (old,) = (key for key in after["keys"] if key["kid"] == replaced["kid"])
    typer.echo(messages.rotated(new, old, waits, settings.access_token_seconds))
    waited = keys_in(there(before, store), State.NEXT)
    if not waited or new["since"] < waits.due(waited[0]):
        typer.echo(messages.rotated_early(old))
    if emergency and waited:
        typer.echo(messages.promoted_early(new))


# A kid may begin with a hyphen, and is no option then.
@keys.command("retire", context_settings={"ignore_unknown_options": True})
def retire_key(
    kid: Annotated[str | None, typer.Argument(help="Needed where several are retiring.")] = None,
    emergency: Annotated[bool, _EMERGENCY] = False,
) -> None:
    """Take out the retiring key, or a next one that never signed. Its kid stays known."""
    settings = load_settings()
    store, waits = _opened(settings)
    _start_waits(store)

    def step(found: Document | None, now: float) -> Document:
        return retire(there(found, store), kid, now, waits, emergency=emergency)

    before, after = change(store, settings, step)
    gone = after["gone"][-1]
    typer.echo(messages.retired(gone["kid"], store.where))
    had_signed = keys_in(there(before, store), State.RETIRING)
    if any(key["kid"] == gone["kid"] and gone["since"] < waits.due(key) for key in had_signed):
        typer.echo(messages.retired_early())


@keys.command("show-jwks")
def show_jwks() -> None:
    """Print the public halves as a JWK Set, as /.well-known/jwks.json shows them."""
    typer.echo(json.dumps(open_signing_keys(load_settings().keys).current().jwks()))


def _opened(settings: Settings) -> tuple[KeyStore, Waits]:
    waits = Waits.between(jwks_max_age=MAX_AGE_SECONDS, token_seconds=settings.access_token_seconds)
    return store_for(settings.keys, waits), waits


def _start_waits(store: KeyStore) -> None:
    if start_waits(store):
        typer.echo(f"The keys in {store.where} told no states; they do now, and their waits begin.")

"""The parts of the running app, by type: `create_app` wires them, routes ask for them.

DatabaseDep = Annotated[Database, part(Database)]
"""

from typing import Any, TypeVar

from fastapi import Depends, FastAPI, Request

T = TypeVar("T")


def wire(app: FastAPI, *parts: object) -> None:
    """Make `parts` what the routes of `app` get when they ask for their types."""
    app.state.parts = {type(part): part for part in parts}


def find(app: FastAPI, kind: type[T]) -> T:
    """The part of this type that `app` was wired with."""
    found: T = app.state.parts[kind]
    return found


def part(kind: type[T]) -> Any:
    """The dependency that makes a parameter the app's part of this type."""

    # A coroutine, though it awaits nothing: FastAPI would send a plain function to a thread.
    async def of(request: Request) -> T:
        return find(request.app, kind)

    return Depends(of)

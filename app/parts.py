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


class Known:
    """A dependency that needs no solving: the request and the app know it already."""

    def of(self, request: Request) -> Any:
        """What the parameter gets."""
        raise NotImplementedError

    # A coroutine, though it awaits nothing: FastAPI would send a plain function to a thread.
    async def __call__(self, request: Request) -> Any:
        return self.of(request)


class Part(Known):
    """The app's part of one type."""

    def __init__(self, kind: type[Any]) -> None:
        self._kind = kind

    def of(self, request: Request) -> Any:
        return find(request.app, self._kind)


def part(kind: type[T]) -> Any:
    """The dependency that makes a parameter the app's part of this type."""
    return Depends(Part(kind))

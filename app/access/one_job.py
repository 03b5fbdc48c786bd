"""How a route calls its endpoint: what blocks in one job of the workers, and nothing else there.

FastAPI would send a plain function to one thread and the validation of what it returns to another.
Here the endpoint alone leaves the event loop; and what is known already, who calls and the parts of
the app, it is given at once, since FastAPI's way to solve dependencies takes its time.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant

from app.parts import Known, find
from app.workers import Workers

_REQUEST = "_request"  # no parameter of an endpoint begins like this


def in_one_job(declared: Dependant) -> Dependant:
    """What FastAPI is to solve and to call in the place of the endpoint that was declared."""
    known = {
        inner.name: inner.call
        for inner in declared.dependencies
        if inner.name and isinstance(inner.call, Known)
    }
    return replace(
        declared,
        call=_given(known, declared.call),
        dependencies=[inner for inner in declared.dependencies if inner.name not in known],
        http_connection_param_name=_REQUEST,
    )


def _given(known: dict[str, Known], endpoint: Any) -> Callable[..., Any]:
    blocks = not iscoroutinefunction(endpoint)

    @wraps(endpoint)
    async def call(**values: Any) -> Any:
        request: Request = values.pop(_REQUEST)
        for name, dependency in known.items():
            values[name] = dependency.of(request)
        if blocks:
            return await find(request.app, Workers).run(partial(endpoint, **values))
        return await endpoint(**values)

    return call

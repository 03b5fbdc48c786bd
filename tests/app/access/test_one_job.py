"""How endpoints are called: with all that they ask for, and where."""

import threading
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.testclient import TestClient

from app.access.guards import router as guarded_router
from app.clock import Clock, ClockDep
from app.parts import wire
from app.workers import Workers


def thread_name() -> str:
    return threading.current_thread().name


router = guarded_router()


@router.get("/job", status_code=202)
def job(
    request: Request,
    response: Response,
    clock: ClockDep,
    derived: Annotated[str, Depends(thread_name)],
    number: int = 1,
) -> dict[str, str | int]:
    """A plain function."""
    response.headers["X-Clock"] = str(clock())
    return {"number": number, "thread": thread_name(), "path": request.url.path, "of": derived}


@router.get("/loop")
async def loop(clock: ClockDep) -> dict[str, str | float]:
    """A coroutine."""
    return {"clock": clock(), "thread": thread_name()}


def client() -> TestClient:
    app = FastAPI()
    app.router.routes.extend(router.routes)
    wire(app, Clock(lambda: 7.0), Workers(1))
    return TestClient(app)


def test_a_function_gets_what_it_asks_for_in_a_thread_of_the_workers() -> None:
    answer = client().get("/job?number=3")
    assert (answer.status_code, answer.headers["x-clock"]) == (202, "7.0")
    told = answer.json()
    assert told["of"] != told["thread"]
    assert told["thread"].startswith("worker")
    assert (told["number"], told["path"]) == (3, "/job")


def test_a_coroutine_stays_on_the_event_loop() -> None:
    told = client().get("/loop").json()
    assert told["clock"] == 7.0
    assert not told["thread"].startswith("worker")


def test_what_it_asks_for_is_still_checked() -> None:
    assert client().get("/job?number=x").status_code == 422


def test_the_openapi_document_shows_what_was_declared() -> None:
    answer = client().get("/openapi.json").json()["paths"]["/job"]["get"]
    assert [parameter["name"] for parameter in answer["parameters"]] == ["number"]
    assert answer["responses"]["202"]["content"]["application/json"]["schema"]["type"] == "object"

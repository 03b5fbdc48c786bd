"""What apps of one test run share, so that each is made in 2 ms: their routes, and nothing else."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.routes import RouteTable, TableError
from app.health import router as health
from app.main import unwired_app
from tests.conftest import AppMaker
from tests.support import ISSUER


def test_routes_are_shared_and_nothing_else(make_app: AppMaker) -> None:
    one, other = make_app(), make_app()

    assert one.routes == other.routes
    assert one.state.routes is other.state.routes
    for name in ("routes", "dependency_overrides_provider"):
        assert getattr(one.router, name) is not getattr(other.router, name)
    for name in ("state", "router", "user_middleware", "exception_handlers"):
        assert getattr(one, name) is not getattr(other, name)


def test_an_app_with_a_route_more_is_judged_by_it() -> None:
    app = unwired_app()
    app.add_api_route("/open-to-all", lambda: None)

    with pytest.raises(TableError, match="/open-to-all"):
        RouteTable.of(app)


def test_an_app_of_some_of_the_routers_has_their_routes_alone() -> None:
    app = FastAPI(openapi_url=None)
    app.include_router(health)

    assert {entry.path for entry in RouteTable.of(app).entries} == {"/health", "/ready"}
    answer = TestClient(app, base_url=ISSUER).get("/users/me")
    assert answer.status_code == 404

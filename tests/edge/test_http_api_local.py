"""`python -m local.edge --template template-http.yaml`, as a user runs it, and when it must not."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import takewhile
from pathlib import Path

import pytest

from local.cloud import Edge
from local.command import PROJECT
from local.curls import curls
from local.errors import EdgeError
from local.http_api import check_guarded
from local.kinds import HTTP
from local.ministack import free_port
from local.state import find_edge
from local.template import API_ID

VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
GUARDED = {("/users", "GET"), *(("/{proxy+}", verb) for verb in VERBS)}


@contextmanager
def _started(*arguments: str) -> Iterator[list[str]]:
    """The command, once it says that it is ready, and the lines that it said before."""
    command = [sys.executable, "-m", "local.edge", "--template", "template-http.yaml", *arguments]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = list(takewhile(lambda line: line != "Ctrl-C stops it.\n", process.stdout))
        try:
            yield said
        finally:
            process.terminate()


def test_the_command_starts_it_and_says_what_differs(folder: Path) -> None:
    port = str(free_port(0))
    with _started("--folder", str(folder), "--port", port) as said:
        edge = find_edge(folder)
        assert edge
        with edge.http() as client:
            preflight = client.options("/notes", headers={"Origin": "https://app.example.com"})

    assert edge.kind is HTTP
    assert "What differs from template-http.yaml, and why:\n" in said
    assert f"The edge answers at http://127.0.0.1:{port}/_aws/execute-api/{API_ID}\n" in said
    assert "access-control-allow-origin" not in preflight.headers, "no origin was given"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
def test_the_printed_curls_show_the_seven_steps(http_edge: Edge) -> None:
    done = subprocess.run(
        ["sh", "-eu", "-c", curls(http_edge)],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    shown = done.stdout
    assert (done.returncode, "Refused: 403 insufficient_scope" in shown) == (1, True), shown

    statuses = [int(status) for status in re.findall(r"HTTP/1\.1 (\d{3})", shown)]
    assert statuses == [201, 200, 201, 401, 403, 200, 403]
    assert '"policyDocument"' in shown


@contextmanager
def _changed(edge: Edge, route_key: str, **changes: str) -> Iterator[None]:
    """The route, other than deployed, as long as the block runs."""
    with closing(edge.cloud.client("apigatewayv2")) as client:
        routes = client.get_routes(ApiId=API_ID)["Items"]
        (route,) = (route for route in routes if route["RouteKey"] == route_key)
        this = {"ApiId": API_ID, "RouteId": route["RouteId"]}
        client.update_route(**this, **changes)
        try:
            yield
        finally:
            client.update_route(**this, **{name: route.get(name, "") for name in changes})


def _check(edge: Edge) -> None:
    with closing(edge.cloud.client("apigatewayv2")) as client:
        check_guarded(client, API_ID, GUARDED)


def test_what_is_deployed_is_guarded(http_edge: Edge) -> None:
    _check(http_edge)


@pytest.mark.parametrize(
    "changes", [{"AuthorizationType": "NONE"}, {"AuthorizerId": "00000000"}], ids=str
)
def test_an_emulator_that_dropped_the_authorizer_is_refused(
    http_edge: Edge, changes: dict[str, str]
) -> None:
    with (
        _changed(http_edge, "DELETE /{proxy+}", **changes),
        pytest.raises(EdgeError, match=r"should guard .*'DELETE'"),
    ):
        _check(http_edge)


def test_an_emulator_that_guards_a_public_route_is_refused(http_edge: Edge) -> None:
    with closing(http_edge.cloud.client("apigatewayv2")) as client:
        (authorizer,) = client.get_authorizers(ApiId=API_ID)["Items"]
    this = {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizer["AuthorizerId"]}

    with _changed(http_edge, "GET /health", **this), pytest.raises(EdgeError, match="/health"):
        _check(http_edge)

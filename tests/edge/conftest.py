"""Two edges for all tests of this folder, each template deployed, PostgreSQL behind it."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from local.cloud import Edge
from local.edge import edge_parameters, running_edge
from local.kinds import HTTP
from local.ministack import free_port

ORIGIN = "https://app.example.com"
ADMIN = "admin@example.com"
Headers = dict[str, str]


@contextmanager
def new_folder() -> Iterator[Path]:
    """Where an edge keeps keys and data.

    Not below pytest's own folder: each session of pytest closes that to all other users, among
    them the one that PostgreSQL runs as where this is root.
    """
    with TemporaryDirectory(prefix="ostiary-") as name:
        yield Path(name) / "edge"


@pytest.fixture
def folder() -> Iterator[Path]:
    """For an edge of a test's own."""
    with new_folder() as folder:
        yield folder


@contextmanager
def own_edge() -> Iterator[tuple[Edge, dict[str, str], httpx.Client]]:
    """An edge to deploy anew, the parameters that it was deployed with, and who speaks to it."""
    with (
        new_folder() as folder,
        running_edge(folder, port=free_port(0)) as edge,
        edge.http() as client,
    ):
        yield edge, edge_parameters(edge, folder), client


@pytest.fixture(scope="session")
def edge_folder() -> Iterator[Path]:
    """For the edge that the tests share."""
    with new_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def edge(edge_folder: Path) -> Iterator[Edge]:
    """A running edge that lets one browser origin in, and has an administrator."""
    parameters = {"AdminEmail": ADMIN}
    with running_edge(edge_folder, port=free_port(0), origin=ORIGIN, parameters=parameters) as edge:
        yield edge


@pytest.fixture(scope="session")
def http(edge: Edge) -> Iterator[httpx.Client]:
    """Speaks to the API through API Gateway."""
    with edge.http() as client:
        yield client


@pytest.fixture(scope="session")
def login(http: httpx.Client) -> Callable[[str, str], Headers]:
    """Logs in through the edge; answers the headers that carry the token."""

    def login(email: str, password: str) -> Headers:
        answer = http.post("/auth/login", data={"username": email, "password": password})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    return login


@pytest.fixture(scope="session")
def new_member(http: httpx.Client) -> Callable[[], Headers]:
    """Somebody who registered and logged in through the edge, each time somebody else."""
    return lambda: registered(http)


@pytest.fixture(scope="session")
def member(new_member: Callable[[], Headers]) -> Headers:
    return new_member()


@pytest.fixture(scope="session")
def admin(edge: Edge, login: Callable[[str, str], Headers]) -> Headers:
    """The first administrator, whose password lies in a secret of the stack."""
    return login(ADMIN, first_password(edge))


def first_password(edge: Edge) -> str:
    """What an operator reads after the first deploy."""
    secret = edge.cloud.physical_id("AdminPassword")
    with closing(edge.cloud.client("secretsmanager")) as secrets_manager:
        text = secrets_manager.get_secret_value(SecretId=secret)["SecretString"]
    password: str = json.loads(text)["password"]
    return password


@pytest.fixture(scope="session")
def http_edge() -> Iterator[Edge]:
    """Like `edge`, with template-http.yaml."""
    with (
        new_folder() as folder,
        running_edge(folder, kind=HTTP, port=free_port(0), origin=ORIGIN) as edge,
    ):
        yield edge


@pytest.fixture(scope="session")
def http_api(http_edge: Edge) -> Iterator[httpx.Client]:
    """Speaks to the HTTP API."""
    with http_edge.http() as client:
        yield client


def registered(client: httpx.Client) -> Headers:
    """Somebody who registered and logged in through an API, each time somebody else."""
    email, password = f"member-{secrets.token_hex(6)}@example.com", secrets.token_hex(12)
    answer = client.post("/users", json={"email": email, "password": password})
    assert answer.status_code == 201, answer.text
    answer = client.post("/auth/login", data={"username": email, "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="session")
def http_member(http_api: httpx.Client) -> Headers:
    """Somebody who registered and logged in through the HTTP API."""
    return registered(http_api)

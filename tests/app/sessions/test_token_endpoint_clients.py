"""Two OAuth clients that are not ours, Authlib and requests-oauthlib, told the metadata alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import requests_oauthlib
from authlib.integrations.requests_client import OAuth2Session
from fastapi.testclient import TestClient
from oauthlib.oauth2 import BackendApplicationClient

from tests.app.clients.machine import Machine
from tests.app.serving import served
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD, Account

EMAIL = "member@example.com"


@dataclass(frozen=True)
class Service:
    """An app that serves, what it says of itself, and a machine that it knows."""

    url: str
    metadata: dict[str, Any]
    machine: Machine

    def at(self, name: str) -> str:
        """The address of an endpoint: the issuer names another port."""
        address: str = self.metadata[f"{name}_endpoint"]
        return address.replace(ISSUER, self.url)

    def log_in(self) -> dict[str, Any]:
        credentials = {"username": EMAIL, "password": PASSWORD}
        answer = requests.post(f"{self.url}/auth/login", data=credentials, timeout=10)
        tokens: dict[str, Any] = answer.json()
        return tokens

    def status(self, token: dict[str, Any], path: str = "/users/me") -> int:
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        return requests.get(f"{self.url}{path}", headers=headers, timeout=10).status_code


@pytest.fixture
def service(make_app: AppMaker) -> Iterator[Service]:
    app = make_app()
    inside = TestClient(app, base_url=ISSUER)
    Account.register(inside, EMAIL)
    machine = Machine.make(app, inside, "notes:read", "users:read")
    with served(app) as port:
        url = f"http://127.0.0.1:{port}"
        found = requests.get(f"{url}/.well-known/oauth-authorization-server", timeout=10)
        yield Service(url, found.json(), machine)


def test_authlib_refreshes_as_the_public_client_and_revokes(service: Service) -> None:
    first = service.log_in()
    with OAuth2Session("ostiary", token=first, token_endpoint_auth_method="none") as session:
        second = session.refresh_token(service.at("token"))
        assert second["refresh_token"] != first["refresh_token"]
        assert service.status(second) == 200
        revoked = session.revoke_token(service.at("revocation"), second["refresh_token"])
        assert (revoked.status_code, revoked.content) == (200, b"")
    assert service.status(second) == 401


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", None])
def test_authlib_revokes_an_access_token(service: Service, hint: str | None) -> None:
    tokens = service.log_in()
    with OAuth2Session("ostiary", token=tokens, token_endpoint_auth_method="none") as session:
        session.revoke_token(service.at("revocation"), tokens["access_token"], hint)
    assert service.status(tokens) == 401


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_is_a_machine_that_gets_introspects_and_revokes_a_token(
    service: Service, method: str
) -> None:
    assert method in service.metadata["token_endpoint_auth_methods_supported"]
    machine = service.machine
    with OAuth2Session(
        machine.id,
        machine.secret,
        scope="users:read",
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    ) as session:
        token = session.fetch_token(service.at("token"), grant_type="client_credentials")
        assert (token["scope"], "refresh_token" in token) == ("users:read", False)
        assert service.status(token, "/users") == 200
        told = session.introspect_token(service.at("introspection"), token["access_token"])
        assert (told.json()["active"], told.json()["sub"]) == (True, machine.id)
        session.revoke_token(service.at("revocation"), token["access_token"])
        told = session.introspect_token(service.at("introspection"), token["access_token"])
        assert told.json() == {"active": False}
    assert service.status(token, "/users") == 401


@pytest.fixture
def _over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """oauthlib takes no other address than https, unless it is told to."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.mark.usefixtures("_over_http")
def test_requests_oauthlib_refreshes_and_revokes(service: Service) -> None:
    first = service.log_in()
    with requests_oauthlib.OAuth2Session("ostiary", token=first) as session:
        second = session.refresh_token(service.at("token"), client_id="ostiary")
        assert second["refresh_token"] != first["refresh_token"]
        assert session.get(f"{service.url}/users/me").status_code == 200
        address, headers, body = session._client.prepare_token_revocation_request(
            service.at("revocation"), second["access_token"]
        )
    revoked = requests.post(address, headers=headers, data=body, timeout=10)
    assert (revoked.status_code, revoked.content) == (200, b"")
    assert service.status(second) == 401


@pytest.mark.usefixtures("_over_http")
@pytest.mark.parametrize("by_basic", [True, False])
def test_requests_oauthlib_is_a_machine(service: Service, *, by_basic: bool) -> None:
    machine = service.machine
    client = BackendApplicationClient(machine.id, scope=["users:read"])
    more = {} if by_basic else {"include_client_id": True}
    auth = (machine.id, machine.secret) if by_basic else None
    with requests_oauthlib.OAuth2Session(client=client) as session:
        token = session.fetch_token(
            service.at("token"), auth=auth, client_secret=machine.secret, **more
        )
        assert session.get(f"{service.url}/users").status_code == 200
    assert token["scope"] == ["users:read"]

"""A client that may read notes and users."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.clients.machine import Machine


@pytest.fixture
def machine(app: FastAPI, client: TestClient) -> Machine:
    return Machine.make(app, client, "notes:read", "users:read")

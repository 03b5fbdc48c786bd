"""The app answers as its OpenAPI document says, whoever asks and whatever he sends.

schemathesis makes requests of the document, those that fit it and those that do not; each answer
must be one of those that its operation declares, in status, kind and shape, and none a 5xx.
`SCHEMATHESIS_EXAMPLES=200` in the environment tries more of each.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from app.database import Database
from app.main import create_app, unwired_app
from app.parts import find
from app.settings import Settings
from tests.support import AUDIENCE, ISSUER, Account, key_set_document

Case = schemathesis.Case[Any]
Operation = APIOperation[Any, Any, Any, Any]
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "6"))
ROLES = {"nobody": (), "a member": ("member",), "an administrator": ("member", "admin")}
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
IDS = ("user_id", "note_id", "session_id", "list_id")
FEW = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Somebody:
    """Who asks. Whoever was deleted, or logged out, is somebody else from the next request on."""

    def __init__(self, app: FastAPI, client: TestClient, who: str) -> None:
        self._app, self._client, self._who, self._made = app, client, who, 0
        self.headers: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.anew()

    def anew(self) -> None:
        """An account with a session and a note, whose ids are known; nobody has none."""
        self._made += 1
        roles = ROLES[self._who]
        email = f"{len(roles)}-{self._made}@example.com"
        account = Account.create(self._app, self._client, email, roles or ("member",))
        me = self._client.get("/users/me", headers=account.headers).json()["id"]
        sessions = self._client.get("/sessions", headers=account.headers).json()["items"]
        note = self._client.post(
            "/notes", json={"title": "A note", "body": "-"}, headers=account.headers
        )
        self.ids = {
            "user_id": me,
            "note_id": note.json()["id"],
            "session_id": sessions[0]["id"],
            "list_id": sessions[0]["id"],
        }
        self.headers = account.headers if roles else {}

    def ask(self, case: Case, *, known: bool) -> None:
        """Send a case, with ids of what there is where `known`; its failures are raised."""
        if known:
            named = {name: self.ids[name] for name in case.path_parameters if name in IDS}
            case.path_parameters = {**case.path_parameters, **named}
        sent = case.as_transport_kwargs(base_url=ISSUER)
        sent["headers"] = {**sent["headers"], **self.headers}
        answer = self._client.request(**_for_httpx(sent))
        self.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code in (204, 401) and self.headers:
            self.anew()


def _for_httpx(sent: dict[str, Any]) -> dict[str, Any]:
    """What schemathesis hands to requests, as httpx takes it."""
    data, cookies = sent.pop("data", None), sent.pop("cookies", None)
    if cookies:
        sent["headers"]["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    sent["headers"] = {name: str(value).encode() for name, value in sent["headers"].items()}
    named = "content" if isinstance(data, bytes | str) else "data"
    return {name: value for name, value in {**sent, named: data}.items() if value is not None}


@pytest.fixture
def app(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    monkeypatch.setenv("CONFORMANCE_KEYS", key_set_document("ES256"))
    app = create_app(
        Settings(
            issuer=ISSUER, audience=AUDIENCE, keys="env:CONFORMANCE_KEYS", database_url=sqlite_url
        )
    )
    with closing(find(app, Database)):
        yield app


def operations_in(document: dict[str, Any]) -> list[Operation]:
    """All of them; one that schemathesis cannot read is an error."""
    found = schemathesis.openapi.from_dict(document).get_all_operations()
    operations = [each.ok() for each in found if isinstance(each, Ok)]
    assert len(operations) == sum(map(len, document["paths"].values()))
    return operations


def cases_of(operation: Operation) -> st.SearchStrategy[Case]:
    """Requests that fit the document, and where anything can be wrong in them, that do not."""
    fitting = operation.as_strategy(GenerationMode.POSITIVE)
    if not (operation.query or operation.body or operation.path_parameters):
        return fitting
    return fitting | operation.as_strategy(GenerationMode.NEGATIVE)


def faults_of(
    operation: APIOperation[Any, Any, Any, Any], ask: Callable[..., None]
) -> Iterator[str]:
    """What is wrong with the answers of an operation, if anything."""

    @FEW
    @given(case=cases_of(operation), known=st.booleans())
    def tried(case: Case, known: bool) -> None:
        ask(case, known=known)

    try:
        tried()
    except FailureGroup as failures:
        yield f"{operation.label}: " + "; ".join(map(str, failures.exceptions))


@pytest.mark.parametrize("who", ROLES)
def test_every_answer_is_one_that_the_document_declares(app: FastAPI, who: str) -> None:
    with TestClient(app, base_url=ISSUER, raise_server_exceptions=False) as client:
        somebody = Somebody(app, client, who)
        faults = [
            fault
            for operation in operations_in(client.get("/openapi.json").json())
            for fault in faults_of(operation, somebody.ask)
        ]
    print(f"\n{who}: {dict(sorted(somebody.statuses.items()))}")
    assert not faults, "\n".join(faults)


def test_every_operation_declares_that_it_may_refuse_and_that_one_may_have_to_wait() -> None:
    for operation in operations_in(unwired_app().openapi()):
        answers = operation.definition.raw["responses"]
        assert "4XX" in answers, operation.label
        for status in ("429", "503"):
            assert "Retry-After" in answers[status]["headers"], operation.label

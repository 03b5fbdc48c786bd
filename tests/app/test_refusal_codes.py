"""Every refusal has one stable code, docs/reasons.md has them all, and a client reads no more."""

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from app import problems
from app.access.routes import COMPILED_TABLE
from app.errors import DomainError, InvalidToken
from app.explain.advice import ADVICE
from app.problems import problem_from
from app.tokens.claims import AccessClaims
from app.tokens.errors import TokenError
from app.tokens.statements import CompiledRoutes
from authorizer.policy import policy_for
from local.template import read_template
from tests.app.explain.house import bad_headers, kinds_of
from tests.architecture.sources import ROOT, calls, python_files

PAGE = ROOT / "docs" / "reasons.md"
CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")
EDGE_CODES = {"unauthorized", "insufficient_scope", "not_found", "unavailable"}
DOMAIN = {kind.__name__: vars(kind)["code"] for kind in kinds_of(DomainError)}
TOKEN = {kind.__name__: vars(kind)["code"] for kind in kinds_of(TokenError)}
BY_STATUS = problems._CODES_BY_STATUS


class Row(NamedTuple):
    """A line of the page's tables."""

    code: str
    status: str
    who: str
    seen: str
    advice: str


def rows() -> list[Row]:
    lines = PAGE.read_text("utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    return [Row(code.strip("`"), *rest) for code, *rest in cells]


def written_statuses(path: Path) -> Iterator[int]:
    """The statuses that a file raises as HTTPException(…)."""
    for name, call in calls(path):
        if name == "HTTPException" and isinstance(call.args[0], ast.Constant):
            yield int(str(call.args[0].value))


def written_codes(path: Path) -> Iterator[str]:
    """The codes that a file writes straight into problem(…)."""
    for name, call in calls(path):
        if name == "problem" and isinstance(call.args[1], ast.Constant):
            yield str(call.args[1].value)


def every_code() -> set[str]:
    """Each code that the app or the authorizer can say."""
    written = {code for path in python_files("app") for code in written_codes(path)}
    assert written == {"bad_request", "internal_error"}
    other = {"refused", "granted", "policy_too_large", "user_disabled", "user_gone"}
    return {*DOMAIN.values(), *TOKEN.values(), *BY_STATUS.values(), *written, *other}


def test_each_kind_of_error_has_a_code_of_its_own() -> None:
    for tree in (DOMAIN, TOKEN, BY_STATUS):
        assert len(set(tree.values())) == len(tree)
    assert set(DOMAIN.values()).isdisjoint(TOKEN.values())
    assert all(CODE.fullmatch(code) for code in every_code())


def test_what_the_log_says_of_a_token_is_no_code_that_a_client_reads() -> None:
    assert set(TOKEN.values()).isdisjoint({*BY_STATUS.values(), *EDGE_CODES})
    assert TokenError.code == InvalidToken.code


def test_every_status_that_the_app_raises_has_a_code() -> None:
    raised = {status for path in python_files("app") for status in written_statuses(path)}
    assert raised
    assert raised | {400, 404, 405} <= set(BY_STATUS)
    for status, code in BY_STATUS.items():
        answer = problem_from(HTTPException(status))
        assert json.loads(bytes(answer.body))["code"] == code
    assert json.loads(bytes(problem_from(HTTPException(418)).body))["code"] == "refused"


def test_the_page_has_every_code_once_and_no_other() -> None:
    listed = [row.code for row in rows()]
    assert sorted(listed) == sorted(every_code())


def test_the_page_says_the_status_of_each_code_and_what_to_do() -> None:
    statuses = {row.code: row.status for row in rows()}
    for kind in kinds_of(DomainError):
        assert issubclass(kind, DomainError)
        assert statuses[kind.code] == str(kind.status), kind
    for status, code in BY_STATUS.items():
        assert statuses[code] == str(status)
    assert {statuses[code] for code in TOKEN.values()} == {"401"}
    assert all(cell for row in rows() for cell in row)


def test_the_page_has_the_advice_that_explain_prints_for_each_code_of_a_token() -> None:
    written = {row.code: row.advice for row in rows() if row.code in TOKEN.values()}
    assert written == ADVICE


def test_the_commands_of_the_page_run_when_they_are_copied() -> None:
    """Prose may call a command by its name; what is to be done, and what is in a block, runs."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    copied = [*blocks, *(row.advice for row in rows())]
    words = [word for text in copied for word in re.findall(r"[\w./]*\bostiary\b", text)]
    assert len(words) > 6
    assert set(words) == {".venv/bin/ostiary"}


def test_the_page_says_of_each_code_of_a_token_that_the_client_sees_another() -> None:
    for row in rows():
        if row.code == "missing_token":
            assert row.seen == "`unauthorized`"
        elif row.code in TOKEN.values():
            assert row.seen == "`invalid_token`; at the edge `unauthorized`"


def test_the_codes_at_the_edge_are_four() -> None:
    api = read_template(ROOT / "template.yaml")["Resources"]["Api"]["Properties"]
    bodies = [r["ResponseTemplates"]["application/json"] for r in api["GatewayResponses"].values()]
    assert {json.loads(body)["code"] for body in bodies} == EDGE_CODES
    assert {row.code for row in rows()} >= EDGE_CODES


@pytest.mark.parametrize(
    ("scope", "sub", "code"),
    [
        ("notes:read", "ada", "granted"),
        ("", "ada", "insufficient_scope"),
        ("notes:read", "\N{KEY}" * 255, "policy_too_large"),
    ],
)
def test_the_codes_of_the_authorizer_are_on_the_page(scope: str, sub: str, code: str) -> None:
    table = CompiledRoutes(json.loads(COMPILED_TABLE.read_text("utf-8")))
    claims = AccessClaims("iss", sub, "aud", 2, 1, "j" * 255, sub, scope)
    stage = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/prod"
    assert policy_for(claims, stage, table)["context"]["code"] == code
    assert code in {row.code for row in rows()}


@pytest.mark.parametrize("path", ["/notes", "/users", "/users/me"])
def test_of_any_bad_token_a_client_reads_the_same_and_the_log_alone_says_why(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.DEBUG, "ostiary")
    answers = set()
    for code, header in bad_headers("ES256").items():
        if code == "missing_token":
            continue
        caplog.clear()
        answer = client.get(path, headers={"Authorization": header})
        (record,) = [record for record in caplog.records if record.name == "ostiary.access"]
        assert vars(record)["code"] == code
        reason = record.getMessage().removeprefix(f"refused: {code}: ")
        for text in (answer.text, str(answer.headers)):
            assert code not in text
            assert reason not in text
        assert answer.json()["code"] == "invalid_token"
        answers.add((answer.status_code, answer.text, str(answer.headers)))
    assert len(answers) == 1

"""What the handler raises, logs and answers, from the Authorization value to the policy."""

import json
import logging
import time
from collections.abc import Callable

import pytest

from authorizer.handler import handler
from tests.authorizer.decisions import (
    SHAPES,
    Outcome,
    claims,
    decide,
    http_api_event,
    issued,
    outcome_of,
    recorded,
    signed,
    token_event,
)
from tests.support import private_jwk

NOW = int(time.time())
FINE_CODES: dict[str, Callable[[], str]] = {
    "token_too_large": lambda: "a" * 9000,
    "malformed_token": lambda: issued("notes:read") + ".",
    "forbidden_header": lambda: signed(claims(), jku="https://attacker.example/jwks.json"),
    "wrong_type": lambda: signed(claims(), typ="JWT"),
    "unknown_key": lambda: signed(claims(), kid="nobody's"),
    "wrong_algorithm": lambda: signed(claims(), alg="none"),
    "bad_signature": lambda: signed(claims())[:-43] + "A" * 43,
    "malformed_claims": lambda: signed(b'{"sub":"a","sub":"b"}'),
    "missing_claim": lambda: signed(claims(jti=None)),
    "invalid_claim": lambda: signed(claims(exp="soon")),
    "wrong_issuer": lambda: issued("notes:read", issuer="https://other.example"),
    "wrong_audience": lambda: issued("notes:read", audience="other"),
    "token_expired": lambda: issued("notes:read", seconds_ago=606),
    "token_not_yet_valid": lambda: issued("notes:read", seconds_ago=-60),
    "lifetime_too_long": lambda: signed(claims(exp=NOW + 10**6)),
}


@pytest.mark.parametrize("code", FINE_CODES)
def test_a_bad_token_is_401_and_only_the_log_says_why(
    code: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = FINE_CODES[code]()
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(Exception, match=r"^Unauthorized$") as caught,
    ):
        handler(token_event(token), None)
    assert type(caught.value) is Exception
    assert caught.value.__suppress_context__, "API Gateway's logs would show the chain"
    (record,) = [record for record in caplog.records if record.name == "ostiary.authorizer"]
    assert vars(record)["code"] == code
    assert code in record.getMessage()
    _check_never_logged(token, caplog)


@pytest.mark.parametrize("value", ["Basic dTpw", "Bearer", "Bearer  a.b.c", "Bearer a.b.c d", "x"])
def test_a_header_without_a_bearer_token_opens_nothing(value: str) -> None:
    event = recorded("rest_token") | {"authorizationToken": value}
    assert outcome_of(event) is Outcome.UNAUTHORIZED
    assert outcome_of(http_api_event(value)) is Outcome.DENIED


@pytest.mark.parametrize("code", FINE_CODES)
def test_a_bad_token_is_denied_to_an_http_api_for_the_reason_in_the_log(
    code: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = FINE_CODES[code]()
    with caplog.at_level(logging.DEBUG):
        outcome, answer = decide(http_api_event(f"Bearer {token}"))
    assert (outcome, answer["context"]["code"]) == (Outcome.DENIED, code)
    (record,) = [record for record in caplog.records if record.name == "ostiary.authorizer"]
    assert vars(record)["code"] == code
    assert code in record.getMessage()
    _check_never_logged(token, caplog)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("alg", ["ES256", "HS256"])
def test_a_good_token_is_answered_with_a_policy_and_its_log_line(
    name: str, alg: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = issued("notes:read") if alg == "ES256" else signed(claims(sub="user"))
    with caplog.at_level(logging.DEBUG):
        answer = handler(recorded(name, token), None)
    assert answer["principalId"] == "user"
    assert answer["context"] | {"jti": ""} == {
        "sub": "user",
        "client_id": "ostiary",
        "scope": "notes:read",
        "jti": "",
        "sid": "",
        "code": "granted",
    }
    record = caplog.records[-1]
    assert (vars(record)["code"], vars(record)["jti"]) == ("granted", answer["context"]["jti"])
    _check_never_logged(token, caplog)


def test_what_the_token_says_reaches_the_context_as_strings() -> None:
    token = signed(claims(sid="s-1", scope="", auth_time=1, amr=["pwd"], roles=["admin"]))
    answer = handler(token_event(token), None)
    assert answer["context"]["sid"] == "s-1"
    assert answer["context"]["code"] == "insufficient_scope"
    assert set(answer["context"]) == {"sub", "client_id", "scope", "jti", "sid", "code"}
    assert json.loads(json.dumps(answer)) == answer


def test_a_key_that_is_not_in_the_set_opens_nothing() -> None:
    assert outcome_of(token_event(signed(claims()))) is Outcome.POLICY
    stranger = private_jwk("HS256", "stranger")["kid"]
    assert outcome_of(token_event(signed(claims(), kid=stranger))) is Outcome.UNAUTHORIZED


def test_two_events_in_a_row_do_not_know_each_other() -> None:
    first = handler(token_event(signed(claims(sub="one", scope="notes:read"))), None)
    assert outcome_of(token_event("a.b.c")) is Outcome.UNAUTHORIZED
    second = handler(token_event(signed(claims(sub="two", scope="users:read"))), None)
    assert (first["principalId"], second["principalId"]) == ("one", "two")
    assert first["policyDocument"] != second["policyDocument"]


def _check_never_logged(token: str, caplog: pytest.LogCaptureFixture) -> None:
    segments = [segment for segment in token.split(".") if len(segment) > 16]
    assert segments
    logged = " ".join(f"{vars(record)}" for record in caplog.records) + caplog.text
    assert not [segment for segment in segments if segment[:48] in logged]

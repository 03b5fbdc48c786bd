"""An authorizer whose keys come from a web server of the test's, with a clock to be moved."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from app.tokens.key_sources import open_verifying_keys
from authorizer import handler, settings
from tests.app.tokens.ringing import Clock
from tests.support import private_jwk
from tests.web_server import Speak, answers_json

PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth")


def public(alg: str, name: str = "first") -> dict[str, Any]:
    """The public half of a key of the tests."""
    return {k: v for k, v in private_jwk(alg, name).items() if k not in PRIVATE}


def publishes(*jwks: Mapping[str, Any]) -> Speak:
    return answers_json({"keys": jwks})


def use(patch: pytest.MonkeyPatch, keys: str, *, on_lambda: bool = False) -> Clock:
    """The authorizer's settings with this source of keys; the clock of its KeyRing."""
    clock = Clock()
    patch.setattr(settings, "open_verifying_keys", partial(open_verifying_keys, clock=clock))
    patch.setenv("OSTIARY_KEYS", keys)
    if on_lambda:
        patch.setenv("AWS_LAMBDA_FUNCTION_NAME", "ostiary-authorizer")
        patch.setenv("OSTIARY_ISSUER", "http://127.0.0.1:8000")
        patch.setenv("OSTIARY_AUDIENCE", "ostiary")
        patch.setenv("OSTIARY_STATUS_LISTS", "off")
    handler._verifier.cache_clear()
    return clock

"""Key sets in secrets: three of them, what a secret holds, and calls that go another way."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from app.tokens.rotation import Document
from tests.support import key_set_document

OLD: Document = json.loads(key_set_document("ES256"))
NEW: Document = json.loads(key_set_document("ES256", "ES384"))
OTHERS: Document = json.loads(key_set_document("ES256", "ES512"))
Replace = Callable[..., None]


def to_new(_: Document | None) -> Document:
    return NEW


def current(manager: Any, name: str) -> Any:
    """The set that counts for whoever reads the secret."""
    return json.loads(manager.get_secret_value(SecretId=name)["SecretString"])


def labels(manager: Any, name: str) -> list[list[str]]:
    """Those of each version that has any."""
    versions = manager.describe_secret(SecretId=name)["VersionIdsToStages"]
    return sorted(sorted(stages) for stages in versions.values())


class Manager:
    """The client of the code, with some of its calls replaced."""

    def __init__(self, real: Any, calls: dict[str, Any]) -> None:
        self._real = real
        self.__dict__.update(calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "an operation")

"""What the demo prints, and whether everything was as expected."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

INDENT = " " * 5


@dataclass
class Story:
    """Told line by line; `failures` counts what was not as expected."""

    failures: int = 0

    def title(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def show(self, name: str, document: Any) -> None:
        """A document of the flow, as readable JSON."""
        lines = json.dumps(document, indent=2).splitlines()
        print(f"   {name}", *lines, sep=f"\n{INDENT}", flush=True)

    def check(self, what: str, holds: bool) -> None:
        self.failures += not holds
        print(f" {'✓' if holds else '✗'} {what}", flush=True)

    def expect(self, what: str, answer: httpx.Response, status: int) -> httpx.Response:
        """One answer of the API, held against the status it should have."""
        wanted = "" if answer.status_code == status else f", expected {status}"
        self.check(f"{what}: {answer.status_code}{wanted}", not wanted)
        print(f"{INDENT}{answer.text}", flush=True)
        return answer

    def refused(self, what: str, answer: httpx.Response, status: int) -> None:
        """As `expect`, and it must be API Gateway that refuses, not the app behind it."""
        self.expect(what, answer, status)
        self.check("  and API Gateway itself said so", _by_api_gateway(answer))


def _by_api_gateway(answer: httpx.Response) -> bool:
    """A REST API names its error's type in a header; an HTTP API's own body is a message alone."""
    return "x-amzn-ErrorType" in answer.headers or list(answer.json()) == ["message"]

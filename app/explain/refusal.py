"""A refusal as whoever asked sees it, and as the log has it."""

import json
from http import HTTPStatus
from typing import NamedTuple

from app.problems import problem_from


class Refusal(NamedTuple):
    """`code` is what the client reads, '' where the body has none; `reason` is the log's code.

    The reason is '' where nothing is logged.
    """

    status: int
    code: str
    reason: str = ""

    @property
    def told(self) -> str:
        """Status and body, for people."""
        # What API Gateway answers where nothing can be written in its place.
        static = f'{{"message":"{HTTPStatus(self.status).phrase}"}}'
        return f"{self.status} {self.code or static}"


def refused(error: Exception, reason: str = "") -> Refusal:
    """What the app answers to this error: by the one place where errors become HTTP."""
    answer = problem_from(error)
    return Refusal(answer.status_code, json.loads(bytes(answer.body))["code"], reason)

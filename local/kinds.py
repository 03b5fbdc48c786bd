"""The kinds of API that may stand before the app, each with a template of its own."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from local.http_api import HttpApi
from local.rest_api import RestApi
from local.template import Document

Clients = Callable[[str], Any]


class Kind(Protocol):
    """What the rest of this package has to know of one."""

    template: str  # the file at the top of the project
    stage: str  # as ARNs name it; `$default` stands in no URL
    parameters: Mapping[str, str]  # of the template, beside those that every kind has
    bad_token: int  # the status of a request whose token the authorizer refuses

    def authorizer_event(self, arn: str, token: str) -> Document:
        """What the authorizer is asked about the request `arn`, as far as it reads events."""

    def fit(self, template: Document) -> list[str]:
        """Make of a CloudFormation template one that the emulator takes; a sentence a change."""

    def complete(
        self, clients: Clients, template: Document, values: Mapping[str, str]
    ) -> list[str]:
        """Put what the emulator dropped of `template`; a sentence for each thing.

        `values` of the template's parameters. EdgeError where the authorizer was dropped.
        """


REST: Kind = RestApi()
HTTP: Kind = HttpApi()
KINDS = {kind.template: kind for kind in (REST, HTTP)}

"""template.yaml on the emulator: a REST API."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from local import gateway
from local.template import API_ID, Document, resolved


class RestApi:
    """A stage in every URL, a TOKEN authorizer, and gateway responses of its own."""

    template = "template.yaml"
    stage = "prod"
    parameters: Mapping[str, str] = {"StageName": stage}
    bad_token = 401

    def authorizer_event(self, arn: str, token: str) -> Document:
        return {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": arn}

    def fit(self, template: Document) -> list[str]:
        api = template["Resources"]["Api"]["Properties"]
        api["Tags"] = [{"Key": "ms-custom-id", "Value": API_ID}]
        # Where a body changes, MiniStack makes the API anew, and cannot give it that id. This it
        # never reads, and templates of other versions may not have it.
        del api["Body"]["servers"]
        return ["Api: no word on the default endpoint, which is all that there is here"]

    def complete(
        self, clients: Callable[[str], Any], template: Document, values: Mapping[str, str]
    ) -> list[str]:
        body = template["Resources"]["Api"]["Properties"]["Body"]
        responses = resolved(gateway.gateway_responses(body), template, values)
        preflights = resolved(gateway.preflights(body), template, values)
        with closing(clients("apigateway")) as client:
            gateway.check_guarded(client, API_ID, gateway.guarded(body))
            gateway.put_gateway_responses(client, API_ID, self.stage, responses)
            gateway.put_preflights(client, API_ID, preflights)
        change = (
            f"Api: its {len(responses)} gateway responses and what its {len(preflights)} preflights"
            " answer are put after the deployment, since MiniStack's import drops them"
        )
        return [change]

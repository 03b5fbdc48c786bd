"""A running edge and the emulator under it: where they are, and how to talk to them."""

import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
from botocore.config import Config

from app.tokens.urls import STATUS_LISTS
from local.kinds import REST, Kind
from local.template import API_ID, REGION

STACK = "ostiary"
AUDIENCE = "ostiary"


@dataclass(frozen=True, slots=True)
class Cloud:
    """The emulator at `endpoint`."""

    endpoint: str

    def client(self, service: str) -> Any:
        """A boto3 client; whoever asks for it closes it."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            # No proxy of the environment stands between this machine and itself.
            config=Config(proxies={}),
            # MiniStack checks none.
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106
        )

    def function(self, logical_id: str) -> str:
        """The name that a function of the stack got."""
        with closing(self.client("cloudformation")) as cloudformation:
            resource = cloudformation.describe_stack_resource(
                StackName=STACK, LogicalResourceId=logical_id
            )
        name: str = resource["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def invoke(self, logical_id: str, event: Any) -> dict[str, Any]:
        """What a function of the stack answers to `event`, past the API."""
        return self.run(self.function(logical_id), event)

    def run(self, function: str, event: Any) -> dict[str, Any]:
        """What any function answers; where it raised, its error as Lambda reports one."""
        with closing(self.client("lambda")) as functions:
            answer = functions.invoke(FunctionName=function, Payload=json.dumps(event))
            document: dict[str, Any] = json.load(answer["Payload"])
        return document


@dataclass(frozen=True, slots=True)
class Edge:
    """The deployed API: its URL is the issuer, too."""

    cloud: Cloud
    key_set: str
    database_url: str
    kind: Kind = REST

    @property
    def url(self) -> str:
        """Where the API answers, known before it is deployed, without a trailing slash."""
        root = f"{self.cloud.endpoint}/_aws/execute-api/{API_ID}"
        return root if self.kind.stage == "$default" else f"{root}/{self.kind.stage}"

    @property
    def status_lists(self) -> str:
        """What the address of each status list begins with, as the templates have it."""
        return self.url + STATUS_LISTS

    def arn(self, method: str, path: str) -> str:
        """What API Gateway calls a request by; the emulator's account is all zeros."""
        stage = f"{API_ID}/{self.kind.stage}"
        return f"arn:aws:execute-api:{REGION}:000000000000:{stage}/{method}{path}"

    def http(self) -> httpx.Client:
        """A client of the API; whoever asks for it closes it."""
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

"""A running edge and the emulator under it: where they are, and how to talk to them."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
from botocore.config import Config

from app.tokens.aws_sources import open_signing_keys
from app.tokens.keys import KeySet
from app.tokens.urls import STATUS_LISTS
from local.errors import EdgeError
from local.kinds import REST, Kind
from local.template import API_ID, REGION

STACK = "ostiary"
# MiniStack checks none.
_CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
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
            **_CREDENTIALS,
        )

    @contextmanager
    def environment(self) -> Iterator[None]:
        """Within it, code of the app that asks AWS asks the emulator."""
        named = {f"AWS_{name.removeprefix('aws_').upper()}": v for name, v in _CREDENTIALS.items()}
        ours = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": REGION, **named}
        before = {name: os.environ.get(name) for name in ours}
        os.environ.update(ours)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value

    def put_secret(self, name: str, text: str) -> str:
        """Make a secret, or give it another text; its ARN."""
        with closing(self.client("secretsmanager")) as secrets:
            found = secrets.list_secrets(Filters=[{"Key": "name", "Values": [name]}])["SecretList"]
            if found:
                secrets.put_secret_value(SecretId=name, SecretString=text)
                return str(found[0]["ARN"])
            return str(secrets.create_secret(Name=name, SecretString=text)["ARN"])

    def physical_id(self, logical_id: str) -> str:
        """The name that a resource of the stack got."""
        with closing(self.client("cloudformation")) as cloudformation:
            resource = cloudformation.describe_stack_resource(
                StackName=STACK, LogicalResourceId=logical_id
            )
        name: str = resource["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def invoke(self, logical_id: str, event: Any) -> dict[str, Any]:
        """What a function of the stack answers to `event`, past the API."""
        return self.run(self.physical_id(logical_id), event)

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

    def ostiary(self, *arguments: str, stdin: str = "") -> str:
        """What a command says that the deploy function of the stack runs; EdgeError if it fails."""
        event = {"argv": arguments, "stdin": stdin}
        done = self.cloud.invoke("DeployFunction", event)
        if done.get("exit_code") != 0:
            raise EdgeError(f"`ostiary {' '.join(arguments[:2])}` failed: {done}")
        return str(done["stdout"]).strip()

    def settings(self, logical_id: str = "AppFunction") -> dict[str, str]:
        """The variables of a function as it is deployed."""
        with closing(self.cloud.client("lambda")) as functions:
            found = functions.get_function_configuration(
                FunctionName=self.cloud.physical_id(logical_id)
            )
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables

    def signing_keys(self) -> KeySet:
        """What the deployed app signs with."""
        with self.cloud.environment():
            return open_signing_keys(self.settings()["OSTIARY_KEYS"]).current()

    def http(self) -> httpx.Client:
        """A client of the API; whoever asks for it closes it."""
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

"""One deployment of a template of this project to a running emulator."""

import copy
import json
from collections.abc import Mapping
from contextlib import closing

from botocore.exceptions import WaiterError

from local.cloud import STACK, Cloud
from local.command import PROJECT
from local.errors import EdgeError
from local.image import Image, as_zip, read_image
from local.kinds import Kind
from local.progress import step
from local.template import API_ID, BUCKET, Document, for_emulator, read_template

TARGETS = ("app", "authorizer")


def deploy(cloud: Cloud, kind: Kind, parameters: Mapping[str, str]) -> list[str]:
    """Deploy the template of `kind` with `parameters`; answer a sentence for each change to it."""
    images = {target: read_image(PROJECT / "Dockerfile", target) for target in TARGETS}
    with step("SAM template to CloudFormation"):
        sam = read_template(PROJECT / kind.template)
        given = _with_defaults(sam, parameters)
        template, changes = for_emulator(sam, images, given)
        fitting = copy.deepcopy(template)
        changes += kind.fit(fitting)
    changes.append(f"Api: the id {API_ID}, so that the issuer can be the URL of the API itself")
    with step("code to S3, stack to CloudFormation"):
        _upload(cloud, images)
        _create_stack(cloud, fitting, given)
    with step("what the emulator's import drops"):
        return changes + kind.complete(cloud.client, template, given)


def _with_defaults(template: Document, parameters: Mapping[str, str]) -> dict[str, str]:
    declared = template["Parameters"]
    defaults = {name: p["Default"] for name, p in declared.items() if "Default" in p}
    return defaults | dict(parameters)


def _upload(cloud: Cloud, images: Mapping[str, Image]) -> None:
    with closing(cloud.client("s3")) as s3:
        s3.create_bucket(Bucket=BUCKET)
        for target, image in images.items():
            s3.put_object(Bucket=BUCKET, Key=f"{target}.zip", Body=as_zip(image))


def _create_stack(cloud: Cloud, template: Document, parameters: Mapping[str, str]) -> None:
    with closing(cloud.client("cloudformation")) as cloudformation:
        cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(template),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        waiter = cloudformation.get_waiter("stack_create_complete")
        try:
            waiter.wait(StackName=STACK, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})
        except WaiterError:
            events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
            reasons = [e["ResourceStatusReason"] for e in events if e.get("ResourceStatusReason")]
            raise EdgeError(f"the stack was not created: {'; '.join(reasons)}") from None

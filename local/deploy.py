"""One deployment of a template of this project to a running emulator."""

import copy
import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from local.cloud import STACK, Cloud
from local.command import PROJECT
from local.errors import EdgeError
from local.image import Image, as_zip, read_image
from local.kinds import Kind
from local.progress import step
from local.template import API_ID, BUCKET, TARGETS, Document, for_emulator, read_template

TEMPLATE_KEY = "template.json"


def deploy(
    cloud: Cloud, kind: Kind, parameters: Mapping[str, str], *, project: Path = PROJECT
) -> list[str]:
    """Deploy the template of `kind` with `parameters`, or update what is deployed already.

    Answers a sentence for each change to the template. `project`: the checkout that it is of.
    EdgeError, with what CloudFormation says, where the stack is rolled back.
    """
    images = {target: read_image(project / "Dockerfile", target) for target in TARGETS.values()}
    with step("SAM template to CloudFormation"):
        sam = read_template(project / kind.template)
        given = _with_defaults(sam, {**_by_digest(images), **parameters})
        template, changes = for_emulator(sam, images, given)
        fitting = copy.deepcopy(template)
        changes += kind.fit(fitting)
    changes.append(f"Api: the id {API_ID}, so that the issuer can be the URL of the API itself")
    with step("code and template to S3"):
        url = _upload(cloud, images, fitting)
    with step("stack to CloudFormation, which calls the deploy function"):
        _put_stack(cloud, url, given)
    with step("what the emulator's import drops"):
        return changes + kind.complete(cloud.client, template, given)


def _by_digest(images: Mapping[str, Image]) -> dict[str, str]:
    """The parameters that name an image, as ECR would."""
    return {p: f"ostiary/{t}@sha256:{images[t].digest}" for p, t in TARGETS.items()}


def _with_defaults(template: Document, parameters: Mapping[str, str]) -> dict[str, str]:
    declared = template["Parameters"]
    defaults = {name: p["Default"] for name, p in declared.items() if "Default" in p}
    return {name: str(value) for name, value in {**defaults, **parameters}.items()}


def _upload(cloud: Cloud, images: Mapping[str, Image], template: Document) -> str:
    """Put what CloudFormation reads into a bucket; where the template is then."""
    with closing(cloud.client("s3")) as s3:
        s3.create_bucket(Bucket=BUCKET)
        for image in images.values():
            s3.put_object(Bucket=BUCKET, Key=image.key, Body=as_zip(image))
        s3.put_object(Bucket=BUCKET, Key=TEMPLATE_KEY, Body=json.dumps(template))
    return f"{cloud.endpoint}/{BUCKET}/{TEMPLATE_KEY}"


def _put_stack(cloud: Cloud, template_url: str, parameters: Mapping[str, str]) -> None:
    with closing(cloud.client("cloudformation")) as cloudformation:
        kind = "update" if _exists(cloudformation) else "create"
        put = getattr(cloudformation, f"{kind}_stack")
        put(
            StackName=STACK,
            TemplateURL=template_url,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        waiter = cloudformation.get_waiter(f"stack_{kind}_complete")
        try:
            waiter.wait(StackName=STACK, WaiterConfig={"Delay": 0.1, "MaxAttempts": 1500})
        except WaiterError:
            raise EdgeError(f"the stack was not {kind}d: {_reasons(cloudformation)}") from None


def _exists(cloudformation: Any) -> bool:
    try:
        cloudformation.describe_stacks(StackName=STACK)
    except ClientError:
        return False
    return True


def _reasons(cloudformation: Any) -> str:
    """What went wrong since the last change began, the first fault first."""
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = []
    for event in events:  # the newest first
        reason = event.get("ResourceStatusReason", "")
        if reason == "User Initiated":
            break
        if reason and ("FAILED" in event["ResourceStatus"] or event["LogicalResourceId"] == STACK):
            reasons.append(f"{event['LogicalResourceId']}: {reason}")
    return "; ".join(reversed(reasons))

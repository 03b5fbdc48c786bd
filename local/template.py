"""A SAM template for the emulator: what must differ there is changed here, and named."""

import copy
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local.image import Image

REGION = "us-east-1"
# Which image of the Dockerfile each parameter names.
TARGETS = {"AppImage": "app", "AuthorizerImage": "authorizer"}
# Eight hex digits: the form that the emulator's host name `{id}.execute-api.localhost` takes too.
API_ID = "facade00"
BUCKET = "ostiary-code"

Document = dict[str, Any]

# The translator warns of feature switches that only AWS itself has.
logging.getLogger("samtranslator").addHandler(logging.NullHandler())


def read_template(path: Path) -> Document:
    """The SAM template, each YAML alias a copy of its own, as `sam build` writes it."""
    document: Document = yaml_parse(path.read_text())
    return copy.deepcopy(document)


def to_cloudformation(sam: Document, parameters: Mapping[str, str]) -> Document:
    """SAM turned into CloudFormation, as AWS does when it deploys."""
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    document: Document = translator.translate(copy.deepcopy(sam), dict(parameters))
    return document


def for_emulator(
    sam: Document, images: Mapping[str, Image], parameters: Mapping[str, str]
) -> tuple[Document, list[str]]:
    """The CloudFormation template for functions without Docker, and a sentence for each change."""
    changed, changes = copy.deepcopy(sam), []
    for name, resource in changed["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            target = TARGETS[properties.pop("ImageUri")["Ref"]]
            command = properties.pop("ImageConfig", {"Command": [images[target].handler]})
            properties |= _zip_of(images[target], *command["Command"])
            changes.append(
                f"{name}: a zip of the {len(images[target].files)} files that the image `{target}`"
                " copies, run by this machine's Python and packages; an image needs Docker"
            )
    return to_cloudformation(changed, parameters), changes


def _zip_of(image: Image, handler: str) -> Document:
    return {
        "PackageType": "Zip",
        "CodeUri": {"Bucket": BUCKET, "Key": image.key},
        "Handler": handler,
        "Runtime": "python3.13",
    }


def resolved(node: Any, template: Document, parameters: Mapping[str, str]) -> Any:
    """`node` with the intrinsics that static headers use (Ref, Sub, If, Equals, Not) worked out."""

    def value(part: Any) -> Any:
        match part:
            case {"Ref": name}:
                return parameters[name]
            case {"Fn::Sub": str(text)}:
                for name, given in parameters.items():
                    text = text.replace(f"${{{name}}}", given)
                return text
            case {"Fn::If": [condition, yes, no]}:
                return value(yes if value(template["Conditions"][condition]) else no)
            case {"Fn::Equals": [left, right]}:
                return value(left) == value(right)
            case {"Fn::Not": [condition]}:
                return not value(condition)
            case dict():
                return {key: value(child) for key, child in part.items()}
            case list():
                return [value(child) for child in part]
            case _:
                return part

    return value(node)

"""What the emulator's import of the API drops: put again, from the very same document.

It reads methods, authorizers and integrations out of the translated body, but neither the gateway
responses that SAM writes there nor what the mock integration of a preflight answers.
"""

from collections.abc import Iterator
from typing import Any

from local.errors import EdgeError
from local.template import Document


def gateway_responses(body: Document) -> Document:
    """Response type → response, as SAM wrote them into the body of the API."""
    responses: Document = body["x-amazon-apigateway-gateway-responses"]
    return responses


def preflights(body: Document) -> Document:
    """Path → mock integration of its OPTIONS method."""
    return {
        path: methods["options"]["x-amazon-apigateway-integration"]
        for path, methods in body["paths"].items()
        if "options" in methods
    }


def methods(body: Document) -> Iterator[tuple[str, str, Document]]:
    """Path, verb and description of each method in the body of an API."""
    for path, described in body["paths"].items():
        for verb, method in described.items():
            yield path, verb.upper(), method


def guarded(body: Document) -> set[tuple[str, str]]:
    """Path and verb of each method that the body puts under an authorizer."""
    return {
        (path, verb)
        for path, verb, method in methods(body)
        for requirement in method.get("security", [])
        if "NONE" not in requirement
    }


def check_guarded(client: Any, api_id: str, expected: set[tuple[str, str]]) -> None:
    """Refuse an emulator that reads no authorizers: what it deploys would stand open."""
    resources = client.get_resources(restApiId=api_id, limit=500, embed=["methods"])["items"]
    deployed = {
        (resource["path"], verb)
        for resource in resources
        for verb, method in resource.get("resourceMethods", {}).items()
        if method["authorizationType"] == "CUSTOM"
    }
    check_same(deployed, expected)


def check_same(deployed: set[tuple[str, str]], expected: set[tuple[str, str]]) -> None:
    """EdgeError where the emulator guards other paths and verbs than it should."""
    if deployed != expected:
        raise EdgeError(
            f"the emulator guards {sorted(deployed)} and should guard {sorted(expected)};"
            " it takes MiniStack 1.5.33 or newer"
        )


def put_gateway_responses(client: Any, api_id: str, stage: str, responses: Document) -> None:
    """Put them and deploy anew, since a stage keeps the ones of its deployment."""
    for response_type, response in responses.items():
        client.put_gateway_response(restApiId=api_id, responseType=response_type, **response)
    deployment = client.create_deployment(restApiId=api_id)["id"]
    client.update_stage(
        restApiId=api_id,
        stageName=stage,
        patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment}],
    )


def put_preflights(client: Any, api_id: str, integrations: Document) -> None:
    """Give the OPTIONS method of each path its answer."""
    resources = client.get_resources(restApiId=api_id, limit=500)["items"]
    ids = {resource["path"]: resource["id"] for resource in resources}
    for path, integration in integrations.items():
        method = {"restApiId": api_id, "resourceId": ids[path], "httpMethod": "OPTIONS"}
        templates = integration["requestTemplates"]
        client.put_integration(**method, type="MOCK", requestTemplates=templates)
        client.put_integration_response(**method, **integration["responses"]["default"])

"""template-http.yaml on the emulator: an HTTP API.

SAM writes routes, integrations and the authorizer into the body of the API. MiniStack's
CloudFormation reads no such body, so they become resources beside the API, as AWS makes them of it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

from local import gateway
from local.template import API_ID, Document, resolved


class HttpApi:
    """No stage in its URLs, an authorizer that is asked by payload 2.0, and AWS's own refusals."""

    template = "template-http.yaml"
    stage = "$default"
    parameters: Mapping[str, str] = {}
    bad_token = 403

    def authorizer_event(self, arn: str, token: str) -> Document:
        return {
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": arn,
            "identitySource": [f"Bearer {token}"],
            "headers": {"authorization": f"Bearer {token}"},
        }

    def fit(self, template: Document) -> list[str]:
        return [_body_as_resources(template), _no_cors_by_the_app(template)]

    def complete(
        self, clients: Callable[[str], Any], template: Document, values: Mapping[str, str]
    ) -> list[str]:
        body = template["Resources"]["Api"]["Properties"]["Body"]
        nothing: Mapping[str, Any] = {"AWS::NoValue": None}
        cors = resolved(body["x-amazon-apigateway-cors"], template, {**values, **nothing})
        with closing(clients("apigatewayv2")) as client:
            check_guarded(client, API_ID, gateway.guarded(body))
            if cors is None:
                return []
            client.update_api(ApiId=API_ID, CorsConfiguration=_capitalized(cors))
        return ["Api: CORS, which stands in that body too, is put after the deployment"]


def check_guarded(client: Any, api_id: str, expected: set[tuple[str, str]]) -> None:
    """Refuse an emulator that dropped the authorizer: what it deploys would stand open."""
    authorizers = client.get_authorizers(ApiId=api_id)["Items"]
    ids = {a["AuthorizerId"] for a in authorizers if a["AuthorizerType"] == "REQUEST"}
    deployed = {
        (path, verb)
        for route in client.get_routes(ApiId=api_id)["Items"]
        for verb, _, path in [route["RouteKey"].partition(" ")]
        if route["AuthorizationType"] == "CUSTOM" and route.get("AuthorizerId") in ids
    }
    gateway.check_same(deployed, expected)


def _body_as_resources(template: Document) -> str:
    api = template["Resources"]["Api"]["Properties"]
    body = api.pop("Body")
    api |= {"ProtocolType": "HTTP", "Tags": {"ms-custom-id": API_ID}}
    template["Resources"] |= dict(_authorizers(body)) | dict(_routes(body))
    count = sum(1 for _ in gateway.methods(body))
    return (
        f"Api: the {count} routes of its body, their integrations and their authorizer are"
        " resources beside it, since MiniStack's CloudFormation reads no body of an HTTP API"
    )


def _no_cors_by_the_app(template: Document) -> str:
    app = template["Resources"]["AppFunction"]["Properties"]
    app["Environment"]["Variables"]["OSTIARY_ALLOWED_ORIGINS"] = ""
    return (
        "AppFunction: no OSTIARY_ALLOWED_ORIGINS, since MiniStack adds the API's CORS headers to"
        " the app's, and a browser takes neither of two; AWS puts its own in their place"
    )


def _authorizers(body: Document) -> Iterator[tuple[str, Document]]:
    """Logical id and resource of each authorizer."""
    for name, scheme in body["components"]["securitySchemes"].items():
        properties = _capitalized(scheme["x-amazon-apigateway-authorizer"])
        properties["AuthorizerType"] = properties.pop("Type").upper()
        yield _resource(f"{name}Authorizer", "Authorizer", Name=name, **properties)


def _routes(body: Document) -> Iterator[tuple[str, Document]]:
    """Logical id and resource of each route, and of the integration that it has for itself."""
    for number, (path, verb, method) in enumerate(gateway.methods(body)):
        integration = method["x-amazon-apigateway-integration"]
        yield _resource(
            f"Integration{number}",
            "Integration",
            IntegrationType=integration["type"].upper(),
            IntegrationUri=integration["uri"],
            PayloadFormatVersion=integration["payloadFormatVersion"],
        )
        yield _resource(
            f"Route{number}",
            "Route",
            RouteKey=f"{verb} {path}",
            Target={"Fn::Sub": f"integrations/${{Integration{number}}}"},
            **_authorization(method),
        )


def _authorization(method: Document) -> Document:
    """What stands before a route: the authorizer that it requires, or nothing."""
    (name,) = (name for requirement in method["security"] for name in requirement)
    if name == "NONE":
        return {"AuthorizationType": "NONE"}
    return {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": f"{name}Authorizer"}}


def _resource(logical_id: str, kind: str, **properties: Any) -> tuple[str, Document]:
    resource = {
        "Type": f"AWS::ApiGatewayV2::{kind}",
        "Properties": {"ApiId": {"Ref": "Api"}, **properties},
    }
    return logical_id, resource


def _capitalized(members: Document) -> Document:
    """OpenAPI writes `authorizerUri` what CloudFormation and boto3 write `AuthorizerUri`."""
    return {name[:1].upper() + name[1:]: value for name, value in members.items()}

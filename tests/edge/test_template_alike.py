"""template-http.yaml is template.yaml but for what is said here: neither may be forgotten."""

import json

import pytest

from local.template import Document
from tests.edge.templates import HTTP, REST, read

# HTTP APIs write access logs without a role of the account, and have no stage in their URLs.
REST_ALONE = {
    "Parameters": {"StageName", "AccountLogRole"},
    "Conditions": {"HasAccessLogs", "MakesLogRole"},
    "Resources": {"LogRole", "AccountLogs"},
    "Rules": set[str](),
    "Outputs": set[str](),
}
# Of another service's types, or under a name of another rule: tests of their own hold them.
OTHER = {"Api", "Domain", "DomainMapping", "ApiLogs"}
_API = ('"ApiName", "Value": {"Ref": "AWS::StackName"}', '"ApiId", "Value": {"Ref": "Api"}')
_STAGE = ('"Stage", "Value": {"Ref": "StageName"}', '"Stage", "Value": "$default"')
# Place → what template.yaml says there, and what template-http.yaml says in its place.
DIFFERENCES = {
    "Resources/AppFunction": [('"Type": "Api"', '"Type": "HttpApi"'), ('"RestApiId"', '"ApiId"')],
    "Resources/EmptyPolicyCache": [
        ("/restapis/${Api}/stages/${StageName}/", "/apis/${Api}/stages/$default/")
    ],
    "Resources/ServerErrorsAlarm": [('"5XXError"', '"5xx"'), _API, _STAGE],
    "Resources/SlowAlarm": [_API, _STAGE],
    "Resources/Dashboard": [
        ('\\"4XXError\\"', '\\"4xx\\"'),
        ('\\"5XXError\\"', '\\"5xx\\"'),
        ('\\"ApiName\\", \\"${AWS::StackName}\\"', '\\"ApiId\\", \\"${Api}\\"'),
        ('\\"Stage\\", \\"${StageName}\\"', '\\"Stage\\", \\"$default\\"'),
    ],
    "Outputs/ApiUrl": [("${AWS::URLSuffix}/${StageName}", "${AWS::URLSuffix}")],
}


@pytest.fixture(scope="module")
def rest() -> Document:
    return read(REST)


@pytest.fixture(scope="module")
def http() -> Document:
    return read(HTTP)


@pytest.mark.parametrize("section", REST_ALONE)
def test_each_section_holds_the_same_names(rest: Document, http: Document, section: str) -> None:
    assert set(rest[section]) - set(http[section]) == REST_ALONE[section]
    assert set(http[section]) <= set(rest[section])


@pytest.mark.parametrize("section", ["Parameters", "Conditions", "Rules"])
def test_parameters_conditions_and_rules_are_the_same(
    rest: Document, http: Document, section: str
) -> None:
    assert http[section] == {name: rest[section][name] for name in http[section]}


@pytest.mark.parametrize("section", ["Resources", "Outputs"])
def test_resources_and_outputs_say_the_same(rest: Document, http: Document, section: str) -> None:
    compared = set(http[section]) - OTHER
    for name in compared:
        assert http[section][name] == _as_http(f"{section}/{name}", rest[section][name]), name
    assert {f"{section}/{name}" for name in compared} >= {
        place for place in DIFFERENCES if place.startswith(f"{section}/")
    }


def _as_http(place: str, said: Document) -> Document:
    text = json.dumps(said)
    for theirs, ours in DIFFERENCES.get(place, ()):
        assert theirs in text, f"{place} differs less than is said here: {theirs}"
        text = text.replace(theirs, ours)
    document: Document = json.loads(text)
    return document


def test_what_is_of_another_type_comes_under_the_same_conditions(
    rest: Document, http: Document
) -> None:
    for name in OTHER:
        theirs, ours = rest["Resources"][name], http["Resources"][name]
        assert ours.get("Condition") == theirs.get("Condition")
    assert (
        http["Resources"]["ApiLogs"]["Properties"]["RetentionInDays"]
        == rest["Resources"]["ApiLogs"]["Properties"]["RetentionInDays"]
    )


def test_functions_have_the_same_globals(rest: Document, http: Document) -> None:
    assert http["Globals"]["Function"] == rest["Globals"]["Function"]
    assert set(http["Globals"]) == {"Function"}

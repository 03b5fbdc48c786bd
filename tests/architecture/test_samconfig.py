"""samconfig.toml fits the templates: it says all, and what is still to be filled in is refused.

It is filled in and committed at each deploy, and may get other parts: this holds then, too.
"""

import re
import tomllib
from typing import Any

import pytest

from local.template import read_template
from tests.architecture.sources import ROOT

PLACEHOLDER = "REPLACE"
_GIVEN = re.compile(r"(?P<name>[A-Za-z]+)=(?P<value>\S+)")
_FILE: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))
TO_FILL = {"AppImage", "AuthorizerImage", "DatabaseSecretArn"}
# `sam deploy --config-env NAME` reads the table NAME.deploy.parameters.
ENVIRONMENTS = {
    name: table["deploy"]["parameters"] for name, table in _FILE.items() if name != "version"
}


def parameters(environment: str) -> dict[str, dict[str, Any]]:
    """Those of the template that it deploys."""
    name = ENVIRONMENTS[environment].get("template_file", "template.yaml")
    declared: dict[str, dict[str, Any]] = read_template(ROOT / name)["Parameters"]
    return declared


def given(environment: str) -> list[tuple[str, str]]:
    """The parameters of an environment in order, as SAM reads them: '' is nothing."""
    pairs = []
    for entry in ENVIRONMENTS[environment]["parameter_overrides"]:
        matched = _GIVEN.fullmatch(entry)
        assert matched, f"SAM does not read {entry!r}"
        pairs.append((matched["name"], matched["value"].strip("'")))
    return pairs


def takes(parameter: dict[str, Any], value: str) -> bool:
    """Whether CloudFormation would take the value: of a list, each part has to match."""
    if parameter["Type"] == "Number":
        return value.isdecimal()
    parts = value.split(",") if parameter["Type"] == "CommaDelimitedList" else [value]
    fits = re.compile(parameter.get("AllowedPattern", ".*"))
    allowed = parameter.get("AllowedValues")
    return (
        all(fits.fullmatch(part) for part in parts)
        and (allowed is None or value in allowed)
        and len(value) >= parameter.get("MinLength", 0)
    )


def test_there_is_one_for_trying_and_one_to_depend_on() -> None:
    assert {"dev", "prod"} <= set(ENVIRONMENTS)
    stacks = [environment["stack_name"] for environment in ENVIRONMENTS.values()]
    audiences = [dict(given(name))["Audience"] for name in ENVIRONMENTS]
    assert len(set(stacks)) == len(set(audiences)) == len(ENVIRONMENTS)


def test_what_changes_in_prod_is_read_before_it_happens() -> None:
    assert ENVIRONMENTS["prod"]["confirm_changeset"] is True


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_more_is_allowed_than_the_roles_need(environment: str) -> None:
    assert ENVIRONMENTS[environment]["capabilities"] == "CAPABILITY_IAM"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_parameter_stands_there_since_an_absent_one_keeps_its_last_value(
    environment: str,
) -> None:
    assert sorted(name for name, _ in given(environment)) == sorted(parameters(environment))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_needed_is_not_nothing(environment: str) -> None:
    values = dict(given(environment))
    declared = parameters(environment)
    required = {name for name, parameter in declared.items() if "Default" not in parameter}
    assert required >= TO_FILL
    assert [name for name in required if not values[name]] == []
    assert bool(values["DomainName"]) is not bool(values["Issuer"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_to_be_replaced_is_refused_by_the_template(environment: str) -> None:
    declared = parameters(environment)
    open_ones = TO_FILL | {name for name, value in given(environment) if PLACEHOLDER in value}
    assert [name for name in open_ones if takes(declared[name], PLACEHOLDER)] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_filled_in_is_taken_by_the_template(environment: str) -> None:
    declared = parameters(environment)
    filled = [(name, value) for name, value in given(environment) if PLACEHOLDER not in value]
    assert [pair for pair in filled if not takes(declared[pair[0]], pair[1])] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_key_is_committed(environment: str) -> None:
    verify_keys = dict(given(environment))["VerifyKeys"]
    assert not verify_keys or verify_keys.startswith("{{resolve:secretsmanager:")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_region_stands_there_since_sam_reads_none_but_the_profiles(environment: str) -> None:
    assert re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", ENVIRONMENTS[environment]["region"])


def test_a_lone_placeholder_is_what_the_template_is_asked_about() -> None:
    values = [value for name in ENVIRONMENTS for _, value in given(name) if PLACEHOLDER in value]
    assert set(values) <= {PLACEHOLDER}

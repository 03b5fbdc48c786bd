"""The table of costs is what docs/costs.md makes of it, and its fixed parts are the template's."""

import json
import re
from typing import Any

import pytest

from app.telemetry import Metric
from authorizer.metrics import UNDECIDED
from local.template import read_template
from tests.architecture.sources import ROOT

HOURS, DAYS = 730, 30
DEPLOYING = (ROOT / "docs" / "deploying.md").read_text("utf-8")
COSTS = (ROOT / "docs" / "costs.md").read_text("utf-8")
TEMPLATE: dict[str, Any] = read_template(ROOT / "template.yaml")["Resources"]
# Of docs/costs.md, by the beginning of what stands in the cell before.
_INPUT = re.compile(r"\| (?P<name>[^|]+?) \| (?P<figure>[0-9.]+) (?=\|)")
INPUTS = {found["name"]: float(found["figure"]) for found in _INPUT.finditer(COSTS)}
_ROW = re.compile(r"(?m)^\| \*{0,2}(?P<name>[a-zA-Z, ]+?)\*{0,2} \| (?P<cells>[0-9.*| ]+) \|$")
SECTION = DEPLOYING.partition("## What it costs")[2].partition("\n## ")[0]
ROWS = {
    found["name"]: [float(cell.strip(" *")) for cell in found["cells"].split("|")]
    for found in _ROW.finditer(SECTION)
}
USERS = (1, 100, 10_000)
OWN_METRICS = len([*Metric, UNDECIDED])  # without dimensions each name is one


def figure(beginning: str) -> float:
    """The one input whose name begins like this."""
    (found,) = (value for name, value in INPUTS.items() if name.startswith(beginning))
    return found


def million(beginning: str) -> float:
    """What one costs of which a million is priced."""
    return figure(beginning) / 1e6


def count(kind: str) -> int:
    """How many resources of a kind the template has."""
    return sum(resource["Type"] == kind for resource in TEMPLATE.values())


def bill(users: int) -> dict[str, float]:
    """Each row for so many daily users, as the page's formula has it."""
    calls, logins, refreshes = figure("calls"), figure("logins"), figure("refreshes")
    per_month = DAYS * users
    lists = DAYS * min(figure("decisions of") * users, figure("most fetches"))
    requests = per_month * (calls + logins + refreshes) + lists
    decisions = per_month * figure("decisions of")
    signatures = per_month * (logins + refreshes) + lists
    seconds = per_month * (
        calls * figure("a call or") + logins * figure("a login") + refreshes * figure("a refresh")
    )
    seconds += lists * figure("a call or")
    memory = figure("app, GB") * seconds
    memory += figure("authorizer, GB") * decisions * figure("a decision, s")
    logged = requests * figure("KB of logs, a request") + decisions * figure("KB of logs, a dec")
    traces = min(requests, DAYS * 86_400 + requests / 20)
    big = users == USERS[-1]
    database = figure("database, 10,000" if big else "database, 1 and")
    storage = figure("storage in two" if big else "storage in one")
    return {
        "API Gateway, and its data out": requests * million("REST API")
        + requests * figure("KB of an answer") * million("data to"),
        "Lambda": (requests + decisions) * million("Lambda, a million")
        + memory * million("Lambda on arm64"),
        "KMS": figure("KMS key") + signatures * million("KMS with RSA_2048"),
        "logs, traces": logged * million("CloudWatch logs") + traces * million("X-Ray"),
        "alarms, metrics, dashboard, secrets": alarm_metrics() * figure("alarm, a metric")
        + OWN_METRICS * figure("metric of our own")
        + count("AWS::CloudWatch::Dashboard") * figure("dashboard")
        + 2 * figure("secret"),
        "database": HOURS * database + 20 * storage,
        "endpoints": HOURS * 2 * 2 * figure("interface endpoint"),
    }


def alarm_metrics() -> int:
    """CloudWatch bills an alarm for each metric that it reads."""
    alarms = [r["Properties"] for r in TEMPLATE.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    return sum(
        sum("MetricStat" in metric for metric in alarm.get("Metrics", [])) or 1 for alarm in alarms
    )


@pytest.mark.parametrize("column", range(len(USERS)), ids=[f"{n:,} users" for n in USERS])
def test_each_figure_is_what_the_formula_gives(column: int) -> None:
    expected = bill(USERS[column])
    assert {name: cells[column] for name, cells in ROWS.items() if name != "together"} == {
        name: round(value, 2) for name, value in expected.items()
    }
    assert ROWS["together"][column] == round(sum(expected.values()), 2)


def test_every_input_is_read_once() -> None:
    """Two of one name would hide each other."""
    assert len(INPUTS) == len(_INPUT.findall(COSTS)) == 31


def test_the_memory_is_that_of_the_template() -> None:
    functions = {"app, GB": "AppFunction", "authorizer, GB": "AuthorizerFunction"}
    megabytes = {name: TEMPLATE[key]["Properties"]["MemorySize"] for name, key in functions.items()}
    assert {name: round(1024 * figure(name)) for name in functions} == megabytes


def test_the_fixed_parts_are_those_that_the_page_names() -> None:
    assert "eleven metrics with an alarm, eight of our own, a dashboard" in SECTION
    assert (alarm_metrics(), OWN_METRICS) == (11, 8)
    assert json.dumps(TEMPLATE).count('"AWS::SecretsManager::Secret"') == 1  # and the database's

"""docs/operating.md: it names every alarm and every metric, and what it has one copy runs."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.telemetry import Metric
from authorizer.metrics import UNDECIDED
from local.template import read_template
from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")
RESOURCES: dict[str, Any] = read_template(ROOT / "template.yaml")["Resources"]
ALARMS = {n: r for n, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
_JQ = re.compile(r"\bjq (?:-\w+ )*(?P<program>'[^']+')")


def section(heading: str) -> str:
    """What stands below a heading of the second level."""
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_alarm_has_a_section() -> None:
    below_headings = "\n".join(
        re.findall(r"^### .+\n(`.+?):", section("When an alarm rings"), re.MULTILINE)
    )
    assert sorted(re.findall(r"`(\w+)`", below_headings)) == sorted(ALARMS)


def test_every_metric_is_explained_with_the_alarm_that_looks_at_it() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| .+ \| (?:`(\w+)`|–) \|$", section("What is counted"), re.MULTILINE
    )
    looked_at = {
        alarm["Properties"]["MetricName"]: name
        for name, alarm in ALARMS.items()
        if not str(alarm["Properties"].get("Namespace", "")).startswith("AWS/")
    }
    assert dict(rows) == {name: looked_at.get(name, "") for name in [*Metric, UNDECIDED]}


def test_the_limits_are_those_that_the_app_holds() -> None:
    parameter = read_template(ROOT / "template.yaml")["Parameters"]["FailedAccountsPerHour"]
    limits = section("Limits of attempts, and what to turn")
    assert f"`OSTIARY_FAILED_ACCOUNTS_PER_HOUR`, {parameter['Default']}, then as many" in limits
    assert f"{parameter['MinValue']} to {parameter['MaxValue']:,}" in limits


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed here")
@pytest.mark.parametrize("program", [found["program"] for found in _JQ.finditer(PAGE)])
def test_jq_takes_each_of_its_programs(program: str, tmp_path: Path) -> None:
    line = {"logger": "ostiary.requests", "code": "not_found", "route": "/x", "duration_ms": 1.5}
    (tmp_path / "log").write_text(json.dumps(line))
    options = ["-s"] if "group_by" in program else []
    ran = subprocess.run(
        ["jq", *options, *shlex.split(program), str(tmp_path / "log")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr

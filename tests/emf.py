"""What CloudWatch makes of a log: the lines that are metrics, held against its specification.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import re
from collections import Counter
from typing import Any

MAX_METRICS, MAX_DIMENSIONS, MAX_BYTES = 100, 30, 256 * 1024
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
_NAME = re.compile(r"[!-~]{1,255}")
_NAMESPACE = re.compile(r"(?!AWS/)[0-9A-Za-z._/#:-]{1,255}")
_UNITS = {"Count", "Milliseconds", "Seconds", "None"}  # of the many, those that we would use
_DAYS_PAST, _HOURS_AHEAD = 14, 2
DAY = 86_400_000


def metrics_of(log: str, namespace: str, now: float) -> Counter[str]:
    """Name → sum of all that a log counts there; whatever claims to be a metric must be one.

    `now`, in seconds, is when CloudWatch reads it. A record that holds such a line in a string, as
    a formatter would make of it, is none.
    """
    counted: Counter[str] = Counter()
    for line in log.splitlines():
        document = _object(line)
        if document and "_aws" in document:
            assert len(line.encode()) <= MAX_BYTES
            for directive in _directives(document["_aws"], 1000 * now):
                counted += _values(directive, document, namespace)
        else:
            assert "CloudWatchMetrics" not in line, f"a metric that is wrapped is none: {line}"
    return counted


def _object(line: str) -> dict[str, Any] | None:
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _directives(about: Any, now: float) -> list[Any]:
    assert set(about) <= {"Timestamp", "CloudWatchMetrics"}
    moment = about["Timestamp"]
    assert type(moment) is int
    assert now - _DAYS_PAST * DAY < moment < now + _HOURS_AHEAD * DAY / 24
    directives = about["CloudWatchMetrics"]
    assert isinstance(directives, list)
    assert directives
    return directives


def _values(directive: Any, document: dict[str, Any], namespace: str) -> Counter[str]:
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    assert _NAMESPACE.fullmatch(directive["Namespace"])
    assert directive["Namespace"] == namespace
    assert isinstance(directive["Dimensions"], list)
    assert directive["Dimensions"], "without a set of dimensions, be it an empty one, none is kept"
    for dimensions in directive["Dimensions"]:
        assert isinstance(dimensions, list)
        assert len(dimensions) <= MAX_DIMENSIONS
        assert all(isinstance(document[name], str) for name in dimensions)
    assert 0 < len(directive["Metrics"]) <= MAX_METRICS
    return Counter({_name(metric): _value(metric, document) for metric in directive["Metrics"]})


def _name(metric: Any) -> str:
    assert set(metric) <= {"Name", "Unit", "StorageResolution"}
    assert metric["Unit"] in _UNITS
    name = metric["Name"]
    assert isinstance(name, str)
    assert _NAME.fullmatch(name)
    return name


def _value(metric: Any, document: dict[str, Any]) -> int:
    value = document[metric["Name"]]  # of the root, beside `_aws`
    assert type(value) is int
    return value

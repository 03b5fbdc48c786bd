"""What is told of a decision beside its code, and a metric of what could not be decided.

A metric is a line of JSON on standard output, as it is: within a record of the runtime's it would
be none. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import os
import re
import time
from typing import Any

UNDECIDED = "Undecided"
# As app/gateway_events.py takes it, and app/request_log.py chooses it.
_REQUEST_ID = re.compile(r"[!-~]{1,64}")


def told(event: Any, begun: float) -> dict[str, Any]:
    """For a record of a decision: `duration_ms` since `begun`, on time.perf_counter's clock, and
    `request_id`, API Gateway's own, where the event has one; a TOKEN event has none.
    """
    members: dict[str, Any] = {"duration_ms": round(1000 * (time.perf_counter() - begun), 1)}
    context = event.get("requestContext") if isinstance(event, dict) else None
    if isinstance(context, dict):
        request_id = context.get("extendedRequestId") or context.get("requestId")
        if isinstance(request_id, str) and _REQUEST_ID.fullmatch(request_id):
            members["request_id"] = request_id
    return members


def count(name: str, **members: Any) -> None:
    """Count one more of this, in the namespace that OSTIARY_METRICS names; without it, nowhere."""
    namespace = os.environ.get("OSTIARY_METRICS")
    if not namespace:
        return
    metric = {"Name": name, "Unit": "Count"}
    directive = {"Namespace": namespace, "Dimensions": [[]], "Metrics": [metric]}
    about = {"Timestamp": int(1000 * time.time()), "CloudWatchMetrics": [directive]}
    # In one piece, so that nothing else comes between a line and its end.
    print(f"{json.dumps({'_aws': about, name: 1, **members})}\n", end="", flush=True)

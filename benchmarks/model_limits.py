"""What each part can bear, how full it is at a rate, and at which it is full; and the bill."""

import math
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.model_arithmetic import MONTH, Load, load
from benchmarks.model_inputs import Assumptions, Measured

_BYTES_A_CONNECTION = 9_531_392  # of RDS's own formula
_KEPT_CONNECTIONS = 10  # for RDS, a deploy and you
_HOURS, _ENDPOINTS = 730, 4
_MOST = 1e8


class DatabaseClass(NamedTuple):
    """A class of RDS; `cores` are those that it has for good, `price` an hour's in one zone."""

    name: str
    cores: float
    gib: float
    price: float


# [from memory], but for the prices of the first two, which are those of docs/costs.md.
CLASSES = (
    DatabaseClass("db.t4g.micro", 0.2, 1, 0.016),
    DatabaseClass("db.t4g.medium", 0.4, 4, 0.065),
    DatabaseClass("db.m7g.large", 2, 8, 0.168),
    DatabaseClass("db.m7g.xlarge", 4, 16, 0.337),
    DatabaseClass("db.m7g.2xlarge", 8, 32, 0.674),
    DatabaseClass("db.m7g.4xlarge", 16, 64, 1.348),
    DatabaseClass("db.m7g.8xlarge", 32, 128, 2.695),
    DatabaseClass("db.m7g.16xlarge", 64, 256, 5.391),
)


class Limit(NamedTuple):
    """A thing that can be full, and what to turn when it is."""

    name: str
    used: Callable[[Load], float]
    most: float
    turn: str

    def share(self, at: Load) -> float:
        """How full it is; more than 1 cannot be borne."""
        return self.used(at) / self.most


def connections(gib: float) -> float:
    """That a database of so much memory allows the app."""
    return min(gib * 2**30 // _BYTES_A_CONNECTION, 5000) - _KEPT_CONNECTIONS


def limits(assumed: Assumptions) -> list[Limit]:
    """All that are known, as things stand when nothing was turned."""
    most = connections(assumed.database_gib)
    return [
        Limit("the stage's throttle", lambda at: at.through_the_gateway,
              assumed.requests_per_second, "`RequestsPerSecond`, `RequestBurst`"),
        Limit("API Gateway's requests a second", lambda at: at.through_the_gateway,
              assumed.gateway_requests, "quota: Throttle rate; a second account or region"),
        Limit("Lambda's instances", lambda at: at.instances, assumed.concurrency,
              "quota: Concurrent executions"),
        Limit("Lambda's instances in the first 10 s", lambda at: max(at.apps, at.authorizers),
              assumed.burst, "let traffic rise over minutes; provisioned concurrency"),
        Limit("database connections", lambda at: at.apps, most,
              "a class with more memory; `AppConcurrency` below it: 429 before 503"),
        Limit("database cores", lambda at: at.database_cores, assumed.database_cores,
              "a larger class"),
        Limit("lock of the open status list", lambda at: at.list_row, 1,
              "none but faster commits: one list is open at a time"),
        Limit("lock of the counter of all ranges", lambda at: at.counter_row, 1,
              "none but faster commits: one row for all strangers"),
        Limit("KMS signatures", lambda at: at.signatures, assumed.rsa_signatures,
              "quota: RSA operations; or `KeySecretArn`, which asks KMS nothing"),
        Limit("status lists that an authorizer holds", lambda at: at.lists, assumed.held_lists,
              "`MAX_LISTS` in authorizer/status_lists.py"),
    ]  # fmt: skip


def full_at(assumed: Assumptions, measured: Measured, limit: Limit) -> float:
    """The requests a second at which a limit is reached; infinity where none of them does."""
    low, high = 1e-3, _MOST
    if limit.share(load(assumed, measured, high)) < 1:
        return math.inf
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        if limit.share(load(assumed, measured, middle)) < 1:
            low = middle
        else:
            high = middle
    return high


def broken(assumed: Assumptions, measured: Measured, rate: float) -> list[Limit]:
    """What does not bear this rate, by how soon it breaks on the way there."""
    at = load(assumed, measured, rate)
    over = [limit for limit in limits(assumed) if limit.share(at) > 1]
    return sorted(over, key=lambda limit: full_at(assumed, measured, limit))


def fitting(at: Load) -> DatabaseClass | None:
    """The smallest class that bears it, half its cores at work; None where none does."""
    return next(
        (
            one
            for one in CLASSES
            if connections(one.gib) >= at.apps and one.cores >= 2 * at.database_cores
        ),
        None,
    )


def bill(assumed: Assumptions, measured: Measured, rate: float) -> dict[str, float]:
    """Dollars a month at this rate day and night, the database in two zones and large enough."""
    at, price = load(assumed, measured, rate), measured.price
    requests, decisions = MONTH * at.through_the_gateway, MONTH * at.decisions
    sent = requests * price("KB of an answer") * 1e3 + MONTH * at.list_bytes
    memory = at.app_seconds * assumed.app_mb + at.authorizer_seconds * assumed.authorizer_mb
    logged = requests * price("KB of logs, a request") + decisions * price("KB of logs, a decision")
    traces = min(requests, MONTH + requests / 20)
    database = fitting(at) or CLASSES[-1]
    return {
        "API Gateway": requests / 1e6 * price("REST API"),
        "data out": sent / 1e9 * price("data to the internet"),
        "Lambda": (requests + decisions) / 1e6 * price("Lambda, a million")
        + MONTH * memory / 1024 / 1e6 * price("Lambda on arm64"),
        "KMS": price("KMS key") + MONTH * at.signatures / 1e6 * price("KMS with RSA_2048"),
        "logs": logged / 1e6 * price("CloudWatch logs"),
        "traces": traces / 1e6 * price("X-Ray"),
        "database": 2 * _HOURS * database.price + 20 * price("storage in two zones"),
        "endpoints": _HOURS * _ENDPOINTS * price("interface endpoint"),
    }

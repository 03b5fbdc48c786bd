"""The whole as arithmetic: so many requests a second in, what each part has to bear out.

Rates are a second's, times seconds, sizes bytes, unless a name says otherwise.
"""

import math
from dataclasses import dataclass

from benchmarks.model_inputs import Assumptions, Measured, Route

ONE_CORE_MB = 1769
MONTH = 30 * 86_400
_STEPS = 50  # of the fixed point between authorizers and the lists they ask for


@dataclass(frozen=True)
class Load:
    """What a rate of requests makes of every part."""

    requests: float
    logins: float
    refreshes: float
    calls: float
    decisions: float
    authorizers: float
    apps: float
    app_seconds: float  # of instances, a second: what is paid
    authorizer_seconds: float
    lists: float
    list_requests: float
    list_bytes: float
    signatures: float
    transactions: float
    database_cores: float
    list_row: float  # the share of time in which the row is locked
    counter_row: float

    @property
    def instances(self) -> float:
        """Of both functions."""
        return self.authorizers + self.apps

    @property
    def through_the_gateway(self) -> float:
        """Requests a second, those for status lists included."""
        return self.requests + self.list_requests


def hit_rate(calls_in_ttl: float) -> float:
    """Of calls that API Gateway answers from its cache, where a token comes at random.

    Of each period that a first call begins, the others within it are hits.
    """
    return calls_in_ttl / (1 + calls_in_ttl)


def instances(rate: float, seconds: float, most_an_instance: float) -> float:
    """How many Lambda has up: by Little's law, with what chance adds, and its own limit.

    The number at work at once is as Poisson has it; three standard deviations above the mean it is
    once in a thousand.
    """
    if rate <= 0:
        return 0
    busy = rate * seconds
    return math.ceil(max(busy + 3 * math.sqrt(busy), rate / most_an_instance))


def at_memory(work: float, megabytes: float) -> float:
    """Seconds of one core's work on Lambda's share of one."""
    return work * max(1.0, ONE_CORE_MB / megabytes)


def cost_of_a_million(work: float, megabytes: float, measured: Measured) -> float:
    """Dollars for a million invocations, each billed by the whole millisecond."""
    milliseconds = math.ceil(round(at_memory(work, megabytes) * 1e3, 6))
    gigabyte_seconds = milliseconds * megabytes / 1024 * 1e3
    per_million = measured.price("Lambda on arm64") / 1e6
    return measured.price("Lambda, a million") + gigabyte_seconds * per_million


def interpolated(points: list[tuple[float, float]], x: float) -> float:
    """Between the two points on both sides, in a straight line; beyond the ends, as at them."""
    below = max((point for point in points if point[0] <= x), default=points[0])
    above = min((point for point in points if point[0] >= x), default=points[-1])
    if above[0] == below[0]:
        return below[1]
    return below[1] + (above[1] - below[1]) * (x - below[0]) / (above[0] - below[0])


def lists_in_use(assumed: Assumptions, logins: float) -> float:
    """Status lists that hold a session whose tokens come."""
    return 1 + logins * assumed.session_days * 86_400 / assumed.list_places


def list_traffic(
    assumed: Assumptions, measured: Measured, decisions: float, lists: float
) -> tuple[float, float, float]:
    """Instances of the authorizer, what they ask for a second, and seconds of theirs that it takes.

    An instance asks for each list every 15 s, but at a decision alone, and anew for what it could
    not hold. So both depend on each other; the fixed point is looked for.
    """
    work = at_memory(measured.decision_ms / 1e3, assumed.authorizer_mb)
    fetch = assumed.list_fetch_ms / 1e3
    not_held = max(0.0, 1 - assumed.held_lists / lists)
    asked, count, seconds = 0.0, 0.0, work
    for _ in range(_STEPS):
        seconds = work + (asked / decisions * fetch if decisions else 0)
        count = instances(decisions, seconds, assumed.requests_an_instance)
        renewed = count * min(lists, assumed.held_lists) / assumed.list_seconds
        asked = min(decisions, decisions * not_held + renewed)
    return count, asked, decisions * seconds


def changed_share(assumed: Assumptions, logins: float, lists: float) -> float:
    """Of requests for a list, those that find it changed since the last one."""
    ends = logins * assumed.logout_share / lists * assumed.list_seconds
    return 1 - math.exp(-ends)


def _mixed(one: Route, other: Route, share: float) -> Route:
    """A route that is `other` in this share of its calls."""
    return Route(*(a + (b - a) * share for a, b in zip(_of(one), _of(other), strict=True)))


def _of(route: Route) -> tuple[float, float, float]:
    return route.trips, route.transactions, route.milliseconds


def load(assumed: Assumptions, measured: Measured, rate: float) -> Load:
    """Everything at so many requests a second, those of authorizers for lists not counted."""
    logins, refreshes = rate * assumed.login_share, rate * assumed.refresh_share
    calls = rate - logins - refreshes
    decisions = calls * (1 - hit_rate(assumed.calls_a_minute))
    lists = lists_in_use(assumed, logins)
    authorizers, asked, deciding = list_traffic(assumed, measured, decisions, lists)
    changed = changed_share(assumed, logins, lists)
    routes = measured.routes
    call = _mixed(routes["GET /notes"], routes["POST /notes"], assumed.write_share)
    known, new = routes["POST /auth/login, where one did before"], routes["POST /auth/login"]
    login = _mixed(known, new, assumed.new_range_share)
    parts = (
        (calls, call, measured.call_ms, 0.0),
        (logins, login, measured.login_ms, assumed.kms_ms),
        (refreshes, routes["POST /auth/token"], measured.call_ms, assumed.kms_ms),
        (asked, routes["GET /status-lists/{list_id}"], measured.call_ms, changed * assumed.kms_ms),
    )
    busy = sum(
        each * (at_memory(work, assumed.app_mb) + route.trips * assumed.database_trip_ms + waiting)
        for each, route, work, waiting in parts
    ) / 1e3  # fmt: skip
    invoked = rate + asked
    return Load(
        requests=rate,
        logins=logins,
        refreshes=refreshes,
        calls=calls,
        decisions=decisions,
        authorizers=authorizers,
        apps=instances(invoked, busy / invoked if invoked else 0, assumed.requests_an_instance),
        app_seconds=busy,
        authorizer_seconds=deciding,
        lists=lists,
        list_requests=asked,
        list_bytes=asked * changed * interpolated([*measured.list_bytes], assumed.ended_share),
        signatures=logins + refreshes + asked * changed,
        transactions=sum(each * route.transactions for each, route, _, _ in parts),
        database_cores=sum(each * route.milliseconds for each, route, _, _ in parts) / 1e3,
        list_row=logins * list_row_seconds(assumed),
        counter_row=logins * assumed.new_range_share * counter_row_seconds(assumed),
    )


def list_row_seconds(assumed: Assumptions) -> float:
    """For which a login locks the open status list: from the update to the end of the commit."""
    return _seconds_locked(assumed, 1, 1)


def counter_row_seconds(assumed: Assumptions) -> float:
    """For which a login from a new range locks the counter of all ranges, nobody else in its way.

    Once for the reservation, with the look-up behind it; and once for taking it back, with the
    roles, the look for an open list and a place in it behind that.
    """
    return _seconds_locked(assumed, 6, 2)


def _seconds_locked(assumed: Assumptions, trips: int, commits: int) -> float:
    return (trips * assumed.database_trip_ms + commits * assumed.commit_ms) / 1e3

"""One public JSON document, fetched as API Gateway fetches it: no redirect, little time."""

from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from app.doctor.report import Check, judged, not_judged, right, wrong
from app.tokens.encoding import parse_json_object
from app.tokens.errors import quoted
from app.tokens.fetch import Fetched, FetchError, fetch
from app.tokens.key_sources import MAX_DOCUMENT_BYTES

GRANTED_SECONDS = 1.5  # what API Gateway waits for each document
WAITING_SECONDS = 5.0  # what is waited here, to tell how slow it is
JSON = ("application/json",)
Get = Callable[[str], Fetched]


@dataclass(frozen=True, slots=True)
class Page:
    """What came from an address: an answer and its JSON object, or the trouble there was.

    The address is empty where there was none to ask at.
    """

    address: str
    answer: Fetched | None = None
    members: Mapping[str, Any] | None = None
    trouble: str = ""


def get(address: str) -> Fetched:
    """The answer there; FetchError."""
    return fetch(address, seconds=WAITING_SECONDS, most=MAX_DOCUMENT_BYTES)


def read_page(address: str, get: Get, media_types: tuple[str, ...] = JSON) -> Page:
    """The page at an address; whatever is wrong with it is its trouble, never an exception."""
    try:
        answer = get(address)
    except (FetchError, ValueError) as error:
        return Page(address, trouble=str(error))
    try:
        return Page(address, answer, _members(answer, media_types))
    except ValueError as error:
        return Page(address, answer, trouble=str(error))


def _members(answer: Fetched, media_types: tuple[str, ...]) -> Mapping[str, Any]:
    if 300 <= answer.status < 400:
        raise ValueError(
            f"a redirect, {answer.status}, to {quoted(answer.headers.get('location'))}"
        )
    if answer.status != 200:
        raise ValueError(f"the status {answer.status} in place of 200")
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise ValueError(f"the media type {quoted(media_type)} in place of {media_types[0]!r}")
    try:
        return parse_json_object(answer.body)
    except ValueError as error:
        raise ValueError(f"no JSON object: {quoted(str(error))}") from None


def check_page(name: str, page: Page) -> Check:
    """Whether a JSON object came."""
    if not page.address:
        return not_judged(name, page.trouble)
    if page.answer is None:
        return wrong(
            name,
            page.trouble,
            f"{page.address} must answer within {GRANTED_SECONDS:g} s, and over https with a "
            "certificate of a public authority",
        )
    if page.members is None:
        advice = f"route {page.address} to the app, without an authorizer and without a redirect"
        return wrong(name, page.trouble, advice)
    return right(name, f"200, a JSON object of {len(page.answer.body)} bytes")


def check_time(name: str, page: Page) -> Check:
    """Whether it came in the time that API Gateway grants."""
    if page.answer is None:
        return not_judged(name, "no answer came")
    seconds = page.answer.seconds
    return judged(
        name,
        f"{seconds:.3f} s; API Gateway waits {GRANTED_SECONDS:g} s",
        fits=seconds < GRANTED_SECONDS,
        advice="run this again, warm. If only a cold start is slow: provisioned concurrency for "
        "the app, or a copy of the document on CloudFront (docs/native-authorizers.md)",
    )


def status_when_held(address: str, tag: str) -> int | None:
    """The status of a GET with `If-None-Match: tag`; None where no answer came in time."""
    statuses: list[int] = []
    # In a thread, since a server that drips would outlast the socket's timeout.
    worker = Thread(target=_ask_again, args=(address, tag, statuses), daemon=True)
    worker.start()
    worker.join(WAITING_SECONDS)
    return statuses[0] if statuses else None


def _ask_again(address: str, tag: str, statuses: list[int]) -> None:
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with (
        suppress(OSError, HTTPException),
        closing(kind(parts.hostname or "", parts.port, timeout=WAITING_SECONDS)) as connection,
    ):
        connection.request("GET", target, headers={"If-None-Match": tag})
        statuses.append(connection.getresponse().status)

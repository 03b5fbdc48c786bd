"""Whether a document may be kept, for how long, and asked about again without being sent."""

import re

from app.discovery.router import MAX_AGE_SECONDS
from app.doctor.pages import Page, status_when_held
from app.doctor.report import Check, judged, not_judged, right, wrong
from app.tokens.errors import quoted

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,9})", re.IGNORECASE)
_UNCACHEABLE = re.compile(r"(?:^|[,\s])(?:no-store|no-cache|private)(?:$|[,\s=])", re.IGNORECASE)
_STRONG_TAG = re.compile(r'"[!#-~]*"')


def check_caching(name: str, page: Page) -> list[Check]:
    """Two rows: how long the document may be kept, and whether it is answered by a 304."""
    age, tag = f"{name}: Cache-Control", f"{name}: ETag, 304"
    if page.answer is None or page.members is None:
        return [not_judged(age, "no document came"), not_judged(tag, "no document came")]
    return [
        _check_age(age, page.answer.headers.get("cache-control", "")),
        _check_tag(tag, page.address, page.answer.headers.get("etag", "")),
    ]


def _check_age(name: str, header: str) -> Check:
    age = _MAX_AGE.search(header)
    return judged(
        name,
        quoted(header) if header else "none",
        fits=age is not None
        and 0 < int(age[1]) <= MAX_AGE_SECONDS
        and not _UNCACHEABLE.search(header),
        advice=f"send `Cache-Control: public, max-age={MAX_AGE_SECONDS}`, with which the waits of "
        "`ostiary keys rotate` reckon; behind a longer one a new key "
        "would come too late",
    )


def _check_tag(name: str, address: str, tag: str) -> Check:
    if not _STRONG_TAG.fullmatch(tag):
        found = f"{quoted(tag)} is no strong ETag" if tag else "no ETag"
        return wrong(name, found, "let the app's ETag through, whatever stands before it")
    status = status_when_held(address, tag)
    if status == 304:
        return right(name, "a strong ETag, and 304 to whoever holds it")
    found = "no answer" if status is None else f"the status {status}"
    return wrong(name, f"{found} to If-None-Match", "let If-None-Match through to the app")

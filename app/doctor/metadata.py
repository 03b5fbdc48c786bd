"""What the issuer says of itself: the members of its metadata that others rest on."""

from urllib.parse import urlsplit

from app.doctor.pages import Get, Page, read_page
from app.doctor.report import Check, judged, not_judged, right, wrong
from app.tokens.errors import quoted
from app.tokens.urls import check_url, on_loopback

EXPLICIT = ("response_types_supported", "grant_types_supported")
_LOCATION = "RFC 8414's location"


def check_issuer_member(issuer: str, page: Page) -> Check:
    """Whether the document is of this very issuer."""
    if page.members is None:
        return not_judged("issuer", "no document came")
    named = page.members.get("issuer")
    return judged(
        "issuer",
        quoted(named, 256),
        fits=named == issuer,
        advice=f"it was expected to be {issuer!r}, to the byte: set OSTIARY_ISSUER to that, or "
        "give the authorizer, and this command, the issuer that the tokens have",
    )


def check_jwks_uri(issuer: str, page: Page) -> Check:
    """Whether it is an address that may be fetched."""
    if page.members is None:
        return not_judged("jwks_uri", "no document came")
    uri = page.members.get("jwks_uri")
    try:
        fits = isinstance(uri, str) and bool(check_url(uri))
    except ValueError:
        fits = False
    # A stranger's document must not send this command to what listens on this machine.
    if fits and on_loopback(str(uri)) and not on_loopback(issuer):
        fits = False
    return judged(
        "jwks_uri",
        quoted(uri, 256),
        fits=fits,
        advice="it must be an https URL on a public host, without a fragment",
    )


def check_explicit_lists(page: Page) -> Check:
    """Whether nothing is left to the defaults of RFC 8414 §2, which claim two grants."""
    name = "no default grants"
    if page.members is None:
        return not_judged(name, "no document came")
    absent = [member for member in EXPLICIT if not isinstance(page.members.get(member), list)]
    return judged(
        name,
        f"{', '.join(absent)} not written out" if absent else f"{' and '.join(EXPLICIT)} written",
        fits=not absent,
        advice="write them as arrays, empty ones too: where grant_types_supported is absent, "
        "RFC 8414 §2 has readers take authorization_code and implicit for offered",
    )


def check_rfc8414(issuer: str, get: Get) -> Check:
    """Whether the metadata is where RFC 8414 §3.1 puts it: between the host and the path."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    address = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}"
    page = read_page(address, get)
    named = page.members.get("issuer") if page.members is not None else None
    if named == issuer:
        return right(_LOCATION, f"{address} answers")
    found = page.trouble or f"it names the issuer {quoted(named, 256)}"
    if path:
        return not_judged(
            _LOCATION,
            f"{address}: {found}. It needs an issuer without a path, such as a custom domain; "
            "API Gateway itself does not ask there",
        )
    return wrong(
        _LOCATION,
        f"{address}: {found}",
        "route it to the app, without an authorizer: the document is the one of "
        "openid-configuration",
    )

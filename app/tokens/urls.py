"""The URLs that are believed: an issuer's, a status list's, and where something is fetched from.

They are taken apart by one expression each. urllib.parse would let through more than is believed
here, and its import alone would cost the authorizer's cold start as much as all our own modules.
"""

import re

from app.tokens.errors import quoted

_ORIGIN = (
    r"(?P<scheme>https?)://(?:(?P<name>[A-Za-z0-9.-]+)|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_ISSUER = _ORIGIN + r"(?:/[A-Za-z0-9._~/-]*)?"
_ADDRESS = _ORIGIN + r"(?P<target>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[!-\"$-~]*)?)"
# A UUID in the one spelling that the routes take.
_LIST_ID = r"/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
STATUS_LISTS = "/status-lists"  # where an app serves them, below its issuer
_LONGEST_BASE = 255 - 37  # a token's `uri` has at most 255 characters


def on_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: localhost, 127.0.0.0/8 or ::1."""
    origin = re.match(rf"{_ORIGIN}(?![^/?#])", url)
    return origin is not None and _is_loopback(origin["name"], origin["ipv6"])


def check_issuer(issuer: str) -> str:
    """`issuer` itself, when it may stand in a token (RFC 8414 §2); else a ValueError.

    An https URL without user, query or fragment; http only on a loopback host.
    """
    if not _taken(_ISSUER, issuer):
        raise ValueError(
            "the issuer must be an https URL without user, query or fragment, or http on a "
            f"loopback host; it is {_shown(issuer)}"
        )
    return issuer


def check_url(url: str) -> str:
    """`url` itself, when something may be fetched from there; else a ValueError.

    An https URL without user or fragment; http only on a loopback host.
    """
    if not _taken(_ADDRESS, url):
        raise ValueError(
            "an https URL without user or fragment was expected, or http on a loopback host, "
            f"not {_shown(url)}"
        )
    return url


def check_status_list_base(base: str) -> str:
    """`base` itself, when the uris of status lists may begin with it; else a ValueError.

    As an issuer is written, and without a slash at its end.
    """
    if not _taken(_ISSUER, base) or base[-1] == "/" or len(base) > _LONGEST_BASE:
        raise ValueError(
            "the base URL of the status lists must be an https URL without user, query, fragment "
            "or a slash at its end, or http on a loopback host, of at most "
            f"{_LONGEST_BASE} characters; it is {_shown(base)}"
        )
    return base


def status_list_uri(base: str, list_id: str) -> str:
    """The uri of the list with this id, a UUID of 36 lower-case characters; else a ValueError."""
    uri = f"{check_status_list_base(base)}/{list_id}"
    if not is_status_list_uri(base, uri):
        raise ValueError(f"the id of a status list is a lower-case UUID, not {quoted(list_id)}")
    return uri


def is_status_list_uri(base: str, uri: str) -> bool:
    """Whether `uri` is that of a list below `base`, character by character.

    Nothing is normalised: of two spellings of a URL, one is no list's.
    """
    return uri.startswith(base) and re.fullmatch(_LIST_ID, uri[len(base) :]) is not None


def _taken(expression: str, url: str) -> bool:
    parts = re.fullmatch(expression, url)
    if not parts or not 0 < int(parts["port"] or 443) < 65_536:
        return False
    if not (_is_name(parts["name"]) if parts["name"] else _is_ipv6(parts["ipv6"])):
        return False
    return parts["scheme"] == "https" or _is_loopback(parts["name"], parts["ipv6"])


def _shown(url: str) -> str:
    """The URL as a message may repeat it: whoever writes a user into it writes a password, too."""
    return quoted(re.sub(r"(?s)^(https?:)?.*@", r"\1***@", url))


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return all(0 < len(name) < 64 and "-" not in (name[0], name[-1]) for name in labels)


def _is_ipv6(host: str) -> bool:
    import ipaddress  # few hosts are written so: others go without

    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _is_loopback(name: str | None, ipv6: str | None) -> bool:
    host = ipv6 or (name or "").lower()
    if host == "localhost" or not (ipv6 or host[-1:].isdigit()):
        return host == "localhost"
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and address.version == (6 if ipv6 else 4)

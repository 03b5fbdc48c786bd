"""Where the issuer is: API Gateway finds it over the public internet alone."""

import ipaddress
import socket
from urllib.parse import urlsplit

from app.doctor.pages import WAITING_SECONDS
from app.doctor.report import Check, judged, not_judged
from app.tokens.urls import on_loopback

_NAME = "https, public host"


def reach(issuer: str) -> str:
    """The address of the issuer's host that takes a connection; OSError where none does."""
    parts = urlsplit(issuer)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), WAITING_SECONDS) as connection:
            return str(connection.getpeername()[0])
    except UnicodeError:  # a name that DNS could not hold
        raise OSError(0, "this is no host name") from None


def check_address(issuer: str, address: str) -> Check:
    """Whether a machine on the internet may reach it, too; `address` is what `reach` gave."""
    if on_loopback(issuer):
        return not_judged(_NAME, "this machine alone: API Gateway takes https on a public host")
    return judged(
        _NAME,
        f"{urlsplit(issuer).scheme} at {address}",
        fits=ipaddress.ip_address(address).is_global,
        advice="give the issuer a public address and a public certificate; a private REST API "
        "needs that, too",
    )

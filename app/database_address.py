"""Where the database is, and as whom: a URL, or a secret of AWS that RDS keeps and rotates.

secretsmanager:NAME        the JSON secret of RDS: host, port, dbname, username and password. What
                           it lacks (RDS's own master secret has the last two alone) may stand
                           behind the name: secretsmanager:NAME?host=…&port=…&dbname=…
"""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from urllib.parse import parse_qsl

from sqlalchemy import URL
from sqlalchemy.engine import make_url

from app.tokens.aws_errors import explained
from app.tokens.aws_sources import client
from app.tokens.errors import KeysUnavailable

_LOG = logging.getLogger("ostiary.database")

SCHEME = "secretsmanager:"
# The roots of RDS, of Aurora and of RDS Proxy; the README beside them says where they come from.
CERTIFICATES = Path(__file__).parent / "certificates" / "aws-databases.pem"
REREAD_SECONDS = 10
# What AWS takes for names and ARNs, and the ! that stands in those that RDS makes itself:
# rds!db-…, rds!cluster-…. Anything else may be a password, and is not repeated.
_NAME = re.compile(r"[A-Za-z0-9/_+=.@:!-]{1,2048}")
_IN_SECRET = ("username", "password", "host", "port", "dbname")
_IN_SETTING = frozenset({"host", "port", "dbname"})


class AddressError(Exception):
    """Nobody can say where the database is; the message says why, and what to do."""


class SecretUnavailable(AddressError):
    """The secret could not be read; the next try may do better."""


class Address(Protocol):
    """Where to connect."""

    def current(self) -> URL:
        """The URL as it is known; AddressError where it is not."""

    def after_refusal(self, refused: URL) -> URL | None:
        """Another URL than the one with which no connection came about, if there is one by now."""


class FixedAddress:
    """A URL that stands in the setting."""

    def __init__(self, url: URL) -> None:
        self._url = with_tls(url)

    def current(self) -> URL:
        return self._url

    def after_refusal(self, refused: URL) -> URL | None:
        return None


class SecretAddress:
    """A secret of AWS Secrets Manager, read once, and again when what it said is refused.

    Safe to share between threads. AWS is asked at most once in REREAD_SECONDS.
    """

    def __init__(self, setting: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """AddressError for a setting that names no secret, or a secret that holds no address."""
        self._name, self._beside = parse_setting(setting)
        self._clock = clock
        self._lock = Lock()
        self._client: Any = None
        self._url: URL | None = None
        self._asked_at = float("-inf")
        self._failure: AddressError | None = None
        try:
            self.current()
        except SecretUnavailable as error:
            _LOG.warning("%s; it is asked again when the database is needed", error)

    def current(self) -> URL:
        with self._lock:
            if self._url is None:
                self._ask()
            if self._url is None:
                raise SecretUnavailable(str(self._failure))
            return self._url

    def after_refusal(self, refused: URL) -> URL | None:
        with self._lock:
            if self._url == refused:
                try:
                    self._ask()
                except AddressError as error:
                    _LOG.error("The database's address could not be read again: %s", error)
            return self._url if self._url != refused else None

    def _ask(self) -> None:
        now = self._clock()
        if now - self._asked_at < REREAD_SECONDS:
            return
        self._asked_at = now
        try:
            self._url = self._read()
        except AddressError as error:
            self._failure = error
            raise

    def _read(self) -> URL:
        named = f"{SCHEME}{self._name}"
        try:
            self._client = self._client or client("secretsmanager", self._name)
        except KeysUnavailable as error:
            raise SecretUnavailable(str(error)) from None
        with explained(named, SecretUnavailable):
            secret = self._client.get_secret_value(SecretId=self._name)
        return with_tls(_url_in(secret.get("SecretString", ""), self._beside, named))


def open_address(setting: str) -> Address:
    """The address behind OSTIARY_DATABASE_URL; AddressError where it must be refused."""
    return SecretAddress(setting) if is_secret(setting) else FixedAddress(make_url(setting))


def is_secret(setting: str) -> bool:
    """Whether a setting names a secret, and is no URL itself."""
    return setting.startswith(SCHEME)


def parse_setting(setting: str) -> tuple[str, Mapping[str, str]]:
    """The name or ARN of a secret, and what stands beside it; AddressError, which repeats nothing.

    The names that may stand there are host, port and dbname.
    """
    name, _, query = setting.removeprefix(SCHEME).partition("?")
    written = parse_qsl(query, keep_blank_values=True)
    beside = dict(written)
    if not _NAME.fullmatch(name):
        raise AddressError(f"`{SCHEME}` takes the name or the ARN of a secret")
    fit = beside.keys() <= _IN_SETTING and len(beside) == len(written)
    if (query and not beside) or not fit or not all(map(_may_be_written, beside.values())):
        raise AddressError(
            f"behind `{SCHEME}NAME` stand host, port and dbname alone, as "
            "`?host=HOST&port=5432&dbname=DATABASE`"
        )
    if not _is_port(beside.get("port", "5432")):
        raise AddressError(f"behind `{SCHEME}NAME` the port is a number from 1 to 65535")
    return name, beside


def with_tls(url: URL) -> URL:
    """The URL of a PostgreSQL with `sslmode=verify-full`, unless it says something else itself.

    Over a Unix socket libpq ignores it, and a server on this machine has no certificate of its own
    name. https://www.postgresql.org/docs/current/libpq-ssl.html
    """
    if url.get_backend_name() != "postgresql" or _on_loopback(url):
        return url
    strict: dict[str, str | tuple[str, ...]] = {"sslmode": "verify-full", **url.query}
    if strict["sslmode"] == "verify-full":
        # Where Kerberos encrypts, libpq would do without TLS.
        strict = {"sslrootcert": str(CERTIFICATES), "gssencmode": "disable", **strict}
    return url.set(query=strict)


def is_strict(url: URL) -> bool:
    """Whether nobody on the way to this database can read along, or pretend to be it."""
    if url.get_backend_name() != "postgresql":
        return True
    if "service" in url.query:  # a file that may say anything
        return False
    written = with_tls(url).query
    modes = written.get("sslmode"), written.get("gssencmode")
    return _on_loopback(url) or modes == ("verify-full", "disable")


def _url_in(text: str, beside: Mapping[str, str], named: str) -> URL:
    """The URL that a secret's text and the setting make together."""
    members = _members(text, named)
    parts = {name: _text(members.get(name), named, name) for name in _IN_SECRET} | dict(beside)
    parts["port"] = parts["port"] or "5432"
    absent = [name for name, value in parts.items() if not value]
    if absent:
        raise AddressError(
            f"{named}: it lacks {', '.join(absent)}; put that into the secret, or behind its name "
            "as `?host=HOST&dbname=DATABASE`"
        )
    if not _is_port(parts["port"]):
        raise AddressError(f"{named}: its port is no number from 1 to 65535")
    return URL.create(
        "postgresql+psycopg",
        username=parts["username"],
        password=parts["password"],
        host=parts["host"],  # which may be the folder of a Unix socket, too
        port=int(parts["port"]),
        database=parts["dbname"],
    )


def _members(text: str, named: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html"""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise AddressError(f"{named}: a JSON object was expected, such as RDS writes it")
    if "postgres" not in str(members.get("engine", "postgres")):
        raise AddressError(f"{named}: it is of a database of another engine than PostgreSQL")
    return members


def _text(value: object, named: str, name: str) -> str:
    """A member of a secret: text, or the number of a port; empty where there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise AddressError(f"{named}: its {name} is no text")
    if not _may_be_written(str(value)):
        raise AddressError(f"{named}: its {name} has a character in it that cannot be seen")
    return str(value)


def _may_be_written(value: str) -> bool:
    """Whether there is something, and no end of a line, no NUL and no half of a character in it."""
    return value != "" and value.isprintable()


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) <= len("65535") and 0 < int(text) <= 65535


def _on_loopback(url: URL) -> bool:
    """Whether each host of the URL is this machine; a folder is the Unix socket there.

    libpq goes to `hostaddr`, and takes the host for the name alone. Where there is none it takes
    the one in PGHOST, or else a Unix socket: that is not known here.
    """
    hosts = _listed(url.query.get("host") or url.host or "")
    addresses = _listed(url.query.get("hostaddr") or hosts)
    return all(map(_is_loopback, (*hosts, *addresses)))


def _listed(named: str | tuple[str, ...]) -> tuple[str, ...]:
    return named if isinstance(named, tuple) else tuple(named.split(","))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

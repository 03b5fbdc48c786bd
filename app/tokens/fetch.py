"""One GET within bounds, with the standard library: a source may hang, drip, flood or redirect."""

from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR, socket
from ssl import SSLContext
from threading import Event, Thread
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from app.tokens.urls import check_url


class FetchError(Exception):
    """Nothing usable came; the message says why, and repeats nothing of what did."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back: header names are in lower case, `seconds` is how long all of it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def fetch(
    url: str,
    *,
    seconds: float,
    most: int,
    accept: str = "application/json",
    etag: str | None = None,
    tls: SSLContext | None = None,
) -> Fetched:
    """GET `url`; at most `most` bytes of body within `seconds` in all, the look-up of its name too.

    No redirect is followed, no proxy asked, no other encoding taken. With the `etag` of what is at
    hand, the status may be 304: it still counts. `tls` holds whom to trust, where that was read
    before. Raises FetchError.
    """
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    if etag is not None:
        headers["If-None-Match"] = etag
    errand = _Errand(check_url(url), headers, seconds, most, tls)
    # A thread, since neither the look-up of a name nor a source that drips heeds a socket's
    # timeout.
    worker = Thread(target=errand.run, daemon=True)
    worker.start()
    worker.join(seconds)
    outcome = errand.outcome
    if outcome is None:
        errand.abandon()
    if outcome is None or isinstance(outcome, TimeoutError):
        raise FetchError(f"no whole answer came within {seconds:g} s") from None
    if isinstance(outcome, Exception):
        raise FetchError(_reason(outcome)) from None
    return outcome


class _Errand:
    """One request in a thread of its own, which ends when it is abandoned."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        seconds: float,
        most: int,
        tls: SSLContext | None,
    ) -> None:
        self.outcome: Fetched | Exception | None = None
        self._tls = tls
        self._url, self._headers, self._seconds, self._most = url, headers, seconds, most
        self._socket: socket | None = None
        self._abandoned = Event()

    def run(self) -> None:
        try:
            self.outcome = self._run()
        except Exception as error:
            self.outcome = error  # it belongs to whoever asked, not to this thread

    def _run(self) -> Fetched | None:
        start = monotonic()
        parts = urlsplit(self._url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with closing(self._connection(parts)) as connection:
            connection.connect()
            # Of our own, since the connection gives its socket away with the answer.
            self._socket = connection.sock
            if self._abandoned.is_set():
                return None
            answer = _exchange(connection, target, self._headers, self._most)
            return Fetched(*answer, monotonic() - start)

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        host, port, seconds = parts.hostname or "", parts.port, self._seconds
        if parts.scheme == "https":
            return HTTPSConnection(host, port, timeout=seconds, context=self._tls)
        return HTTPConnection(host, port, timeout=seconds)

    def abandon(self) -> None:
        """End the thread: it waits on its socket, or will see that it need not ask any more."""
        self._abandoned.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(SHUT_RDWR)


def _exchange(
    connection: HTTPConnection, target: str, headers: Mapping[str, str], most: int
) -> tuple[int, dict[str, str], bytes]:
    connection.request("GET", target, headers=headers)
    with connection.getresponse() as response:
        named = {name.lower(): value for name, value in response.getheaders()}
        if named.get("content-encoding", "identity").lower() != "identity":
            raise FetchError("an answer without Content-Encoding was asked for")
        body = b""
        # Piece by piece: to `read`, a chunk of the size -1 is one without an end.
        while len(body) <= most and (piece := response.read1(most + 1 - len(body))):
            body += piece
        if len(body) > most:
            raise FetchError(f"the answer has over {most} bytes")
        if response.length:
            raise FetchError("the answer broke off before its end")
        return response.status, named, body


def _reason(error: Exception) -> str:
    if isinstance(error, FetchError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, HTTPException | ValueError):
        return f"the answer is no HTTP ({type(error).__name__})"
    return type(error).__name__

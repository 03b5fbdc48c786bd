"""HTTP/1.1 as `ostiary serve` reads it: what RFC 9112 leaves open is refused, and nobody waits for
ever. uvicorn's httptools reads twice as fast as its h11, and lets more through; hence the rules."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS = 10  # for a request to be there, whole, once a connection or the last one is done
LAST_SECONDS = 1  # for one that was on its way when the process was told to end
HEAD_BYTES = 65_536  # of a request's headers, and of what comes before they are whole
REST_BYTES = 1_048_576  # until the next begins: of body and framing; the app takes far less
WAITING_REQUESTS = 16  # on one connection, behind the one that is being answered


class Refused(Exception):
    """Raised in the parser's callbacks, which makes a 400 of it."""


class Strict(HttpToolsProtocol):
    """One reading of a request, so that none before us has another."""

    _read = 0  # bytes of headers
    _came = 0  # bytes since the head, or what is behind it, began
    _in_head = _refused = False

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return  # though an answer may still be on its way, nothing is read any more
        super().data_received(data)
        # The parser keeps a header, or a trailer, to itself until its line ends.
        self._came += len(data)
        most = HEAD_BYTES if self._in_head else REST_BYTES
        if self._came > most and not self._refused:
            self.send_400_response("The request is too long.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._read, self._came, self._in_head = 0, 0, True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of a head: what comes behind a body (RFC 9112 §7.1.2) is nobody's header."""
        if self._in_head:
            self._read += len(name) + len(value) + len(": \r\n")
            if self._read > HEAD_BYTES:
                raise Refused("too long a head")
            super().on_header(name, value.rstrip(b" \t"))  # §5: it is no part of the value

    def on_headers_complete(self) -> None:
        """A target of origin-form (§3.2.1), one Host (§3.2), no coding but chunked (§6.1)."""
        hosts = [value for name, value in self.headers if name == b"host"]
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1") or self.parser.get_method() == b"CONNECT":
            raise Refused("another version of HTTP, or a tunnel")
        if not self.url.startswith(b"/") or b"#" in self.url:
            raise Refused("the target is no path")
        if len(hosts) > 1 or (version == "1.1" and not hosts):
            raise Refused("not one Host")
        if codings and [value.lower() for value in codings] != [b"chunked"]:
            raise Refused("another coding than chunked")
        if len(self.pipeline) >= WAITING_REQUESTS:
            raise Refused("too many requests before an answer")
        self._came, self._in_head = 0, False
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False  # the parser reads no further

    def send_400_response(self, msg: str) -> None:
        """For what is no HTTP, once to a request, and in nobody's place."""
        self._refused = True
        cycle = self.cycle
        in_body = cycle is not None and cycle.more_body and not self._in_head
        if in_body and (self.pipeline or cycle.response_started):
            self.transport.close()
        elif not in_body and cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False  # it came behind a request whose answer is the last, then
        else:
            super().send_400_response(msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing is said: uvicorn would advise to install what is switched off on purpose."""


class Impatient(Strict):
    """By itself uvicorn waits for ever for a request that comes half or never."""

    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._overdue.cancel()
        self._reads_again()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._overdue.cancel()
        self._expect_request()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Whoever reads nothing of what he asked for is given up, too."""
        super().pause_writing()
        self._stuck = self._stuck or self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._reads_again()

    def _reads_again(self) -> None:
        if self._stuck:
            self._stuck.cancel()
        self._stuck = None

    def shutdown(self) -> None:
        self._overdue.cancel()
        self._expect_request(LAST_SECONDS)
        super().shutdown()

    def _expect_request(self, seconds: float = REQUEST_SECONDS) -> None:
        self._overdue = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body:
            # Closing waits until all is read that was written.
            (self.transport.abort if self._stuck else self.transport.close)()

"""uvicorn as `ostiary serve` runs it: patient with whoever works, not with whoever says nothing."""

import asyncio
import logging
import signal
import socket
import sys

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

_LOG = logging.getLogger("uvicorn.error")
CONCURRENT_REQUESTS = 256
REQUEST_SECONDS = 10  # for a request to be there, whole, once a connection or the last one is done
LAST_SECONDS = 1  # for one that was on its way when the process was told to end
ENDING_SECONDS = 8  # for requests under way; whoever runs containers kills them after ten


class PortTaken(Exception):
    """Nobody can be served there; the message says why, and what to do."""


class Impatient(H11Protocol):
    """uvicorn's protocol, which by itself waits for ever for a request that comes half or never."""

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

    def send_400_response(self, msg: str) -> None:
        """For what is no HTTP. To one request, neither does the app answer after this, nor this
        after an answer of the app's has begun."""
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing is said: uvicorn would advise to install what is switched off on purpose."""

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


def bound(host: str, port: int) -> socket.socket:
    """The socket to serve on; port 0 is any that is free. PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By the protocol's number asyncio knows to set TCP_NODELAY: without it the second part of each
    # answer waits 40 ms for the client's delayed acknowledgement of the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"nobody can be served at {host}:{port}: {error.strerror}; stop what runs there, or "
            "say another with --port"
        ) from None
    return listener


def serve(app: FastAPI, listener: socket.socket, *, as_text: bool) -> None:
    """Until SIGTERM or Ctrl-C, and until the requests under way have ended.

    `as_text` lets uvicorn say in its own way that it starts and ends.
    """
    # The caller's address is the socket's peer, never a header's claim: hence no proxy headers.
    config = uvicorn.Config(
        app,
        http=Impatient,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONCURRENT_REQUESTS,
        timeout_graceful_shutdown=ENDING_SECONDS,
        log_config=uvicorn.config.LOGGING_CONFIG if as_text else None,
        access_log=False,  # it would tell path and query; app/request_log.py tells the route
        ws="none",  # there are none, and whoever asked for one would pass by all limits
    )
    host, port, *_ = listener.getsockname()
    _LOG.info("Uvicorn running on http://%s:%d (Press CTRL+C to quit)", host, port)
    # uvicorn sends itself the signal again once it has ended, and to have been told to is no fault.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.Server(config).run(sockets=[listener])

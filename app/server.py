"""uvicorn as `ostiary serve` runs it: patient with whoever works, not with whoever says nothing."""

import logging
import signal
import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from app.protocol import Impatient

_LOG = logging.getLogger("uvicorn.error")
CONCURRENT_REQUESTS = 256
ENDING_SECONDS = 8  # for requests under way; whoever runs containers kills them after ten


class PortTaken(Exception):
    """Nobody can be served there; the message says why, and what to do."""


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


def configured(app: ASGIApp, **more: Any) -> uvicorn.Config:
    """How it is served, wherever that is."""
    # The caller's address is the socket's peer, never a header's claim: hence no proxy headers.
    return uvicorn.Config(
        app,
        http=Impatient,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONCURRENT_REQUESTS,
        timeout_graceful_shutdown=ENDING_SECONDS,
        access_log=False,  # it would tell path and query; app/request_log.py tells the route
        ws="none",  # there are none, and whoever asked for one would pass by all limits
        **more,
    )


def serve(app: FastAPI, listener: socket.socket, *, as_text: bool) -> None:
    """Until SIGTERM or Ctrl-C, and until the requests under way have ended.

    `as_text` lets uvicorn say in its own way that it starts and ends.
    """
    config = configured(app, log_config=uvicorn.config.LOGGING_CONFIG if as_text else None)
    host, port, *_ = listener.getsockname()
    _LOG.info("Uvicorn running on http://%s:%d (Press CTRL+C to quit)", host, port)
    # uvicorn sends itself the signal again once it has ended, and to have been told to is no fault.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.Server(config).run(sockets=[listener])

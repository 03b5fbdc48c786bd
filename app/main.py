"""create_app() wires the app; `app` is for uvicorn, `handler` for Lambda.

Importing this module builds nothing. `app` and `handler` are built from the environment when they
are first asked for, so that whoever wants only `create_app` needs no settings.
"""

import gc

_collected = gc.isenabled()
# Nothing that modules make when they are loaded is garbage, and to look for it again and again
# takes a tenth of a cold start.
gc.disable()

import asyncio
import time
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from mangum import Mangum

from app.access.routes import RouteTable
from app.accounts.password_workers import PasswordWorkers
from app.accounts.passwords import PasswordHasher
from app.accounts.registration import Registration
from app.accounts.router import router as accounts_router
from app.attempts.attempts import Attempts
from app.attempts.limits import Quota
from app.audit.router import router as audit_router
from app.clients.checking import ClientCheck
from app.clock import Clock
from app.database import POOL_SIZE, Database
from app.discovery.router import router as discovery_router
from app.docs import router as docs_router
from app.health import router as health_router
from app.lambda_event import Handler, only_requests
from app.parts import find, wire
from app.problems import problem_from, render_problems
from app.request_log import RequestLog, write_requests_bare
from app.request_rules import RequestRules
from app.resources import routers as resource_routers
from app.sessions.access_tokens import AccessTokens
from app.sessions.beginning import Beginning
from app.sessions.introspecting import Introspecting
from app.sessions.login import Login
from app.sessions.oauth_errors import render_oauth_errors
from app.sessions.own_router import router as sessions_router
from app.sessions.refreshing import Refreshing
from app.sessions.revoking import Revoking
from app.sessions.router import router as login_router
from app.sessions.status_lists import PublishedLists
from app.sessions.status_router import router as status_router
from app.sessions.token_router import router as token_router
from app.sessions.transport import HEADER as TRANSPORT_HEADER
from app.settings import Settings, load_settings, on_lambda
from app.time_limits import ANSWER_SECONDS
from app.tokens.aws_sources import open_signing_keys
from app.tokens.errors import KeySetError
from app.tokens.issue import Issuer
from app.tokens.key_ring import KeyRing
from app.tokens.verify import Verifier
from app.workers import Workers

if _collected:
    # To the oldest generation without a look at it: the collector would go through all of it now.
    gc.freeze()
    gc.enable()
    gc.unfreeze()

TICK_SECONDS = 1.0
_ABOUT = """\
Log in, and send the access token with each request: `Authorization: Bearer …`. Whatever is refused
is answered as `application/problem+json` (RFC 9457), whose `code` never changes its meaning; the
OAuth endpoints answer as RFC 6749 §5.2 has it.
"""
# Mangum sends every other media type in base64, which a REST API hands on as it is.
TEXT_MEDIA_TYPES = ["text/", "application/json", "+json", "+jwt"]


def create_app(settings: Settings, *, clock: Callable[[], float] = time.time) -> FastAPI:
    """The app with these settings; KeySetError or TableError when it must not start.

    `clock` tells tokens and keys the time, in seconds since the epoch.
    """
    app = unwired_app()
    _wire_parts(app, settings, clock)
    app.add_middleware(RequestRules)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", TRANSPORT_HEADER],
        # For the cookie of the refresh token; the origin is named then, and never `*`.
        allow_credentials=True,
        expose_headers=["WWW-Authenticate", "Retry-After", "Location"],
    )
    app.add_middleware(RequestLog, namespace=settings.metrics, clock=clock)
    return app


def unwired_app() -> FastAPI:
    """The app's routes and their table, without the parts that need settings."""
    app = FastAPI(
        title="Ostiary",
        summary="JWT authentication and authorization, enforced at the API Gateway edge.",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Relative to /openapi.json, so it holds under any prefix.
        servers=[{"url": "."}],
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    # The router tries them in this order: first what is asked most.
    for router in (
        *resource_routers(),
        accounts_router,
        sessions_router,
        login_router,
        token_router,
        status_router,
        audit_router,
        discovery_router,
        health_router,
        docs_router,
    ):
        # Not `include_router`, which looks for the route of a request three times.
        app.router.routes.extend(router.routes)
    app.state.routes = RouteTable.of(app)
    render_problems(app)
    render_oauth_errors(app)
    app.add_exception_handler(405, _method_not_allowed)
    return app


def _wire_parts(app: FastAPI, settings: Settings, clock: Callable[[], float]) -> None:
    keys = open_signing_keys(settings.keys, clock=clock)
    keys.current().warn_of_mixture()
    name, audience = settings.issuer, settings.audience
    # An instance of a Lambda function has one request at a time.
    connections = 1 if on_lambda() else POOL_SIZE
    database = Database(
        settings.database_url.get_secret_value(),
        connections=connections,
        answer_seconds=ANSWER_SECONDS,
    )
    passwords = PasswordHasher()
    time_of_day = Clock(clock)
    lifetime = settings.access_token_seconds
    issuer = Issuer(keys, issuer=name, audience=audience, lifetime=lifetime, clock=clock)
    access_tokens = AccessTokens(issuer, time_of_day)
    roles, absolute = app.state.routes.roles, timedelta(days=settings.refresh_token_days)
    verifier = Verifier(keys, issuer=name, audience=audience, clock=clock)
    beginning = Beginning(database, access_tokens, absolute, time_of_day)
    an_hour = settings.failed_accounts_per_hour
    attempts = Attempts(time_of_day, everywhere=Quota(burst=an_hour, an_hour=an_hour))
    wire(
        app,
        settings,
        keys,
        database,
        Workers(connections),
        passwords,
        PasswordWorkers(),
        verifier,
        time_of_day,
        access_tokens,
        beginning,
        Login(database, attempts, passwords, roles, beginning),
        Registration(database, attempts, passwords, name),
        ClientCheck(database, attempts),
        Refreshing(database, access_tokens, roles, absolute, time_of_day),
        Revoking(database, verifier, time_of_day),
        Introspecting(database, verifier, absolute, time_of_day),
        PublishedLists(database, access_tokens, keys, time_of_day),
    )


async def _method_not_allowed(request: Request, error: Exception) -> Response:
    """The router names the verbs of the first route that fits; RFC 9110 §15.5.6 wants all."""
    answer = problem_from(error)
    table: RouteTable = request.app.state.routes
    answer.headers["Allow"] = ", ".join(table.methods_on(request.scope["path"]))
    return answer


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    reading = asyncio.create_task(_keep_reading(find(app, KeyRing)))
    yield
    reading.cancel()
    find(app, Database).close()


async def _keep_reading(keys: KeyRing) -> None:
    """Under a server, keys are read again in a thread: no request waits for their source."""
    while (seconds := keys.keep()) is not None:
        if seconds <= 0:
            with suppress(KeySetError):  # whoever needs the keys will be told
                await asyncio.to_thread(keys.refresh)
        # Not all of it at once: the loop's own clock stands still while the machine sleeps.
        await asyncio.sleep(TICK_SECONDS)


def _handler() -> Handler:
    _ensure_event_loop()
    write_requests_bare()
    mangum = Mangum(create_app(load_settings()), lifespan="off", text_mime_types=TEXT_MEDIA_TYPES)
    return only_requests(mangum)


def _ensure_event_loop() -> None:
    """Mangum asks for the thread's event loop, and Python has ceased to make one unasked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            asyncio.get_event_loop()
    except (DeprecationWarning, RuntimeError):
        asyncio.set_event_loop(asyncio.new_event_loop())


def __getattr__(name: str) -> Any:
    builders = {"app": lambda: create_app(load_settings()), "handler": _handler}
    if name not in builders:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    built = globals()[name] = builders[name]()
    # This process serves, and what there is by now lives as long as it does: the collector would
    # go through it in the middle of requests.
    gc.freeze()
    return built

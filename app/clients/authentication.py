"""Which client sends a request to an OAuth endpoint (RFC 6749 §2.3).

A confidential client says its id and its secret in one of two places, HTTP Basic or the form, and
never in both. The first-party client has no secret: it names itself in the form, or not at all.
"""

from base64 import b64decode
from functools import partial
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import Depends, Request

from app.caller import current_caller
from app.clients.checking import ClientCheck, ClientCredentials
from app.clients.service import KnownClient
from app.parts import part
from app.sessions.beginning import FIRST_PARTY_CLIENT
from app.sessions.forms import oauth_form
from app.sessions.oauth_errors import InvalidClient, InvalidOAuthRequest
from app.workers import Workers

FormDep = Annotated[dict[str, str], Depends(oauth_form)]


async def authenticate(
    request: Request,
    form: FormDep,
    check: Annotated[ClientCheck, part(ClientCheck)],
    workers: Annotated[Workers, part(Workers)],
) -> KnownClient | None:
    """The confidential client of a request; None where the first-party client alone is meant.

    InvalidClient for wrong credentials and for those that cannot be read, InvalidOAuthRequest for
    two kinds of them, TooManyAttempts for wrong ones that came too often.
    """
    headers = request.headers.getlist("authorization")
    if headers:
        credentials = _from_basic(headers, form)
        return await workers.run(partial(check, credentials, current_caller()))
    secret, client_id = form.get("client_secret"), form.get("client_id")
    if secret is None:
        if client_id not in (None, FIRST_PARTY_CLIENT):
            raise InvalidClient("This client has to authenticate.")
        return None
    if client_id is None:
        raise InvalidOAuthRequest("The parameter client_id belongs beside client_secret.")
    credentials = ClientCredentials(client_id, secret)
    return await workers.run(partial(check, credentials, current_caller()))


ClientDep = Annotated[KnownClient | None, Depends(authenticate)]


def confidential(client: KnownClient | None) -> KnownClient:
    """The same where nobody but a confidential client has any business."""
    if client is None:
        raise InvalidClient("This is for clients that authenticate, by HTTP Basic or the form.")
    return client


async def _confidential(client: ClientDep) -> KnownClient:
    return confidential(client)


ConfidentialClientDep = Annotated[KnownClient, Depends(_confidential)]


def _from_basic(headers: list[str], form: dict[str, str]) -> ClientCredentials:
    """Id and secret are each form-urlencoded within Basic, unlike anywhere else (§2.3.1)."""
    if "client_secret" in form:
        raise InvalidOAuthRequest("A client authenticates in one way, not in two at once.")
    if len(headers) != 1:
        raise InvalidClient("One Authorization header was expected.")
    scheme, _, encoded = headers[0].partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("Clients authenticate by HTTP Basic or in the form.")
    try:
        client_id, parted, secret = b64decode(encoded.strip(" "), validate=True).partition(b":")
        texts = [unquote_plus(text.decode(), errors="strict") for text in (client_id, secret)]
    except ValueError:
        raise InvalidClient("The credentials of HTTP Basic cannot be read.") from None
    if not parted:
        raise InvalidClient("The credentials of HTTP Basic cannot be read.")
    credentials = ClientCredentials(*texts)
    if form.get("client_id", credentials.client_id) != credentials.client_id:
        raise InvalidOAuthRequest("client_id names another client than the Authorization header.")
    return credentials

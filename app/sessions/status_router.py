"""The status lists, for everybody: an index tells nothing of whose session it is."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response

from app.access.guards import router as guarded_router
from app.parts import part
from app.sessions.status_lists import PublishedLists
from app.tokens.status_list import MEDIA_TYPE
from app.tokens.urls import STATUS_LISTS

# Added to how long an ended session passes, where a cache lies between (docs/revocation.md). One
# second lets that cache ask once for all; `must-revalidate`: it serves nothing while we are down.
MAX_AGE_SECONDS = 1
_CACHING = f"public, max-age={MAX_AGE_SECONDS}, must-revalidate"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
    304: {"description": "Not modified: `If-None-Match` names the list as it is"},
}

router = guarded_router(prefix=STATUS_LISTS, tags=["sessions"], responses=_RESPONSES)


@router.get("/{list_id:id}", response_class=Response)
def read_status_list(
    request: Request, list_id: UUID, lists: Annotated[PublishedLists, part(PublishedLists)]
) -> Response:
    """Which sessions have ended (draft-ietf-oauth-status-list §8.1), as a signed token."""
    found = lists.read(list_id, request.headers.getlist("if-none-match"))
    headers = {"Cache-Control": _CACHING, "ETag": str(found.tag)}
    if found.token is None:
        return Response(status_code=304, headers=headers)
    return Response(found.token, headers=headers, media_type=MEDIA_TYPE)

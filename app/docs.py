"""/docs and /openapi.json. The page's assets come from the app itself; no other host is asked.

Every address in the page is relative, so it works under a stage prefix (`/prod/docs`) and behind a
custom domain alike.
"""

import asyncio
from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, Response

from app.access.guards import login_scheme
from app.access.guards import router as guarded_router
from app.access.routes import RouteTable

_ASSETS = files("fastapi_standalone_docs") / "static"
# A door with a keyhole. In the page itself, since a REST API mangles images that it serves.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%23334' d='M3 16V6a5 5 0 0 1 10 0v10z'/%3E"
    "%3Cpath fill='%23fc6' d='M8 7a1.5 1.5 0 0 1 .7 2.8L9 13H7l.3-3.2A1.5 1.5 0 0 1 8 7z'/%3E"
    "%3C/svg%3E"
)
_CACHE = {"Cache-Control": "public, max-age=86400"}
router = guarded_router(include_in_schema=False)


@router.get("/openapi.json")
async def read_openapi(request: Request) -> JSONResponse:
    """The OpenAPI document, with the scopes that the guards declare."""
    app: FastAPI = request.app
    table: RouteTable = app.state.routes
    document = app.openapi()
    login = document["components"]["securitySchemes"][login_scheme.scheme_name]
    login["flows"]["password"]["scopes"] = {
        name: scope.description for name, scope in sorted(table.scopes.items())
    }
    return JSONResponse(document)


@router.get("/docs")
async def read_docs(request: Request) -> HTMLResponse:
    """Swagger UI, with a working Authorize button."""
    return get_swagger_ui_html(
        title=f"{request.app.title} · API",
        openapi_url="openapi.json",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url=_ICON,
        swagger_ui_parameters={"persistAuthorization": False, "displayRequestDuration": True},
    )


@router.get("/docs/swagger-ui-bundle.js")
async def read_script() -> Response:
    return await _asset("swagger/swagger-ui-bundle.js", "text/javascript")


@router.get("/docs/swagger-ui.css")
async def read_style() -> Response:
    return await _asset("swagger/swagger-ui.css", "text/css")


async def _asset(name: str, media_type: str) -> Response:
    # Not in the workers, which may all be waiting for the database.
    content = await asyncio.to_thread(_ASSETS.joinpath(name).read_bytes)
    return Response(content, media_type=media_type, headers=_CACHE)

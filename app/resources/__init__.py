"""What tokens open: one folder a resource. Copy one to add yours; it is found by its folder."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from fastapi import APIRouter
from fastapi.routing import APIRoute

from app.access.guards import guards_of
from app.access.routes import TableError


def routers() -> Iterator[APIRouter]:
    """The `router` of each folder here, by name; TableError where it is not as its folder says."""
    for folder in sorted(Path(__file__).parent.iterdir()):
        # Git leaves a folder behind that holds nothing but __pycache__.
        if not folder.name.startswith(("_", ".")) and any(folder.glob("*.py")):
            yield _router_of(folder)


def _router_of(folder: Path) -> APIRouter:
    name, place = folder.name, f"app/resources/{folder.name}"
    if not (folder / "router.py").exists():
        raise TableError(f"{place} has no router.py")
    router = getattr(import_module(f"{__name__}.{name}.router"), "router", None)
    if not isinstance(router, APIRouter):
        raise TableError(f"{place}/router.py defines no `router`")
    if router.prefix != f"/{name}":
        raise TableError(
            f"{place}: its router's prefix is {router.prefix!r}; "
            f"folder, prefix and scope share one word, so it must be '/{name}'"
        )
    for route in router.routes:
        for guard in guards_of(route.dependant) if isinstance(route, APIRoute) else ():
            if not guard.scope.name.startswith(f"{name}:"):
                raise TableError(
                    f"{place}: the scope {guard.scope.name!r} must begin with '{name}:'; "
                    "folder, prefix and scope share one word"
                )
    return router

"""What tokens open: one folder a resource. Copy one to add yours; it is found by its folder."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from fastapi import APIRouter


def routers() -> Iterator[APIRouter]:
    """The `router` of each folder here, by name; ImportError for a folder that has none."""
    for folder in sorted(path for path in Path(__file__).parent.iterdir() if path.is_dir()):
        if folder.name.startswith(("_", ".")):
            continue
        module = import_module(f"{__name__}.{folder.name}.router")
        router = getattr(module, "router", None)
        if not isinstance(router, APIRouter):
            raise ImportError(f"app/resources/{folder.name}/router.py defines no `router`")
        if router.prefix != f"/{folder.name}":
            raise ImportError(
                f"app/resources/{folder.name}: its router's prefix is {router.prefix!r}; "
                f"folder, prefix and scope share one word, so it must be '/{folder.name}'"
            )
        yield router

"""Resources are found by their folders, and a folder that does not fit is told of loudly."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import resources
from app.access.routes import TableError
from app.resources import routers

Folder = Callable[[str, str | None], Path]
FITTING = """
from app.access.guards import router as guarded_router
router = guarded_router(prefix="/{prefix}")
"""

WITH_SCOPE = """
from typing import Annotated
from app.access.guards import guarded_by, router as guarded_router
from app.access.scopes import Scope
from app.tokens.claims import AccessClaims

AlbumsRead = Annotated[AccessClaims, guarded_by(Scope("SCOPE", "See albums."))]
router = guarded_router(prefix="/albums")


@router.get("")
def list_albums(claims: AlbumsRead) -> list[str]:
    return []
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """Makes a resource's folder, in a copy of the folder of all resources."""
    house = tmp_path / "resources"
    shutil.copytree(
        Path(str(resources.__file__)).parent, house, ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(resources, "__file__", str(house / "__init__.py"))
    monkeypatch.setattr(resources, "__path__", [str(house)])
    before = dict(sys.modules)

    def make(name: str, router: str | None) -> Path:
        (house / name).mkdir()
        (house / name / "__init__.py").touch()
        if router is not None:
            (house / name / "router.py").write_text(router)
        return house / name

    yield make
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]
        vars(resources).pop(name.removeprefix("app.resources."), None)


def test_every_folder_here_is_found() -> None:
    assert "/notes" in [router.prefix for router in routers()]


def test_a_new_folder_is_found_by_its_name(folder: Folder) -> None:
    folder("albums", FITTING.format(prefix="albums"))
    folder("zines", FITTING.format(prefix="zines"))
    found = [router.prefix for router in routers()]
    assert {"/albums", "/notes", "/zines"} <= set(found)
    assert found == sorted(found)


def test_a_folder_without_a_router_file_fails(folder: Folder) -> None:
    folder("albums", None)
    with pytest.raises(TableError, match=r"app/resources/albums has no router\.py"):
        list(routers())


@pytest.mark.parametrize("content", ["", "router = None", "Router = 1", "router = 'notes'"])
def test_a_router_file_without_a_router_fails(folder: Folder, content: str) -> None:
    folder("albums", content)
    with pytest.raises(TableError, match=r"app/resources/albums/router\.py defines no `router`"):
        list(routers())


@pytest.mark.parametrize(
    "content",
    [
        FITTING.format(prefix="album"),
        FITTING.format(prefix="albums/all"),
        FITTING.format(prefix="notes"),
        FITTING.replace('prefix="/{prefix}"', ""),
    ],
)
def test_a_prefix_other_than_the_folder_is_refused(folder: Folder, content: str) -> None:
    folder("albums", content)
    with pytest.raises(TableError, match="it must be '/albums'"):
        list(routers())


def test_a_router_that_breaks_breaks_the_start(folder: Folder) -> None:
    folder("albums", "raise RuntimeError('half written')")
    with pytest.raises(RuntimeError, match="half written"):
        list(routers())


def test_hidden_and_private_folders_are_no_resources(folder: Folder) -> None:
    folder("__pycache__", None)
    folder("_drafts", None)
    folder(".cache", None)
    assert not {"/__pycache__", "/_drafts", "/.cache"} & {router.prefix for router in routers()}


def test_what_git_leaves_of_a_resource_is_none(folder: Folder) -> None:
    left = folder("albums", None)
    (left / "__init__.py").unlink()
    (left / "__pycache__").mkdir()
    assert "/albums" not in [router.prefix for router in routers()]


@pytest.mark.parametrize("scope", ["notes:read", "album:read"])
def test_a_scope_of_another_resource_is_refused(folder: Folder, scope: str) -> None:
    folder("albums", WITH_SCOPE.replace("SCOPE", scope))
    with pytest.raises(TableError, match=f"the scope '{scope}' must begin with 'albums:'"):
        list(routers())

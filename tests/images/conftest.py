"""The images laid out in folders, and functions that run in either home."""

import compileall
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from fcntl import LOCK_EX, flock
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from tests.images.build import Image, build, laid_out
from tests.images.dockerfile import ROOT
from tests.images.runtime import Environment, Function, Start, running
from tests.images.steps import ISSUER
from tests.support import private_jwk

PRIVATE = ("d", "p", "q", "dp", "dq", "qi")


@pytest.fixture(scope="session")
def runtime_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """AWS's runtime client and what it needs, in a folder without any other package."""
    folder = tmp_path_factory.mktemp("runtime-client")
    for name in ("awslambdaric", "simplejson", "snapshot-restore-py"):
        package = distribution(name)
        for file in package.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(package.locate_file(file)), folder / file)
    assert compileall.compile_dir(folder, quiet=1)  # once, not at each of many starts
    return folder


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Image]:
    """Makes the image of a target, once a run: its lock installed, its files copied."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    @cache
    def made(target: str) -> Image:
        folder = shared / f"image-{target}"
        with (shared / f"image-{target}.lock").open("w") as lock:
            flock(lock, LOCK_EX)
            if not folder.exists():
                with TemporaryDirectory(dir=shared) as unfinished:
                    build(target, Path(unfinished) / "image")
                    (Path(unfinished) / "image").rename(folder)
        return laid_out(target, folder)

    return made


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    """A database beside the migrated one, with nothing in it."""
    url = make_url(postgres_url)
    name = f"{url.database}_empty"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def app_environment(postgres_url: str) -> Environment:
    """The app's settings, as template.yaml gives them."""
    return {
        "OSTIARY_ISSUER": ISSUER,
        "OSTIARY_AUDIENCE": "ostiary",
        "OSTIARY_KEYS": "env:OSTIARY_SIGNING_KEYS",
        "OSTIARY_SIGNING_KEYS": json.dumps({"keys": [private_jwk("RS256")]}),
        "OSTIARY_DATABASE_URL": postgres_url,
        "OSTIARY_REGISTRATION": "open",
    }


@pytest.fixture
def authorizer_environment() -> Environment:
    """The authorizer's settings, as template.yaml gives them."""
    jwk = {name: value for name, value in private_jwk("RS256").items() if name not in PRIVATE}
    return {
        "OSTIARY_ISSUER": ISSUER,
        "OSTIARY_AUDIENCE": "ostiary",
        "OSTIARY_KEYS": "env:OSTIARY_VERIFY_KEYS",
        "OSTIARY_VERIFY_KEYS": json.dumps({"keys": [jwk]}),
        "OSTIARY_STATUS_LISTS": "off",
    }


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a handler of this checkout under AWS's runtime client."""

    def started(handler: str, environment: Environment) -> AbstractContextManager[Function]:
        command = [sys.executable, "-W", "error", "-m", "awslambdaric", handler]
        return running(command, ROOT, environment, tmp_path / f"{handler}.log")

    return started


@pytest.fixture
def start_image(tmp_path: Path, image: Callable[[str], Image], runtime_client: Path) -> Start:
    """Starts an image's handler where nothing but the image and the runtime client is found."""

    def started(target: str, environment: Environment) -> AbstractContextManager[Function]:
        made = image(target)
        command = [*made.python(runtime_client), "-m", "awslambdaric", made.handler]
        return running(command, made.folder, environment, tmp_path / f"{target}.log")

    return started

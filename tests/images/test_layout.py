"""The images as the Dockerfile makes them: what is in them is enough, and is no more than that."""

import json
import re
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.image import read_image
from tests.app.events import rest_event
from tests.architecture.sources import name_of, python_files
from tests.authorizer.decisions import recorded
from tests.images.build import Image
from tests.images.dockerfile import ROOT, copied_files, is_ignored, packages_of, stages
from tests.images.runtime import Environment, Start
from tests.images.steps import body_of, log_in, register

TARGETS = ("app", "authorizer")
HEAVY = [
    *("alembic", "boto3", "fastapi", "jose", "mangum", "passlib"),
    *("pydantic", "sqlalchemy", "starlette", "app.tokens.issue"),
]
FIND = f"""
import importlib.util, json
def found(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
print(json.dumps([name for name in {HEAVY} if found(name)]))
"""
LOADED = f"""
import json, sys
import authorizer.handler
print(json.dumps(sorted(set({HEAVY}) & set(sys.modules))))
"""
EVERY_MODULE = """
import importlib, json, pathlib
names = [".".join(p.with_suffix("").parts) for f in ("app", "authorizer")
         for p in sorted(pathlib.Path(f).rglob("*.py"))]
for name in names:
    importlib.import_module(name.removesuffix(".__init__"))
print(json.dumps(names))
"""
# Loose: what is asserted is that nobody made a mistake, not how fast this machine is.
MAX_AUTHORIZER_BYTES, MAX_APP_BYTES, MAX_IMPORT_SECONDS = 40 * 2**20, 250 * 2**20, 10


@pytest.mark.parametrize("target", TARGETS)
def test_every_file_that_the_dockerfile_copies_exists(target: str) -> None:
    files = copied_files(target)
    assert all(path.is_file() for path in files.values())
    assert {place.parts[:3] for place in files} == {("/", "var", "task")}
    for stage in stages().values():
        assert copied_files(stage.name) or stage.name not in TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_no_image_holds_what_is_nobodys_business(target: str) -> None:
    names = {path.relative_to(ROOT).as_posix() for path in copied_files(target).values()}
    assert {name.partition("/")[0] for name in names} <= {"app", "authorizer", "alembic"}
    assert not [
        name
        for name in names
        if re.search(r"__pycache__|\.pyc$|\.env|\.db$|\.json$", name)
        and name != "authorizer/routes.json"
    ]


def test_the_app_image_holds_the_app_and_the_authorizer_image_no_signing() -> None:
    app, authorizer = ({str(p) for p in copied_files(t)} for t in TARGETS)
    assert not [name for name in app if "/authorizer/" in name]
    assert not {f"/var/task/app/tokens/{name}.py" for name in ("issue", "generate")} & authorizer
    for path in python_files("app", "alembic"):
        assert f"/var/task/{name_of(path)}" in app


@pytest.mark.parametrize("target", TARGETS)
def test_the_local_edge_deploys_what_the_image_holds(target: str) -> None:
    zipped = read_image(ROOT / "Dockerfile", target)
    files = {str(place.relative_to("/var/task")): f for place, f in copied_files(target).items()}
    assert dict(zipped.files) == files
    assert [zipped.handler] == stages()[target].command


@pytest.mark.parametrize("target", TARGETS)
def test_packages_are_installed_by_hash_and_the_lock_is_all(target: str) -> None:
    stage, place = packages_of(target)
    (command,) = stage.runs
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(command.split())
    assert [copy.sources for copy in stage.copies] == [(f"requirements/{target}.txt",)]
    (base,) = {stage.base for stage in stages().values()}
    version = base.rpartition("/python:")[2]
    assert place in {
        PurePosixPath("/var/task"),
        PurePosixPath(f"/var/lang/lib/python{version}/site-packages"),
    }


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("app/main.py", False),
        ("requirements/app.txt", False),
        ("app/__pycache__/main.cpython-313.pyc", True),
        ("app/resources/notes/__pycache__/x.pyc", True),
        (".ostiary/keys.json", True),
        (".git/config", True),
        (".env", True),
        ("tests/conftest.py", True),
        ("README.md", True),
    ],
)
def test_the_build_context_holds_nothing_but_what_is_copied(path: str, ignored: bool) -> None:
    assert is_ignored(path) is ignored


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_copied_replaces_and_hides_nothing_of_a_package(
    target: str, image: Callable[[str], Image]
) -> None:
    made, (_, place) = image(target), packages_of(target)
    records = list(made.packages.glob("*.dist-info/RECORD"))
    lines = [line for record in records for line in record.read_text().splitlines()]
    installed = {place / line.split(",")[0] for line in lines}
    copied = set(copied_files(target))
    assert installed
    assert installed & copied == set()
    # A folder in front of a package of its name hides it, unless it is no package itself.
    for name in {path.relative_to("/var/task").parts[0] for path in copied}:
        if any(path.is_relative_to(place / name) for path in installed):
            assert PurePosixPath("/var/task") / name / "__init__.py" not in copied


@pytest.mark.parametrize("target", TARGETS)
def test_a_lock_has_all_that_its_packages_require(
    target: str, image: Callable[[str], Image]
) -> None:
    installed = list(distributions(path=[str(image(target).packages)]))
    names = {canonicalize_name(package.name) for package in installed}
    required = {
        canonicalize_name(requirement.name)
        for requirement in (Requirement(r) for package in installed for r in package.requires or ())
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    }
    assert required - names == set()


def test_the_authorizer_image_can_import_nothing_heavy(image: Callable[[str], Image]) -> None:
    made = image("authorizer")
    assert json.loads(made.run(FIND)) == []
    assert json.loads(made.run(LOADED)) == []
    packages = {path.name.partition("-")[0] for path in made.packages.glob("*.dist-info")}
    assert packages == {"cffi", "cryptography", "pycparser"}


@pytest.mark.parametrize("target", TARGETS)
def test_every_module_in_an_image_can_be_imported_there(
    target: str, image: Callable[[str], Image]
) -> None:
    imported = json.loads(image(target).run(EVERY_MODULE))
    copied = {place.relative_to("/var/task") for place in copied_files(target)}
    expected = {name for name in copied if name.suffix == ".py" and name.parts[0] != "alembic"}
    assert len(imported) == len(expected)


def test_the_authorizer_decides_in_its_image(
    authorizer_environment: Environment, start_image: Start
) -> None:
    with start_image("authorizer", authorizer_environment) as function:
        report = function.invoke(recorded("rest_token", "a.b.c"))
        assert (report.kind, report.content["errorMessage"]) == ("error", "Unauthorized")


def test_app_and_authorizer_work_together_from_their_images(
    app_environment: Environment, authorizer_environment: Environment, start_image: Start
) -> None:
    with start_image("app", app_environment) as app:
        token = log_in(app, register(app))
        assert app.result(rest_event("GET", "/ready"))["statusCode"] == 200, app.log()
        assert app.result(rest_event("GET", "/docs/swagger-ui.css"))["statusCode"] == 200
        assert body_of(app.result(rest_event("GET", "/notes", token)))["items"] == []
    with start_image("authorizer", authorizer_environment) as authorizer:
        policy = authorizer.result(recorded("rest_token", token))
        assert policy["policyDocument"]["Statement"][0]["Effect"] == "Allow"
        assert policy["context"]["code"] == "granted"


@pytest.mark.parametrize(
    ("target", "module", "most"),
    [
        ("authorizer", "authorizer.handler", MAX_AUTHORIZER_BYTES),
        ("app", "app.main", MAX_APP_BYTES),
    ],
)
def test_size_and_import_time_are_what_a_cold_start_can_bear(
    target: str, module: str, most: int, image: Callable[[str], Image]
) -> None:
    made = image(target)
    seconds = made.import_seconds(module)
    print(
        f"{target}: packages {made.packages_bytes / 2**20:.1f} MiB unpacked, "
        f"import {module} {seconds * 1000:.0f} ms (median of 5)"
    )
    assert made.packages_bytes < most
    assert seconds < MAX_IMPORT_SECONDS

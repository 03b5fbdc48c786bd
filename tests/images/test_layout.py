"""The images as the Dockerfile makes them: what is in them is enough, and is no more than that."""

import json
import re
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.image import read_image
from tests.app.events import rest_event
from tests.architecture.sources import name_of, python_files
from tests.authorizer.decisions import recorded
from tests.images.build import Image
from tests.images.dockerfile import ROOT, copied_files, is_ignored, packages_of, stages
from tests.images.runtime import Environment, Start, running
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
CERTIFICATES = "app/certificates/aws-databases.pem"


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
        if re.search(r"__pycache__|/\.|\.(pyc|env|db|json|pem|key|crt|der|p12|pfx|jks)$", name)
        and name not in ("authorizer/routes.json", CERTIFICATES)
    ]


def test_the_certificates_come_without_any_key() -> None:
    blocks = re.findall(r"-----BEGIN (.+?)-----", (ROOT / CERTIFICATES).read_text())
    assert set(blocks) == {"CERTIFICATE"}
    assert f"/var/task/{CERTIFICATES}" in {str(place) for place in copied_files("app")}


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
    install, compile_ = stage.commands
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(install.split())
    assert compile_ == "python trim.py /packages"
    lock = f"requirements/{target}.txt"
    assert [copy.sources for copy in stage.copies] == [(lock, "requirements/trim.py")]
    known = stages()
    (base,) = {stage.base for stage in known.values()} - known.keys()
    version = base.partition("@")[0].rpartition("/python:")[2]
    assert place == PurePosixPath(f"/var/lang/lib/python{version}/site-packages")


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
        ("app/.env", True),
        ("app/resources/.DS_Store", True),
        ("app/ostiary.db-wal", True),
        (f"{CERTIFICATES}", False),
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


def test_the_app_image_migrates_as_the_deploy_function(
    app_environment: Environment,
    empty_database: str,
    image: Callable[[str], Image],
    runtime_client: Path,
    tmp_path: Path,
) -> None:
    """template.yaml starts the same image with another command."""
    made = image("app")
    command = [*made.python(runtime_client), "-m", "awslambdaric", "app.deploy.handler"]
    environment = app_environment | {"OSTIARY_DATABASE_URL": empty_database}
    with running(command, made.folder, environment, tmp_path / "deploy.log") as function:
        for expected in ("went from nothing to", "stands at"):
            done = function.result({"argv": ["migrate"]})
            assert (done["exit_code"], done["stderr"]) == (0, ""), function.log()
            assert expected in done["stdout"]


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

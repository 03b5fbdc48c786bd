"""What lies in an image: small, compiled, without tools, and the same at each build."""

import ast
import json
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

import pytest

from requirements.trim import SERVICES, trim
from tests.architecture.sources import python_files
from tests.images.build import ARM64, Image, build, contents

TARGETS = ("app", "authorizer")
MODULES = {"app": "app.main", "authorizer": "authorizer.handler"}
MAX_BYTES = {"app": 120_000_000, "authorizer": 20_000_000}
MAX_IMPORT_SECONDS = 10  # loose: it tells a mistake, not how fast this machine is
UNCHECKED = 0b01  # PEP 552: by hash, and not looked at when it is imported
TOOLS = {
    *("pip", "setuptools", "wheel", "_distutils_hack", "ensurepip", "pkg_resources"),
    *("pytest", "_pytest", "ruff", "mypy", "uv", "moto", "httpx", "psutil", "coverage"),
    *("gcc", "cc", "g++", "c++", "clang", "cargo", "rustc", "make", "ld", "as"),
}
# Every module of ours and all that they load; a module that is compiled now is named.
COMPILED_NOW = """
import importlib, importlib._bootstrap_external as loading, json, pathlib
compiled, compile_ = [], loading.SourceLoader.source_to_code
def watched(self, data, path, *more, **options):
    compiled.append(str(path))
    return compile_(self, data, path, *more, **options)
loading.SourceLoader.source_to_code = watched
for folder in ("app", "authorizer"):
    for path in sorted(pathlib.Path(folder).rglob("*.py")):
        importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
print(json.dumps(compiled))
"""
CLIENTS = """
import json, os
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
    os.environ[name] = "none"
os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"
from app.tokens.aws_sources import client
made = [client(name) for name in {names}]
print(json.dumps([each.meta.endpoint_url for each in made]))
"""


@pytest.fixture(params=TARGETS)
def made(request: pytest.FixtureRequest, image: Callable[[str], Image]) -> Image:
    """Each image in turn."""
    found: Image = image(request.param)
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_the_packages_of_an_image_are_small(target: str, image: Callable[[str], Image]) -> None:
    held = image(target).packages_bytes()
    print(f"{target}: {held / 1e6:.1f} MB of packages")
    assert held <= MAX_BYTES[target]


@pytest.mark.parametrize("target", TARGETS)
def test_the_packages_of_an_image_are_small_on_the_machine_it_is_for(
    target: str, tmp_path: Path
) -> None:
    held = build(target, tmp_path, ARM64)
    assert list(held.packages.rglob("*-aarch64-linux-gnu.so"))
    print(f"{target} on arm64: {held.packages_bytes() / 1e6:.1f} MB of packages")
    assert held.packages_bytes() <= MAX_BYTES[target]


@pytest.mark.parametrize("target", TARGETS)
def test_two_builds_give_the_same_files(
    target: str, image: Callable[[str], Image], tmp_path: Path
) -> None:
    again = build(target, tmp_path)
    root = image(target).folder.parent.parent
    assert list(contents(tmp_path)) == list(contents(root))
    assert again.folder.parent.parent == tmp_path


def test_the_files_of_an_image_are_readable_to_everybody_and_writable_to_nobody_else(
    made: Image,
) -> None:
    for path in (*made.packages.rglob("*"), *made.folder.rglob("*")):
        mode = path.stat().st_mode & 0o777
        assert mode & 0o022 == 0, path
        assert mode & 0o055 == (0o055 if path.is_dir() else 0o044), path


def test_no_image_holds_a_compiler_a_test_or_a_tool(made: Image) -> None:
    names = {path.relative_to(made.packages) for path in made.packages.rglob("*")}
    assert not {name.parts[0].partition("-")[0] for name in names} & TOOLS
    assert not [name for name in names if name.name in TOOLS]
    assert not {"bin", "test", "tests", "testing"} & {part for name in names for part in name.parts}
    assert not [name for name in names if name.name.startswith(("test_", "conftest."))]
    assert not [name for name in names if name.suffix in (".c", ".h", ".pyi", ".pyx", ".pxd")]


def test_every_module_has_the_bytecode_that_its_python_takes(made: Image) -> None:
    sources = _modules(made)
    assert len(sources) > 50
    for source in sources:
        compiled = Path(cache_from_source(str(source))).read_bytes()
        assert compiled[:4] == MAGIC_NUMBER, source
        assert int.from_bytes(compiled[4:8], "little") == UNCHECKED, source
        assert compiled[8:16] == source_hash(source.read_bytes()), source


def test_there_is_no_bytecode_but_that_of_the_modules(made: Image) -> None:
    expected = {Path(cache_from_source(str(source))) for source in _modules(made)}
    found = {p for folder in (made.folder, made.packages) for p in folder.rglob("*.py[co]")}
    assert found == expected


def test_an_import_compiles_nothing_and_writes_nothing(made: Image) -> None:
    root = made.folder.parent.parent
    before = list(contents(root))
    assert json.loads(made.run(COMPILED_NOW, options=())) == []
    assert list(contents(root)) == before


def test_the_app_image_makes_every_client_that_the_app_asks_for(
    image: Callable[[str], Image],
) -> None:
    names = sorted(_asked_for())
    assert {"apigateway", "kms", "secretsmanager"} <= set(names) <= SERVICES
    made = json.loads(image("app").run(CLIENTS.format(names=[*names, "sts"])))
    assert len(made) == len(names) + 1
    assert all(url.endswith(".eu-central-1.amazonaws.com") for url in made)


def test_nothing_of_the_base_image_mixes_with_the_packages(tmp_path: Path) -> None:
    packages = tmp_path / "var/lang/lib/python3.13/site-packages"
    for name in (
        "boto3/old.py",
        "botocore-1.40.4.dist-info/RECORD",
        "pip/old.py",
        "urllib3/old.py",
    ):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    (packages / "awslambdaric").mkdir()
    build("authorizer", tmp_path)
    names = {path.name.partition("-")[0] for path in packages.iterdir()}
    assert {"awslambdaric", "cryptography"} <= names
    assert not names & {"boto3", "botocore", "pip", "urllib3"}


def test_what_cannot_be_compiled_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def\n")
    with pytest.raises(SystemExit, match="could be compiled"):
        trim(tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_the_import_takes_what_a_cold_start_can_bear(
    target: str, image: Callable[[str], Image]
) -> None:
    seconds = image(target).import_seconds(MODULES[target])
    print(f"import {MODULES[target]}: {seconds * 1000:.0f} ms")
    assert seconds < MAX_IMPORT_SECONDS


def _modules(made: Image) -> list[Path]:
    return [path for folder in (made.folder, made.packages) for path in folder.rglob("*.py")]


def _asked_for() -> set[str]:
    """The strings in the first arguments of all `client(…)` in app/."""
    calls = [
        node
        for path in python_files("app")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
        if node.func.id == "client"
    ]
    assert calls
    found = [leaf for call in calls for leaf in ast.walk(call.args[0])]
    return {str(leaf.value) for leaf in found if isinstance(leaf, ast.Constant)}

"""What is loaded by what, seen in fresh processes: light imports are what a cold start costs."""

import json
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT, name_of, python_files

HEAVY = {
    *("alembic", "boto3", "fastapi", "jose", "mangum", "passlib"),
    *("pydantic", "sqlalchemy", "starlette"),
}
CRYPTOGRAPHY = {"cryptography", "_cffi_backend", "_openssl"}
# What only an authorizer that asks for status lists, or fetches its keys, is to load.
FOR_STATUS_LISTS = {
    *("app.tokens.fetch", "app.tokens.status_list", "authorizer.status_lists"),
    *("http.client", "ssl", "zlib"),
}
NOT_FOR_A_REQUEST = {
    *("alembic", "boto3", "botocore", "typer", "uvicorn", "rich", "pytest", "hypothesis"),
    *("awslambdaric", "httpx", "ecdsa", "rsa", "pydantic_settings", "dotenv"),
}
# What the app stands on: loaded once, so that each module's own process is a short one.
SHARED = [
    *("alembic", "argon2", "fastapi", "fastapi.middleware.cors", "fastapi.security", "jose.jws"),
    *("mangum", "passlib.context", "pydantic", "sqlalchemy.orm", "typer"),
]
START = """
import importlib, json, os, sys
sys.path.insert(0, {root!r})
sys.path += {packages!r}
"""
LOADED = f"""{START}
before = set(sys.modules)
importlib.import_module({{name!r}})
print(json.dumps(sorted(set(sys.modules) - before)))
"""
EACH_ALONE = f"""{START}
for name in {{shared!r}}:
    importlib.import_module(name)
failed = {{{{}}}}
for name in {{names!r}}:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            importlib.import_module(name)
        except BaseException as error:
            os.write(writer, repr(error).encode()[:4096])
        os._exit(0)
    os.close(writer)
    with open(reader) as told:
        if message := told.read():
            failed[name] = message
    os.waitpid(child, 0)
print(json.dumps(failed))
"""


def _places() -> dict[str, object]:
    return {"root": str(ROOT), "packages": [path for path in sys.path if "-packages" in path]}


def _run(program: str) -> str:
    # -S: what the virtual environment loads at start would not be counted as loaded.
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _loaded(name: str) -> set[str]:
    """The modules that a fresh process loads for this one, its own start left out."""
    return set(json.loads(_run(LOADED.format(**_places(), name=name))))


def _packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def _modules(folder: str, *, without: str = "") -> list[str]:
    names = [name_of(path).removesuffix(".py").replace("/", ".") for path in python_files(folder)]
    return sorted(name.removesuffix(".__init__") for name in names if name != without)


def test_the_authorizer_loads_nothing_heavy() -> None:
    loaded = _loaded("authorizer.handler")
    assert _packages(loaded) & HEAVY == set()
    third_party = _packages(loaded) - set(sys.stdlib_module_names) - {"app", "authorizer"}
    assert third_party <= CRYPTOGRAPHY
    assert loaded & FOR_STATUS_LISTS == set()


def test_the_authorizer_loads_the_verifying_kernel_and_no_more_of_the_app() -> None:
    own = {name for name in _loaded("authorizer.handler") if name.partition(".")[0] == "app"}
    assert "app.tokens.verify" in own
    assert {name for name in own if not name.startswith("app.tokens")} == {"app"}
    assert own.isdisjoint({"app.tokens.issue", "app.tokens.generate"})


def test_status_lists_bring_nothing_heavy_to_the_authorizer() -> None:
    loaded = _loaded("authorizer.status_lists")
    assert loaded >= FOR_STATUS_LISTS - {"zlib"}  # which may be built in, and loaded at the start
    assert _packages(loaded) & HEAVY == set()
    assert loaded.isdisjoint({"app.tokens.issue", "app.tokens.generate"})


@pytest.mark.parametrize("module", _modules("app/tokens", without="app.tokens.issue"))
def test_a_module_of_the_kernel_loads_nothing_heavy(module: str) -> None:
    loaded = _loaded(module)
    assert _packages(loaded) & HEAVY == set()
    assert "app.tokens.issue" not in loaded
    third_party = _packages(loaded) - set(sys.stdlib_module_names) - {"app"}
    assert third_party <= CRYPTOGRAPHY


def test_only_signing_adds_jose_to_the_kernel() -> None:
    loaded = _loaded("app.tokens.issue")
    assert _packages(loaded) & HEAVY == {"jose"}
    # Its pure-Python arithmetic, whose timing tells the key, is not even loaded (CVE-2024-23342).
    assert not {"ecdsa", "rsa", "jose.jwe", "jose.backends.ecdsa_backend"} & loaded


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("app", {"app"}),
        ("app.tokens", {"app", "app.tokens"}),
        ("authorizer", {"authorizer"}),
        ("app.resources.notes", None),
        ("app.access", {"app", "app.access"}),
        ("app.accounts", {"app", "app.accounts"}),
        ("app.sessions", {"app", "app.sessions"}),
    ],
)
def test_importing_a_package_runs_nothing_of_it(package: str, expected: set[str] | None) -> None:
    loaded = _loaded(package)
    if expected is None:  # the folder above it finds the routers
        expected = {*_loaded("app.resources"), package}
    assert loaded == expected


def test_the_app_loads_what_requests_need_and_no_command_or_server() -> None:
    loaded = _loaded("app.main")
    assert _packages(loaded) & NOT_FOR_A_REQUEST == set()
    assert "authorizer" not in loaded
    assert {"app.cli", "app.migrate", "app.routes_command", "app.first_start"} & loaded == set()


def test_every_module_can_be_the_first_that_is_imported() -> None:
    """None of them warns, needs settings, or counts on another to have been imported before it."""
    modules = _modules("app") + _modules("authorizer")
    ran = _run(EACH_ALONE.format(**_places(), shared=SHARED, names=modules))
    assert json.loads(ran) == {}


def test_the_import_contracts_hold() -> None:
    """What `lint-imports` says of the contracts in pyproject.toml."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    ran = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 broken" in ran.stdout

"""The locks: what has known faults stays out, and what is installed is what was locked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.sources import ROOT

LOCKS = ("app", "server", "authorizer", "dev", "fuzz")
# Of a benchmark alone: what it brings is never beside the app.
ALL_LOCKS = (*LOCKS, "bench")
# The first version without a fault that is known.
FLOORS = {
    "app": {
        "fastapi": "0.109.1",  # CVE-2024-24762
        "h11": "0.16.0",  # CVE-2025-43859
        "mangum": "0.22.0",
        "sqlalchemy": "2.1",
        "starlette": "1.3.1",  # CVE-2026-48710, -54283
        "python-jose": "3.5.0",  # CVE-2024-33663, -33664
        "libpass": "1.9.4",
        "python-multipart": "0.0.30",  # CVE-2024-53981, CVE-2026-24486, -40347, -42561
    },
    "dev": {"pyjwt": "2.13"},  # CVE-2026-32597, -48526
}
ABSENT_IS_FINE = {"python-multipart"}
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """One requirement of a lock: `name==version`, and how many hashes it has."""

    name: str
    version: Version
    hashes: int


@cache
def _lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def _pins(name: str) -> Iterator[Pin]:
    """Every requirement; a line that is neither one nor a comment is an error."""
    logical = re.sub(r"\\\n\s*", " ", _lock(name))
    for line in logical.splitlines():
        text = line.partition(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        requirement = Requirement(text.partition(" --hash")[0].strip())
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        version = Version(specifier.version)
        yield Pin(canonicalize_name(requirement.name), version, len(_HASH.findall(text)))


@pytest.mark.parametrize("name", ALL_LOCKS)
def test_each_requirement_is_pinned_and_hashed(name: str) -> None:
    pins = list(_pins(name))
    assert len(pins) >= 2
    assert [pin.name for pin in pins if not pin.hashes] == []


@pytest.mark.parametrize("name", ALL_LOCKS)
def test_no_lock_names_a_package_host(name: str) -> None:
    found = re.findall(r"://|--(?:extra-)?index-url|--find-links|--trusted-host| @ ", _lock(name))
    assert found == []


@pytest.mark.parametrize(
    ("lock", "package", "floor"),
    [(lock, package, floor) for lock in FLOORS for package, floor in FLOORS[lock].items()],
)
def test_no_package_is_older_than_its_last_known_fault(lock: str, package: str, floor: str) -> None:
    versions = [pin.version for pin in _pins(lock) if pin.name == package]
    assert versions or package in ABSENT_IS_FINE
    assert [version for version in versions if version < Version(floor)] == []


def test_jose_is_the_one_release_that_was_read() -> None:
    assert {pin.version for pin in _pins("app") if pin.name == "python-jose"} == {Version("3.5.0")}


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("package", ["passlib", "bcrypt"])
def test_libpass_stands_alone_without_passlib_and_bcrypt(package: str, name: str) -> None:
    assert package not in {pin.name for pin in _pins(name)}


def test_the_authorizer_is_shipped_with_cryptography_alone() -> None:
    assert {pin.name for pin in _pins("authorizer")} == {"cryptography", "cffi", "pycparser"}


@pytest.mark.parametrize("name", ["app", "authorizer"])
def test_what_is_tested_is_what_is_shipped(name: str) -> None:
    tested = {(pin.name, pin.version) for pin in _pins("dev")}
    assert {(pin.name, pin.version) for pin in _pins(name)} - tested == set()


def test_what_the_app_is_measured_beside_runs_on_the_same_versions() -> None:
    ours, theirs = ({pin.name: pin.version for pin in _pins(name)} for name in ("dev", "bench"))
    assert {"fastapi", "starlette", "uvicorn", "sqlalchemy", "pydantic"} <= theirs.keys()
    assert {name: theirs[name] for name in theirs.keys() & ours.keys()} == {
        name: ours[name] for name in theirs.keys() & ours.keys()
    }


@pytest.mark.parametrize("package", ["pytest", "httpx", "awslambdaric", "pyjwt"])
def test_what_only_tests_need_is_not_shipped(package: str) -> None:
    assert package in {pin.name for pin in _pins("dev")}
    assert package not in {pin.name for pin in _pins("app")}

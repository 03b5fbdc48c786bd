"""`make check` tells who may do what since the last commit, and fails for no difference in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.access.matrix import ACCESS_MATRIX

HOUSE = ACCESS_MATRIX.parent.parent
DELETE_NOTE = "| DELETE | `/notes/{note_id}` | `notes:write` | – | ✓ | ✓ |\n"


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    """The line of the target, as make would run it, with a command of this interpreter's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "ostiary"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{HOUSE}" exec "{sys.executable}" -m app.cli "$@"\n')
    command.chmod(0o700)
    listed = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "check", f"BIN={programs}"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = (line for line in listed.stdout.splitlines() if "--since" in line)
    return line


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder below the top of a repository of its own, as where the project is a part of one."""
    folder = tmp_path / "repository" / "project"
    (folder / "docs").mkdir(parents=True)
    _git(folder.parent, "init", "--quiet")
    return folder


def _commit(folder: Path, page: str) -> None:
    (folder / "docs" / ACCESS_MATRIX.name).write_text(page, "utf-8")
    _git(folder, "add", ".")
    name = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    _git(folder, *name, "commit", "--quiet", "--no-verify", "--message", "The matrix")


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, env=_environment())


def _environment(**more: str) -> dict[str, str]:
    """This one, without a word on which repository git should take."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return own | more


def _run(recipe: str, folder: Path, **more: str) -> str:
    ended = subprocess.run(
        ["/bin/sh", "-c", recipe],
        cwd=folder,
        capture_output=True,
        text=True,
        env=_environment(**more),
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_what_a_change_opens_is_told_and_fails_nothing(recipe: str, checkout: Path) -> None:
    page = ACCESS_MATRIX.read_text("utf-8")
    assert DELETE_NOTE in page
    _commit(checkout, page.replace(DELETE_NOTE, ""))
    (checkout / "docs" / ACCESS_MATRIX.name).write_text("what is not committed does not count")
    opened = "{} may now DELETE /notes/{{note_id}}\n"
    assert _run(recipe, checkout) == opened.format("member") + opened.format("admin")


def test_another_commit_may_be_compared_with() -> None:
    make = ["make", "--no-print-directory", "--dry-run", "check", "SINCE=main"]
    listed = subprocess.run(make, cwd=HOUSE, capture_output=True, text=True, check=True)
    assert "git show main:./docs/access-matrix.md" in listed.stdout


def test_a_commit_that_says_what_the_code_says_is_one_line(recipe: str, checkout: Path) -> None:
    _commit(checkout, ACCESS_MATRIX.read_text("utf-8"))
    assert _run(recipe, checkout) == "Nobody may do more or less than before.\n"


@pytest.mark.parametrize("missing", ["commit", "repository", "git"])
def test_without_an_earlier_matrix_there_is_nothing_to_compare_with(
    recipe: str, checkout: Path, missing: str
) -> None:
    nowhere = {"GIT_DIR": str(checkout / "none")} if missing == "repository" else {}
    without = {"PATH": str(checkout)} if missing == "git" else {}
    told = _run(recipe, checkout, **nowhere, **without)
    assert told == "There is nothing to compare with: no earlier access matrix came.\n"


def test_a_commit_of_something_else_in_its_place_is_said_and_ignored_by_make(
    recipe: str, checkout: Path
) -> None:
    _commit(checkout, "| old |")
    ended = subprocess.run(
        ["/bin/sh", "-c", recipe],
        cwd=checkout,
        capture_output=True,
        text=True,
        env=_environment(),
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "this is no access matrix" in ended.stderr
    assert "\n\t-git show $(or $(SINCE),HEAD):./docs/" in (HOUSE / "Makefile").read_text("utf-8")

"""What is written for people holds: links lead somewhere, and commands can be copied."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\((?!https?:|#)(?P<path>[^)#\s]+)(?:#(?P<heading>[^)\s]+))?\)")
_FENCE = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"^\s*(?:[A-Z_]+=\S+\s+)*ostiary\b", re.MULTILINE)


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Each relative link as it is written, where it leads, and to which heading there."""
    for found in _LINK.finditer(page.read_text("utf-8")):
        yield found[0], page.parent / found["path"], found["heading"] or ""


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for written, target, heading in links(page):
        assert target.exists(), written
        assert not heading or heading in anchors(target), written


def test_there_are_links_to_look_at() -> None:
    assert sum(len(list(links(page))) for page in PAGES) > 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_can_be_copied(page: Path) -> None:
    """It is installed in `.venv/bin`, which is on nobody's PATH."""
    blocks = "\n".join(_FENCE.findall(page.read_text("utf-8")))
    assert not _COMMAND.findall(blocks)

"""The page with what was measured: a text with gaps, and the tables that fill them."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

from benchmarks.chart import chart
from benchmarks.figures import Figures
from benchmarks.tables import (
    cold_table,
    goals_table,
    imports_table,
    memory_table,
    oddities_table,
    runtime_table,
    start_table,
    warm_table,
)

# Why a package is loaded and what would do without it, told only of those that are.
_NOTES = {
    "inspect": "`dataclasses` brings `inspect`, with it `ast`, `dis` and more, and compiles the "
    "methods of each class at import. `typing.NamedTuple` or classes written out do without.",
    "logging": "`logging` brings `traceback`, `string` and `threading`. Lambda's runtime has "
    "loaded all of them before, so there it is free; elsewhere it is what operators expect.",
    "pathlib": "`pathlib` brings `fnmatch` and, up to Python 3.12, `urllib.parse`, to read two "
    "files at start; `open` would do.",
    "ipaddress": "`ipaddress` serves one look at the issuer, at start, and only for plain `http`.",
    "urllib": "`urllib.parse` takes apart the issuer's URL, once, at start.",
    "hashlib": "`hmac` and `hashlib` load OpenSSL's library a second time, beside the one within "
    "`cryptography`. Only keys of the HS family need them.",
    "typing": "`typing`, `re` and `enum` stay, whatever we do: `cryptography` loads them too.",
    "cryptography": "`cryptography` stays, its compiled part whole. But the first `ec.ECDSA(…)` "
    "loads its backend, ciphers and all: worth making only where there is an EC key.",
}
_TEXT = Path(__file__).with_name("page.md")


def render(figures: Figures) -> str:
    """The page in Markdown."""
    effort = figures.effort
    return Template(_TEXT.read_text("utf-8")).substitute(
        goals=goals_table(figures).markdown(),
        warm=warm_table(figures).markdown(),
        cold=cold_table(figures).markdown(),
        memory=memory_table(figures).markdown(),
        runtime=runtime_table(figures).markdown(),
        oddities=oddities_table(figures).markdown(),
        start=start_table(figures).markdown(),
        notes="\n".join(f"- {note}" for note in _notes(figures)),
        imports=imports_table(figures).markdown(),
        cold_runs=effort.cold_runs,
        rounds=effort.rounds,
        batch=effort.batch,
        warm_up=f"{effort.warm_up:,}",
        memory_tokens=f"{effort.memory_tokens:,}",
        machine=", ".join(f"{what} {which}" for what, which in figures.machine.items()),
    )


def _notes(figures: Figures) -> Iterator[str]:
    loaded = {group.name for group in figures.start.groups}
    return (note for package, note in _NOTES.items() if package in loaded)


def write(figures: Figures, folder: Path) -> None:
    """The page and its chart, side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "authorizer.md").write_text(render(figures), "utf-8")
    (folder / "authorizer.svg").write_text(chart(figures), "utf-8")

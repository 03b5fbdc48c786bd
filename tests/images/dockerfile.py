"""What `docker build` would put into an image of ours, read from Dockerfile and .dockerignore."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Copy:
    """One COPY: sources, relative to the context or in another stage, and a destination."""

    sources: tuple[str, ...]
    destination: str
    stage: str | None


@dataclass(frozen=True)
class Run:
    """One RUN: its commands, those that `&&` joins one by one, and where they run."""

    commands: tuple[str, ...]
    workdir: PurePosixPath


@dataclass
class Stage:
    """One FROM, and what follows it."""

    name: str
    base: str
    workdir: PurePosixPath = field(default_factory=lambda: PurePosixPath("/"))
    steps: list[Copy | Run] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    @property
    def copies(self) -> list[Copy]:
        """Its COPY steps."""
        return [step for step in self.steps if isinstance(step, Copy)]

    @property
    def commands(self) -> list[str]:
        """What its RUN steps run."""
        return [c for step in self.steps if isinstance(step, Run) for c in step.commands]


def stages(root: Path = ROOT) -> dict[str, Stage]:
    """The Dockerfile's stages by name; an instruction that this does not know is an error."""
    found: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    for keyword, rest in _instructions((root / "Dockerfile").read_text()):
        if keyword == "FROM":
            stage = _stage(rest, found, arguments)
            found[stage.name] = stage
        elif keyword == "ARG":
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif keyword == "WORKDIR":
            stage.workdir /= rest
        elif keyword == "COPY":
            stage.steps.append(_copy(rest, stage))
        elif keyword == "RUN":
            commands = tuple(command.strip() for command in rest.split("&&"))
            stage.steps.append(Run(commands, stage.workdir))
        elif keyword == "CMD":
            stage.command = json.loads(rest)
        elif keyword not in ("ENV", "LABEL"):
            raise ValueError(f"a test has to learn what {keyword} does to an image: {rest}")
    return found


def copied_files(target: str, root: Path = ROOT) -> dict[PurePosixPath, Path]:
    """The project's files in a target's image by their path there, those of its bases included."""
    known = stages(root)
    stage = known[target]
    files = copied_files(stage.base, root) if stage.base in known else {}
    for copy in stage.copies:
        files.update(files_of(copy, root))
    return files


def files_of(copy: Copy, root: Path = ROOT) -> dict[PurePosixPath, Path]:
    """The files that one COPY brings from the context, by their path in the image."""
    sources = () if copy.stage else copy.sources
    return {place: file for source in sources for place, file in _placed(source, copy, root)}


def packages_of(target: str, root: Path = ROOT) -> tuple[Stage, PurePosixPath]:
    """The stage whose installed packages the target copies, and where they are put."""
    known = stages(root)
    (copy,) = [copy for copy in known[target].copies if copy.stage]
    return known[copy.stage or ""], PurePosixPath(copy.destination)


def under(folder: Path, place: PurePosixPath) -> Path:
    """Where a place in the image is when a folder stands for its `/`."""
    return folder / place.relative_to("/")


def is_ignored(path: str, root: Path = ROOT) -> bool:
    """Whether .dockerignore keeps a path of the context out: the last pattern that fits decides.

    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    ignored = False
    for line in (root / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            parts = PurePosixPath(path).parts
            prefixes = ["/".join(parts[: length + 1]) for length in range(len(parts))]
            expression = _expression(pattern.removeprefix("!").strip("/"))
            if any(re.fullmatch(expression, prefix) for prefix in prefixes):
                ignored = not pattern.startswith("!")
    return ignored


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    uncommented = re.sub(r"(?m)^\s*#.*\n?", "", text)
    for line in re.sub(r"\\\n", " ", uncommented).splitlines():
        if line.strip():
            keyword, _, rest = line.strip().partition(" ")
            yield keyword.upper(), rest.strip()


def _stage(rest: str, found: Mapping[str, Stage], arguments: Mapping[str, str]) -> Stage:
    named, _, name = re.sub(r"--\S+\s+", "", rest).partition(" AS ")
    base = re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], named.strip())
    stage = Stage(name.strip() or str(len(found)), base)
    if base in found:
        stage.workdir = found[base].workdir
    return stage


def _copy(rest: str, stage: Stage) -> Copy:
    words = shlex.split(rest)
    flags = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
    *sources, destination = [word for word in words if not word.startswith("--")]
    place = str(stage.workdir / destination)
    slash = "/" if destination.endswith(("/", ".")) else ""
    return Copy(tuple(sources), place + slash, flags.get("from"))


def _placed(source: str, copy: Copy, root: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    """A folder gives its content; a file lands in a destination that ends in a slash."""
    path = root / source
    if not path.exists():
        raise FileNotFoundError(f"the Dockerfile copies {source}, which does not exist")
    files = (
        sorted(found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
    )
    kept = [file for file in files if not is_ignored(file.relative_to(root).as_posix(), root)]
    if not kept:
        raise FileNotFoundError(f"the Dockerfile copies {source}, which .dockerignore keeps out")
    for file in kept:
        if path.is_dir():
            yield PurePosixPath(copy.destination) / file.relative_to(path).as_posix(), file
        elif copy.destination.endswith("/"):
            yield PurePosixPath(copy.destination) / file.name, file
        else:
            yield PurePosixPath(copy.destination), file


def _expression(pattern: str) -> str:
    """Go's filepath.Match, and `**` for any number of folders."""
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        pieces.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    )

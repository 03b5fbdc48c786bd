"""What an image of the Dockerfile holds of this project, read from its COPY and CMD lines."""

import hashlib
import io
import json
import re
import shlex
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

WORKDIR = "/var/task/"


@dataclass(frozen=True, slots=True)
class Image:
    """The project's own files by their path under /var/task, and the handler that CMD names."""

    files: Mapping[str, Path]
    handler: str

    @property
    def digest(self) -> str:
        """Its files as 64 hex digits; the same files have the same."""
        return hashlib.sha256(as_zip(self)).hexdigest()

    @property
    def key(self) -> str:
        """Under which its zip lies in the bucket."""
        return f"{self.digest}.zip"


def read_image(dockerfile: Path, target: str) -> Image:
    """The image that `docker build --target` would make, without the packages it installs."""
    files: dict[str, Path] = {}
    handler = ""
    for keyword, rest in _stage(dockerfile.read_text(), target):
        if keyword == "COPY" and not rest.startswith("--from="):
            *sources, destination = shlex.split(rest)
            for source in sources:
                files.update(_copied(dockerfile.parent / source, destination))
        elif keyword == "CMD":
            (handler,) = json.loads(rest)
    if not files or not handler:
        raise ValueError(f"{dockerfile.name} has no stage {target!r} with COPY and CMD")
    return Image(files, handler)


def as_zip(image: Image) -> bytes:
    """The files as a Lambda zip; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(image.files.items()):
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return buffer.getvalue()


def _stage(dockerfile: str, target: str) -> Iterator[tuple[str, str]]:
    """The instructions of one stage, as (keyword, rest)."""
    lines = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^\s*#.*\n", "", dockerfile)).splitlines()
    stage = ""
    for line in filter(None, lines):
        keyword, _, rest = line.partition(" ")
        if keyword == "FROM":
            stage = rest.rpartition(" AS ")[2]
        elif stage == target:
            yield keyword, rest.strip()


def _copied(source: Path, destination: str) -> Iterator[tuple[str, Path]]:
    """What one source of a COPY becomes: a folder gives its content, a file itself."""
    folder = destination.removeprefix("./").removeprefix(WORKDIR)
    if source.is_dir():
        for path in source.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{folder}{path.relative_to(source).as_posix()}", path
    elif source.is_file():
        yield f"{folder}{source.name}", source
    else:
        raise FileNotFoundError(f"the Dockerfile copies {source}, which does not exist")

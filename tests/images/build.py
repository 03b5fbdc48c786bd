"""An image made without Docker: a folder with what the Dockerfile would install and copy."""

import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.images.dockerfile import ROOT, Stage, lay_out, packages_of, stages, under

SECONDS = 300
# Python without the virtual environment of the tests, and so without any package.
BARE_PYTHON = str(getattr(sys, "_base_executable", sys.executable))
PROBE = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"


@dataclass(frozen=True)
class Image:
    """The image's working directory, its packages, and how its Python is started."""

    folder: Path
    packages: Path
    handler: str
    packages_bytes: int

    def python(self, *more: Path) -> list[str]:
        """A Python that finds its library, the folder, the packages, then these; nothing else."""
        behind = [str(path) for path in (self.packages, *more)]
        code = (
            "import runpy, sys; "
            f"sys.path[:0] = {[str(self.folder)]!r}; sys.path += {behind!r}; "
            "option, name = sys.argv[1:3]; sys.argv[:] = [name, *sys.argv[3:]]; "
            "exec(name) if option == '-c' else "
            "runpy.run_module(name, run_name='__main__', alter_sys=True)"
        )
        return [BARE_PYTHON, "-I", "-S", "-B", "-W", "error", "-c", code]

    def run(self, program: str) -> str:
        """What a program prints there."""
        ran = subprocess.run(
            [*self.python(), "-c", program],
            cwd=self.folder,
            env={},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def import_seconds(self, module: str, times: int = 5) -> float:
        """The median of some fresh imports."""
        return statistics.median(float(self.run(PROBE.format(module))) for _ in range(times))


def build(target: str, folder: Path) -> Image:
    """The image of a target, made in an empty folder that stands for its `/`."""
    stage = stages()[target]
    installing, place = packages_of(target)
    packages, task = under(folder, place), under(folder, stage.workdir)
    _install(installing, packages)
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.suffix != ".pyc")
    lay_out(target, folder)
    for command in stage.runs:
        _run([BARE_PYTHON, *_words(command, "python")], task)
    (handler,) = stage.command
    return Image(task, packages, handler, size)


def _install(stage: Stage, folder: Path) -> None:
    """The stage's own pip command, but into our folder, and with pip's cache."""
    (copy,) = stage.copies
    (lock,) = copy.sources
    (command,) = stage.runs
    words = [word for word in _words(command, "pip") if word != "--no-cache-dir"]
    words[words.index("--target") + 1] = str(folder)
    words[words.index("--requirement") + 1] = str(ROOT / lock)
    _run([sys.executable, "-m", "pip", *words, "--quiet", "--disable-pip-version-check"], ROOT)


def _words(command: str, program: str) -> list[str]:
    first, *words = shlex.split(command)
    assert first == program, f"a test has to learn what this does to an image: {command}"
    return words


def _run(command: list[str], folder: Path) -> None:
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ran.returncode == 0, ran.stderr

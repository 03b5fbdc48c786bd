"""An image made without Docker: a folder with what the Dockerfile would install and copy."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from tests.images.dockerfile import Copy, Run, Stage, files_of, packages_of, stages, under

SECONDS = 300
# Python without the virtual environment of the tests, and so without any package.
BARE_PYTHON = str(getattr(sys, "_base_executable", sys.executable))
PIP = (sys.executable, "-m", "pip")
PROBE = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"


@dataclass(frozen=True)
class Machine:
    """What an image is for: a Python that compiles it, and pip's options for wheels of another."""

    python: str = BARE_PYTHON
    wheels: tuple[str, ...] = ()


HERE = Machine()
# What template.yaml runs on.
ARM64 = Machine(
    wheels=(
        *("--platform=manylinux_2_28_aarch64", "--platform=manylinux_2_17_aarch64"),
        *("--python-version=3.13", "--implementation=cp"),
        *("--abi=cp313", "--abi=abi3", "--abi=none"),
    )
)


@dataclass(frozen=True)
class Image:
    """The image's working directory, its packages, and how its Python is started."""

    folder: Path
    packages: Path
    handler: str
    interpreter: str = BARE_PYTHON

    def python(self, *more: Path, options: Sequence[str] = ("-B",)) -> list[str]:
        """A Python that finds its library, the folder, the packages, then these; nothing else."""
        behind = [str(path) for path in (self.packages, *more)]
        code = (
            "import runpy, sys; "
            f"sys.path[:0] = {[str(self.folder)]!r}; sys.path += {behind!r}; "
            "option, name = sys.argv[1:3]; sys.argv[:] = [name, *sys.argv[3:]]; "
            "exec(name) if option == '-c' else "
            "runpy.run_module(name, run_name='__main__', alter_sys=True)"
        )
        return [self.interpreter, "-I", "-S", *options, "-W", "error", "-c", code]

    def run(self, program: str, options: Sequence[str] = ("-B",)) -> str:
        """What a program prints there."""
        return _run([*self.python(options=options), "-c", program], self.folder, {})

    def import_seconds(self, module: str) -> float:
        """How long a fresh import takes."""
        return float(self.run(PROBE.format(module)))

    def packages_bytes(self) -> int:
        """What the installed packages hold, bytecode included."""
        return sum(path.stat().st_size for path in self.packages.rglob("*") if path.is_file())


def build(target: str, folder: Path, machine: Machine = HERE) -> Image:
    """The image of a target, made in a folder that stands for its `/`."""
    known = stages()
    _make(known[target], folder, known, machine)
    return laid_out(target, folder, machine)


def laid_out(target: str, folder: Path, machine: Machine = HERE) -> Image:
    """The image of a target that was made there."""
    stage, (_, place) = stages()[target], packages_of(target)
    (handler,) = stage.command
    return Image(under(folder, stage.workdir), under(folder, place), handler, machine.python)


def contents(folder: Path) -> Iterator[tuple[str, int, str]]:
    """All that a folder holds: path, mode, and what is in it; without the dates."""
    for path in sorted(folder.rglob("*")):
        held = sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        yield path.relative_to(folder).as_posix(), path.stat().st_mode, held


def _make(stage: Stage, root: Path, known: dict[str, Stage], machine: Machine) -> None:
    if stage.base in known:
        _make(known[stage.base], root, known, machine)
    for step in stage.steps:
        if isinstance(step, Run):
            for command in step.commands:
                _execute(command, under(root, step.workdir), root, machine)
        elif step.stage:
            with TemporaryDirectory() as other:
                _make(known[step.stage], Path(other), known, machine)
                _take_over(step, Path(other), root)
        else:
            for place, source in files_of(step).items():
                under(root, place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, under(root, place))


def _take_over(copy: Copy, other: Path, root: Path) -> None:
    """A folder of another stage; COPY keeps the modes."""
    (source,) = copy.sources
    destination = under(root, PurePosixPath(copy.destination))
    shutil.copytree(under(other, PurePosixPath(source)), destination, dirs_exist_ok=True)


def _execute(command: str, folder: Path, root: Path, machine: Machine) -> None:
    """A command of a RUN, with its absolute paths brought under our folder."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [
        str(under(root, PurePosixPath(word))) if word.startswith("/") else word
        for word in shlex.split(command)
    ]
    if words[0] == "pip":
        # With pip's cache; the packages are the same, since the lock names their hashes.
        words = [word for word in words[1:] if word != "--no-cache-dir"]
        quiet = ("--quiet", "--disable-pip-version-check")
        _run([*PIP, "--python", machine.python, *words, *machine.wheels, *quiet], folder)
    elif words[0] == "python":
        _run([machine.python, *words[1:]], folder)
    elif words[0] in ("rm", "chmod") and "/" not in command:
        _run(["sh", "-c", command], folder)
    else:
        raise ValueError(f"a test has to learn what this does to an image: {command}")


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    ran = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout

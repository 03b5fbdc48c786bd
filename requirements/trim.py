"""`python trim.py FOLDER`: compiles installed packages, without what only development needs.

The Dockerfile runs it, under the image's own Python. The same packages give the same bytes.
"""

import compileall
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

# What app/ calls by boto3, and STS for roles that are assumed. All of AWS would be 18 MB more, and
# the app's packages 126 MB.
SERVICES = frozenset({"apigateway", "apigatewayv2", "kms", "secretsmanager", "sts"})
AWS_DATA = ("botocore/data", "boto3/data")
# Commands for a shell, and tests; what is for compilers and type checkers.
FOLDERS = ("bin", "**/test", "**/tests", "**/testing")
FILES = (
    *("**/test_*.py", "**/conftest.py"),
    *("**/*.c", "**/*.h", "**/*.pxd", "**/*.pyi", "**/*.pyx"),
)


def trim(packages: Path) -> None:
    """Remove, compile, and settle the modes."""
    for folder in _unneeded_folders(packages):
        shutil.rmtree(folder, ignore_errors=True)  # one may have gone with another
    for file in [file for pattern in FILES for file in packages.glob(pattern)]:
        file.unlink(missing_ok=True)
    _compile(packages)
    for path in packages.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _unneeded_folders(packages: Path) -> list[Path]:
    services = [path for data in AWS_DATA for path in (packages / data).glob("*")]
    matching = [path for pattern in FOLDERS for path in packages.glob(pattern)]
    return [
        *(path for path in services if path.is_dir() and path.name not in SERVICES),
        *(path for path in matching if path.is_dir()),
    ]


def _compile(packages: Path) -> None:
    """Bytecode that names no date and no folder, and that the interpreter takes as it is."""
    compiled = compileall.compile_dir(
        packages,
        stripdir=packages,
        force=True,
        quiet=1,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        sys.exit(f"{packages}: not every module could be compiled; what is wrong stands above")


if __name__ == "__main__":
    trim(Path(sys.argv[1]))

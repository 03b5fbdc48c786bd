"""aws-jwt-verify on Node, where this machine has Node: installed from its lock, once."""

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path(__file__).with_name("node")
PACKAGE = "aws-jwt-verify"
_MODULES = FOLDER / "node_modules"


def node_version() -> str | None:
    """Node's own version, or None where it cannot be compared: without Node or without npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    shown = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return shown.stdout.strip().removeprefix("v")


def locked_version() -> str:
    """The version of aws-jwt-verify in the lock."""
    lock = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))
    return str(lock["packages"][f"node_modules/{PACKAGE}"]["version"])


def install() -> None:
    """`npm ci` into a folder that git ignores. Raises CalledProcessError where npm fails."""
    if _installed_version() == locked_version():
        return
    # Aside first: two processes may install at once, and neither may see the other's half.
    with TemporaryDirectory(dir=FOLDER, prefix="node_modules.") as name:
        for file in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(FOLDER / file, name)
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=name,
            check=True,
            capture_output=True,
        )
        shutil.rmtree(_MODULES, ignore_errors=True)
        (Path(name) / "node_modules").rename(_MODULES)


def _installed_version() -> str | None:
    manifest = _MODULES / PACKAGE / "package.json"
    return str(json.loads(manifest.read_text("utf-8"))["version"]) if manifest.exists() else None

"""The `ostiary` command of this checkout, run with the settings given and no others."""

import os
import subprocess
import sys
from pathlib import Path

from local.errors import EdgeError

PROJECT = Path(__file__).resolve().parent.parent


def ostiary(settings: dict[str, str], *arguments: str) -> str:
    """What `ostiary ARGUMENTS` says; when it fails, it has said why on stderr."""
    elsewhere = {name: v for name, v in os.environ.items() if not name.startswith("OSTIARY_")}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=PROJECT,
        env=elsewhere | settings,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EdgeError(f"`ostiary {' '.join(arguments[:2])}` failed")
    return done.stdout.strip()

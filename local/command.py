"""The `ostiary` command of this checkout, run with the settings of the edge and no others."""

import os
import subprocess
import sys
from pathlib import Path

from local.cloud import AUDIENCE, Edge
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


def settings_of(edge: Edge) -> dict[str, str]:
    """The settings of the app behind the edge, for commands that work on its database."""
    return {
        "OSTIARY_ISSUER": edge.url,
        "OSTIARY_AUDIENCE": AUDIENCE,
        "OSTIARY_KEYS": "env:OSTIARY_SIGNING_KEYS",
        "OSTIARY_SIGNING_KEYS": edge.key_set,
        "OSTIARY_DATABASE_URL": edge.database_url,
    }

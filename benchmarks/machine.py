"""The machine and the versions, as much of them as says how far the figures carry."""

import os
import platform
from importlib.metadata import version

from benchmarks.node_package import PACKAGE, locked_version

_PACKAGES = ("cryptography", "PyJWT", "joserfc", "python-jose")


def describe(node: str | None) -> dict[str, str]:
    """What ran, by name."""
    described = {
        "CPUs": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        platform.python_implementation(): platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }
    return described | ({"Node": node, PACKAGE: locked_version()} if node else {})

"""Chromium for tests: where it is installed, and one that runs as long as a block does."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    *("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
    *("disable-background-networking", "disable-component-update", "disable-sync"),
    "window-size=1200,2000",
)
NOBODY: Mapping[str, int] = {}
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver on the PATH"
)


@contextmanager
def running_browser(profile: Path, hosts: Mapping[str, int] = NOBODY) -> Iterator[Chrome]:
    """A browser with a profile of its own.

    `hosts` are names that stand, over TLS, on these ports of 127.0.0.1; their certificates are
    taken unseen.
    """
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    rules = ", ".join(f"MAP {host}:443 127.0.0.1:{port}" for host, port in hosts.items())
    for flag in (*FLAGS, f"user-data-dir={profile}", f"host-resolver-rules={rules}"):
        options.add_argument(f"--{flag}")
    options.accept_insecure_certs = bool(hosts)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "WARNING"})
    driver = Chrome(options, ChromeService(executable_path=str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()

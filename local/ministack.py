"""MiniStack, the AWS emulator, as a child process that listens on loopback alone."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from local.errors import EdgeError

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
SERVICES = "apigateway,cloudformation,cloudwatch,events,iam,kms,lambda,logs,s3,secretsmanager,sts"
# Its standard input ends when this program does, however that ends: then it ends, too.
_LAUNCH = """
import os, signal, sys, threading
from ministack.app import main

def end_with_parent():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_parent, daemon=True).start()
main()
"""
START_SECONDS = 60
STOP_SECONDS = 10


def free_port(wanted: int | None = None) -> int:
    """`wanted`, which must be free; without it the usual one, or else any. 0 is any, too."""
    for port in [DEFAULT_PORT, 0] if wanted is None else [wanted]:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise EdgeError(f"port {wanted} of {HOST} is taken: choose another with --port")


@contextmanager
def running_ministack(folder: Path, port: int, services: str = SERVICES) -> Iterator[str]:
    """Its endpoint, once it answers. It keeps no state; its log stands in `folder`."""
    scratch = folder / "ministack"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    with (folder / "ministack.log").open("w") as log:
        process = subprocess.Popen(
            # Not .venv/bin/python: its site would offer the functions the checkout, installed as
            # editable, for every module that their zip leaves out.
            [str(Path(sys.executable).resolve()), "-c", _LAUNCH],
            cwd=scratch,
            env=_environment(port, scratch, services),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches this program alone, which then ends its children in order.
            start_new_session=True,
        )
    try:
        endpoint = f"http://{HOST}:{port}"
        _wait_until_ready(process, endpoint, folder / "ministack.log")
        yield endpoint
    finally:
        process.terminate()
        try:
            process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        shutil.rmtree(scratch, ignore_errors=True)


def _environment(port: int, scratch: Path, services: str) -> dict[str, str]:
    """Nothing of the caller's but PATH: functions inherit it, and must see only their own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        # Unlike a site directory, an entry of PYTHONPATH runs no .pth files.
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "STATE_DIR": str(scratch),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        # Its MQTT and SFTP listeners know no BIND_HOST and would open 0.0.0.0.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "SERVICES": services,
    }


def _wait_until_ready(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(httpx.TransportError):
            if httpx.get(f"{endpoint}/_ministack/ready", trust_env=False).is_success:
                return
        time.sleep(0.05)
    raise EdgeError(f"MiniStack did not start; see {log}:\n{log.read_text()[-2000:]}")

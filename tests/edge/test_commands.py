"""`make edge` and `make demo` as a user runs them: in processes of their own."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from local.cloud import Edge
from local.command import PROJECT
from local.curls import curls
from local.errors import EdgeError
from local.ministack import free_port
from local.state import find_edge

SECONDS = 60


def _command(module: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]


def _started(folder: Path) -> "subprocess.Popen[str]":
    """`local.edge`, once it says that it is ready."""
    process = subprocess.Popen(
        _command("local.edge", "--folder", folder, "--port", str(free_port(0))),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("Ctrl-C stops it"):
            return process
    raise AssertionError(f"the edge ended with {process.wait()}")


def _parts(pid: int, folder: Path) -> list[psutil.Process]:
    """The processes of an edge after a first request: emulator, function, database server."""
    assert find_edge(folder)
    postmaster = int((folder / "postgres/postmaster.pid").read_text().split()[0])
    parts = [*psutil.Process(pid).children(recursive=True), psutil.Process(postmaster)]
    assert len(parts) >= 3
    return parts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_parts(folder: Path, number: signal.Signals) -> None:
    with _started(folder) as edge:
        parts = _parts(edge.pid, folder)

        edge.send_signal(number)
        assert edge.wait(SECONDS) == 0

    # A function ends when its standard input does: at once, but for who looks faster.
    assert psutil.wait_procs(parts, timeout=SECONDS)[1] == []
    assert find_edge(folder) is None
    assert not (folder / "ministack").exists()


def test_a_killed_edge_leaves_no_emulator_and_the_next_takes_over_its_database(
    folder: Path,
) -> None:
    with _started(folder) as edge:
        *children, postmaster = _parts(edge.pid, folder)
        edge.kill()
        _, alive = psutil.wait_procs(children, timeout=SECONDS)
    assert alive == []

    with _started(folder) as edge:
        assert find_edge(folder)
        edge.terminate()
    assert not postmaster.is_running() or postmaster.status() == "zombie"


def test_all_parts_listen_on_loopback_alone(folder: Path) -> None:
    with _started(folder) as edge:
        parts = _parts(edge.pid, folder)
        sockets = [s for part in parts for s in part.net_connections() if s.status == "LISTEN"]
        mode = folder.stat().st_mode & 0o066
        edge.terminate()

    assert {socket.laddr.ip for socket in sockets} == {"127.0.0.1"}
    assert mode == 0, "others could read the data"


def test_the_demo_walks_through_a_running_edge(edge: Edge, edge_folder: Path) -> None:
    done = subprocess.run(
        _command("local.demo", "--folder", edge_folder),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert f"The edge at {edge.url}" in done.stdout
    assert "✗" not in done.stdout


def test_the_demo_brings_an_edge_where_none_runs_and_ends_it(folder: Path) -> None:
    done = subprocess.run(
        _command("local.demo", "--folder", folder), cwd=PROJECT, capture_output=True, check=False
    )

    assert done.returncode == 0
    assert find_edge(folder) is None


def test_a_second_edge_in_one_folder_is_refused(edge: Edge, edge_folder: Path) -> None:
    done = subprocess.run(
        _command("local.edge", "--folder", edge_folder),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "already runs" in done.stderr
    assert find_edge(edge_folder) == edge


def test_a_port_that_is_taken_is_named(edge: Edge) -> None:
    port = int(edge.cloud.endpoint.rpartition(":")[2])

    with pytest.raises(EdgeError, match=str(port)):
        free_port(port)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
def test_the_printed_curls_show_the_seven_steps(edge: Edge) -> None:
    done = subprocess.run(
        ["sh", "-eu", "-c", curls(edge)],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    shown = done.stdout
    assert (done.returncode, "Refused: 403 insufficient_scope" in shown) == (1, True), shown

    statuses = [int(status) for status in re.findall(r"HTTP/1\.1 (\d{3})", shown)]
    assert statuses == [201, 200, 201, 401, 401, 200, 403]
    assert '"policyDocument"' in shown

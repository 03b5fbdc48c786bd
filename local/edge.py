"""`make edge`: all seven steps on this machine. Deploys a template, and stays until Ctrl-C."""

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from local import state
from local.cloud import AUDIENCE, Cloud, Edge
from local.command import PROJECT
from local.curls import curls
from local.deploy import deploy
from local.errors import EdgeError
from local.keys import key_parameters
from local.kinds import KINDS, REST, Kind
from local.ministack import free_port, running_ministack
from local.postgres import as_secret, running_postgres
from local.progress import step

FOLDER = PROJECT / ".ostiary" / "edge"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def running_edge(
    folder: Path,
    *,
    kind: Kind = REST,
    port: int | None = None,
    origin: str = "",
    parameters: Mapping[str, str] | None = None,
) -> Iterator[Edge]:
    """The edge, ended with the block; its data stand in `folder`.

    `kind` of API: its template is deployed. `port` of 127.0.0.1: a free one where none is given.
    `origin`: the browser origin that CORS lets in. `parameters` of the template, beside those that
    every edge has. A key of KMS signs, unless a key set lies in `keys.json`.
    """
    with ExitStack() as stack:
        stack.enter_context(state.locked(folder))
        port = free_port(port)
        with step("PostgreSQL"):
            database_url = stack.enter_context(running_postgres(folder / "postgres"))
        with step(f"MiniStack on 127.0.0.1:{port}"):
            cloud = Cloud(stack.enter_context(running_ministack(folder, port)))
        edge = Edge(cloud, database_url, kind)
        given = edge_parameters(edge, folder, origin) | dict(parameters or {})
        changes = deploy(cloud, kind, given)
        print(f"\nWhat differs from {kind.template}, and why:", *changes, sep="\n  - ")
        stack.enter_context(state.announced(folder, edge))
        yield edge


def edge_parameters(edge: Edge, folder: Path, origin: str = "") -> dict[str, str]:
    """What the template of an edge is deployed with."""
    return {
        "Issuer": edge.url,
        "Audience": AUDIENCE,
        "DatabaseSecretArn": edge.cloud.put_secret(
            "ostiary-database", as_secret(edge.database_url)
        ),
        **key_parameters(edge.cloud, folder / "keys.json"),
        "AllowedOrigin": origin,
        "Registration": "open",
        **edge.kind.parameters,
    }


def main() -> None:
    """Run the edge in the foreground until SIGINT, SIGTERM or SIGHUP."""
    parser = argparse.ArgumentParser(prog="python -m local.edge", description=__doc__)
    parser.add_argument("--template", choices=KINDS, default=REST.template, help="what to deploy")
    parser.add_argument("--port", type=int, help="of 127.0.0.1; by default 4566, or a free one")
    parser.add_argument("--origin", default="", help="the browser origin that CORS lets in")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the data stand")
    options = parser.parse_args()
    with stopped_by_signals(), ExitStack() as stack:
        kind = KINDS[options.template]
        edge = stack.enter_context(
            running_edge(options.folder, kind=kind, port=options.port, origin=options.origin)
        )
        # A second Ctrl-C must not leave half of the parts behind.
        stack.callback(_ignore_signals)
        print(f"\nThe edge answers at {edge.url}\n")
        print(curls(edge))
        print("Ctrl-C stops it.", flush=True)
        signal.pause()


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Turn each of them into KeyboardInterrupt, so that every `with` block inside ends in order."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print("\nStopped.")
    except EdgeError as error:
        sys.exit(f"\nedge: {error}")


def _ignore_signals() -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()

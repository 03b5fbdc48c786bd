"""Lambda's runtime API on loopback, and a process of AWS's runtime client that works for it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

HOST = "127.0.0.1"
SECONDS = 60  # for anything that this file waits for
ROOT = "/2018-06-01/runtime"
Environment = dict[str, str]
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:ostiary"


@dataclass(frozen=True)
class Report:
    """What came back: a `response`, an `error`, an `init-error`, or the process's `exit`."""

    kind: str
    content: Any


class _RuntimeApi(ThreadingHTTPServer):
    """Hands out events one by one, and collects what comes of them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.events: Queue[str | None] = Queue()
        self.reports: Queue[Report] = Queue()
        self.invocations = 0
        self.asked = threading.Event()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that is ended resets its connection; whatever else breaks fails its test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet an answer: two would wait 40 ms for each other (RFC 896 meets RFC 1122 §4.2.3.2).
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _RuntimeApi

    def do_GET(self) -> None:
        """`/invocation/next`: answered when there is an event, as Lambda does."""
        self.server.asked.set()
        event = self.server.events.get() if self.path == f"{ROOT}/invocation/next" else None
        if event is None:
            self.close_connection = True
            return
        self.server.invocations += 1
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": f"request-{self.server.invocations}",
            "Lambda-Runtime-Invoked-Function-Arn": FUNCTION_ARN,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 20_000),
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
        }
        self._answer(200, event.encode(), headers)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kinds = {"response": "response", "error": "error"}
        kind = (
            "init-error" if self.path == f"{ROOT}/init/error" else kinds[self.path.split("/")[-1]]
        )
        self._answer(202, b'{"status":"OK"}', {"Content-Type": "application/json"})
        self.server.reports.put(Report(kind, json.loads(content)))

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


class Function:
    """One instance of a Lambda function."""

    def __init__(self, api: _RuntimeApi, process: subprocess.Popen[bytes], log: Path) -> None:
        self._api, self._log = api, log
        self.pid = process.pid

    def invoke(self, event: object) -> Report:
        """What the function makes of an event."""
        self._api.events.put(json.dumps(event))
        return self.next_report()

    def result(self, event: object) -> Any:
        """What the function returns for an event; nothing but a response will do."""
        report = self.invoke(event)
        assert report.kind == "response", (report, self.log())
        return report.content

    def wait(self) -> None:
        """Until it has started, and asks for its first event."""
        assert self._api.asked.wait(SECONDS), self.log()

    def next_report(self) -> Report:
        """What it says next, asked or not."""
        return self._api.reports.get(timeout=SECONDS)

    def log(self) -> str:
        """All that it has written so far, to be read as CloudWatch would."""
        return self._log.read_text("utf-8", "replace")


Start = Callable[[str, Environment], AbstractContextManager[Function]]


@contextmanager
def running(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path
) -> Iterator[Function]:
    """An instance of a function, in a process that ends with the block.

    `command` is Python and its options, ending in the handler's dotted name. Nothing of this
    process's environment reaches it, but for where programs are.
    """
    api = _RuntimeApi()
    serving = threading.Thread(target=api.serve_forever, args=[0.01], daemon=True)
    serving.start()
    lambda_environment = {
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "ostiary",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": ":UTC",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**lambda_environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    watching = threading.Thread(target=_report_exit, args=(process, api), daemon=True)
    watching.start()
    try:
        yield Function(api, process, log)
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)
        api.events.put(None)
        api.shutdown()
        api.server_close()
        for thread in (watching, serving):
            thread.join(timeout=SECONDS)


def _report_exit(process: subprocess.Popen[bytes], api: _RuntimeApi) -> None:
    """So that nobody waits for what a dead process might say."""
    api.reports.put(Report("exit", process.wait()))

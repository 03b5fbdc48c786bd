"""A reverse proxy that mounts an app under a stage prefix, as API Gateway does."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STAGE = "/prod"
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "date"})


@contextmanager
def mounted(app_port: int) -> Iterator[int]:
    """The port where the app of `app_port` answers below STAGE, and nothing else does."""

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith(f"{STAGE}/"):
                self.send_error(403, "Missing Authentication Token")
                return
            length = int(self.headers.get("Content-Length", 0))
            upstream = http.client.HTTPConnection("127.0.0.1", app_port, timeout=10)
            with closing(upstream):
                path = self.path.removeprefix(STAGE)
                sent = dict(self.headers.items())
                upstream.request(self.command, path, self.rfile.read(length), sent)
                self._hand_on(upstream.getresponse())

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def _hand_on(self, answer: http.client.HTTPResponse) -> None:
            body = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: pytest's output is for failures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

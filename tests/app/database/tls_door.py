"""TLS before a PostgreSQL that has none: a door that speaks the first words of its protocol.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
"""

import datetime as dt
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SSL_REQUEST = struct.pack("!II", 8, 80877103)
NAME = "db.example.com"
DAY = dt.timedelta(days=1)


class Authority:
    """A CA of one test: `file` holds its certificate."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = _called(name)
        self.file = folder / f"{name}.pem"
        certificate = self._signed(self._name, self._key, x509.BasicConstraints(True, None))
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def server(self, name: str = NAME, *, expired: bool = False) -> ssl.SSLContext:
        """The context of a server that this CA calls by that name."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        certificate = self._signed(_called(name), key, names, expired=expired)
        file = self._folder / "server.pem"
        file.write_bytes(
            certificate.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        *,
        expired: bool = False,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * DAY)
            .not_valid_after(now - DAY if expired else now + DAY)
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


class Door(socketserver.ThreadingTCPServer):
    """Lets whoever came by TLS to the PostgreSQL behind its Unix socket.

    `answer` is what it says to who asks for TLS: S, N, or what no server should. What came in the
    clear beside that question stands in `overheard`, and `shaken` counts who came through.
    """

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, behind: Path, answer: bytes = b"S") -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.context, self.behind, self.answer = context, behind, answer
        self.port = int(self.server_address[1])
        self.overheard = b""
        self.asked = self.shaken = 0


class _Visit(socketserver.BaseRequestHandler):
    server: Door

    def handle(self) -> None:
        first = self.request.recv(len(SSL_REQUEST), socket.MSG_WAITALL)
        if first != SSL_REQUEST:
            self.server.overheard += first
            return
        self.server.asked += 1
        self.request.sendall(self.server.answer)
        if self.server.answer == b"S":
            self._let_in()
        else:
            self._listen()

    def _listen(self) -> None:
        with suppress(OSError):
            while heard := self.request.recv(4096):
                self.server.overheard += heard
                return

    def _let_in(self) -> None:
        with suppress(OSError), self.server.context.wrap_socket(self.request, True) as inside:
            self.server.shaken += 1
            with socket.socket(socket.AF_UNIX) as behind:
                behind.connect(str(self.server.behind))
                threading.Thread(target=_pipe, args=(behind, inside), daemon=True).start()
                _pipe(inside, behind)


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def open_door(context: ssl.SSLContext, behind: Path, answer: bytes = b"S") -> Iterator[Door]:
    """A door that stands open in the block."""
    with Door(context, behind, answer) as door:
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield door
        finally:
            door.shutdown()
            thread.join()

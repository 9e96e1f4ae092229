"""A receiver of webhooks on this machine: http or https, well or badly behaved."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Heard(NamedTuple):
    """One request: its first line, headers by lower-case name, body, and the name said in TLS."""

    line: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers each connection by ``answer(connection)`` after its request was read."""

    def __init__(self, answer: Callable[[socket.socket], None] | bytes = OK) -> None:
        self._answer = answer
        self.heard: list[Heard] = []
        self.connections = 0
        self.context: ssl.SSLContext | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def say(self, answer: Callable[[socket.socket], None] | bytes) -> None:
        """Answer so from now on."""
        self._answer = answer

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(20)
            line = connection
            if self.context is not None:
                line = self.context.wrap_socket(connection, server_side=True)
            self.heard.append(_read(line))
            if callable(self._answer):
                self._answer(line)
            else:
                line.sendall(self._answer)
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Answer nobody any more; whoever connects is refused."""
        self._ended.set()
        # A thread that sits in accept keeps the socket open past its close.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _read(line: socket.socket) -> Heard:
    read = b""
    while b"\r\n\r\n" not in read:
        part = line.recv(65_536)
        if not part:
            raise ConnectionError
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)
    }
    while len(body) < int(headers.get("content-length", "0")):
        body += line.recv(65_536)
    return Heard(first, headers, body)


@contextlib.contextmanager
def receiving(
    answer: Callable[[socket.socket], None] | bytes = OK, context: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver for the time of a test."""
    receiver = Receiver(answer)
    receiver.context = context
    try:
        yield receiver
    finally:
        with contextlib.suppress(OSError):
            receiver.close()


def make_certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, str]:
    """Return a server's TLS context for ``names`` and the PEM text of who vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver of a test")])
    begins = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    alternatives = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        for name in names
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "receiver.pem"
    file.write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, pem.decode()

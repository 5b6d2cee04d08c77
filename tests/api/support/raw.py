"""HTTP spoken byte by byte over a socket, for what no well-behaved client would send.

with RawConnection(server) as connection:
    connection.send(b"GET /health HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    answer = connection.read_answer()
    assert connection.is_closed_by_server()
"""

import contextlib
import json
import socket
import struct
from dataclasses import dataclass, field

from support.server import PATIENCE


@dataclass
class RawAnswer:
    status: int
    headers: dict = field(default_factory=dict)
    body: bytes = b""

    def json(self):
        return json.loads(self.body)


def request_bytes(method, path, *headers, body=None, token=None):
    """A request as bytes; a body brings its Content-Length."""
    lines = [f"{method} {path} HTTP/1.1", "Host: test", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


class RawConnection:
    def __init__(self, server):
        self.socket = socket.create_connection((server.host, server.port), timeout=PATIENCE)
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()
        self.socket.close()

    def reset(self):
        """End the connection with RST: what a crashed client looks like."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def send_if_open(self, data):
        """Send; False when the server has hung up meanwhile."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def read_answer(self, method="GET"):
        """The next answer, or None when the server closed the connection instead."""
        try:
            status_line = self.stream.readline()
        except ConnectionResetError:
            return None
        if not status_line:
            return None
        version, status, *_ = status_line.split(maxsplit=2)
        assert version in (b"HTTP/1.1", b"HTTP/1.0"), status_line
        answer = RawAnswer(int(status), self._read_headers())
        if method != "HEAD" and answer.status >= 200 and answer.status not in (204, 304):
            answer.body = self._read_body(answer.headers)
        return answer

    def _read_headers(self):
        headers = {}
        for line in iter(self.stream.readline, b"\r\n"):
            assert line, "the answer ended inside its head"
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _read_body(self, headers):
        if headers.get("transfer-encoding") == "chunked":
            chunks = []
            while size := int(self.stream.readline(), 16):
                chunks.append(self.stream.read(size))
                self.stream.readline()
            self.stream.readline()
            return b"".join(chunks)
        if "content-length" in headers:
            length = int(headers["content-length"])
            body = self.stream.read(length)
            assert len(body) == length, "the answer is shorter than it said"
            return body
        return self.stream.read()

    def is_closed_by_server(self):
        """Wait for the server's end of the connection to close, without a further byte."""
        with contextlib.suppress(ConnectionResetError):
            return self.stream.read(1) == b""
        return True


def exchange(server, data, method="GET"):
    """Send these bytes on a new connection; the answer, or None if the server just hung up."""
    with RawConnection(server) as connection:
        connection.send_if_open(data)
        return connection.read_answer(method)

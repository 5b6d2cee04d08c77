"""Another server, for what errand asks of others: on a free loopback port, in this process.

    with Service(answer({"a": 1})) as service:
        server = start_server(EXTERNAL_API_URL=service.url("/data"))

What it does is one of the functions and classes here. `service.paths` has what was asked so far.
"""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 60


def answer(body, status=200, content_type="application/json; charset=utf-8"):
    """An answer that is sent at once: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def send(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return send


def hang(handler):
    """No answer, until the client gives up."""
    handler.connection.settimeout(PATIENCE)
    while handler.connection.recv(1024):
        pass
    handler.service.given_up.release()
    handler.close_connection = True


def break_off(handler):
    """The beginning of an answer, then the end of the connection."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"weather":[{"main":"Clouds"}]')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


class hold:
    """What waits for release()."""

    def __init__(self, send):
        self.send = send
        self.gate = threading.Event()

    def __call__(self, handler):
        self.gate.wait(PATIENCE)
        self.send(handler)

    def release(self):
        self.gate.set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def service(self):
        return self.server.service

    def do_GET(self):
        self.service.paths.append(self.path)
        self.service.choose(self.path)(self)

    def log_message(self, *_):
        pass


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that hangs up while we answer is part of the tests."""


class Service:
    def __init__(self, usual):
        self.usual = usual
        self.paths = []
        self.given_up = threading.Semaphore(0)
        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.server.service = self

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def choose(self, path):
        """What to do with a request."""
        return self.usual

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

"""A real Redis for the tests, on a free port of 127.0.0.1 and in a temporary folder.

    redis = Redis(folder).start()
    server = start_server(**redis.options)     REDIS_URL, and a patience that a busy machine needs
    redis.kill() / redis.start()               kill -9; the same port again
    redis.pause() / redis.resume()             SIGSTOP, SIGCONT
    redis.call("DBSIZE")                       what redis-cli prints
    redis.close()

With ERRAND_BACKEND=all the conftest starts one before the workers of xdist are, and every `Server`
whose options name none shares it: what tells their data apart is part of what is tested.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from support.ports import free_port

PATIENCE = 60
ADDRESS = "ERRAND_TEST_REDIS"  # the URL, handed to the workers
TIMEOUT = "5000"  # a test about what Redis does must not fail because the machine is busy


def is_wanted():
    return os.environ.get("ERRAND_BACKEND") == "all"


class Redis:
    def __init__(self, folder, *settings):
        self.folder = Path(folder)
        self.settings = settings
        self.port = free_port()
        self.process = None
        self.password = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    @property
    def options(self):
        return {"REDIS_URL": self.url, "REDIS_TIMEOUT_MS": TIMEOUT}

    def start(self):
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--dir", str(self.folder), *self.settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "redis.log").read_text()
            assert time.monotonic() < deadline, "Redis does not answer"
            time.sleep(0.01)
        return self

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64) != b""
        except OSError:
            return False

    def call(self, *words):
        access = ["-a", self.password, "--no-auth-warning"] if self.password else []
        done = subprocess.run(
            ["redis-cli", "-p", str(self.port), *access, *words],
            capture_output=True, text=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()


def shared_options():
    """For a server whose options do not say."""
    return {"REDIS_URL": os.environ[ADDRESS], "REDIS_TIMEOUT_MS": TIMEOUT} if is_wanted() else {}


def start_for_all():
    """Start the server that all tests share; returns what ends it."""
    folder = tempfile.mkdtemp(prefix="errand-redis-", dir="/tmp")
    redis = Redis(folder).start()
    os.environ[ADDRESS] = redis.url

    def end():
        redis.close()
        shutil.rmtree(folder, ignore_errors=True)

    return end

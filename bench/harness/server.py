"""A server to measure: as it ships, in a folder of its own, over SQLite or a PostgreSQL of ours.

Everything is on: tokens are checked, every request is counted by the rate limiter (with limits too
high to be reached) and logged to standard output (here a file) and LOG_FILE, and a write is
answered only once it is on disk. Nothing of the caller's environment reaches the server.
"""

import contextlib
import http.client
import importlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

OPTIONS = {
    "RATE_LIMIT_PER_MINUTE": "1000000000",
    "RATE_LIMIT_USER_PER_MINUTE": "1000000000",
    "RATE_LIMIT_LOGIN_PER_MINUTE": "1000000",
    "RATE_LIMIT_REGISTER_PER_HOUR": "1000000",
    "RATE_LIMIT_UPLOAD_PER_HOUR": "1000000",
    "MAX_UPLOAD_SIZE": str(1 << 30),
    "JOB_QUEUE_LIMIT": "1000000000",
    "BCRYPT_COST": "4",
    "SECRET_KEY": "a key for measuring, at least thirty-two bytes long",
    "LOG_FILE": "app.log",
    "PORT": "0",
}


class Failure(Exception):
    """What is measured did not work: figures beside it would be none."""


def of_tests(name):
    """The module by which the tests start a server of another kind."""
    folder = str(Path(__file__).parents[2] / "tests/api")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"support.{name}")


class Server:
    def __init__(self, rig, name, database, **options):
        self.rig = rig
        self.folder = rig.work / name
        self.folder.mkdir()
        self.database = database
        self.options = options
        self.process = None
        self.port = None
        self.tokens = {}

    @property
    def environment(self):
        values = {"PATH": os.environ["PATH"], "THREADS": str(self.rig.threads), **OPTIONS}
        return values | {"DATABASE_URL": self.database.url} | self.options

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.folder / "stdout"

    def start(self):
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                [self.rig.program, "serve"],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.port = listening_port(self.process, self.log)
        return self

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        code = self.process.wait(timeout=60)
        self.process = None
        if code != 0:
            raise Failure(f"errand ended with {code}: {self.log.read_text()[-2000:]}")

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def memory(self, field):
        """Megabytes of a field of /proc/PID/status."""
        return process_memory(self.process.pid, field)

    def processor_seconds(self):
        """That it has used since it was started."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    @contextlib.contextmanager
    def peak(self, field):
        """The largest value of a field meanwhile, as the one item of a list."""
        peak = [self.memory(field)]
        done = threading.Event()

        def watch():
            while not done.wait(0.01):
                peak[0] = max(peak[0], self.memory(field))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield peak
        finally:
            done.set()
            watcher.join()

    def sign_up(self, name):
        """A new user; its token is kept in `tokens`."""
        answer = self.ask(
            "POST",
            "/api/v1/auth/register",
            headers={"Content-Type": "application/json"},
            body=json.dumps({"username": name, "password": "Bench-12345"}),
        )
        self.tokens[name] = answer["access_token"]
        return answer["user"]["id"]

    def headers(self, user):
        return {"Authorization": f"Bearer {self.tokens[user]}"}

    def ask(self, method, path, user=None, body=None, headers=None, timeout=300):
        """The JSON of a good answer."""
        data = self.ask_raw(method, path, user, body, headers, timeout)
        return json.loads(data) if data else None

    def ask_raw(self, method, path, user=None, body=None, headers=None, timeout=300):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(
                method, path, body, (headers or {}) | (self.headers(user) if user else {})
            )
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Failure(f"{method} {path} answered {answer.status}: {data[:500]!r}")
        return data

    def log_lines(self):
        return self.log.read_text().splitlines()

    def wait_for_log(self, words, skip):
        """The lines of the log behind the first `skip`, once one of them has the words."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            lines = self.log_lines()[skip:]
            if any(words in line for line in lines):
                return lines
            time.sleep(0.05)
        raise Failure(f"the log does not say {words!r}")

    def metric(self, name):
        """The sum of the metrics whose lines begin with `name`."""
        lines = self.ask_raw("GET", "/metrics").decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def process_memory(pid, field):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) / 1024
    raise Failure(f"the process has no {field}")


def listening_port(process, output):
    """The port that a server names in its output when it listens."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = re.search(r"listening on http://[\d.]+:(\d+)\D", output.read_text())
        if found:
            return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise Failure(f"a server did not start: {output.read_text()[-2000:]}")

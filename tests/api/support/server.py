"""The real server, started on a free port in a folder of its own.

    server = Server(folder, LOG_FORMAT="json")
    server.start()            waits for the "listening on" line
    server.http               an httpx client bound to it
    server.metric("http_connections")
    server.run("user", "list")    the program's other commands, same folder and options
    server.close()            SIGTERM; the exit code must be 0 and stderr free of sanitizer reports

Options are environment variables. The child inherits none of the caller's, so that a developer's
own settings never change a test; an option given as None is taken out of the defaults.
"""

import hashlib
import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import httpx

from support import postgres, redis
from support.database import Database

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("ERRAND_BINARY") or ROOT / "build" / "errand").resolve()

# How long anything that must happen may take. Generous: sanitizer builds and busy machines are slow.
PATIENCE = 60

DEFAULT_OPTIONS = {
    "PORT": "0",
    "BCRYPT_COST": "4",
    "LOG_LEVEL": "info",
    "RATE_LIMIT_PER_MINUTE": "0",
    "RATE_LIMIT_USER_PER_MINUTE": "0",
    "RATE_LIMIT_LOGIN_PER_MINUTE": "0",
    "RATE_LIMIT_REGISTER_PER_HOUR": "0",
    "RATE_LIMIT_UPLOAD_PER_HOUR": "0",
}
INHERITED = re.compile(
    r"PATH|LD_LIBRARY_PATH|(ASAN|LSAN|UBSAN|TSAN)_OPTIONS|GCOV_.*|LLVM_PROFILE.*"
)
LISTENING = re.compile(r"listening on http://(\S+?):(\d+)\b")
SANITIZER_REPORT = re.compile(
    r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:"
)


def wait_until(condition, what):
    """Call `condition` until it answers something true; return that."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.005)
    raise AssertionError(f"gave up waiting for {what}")


class Server:
    def __init__(self, folder, template=postgres.TEMPLATE, **options):
        self.folder = Path(folder)
        self.options = {**DEFAULT_OPTIONS, **redis.shared_options(), **options}
        self.process = None
        self._awaited = True  # its end, by whoever ended it
        self.url = None
        self._seen = 0  # of the output, by starts before
        self.names = Counter()  # of users; see register_next
        self._http = None
        self.database = Database(self)
        self.postgres = None  # the name of its database there
        if postgres.is_wanted() and "DATABASE_URL" not in options:
            self.postgres = postgres.use_database(self.folder, template)
            defaults = {
                "DATABASE_URL": postgres.url_of(self.postgres, "&pool_size=3"),
                "SECRET_KEY": hashlib.sha256(str(self.folder).encode()).hexdigest(),
            }
            self.options = {**defaults, **self.options}

    @property
    def environment(self):
        inherited = {name: value for name, value in os.environ.items() if INHERITED.fullmatch(name)}
        given = {name: str(value) for name, value in self.options.items() if value is not None}
        return {**inherited, "HOME": str(self.folder), **given}

    def spawn(self):
        """Start the program without waiting; for starts that are meant to fail, or several."""
        self._seen = len(self.stdout)
        with self._output("stdout").open("ab") as out, self._output("stderr").open("ab") as err:
            self.process = subprocess.Popen(
                [BINARY, "serve"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self._awaited = False

    def start(self):
        self.spawn()
        return self.await_start()

    def await_start(self):
        """After spawn(): until it listens."""
        found = wait_until(lambda: self._listening_after(self._seen), "the server to listen")
        host, port = found.groups()
        self.host = "127.0.0.1" if host in ("0.0.0.0", "localhost") else host
        self.port = int(port)
        self.url = f"http://{self.host}:{self.port}"
        # Somebody may have asked in vain meanwhile, at the port of the start before.
        self._hang_up()
        return self

    def _listening_after(self, seen):
        found = LISTENING.search(self.stdout, seen)
        if not found and self.process.poll() is not None:
            raise AssertionError(f"the server ended at once:\n{self.stdout}\n{self.stderr}")
        return found

    @property
    def http(self):
        if self._http is None:
            # A server that closes idle connections soon may close one just as it is used again.
            kept = 0 if "IDLE_TIMEOUT_SECONDS" in self.options else None
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=kept)
            self._http = httpx.Client(base_url=self.url, timeout=PATIENCE, limits=limits)
        return self._http

    def _output(self, name):
        return self.folder / f"server.{name}"

    def _text(self, path):
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def stdout(self):
        return self._text(self._output("stdout"))

    @property
    def stderr(self):
        return self._text(self._output("stderr"))

    def await_log(self, text):
        """Until its log says so: a line is written by a thread of its own, after the answer perhaps."""
        wait_until(lambda: text in self.stdout, f"the log to say {text!r}")

    def metric(self, name):
        """The figure of one series, its labels part of the name."""
        text = self.http.get("/metrics").text
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)[1])

    @property
    def secret_key(self):
        """What it signs tokens with: the option's, or the one that it keeps beside its database."""
        given = self.options.get("SECRET_KEY")
        return given or (self.folder / "errand.db.secret").read_text()

    @property
    def shared(self):
        """The options of another server over the same data, in a folder of its own."""
        own = f"sqlite:///{self.folder}/errand.db"
        url = self.options.get("DATABASE_URL", own)
        return {**self.options, "DATABASE_URL": url, "SECRET_KEY": self.secret_key}

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """The exit code of a program that is ending by itself."""
        self._hang_up()
        self._awaited = True
        return self.process.wait(PATIENCE)

    def kill(self):
        """kill -9: no drain, no goodbye."""
        self.process.kill()
        self.wait()

    def stop(self):
        self._hang_up()
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait()

    def restart(self):
        self.stop()
        return self.start()

    def close(self):
        """Drain and check that the server ended well, unless the test already ended it."""
        try:
            if not self._awaited:
                code = self.stop()
                assert code == 0, f"the server ended with {code}:\n{self.stderr}"
        finally:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            print(self.stderr[-4000:])
            self._leave_database()
        assert not SANITIZER_REPORT.search(self.stderr), self.stderr

    def _leave_database(self):
        if self.postgres is not None:
            postgres.leave_database(self.folder)
            self.postgres = None

    def run(self, *arguments, stdin=""):
        """Another command of the program: same folder, same options."""
        return subprocess.run(
            [BINARY, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def _hang_up(self):
        if self._http is not None:
            self._http.close()
            self._http = None

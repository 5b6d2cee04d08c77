"""A real RabbitMQ for the tests: a node of its own name, with its ports, folders and epmd.

    rabbitmq = RabbitMQ(folder).create().start()
    url = rabbitmq.next_url()      of a virtual host that no other test has
    with rabbitmq.channel(url) as channel:        a pika channel
    rabbitmq.stop(); rabbitmq.kill(); rabbitmq.start()      its data stays
    rabbitmq.pause(); rabbitmq.resume()       it answers nothing meanwhile
    rabbitmq.close()

The virtual hosts are made many at a time, the first when the node starts, so that few tests wait for one.

With ERRAND_BACKEND=all the conftest starts one before the workers of xdist are, for the tests that leave
open what carries jobs: `shared_url()` is of a virtual host of it that no other test has.
"""

import json
import logging
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pika

from support.ports import free_port
from support.server import PATIENCE, wait_until

logging.getLogger("pika").setLevel(
    logging.CRITICAL
)  # what it cannot connect to is meant to be away

PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"
USER, PASSWORD = "errand", "hunter22-Passw0rd"
CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl"
VIRTUAL_HOSTS = 40  # made at a time
SHARED_HOSTS = 200  # of the one that all tests share: more than there are tests of jobs
ADDRESS = "ERRAND_TEST_RABBITMQ"  # port:folder, handed to the workers

CONFIG = """
listeners.tcp.1 = 127.0.0.1:{port}
listeners.ssl.1 = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {folder}/certificate.pem
ssl_options.certfile = {folder}/certificate.pem
ssl_options.keyfile = {folder}/key.pem
load_definitions = {folder}/definitions.json
heartbeat = 10
log.file = false
log.console = true
log.console.level = warning
"""


def is_wanted():
    return os.environ.get("ERRAND_BACKEND") == "all"


def url_of(port, virtual_host, password=PASSWORD):
    return f"amqp://{USER}:{password}@127.0.0.1:{port}/{virtual_host}"


def connect(url):
    return pika.BlockingConnection(pika.URLParameters(url))


def is_open(url):
    try:
        connect(url).close()
    except (pika.exceptions.AMQPError, OSError):
        return False
    return True


class RabbitMQ:
    def __init__(self, folder, virtual_hosts=VIRTUAL_HOSTS):
        self.folder = Path(folder)
        self.port = free_port()
        self.tls_port = free_port()
        self.process = None
        self._epmd = None
        self._used = 0
        self._made = virtual_hosts
        self._environment = None

    def create(self):
        """Everything that the node needs before its first start."""
        assert Path(PROGRAM).exists(), "there is no rabbitmq-server: run scripts/setup test"
        epmd_port = free_port()
        (self.folder / "rabbitmq.conf").write_text(
            CONFIG.format(port=self.port, tls_port=self.tls_port, folder=self.folder)
        )
        self._make_certificate()
        (self.folder / "enabled_plugins").write_text("[].\n")
        self._define(range(self._made))
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(epmd_port),
            "RABBITMQ_NODENAME": f"errand-{secrets.token_hex(4)}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        self._epmd = subprocess.Popen(
            ["epmd", "-port", str(epmd_port), "-address", "127.0.0.1"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def _make_certificate(self):
        """One that vouches for itself, for the name localhost."""
        request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        names = ["-addext", "subjectAltName=DNS:localhost"]
        files = ["-keyout", self.folder / "key.pem", "-out", self.certificate]
        subprocess.run(
            ["openssl", *request.split(), *names, *files], check=True, capture_output=True
        )

    @property
    def certificate(self):
        return self.folder / "certificate.pem"

    def _define(self, numbers):
        names = [f"test-{number}" for number in numbers]
        definitions = {
            "users": [{"name": USER, "password": PASSWORD, "tags": ""}],
            "vhosts": [{"name": name} for name in names],
            "permissions": [
                {"user": USER, "vhost": name, "configure": ".*", "write": ".*", "read": ".*"}
                for name in names
            ],
        }
        (self.folder / "definitions.json").write_text(json.dumps(definitions))

    def _make_more(self):
        self._define(range(self._made, self._made + VIRTUAL_HOSTS))
        self._made += VIRTUAL_HOSTS
        node = self._environment["RABBITMQ_NODENAME"]
        subprocess.run(
            [CONTROL, "-n", node, "import_definitions", self.folder / "definitions.json"],
            env=self._environment,
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )

    def start(self, wait=True):
        with (self.folder / "output.log").open("ab") as out:
            self.process = subprocess.Popen(
                [PROGRAM],
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            wait_until(self._is_ready, "RabbitMQ to accept connections")
        return self

    def _is_ready(self):
        output = (self.folder / "output.log").read_text(errors="replace")
        assert self.process.poll() is None, output[-4000:]
        return is_open(self.url_of("test-0"))

    def url_of(self, virtual_host, password=PASSWORD):
        return url_of(self.port, virtual_host, password)

    def tls_url_of(self, virtual_host, host, options=""):
        return f"amqps://{USER}:{PASSWORD}@{host}:{self.tls_port}/{virtual_host}{options}"

    def next_url(self):
        if self._used == self._made:
            self._make_more()
        self._used += 1
        return self.url_of(f"test-{self._used - 1}")

    @contextmanager
    def channel(self, url):
        connection = connect(url)
        try:
            yield connection.channel()
        finally:
            if connection.is_open:
                connection.close()

    def count(self, url, queue):
        """How many messages wait in a queue; none where there is no queue."""
        try:
            with self.channel(url) as channel:
                return channel.queue_declare(queue, passive=True).method.message_count
        except pika.exceptions.ChannelClosedByBroker:
            return 0

    def _signal(self, number):
        """To the shell that started the node and the node itself."""
        os.killpg(self.process.pid, number)
        self.process.wait(PATIENCE)

    def stop(self):
        self._signal(signal.SIGTERM)

    def kill(self):
        self._signal(signal.SIGKILL)

    def pause(self):
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.killpg(self.process.pid, signal.SIGCONT)

    def forget(self):
        """Lose all data, as if its disk were gone. Only while it does not run."""
        shutil.rmtree(self.folder / "mnesia")

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()


def start_for_all():
    """Start the broker that all tests share, without waiting for it; returns what ends it."""
    folder = tempfile.mkdtemp(prefix="errand-rabbitmq-", dir="/tmp")
    rabbitmq = RabbitMQ(folder, SHARED_HOSTS).create().start(wait=False)
    os.environ[ADDRESS] = f"{rabbitmq.port}:{folder}"

    def end():
        rabbitmq.close()
        shutil.rmtree(folder, ignore_errors=True)

    return end


def shared_url():
    port, folder = os.environ[ADDRESS].split(":")
    # One byte for each that is taken: appending tells workers apart.
    with (Path(folder) / "taken").open("ab") as taken:
        taken.write(b".")
        taken.flush()
        number = taken.tell() - 1
    assert number < SHARED_HOSTS, "more tests than virtual hosts: raise SHARED_HOSTS"
    url = url_of(port, f"test-{number}")
    wait_until(lambda: is_open(url), f"RabbitMQ to be there; see {folder}/output.log")
    return url

"""A real PostgreSQL for the tests: one server for the whole run, one database for each folder.

With ERRAND_BACKEND=postgres (or all, which adds Redis and RabbitMQ) the conftest starts it before the workers of xdist are, in a temporary
folder, on a free port of 127.0.0.1 and a socket, as it is run for real (fsync on); all workers share
it. A `Server` whose options name no database gets one of its own by `postgres.database(folder)`.

A postgres that root starts would refuse: then it runs as the user of Debian's package.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg

from support.ports import free_port

USER, PASSWORD = "errand", "Passw0rd!"
TEMPLATE, EMPTY = "errand_template", "template0"
ADDRESS = "ERRAND_TEST_POSTGRES"  # socket folder:port, handed to the workers

SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 400
shared_buffers = 128MB
log_min_messages = warning
"""
ACCESS = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


def is_wanted():
    return os.environ.get("ERRAND_BACKEND") in ("postgres", "all")


def program(name):
    """The newest version of a program of Debian's packages, which are not in the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4])
    )
    assert found, f"there is no {name}: run scripts/setup test"
    return str(found[-1])


class Postgres:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="errand-pg-", dir="/tmp"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.as_user = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def run(self, name, *arguments):
        done = subprocess.run(
            [*self.as_user, program(name), *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def create(self):
        passwords = self.folder / "password"
        passwords.write_text(PASSWORD)
        passwords.chmod(0o644)
        self.run("initdb", "-D", self.data, "-U", USER, "--pwfile", passwords, "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        settings = self.data / "postgresql.conf"
        settings.write_text(
            settings.read_text() + SETTINGS.format(port=self.port, folder=self.folder)
        )
        (self.data / "pg_hba.conf").write_text(ACCESS)
        return self

    def start(self):
        log = self.folder / "log"
        try:
            self.run("pg_ctl", "-D", self.data, "-l", log, "-w", "start")
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{log.read_text()}") from None
        return self

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def signal(self, number):
        """To every process of the server: SIGSTOP makes it hold still."""
        parent = (self.data / "postmaster.pid").read_text().split()[0]
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", parent], capture_output=True, text=True, check=True
        )
        for process in [parent, *found.stdout.split()]:
            with suppress(ProcessLookupError):
                os.kill(int(process), number)

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def address(self):
        return f"{self.folder}:{self.port}"


def start_for_all(binary):
    """Start the server that all workers share; the conftest keeps and removes it."""
    postgres = Postgres().create().start()
    os.environ[ADDRESS] = postgres.address
    make_template(binary)
    return postgres


def connect(database, **options):
    folder, port = os.environ[ADDRESS].split(":")
    return psycopg.connect(host=folder, port=port, user=USER, dbname=database, **options)


def administrate(statement):
    with connect("postgres", autocommit=True) as connection:
        connection.execute(statement)


_databases = {}  # by folder: its name and how many servers use it


def make_template(binary):
    """A database that has its tables: copying it takes less than migrating an empty one."""
    administrate(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
    options = {"DATABASE_URL": url_of(TEMPLATE), "PATH": os.environ["PATH"]}
    subprocess.run([binary, "migrate"], cwd="/", env=options, check=True, capture_output=True)


def use_database(folder, template):
    """The name of the database of that folder, made when it is asked for first."""
    if folder not in _databases:
        name = f"errand_{secrets.token_hex(6)}"
        administrate(f"CREATE DATABASE {name} TEMPLATE {template}")
        _databases[folder] = [name, 0]
    _databases[folder][1] += 1
    return _databases[folder][0]


def leave_database(folder):
    entry = _databases.get(folder)
    if entry is None:
        return
    entry[1] -= 1
    if entry[1] == 0:
        del _databases[folder]
        administrate(f"DROP DATABASE {entry[0]} WITH (FORCE)")


def url_of(database, options=""):
    folder, port = os.environ[ADDRESS].split(":")
    return f"postgresql://{USER}@/{database}?host={folder}&port={port}{options}"


def main(command):
    """Run a command beside a server; see scripts/with-postgres."""
    own = Postgres().create().start()
    try:
        os.environ[ADDRESS] = own.address
        os.environ["ERRAND_TEST_DATABASE_URL"] = url_of("postgres")
        return subprocess.run(command, check=False).returncode
    finally:
        own.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

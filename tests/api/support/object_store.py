"""A real S3 store, which checks signatures and keeps objects as files, and a front that fails at will.

store = ObjectStore(folder).start()
bucket = store.create_bucket()
server = start_server(**bucket.options)
bucket.names()          what is there
store.kill()            as if its machine were gone; store.start() brings it back, same port
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from support.ports import free_port
from support.server import PATIENCE, wait_until

RUNNING = "running on http://127.0.0.1"
ACCESS_KEY, SECRET_KEY = "errand-tests", "a/secret+with=signs"
INTERNAL = ".nanio"  # what the store keeps beside the objects begins with this


class ObjectStore:
    def __init__(self, folder, keys_a_list=1000):
        self.folder = Path(folder)
        self.keys_a_list = keys_a_list
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self):
        return self.folder / "data"

    def start(self):
        self.data.mkdir(exist_ok=True)
        log = self.folder / "store.log"
        seen = log.stat().st_size if log.exists() else 0
        keys = {"NANIO_ACCESS_KEY": ACCESS_KEY, "NANIO_SECRET_KEY": SECRET_KEY}
        program = Path(__file__).with_name("run_object_store.py")
        arguments = [str(self.data), str(self.port), str(self.keys_a_list)]
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, program, *arguments],
                env={**os.environ, **keys},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

        def running():
            assert self.process.poll() is None, log.read_text()
            return log.read_text().find(RUNNING, seen) >= 0

        wait_until(running, "the store to run")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    close = kill

    def pause(self):
        """It takes connections (the kernel does) and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def create_bucket(self):
        name = f"files-{uuid4().hex[:12]}"
        (self.data / name).mkdir()
        return Bucket(self, name)


@dataclass
class Bucket:
    store: ObjectStore
    name: str

    @property
    def folder(self):
        return self.store.data / self.name

    @property
    def options(self):
        """For a server that keeps its files here."""
        return {
            "S3_ENDPOINT": self.store.url,
            "S3_BUCKET": self.name,
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": SECRET_KEY,
        }

    def names(self):
        return sorted(
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and not path.relative_to(self.folder).parts[0].startswith(INTERNAL)
        )

    def read(self, name):
        return (self.folder / name).read_bytes()

    def put(self, name, content, modified):
        """An object that somebody put there at that time (seconds since 1970)."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (modified, modified))


class Front:
    """Stands before a store and passes bytes on, but for the next connections, which fail:

    "refuse"   closed at once
    "503"      answered with 503, whatever they ask
    "cut"      closed after half a kilobyte of the answer

    `front.fail("503", "refuse")` closes those there are and says how the next two do; `front.count`
    is how many there were in all, and `front.answered` how many bytes the store has sent.
    """

    def __init__(self, store):
        self.store = store
        self.failures = []
        self.open = set()
        self.count = 0
        self.answered = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def fail(self, *failures):
        self.failures = list(failures)
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.fail()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.count += 1
                failure = self.failures.pop(0) if self.failures else None
                threading.Thread(target=self._serve, args=(client, failure), daemon=True).start()

    def _serve(self, client, failure):
        self.open.add(client)
        with suppress(OSError), client:
            if failure == "503":
                client.recv(65536)
                answer = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                client.sendall(answer)
            elif failure != "refuse":
                with socket.create_connection(("127.0.0.1", self.store.port)) as server:
                    upward = threading.Thread(target=self._copy, args=(client, server), daemon=True)
                    upward.start()
                    self._copy(server, client, 512 if failure == "cut" else None)
        self.open.discard(client)

    def _copy(self, source, target, limit=None):
        with suppress(OSError):
            while data := source.recv(65536 if limit is None else limit):
                self.answered += len(data) if target in self.open else 0
                target.sendall(data)
                if limit is not None:
                    target.shutdown(socket.SHUT_RDWR)
                    return
            target.shutdown(socket.SHUT_WR)

"""Several servers and workers over one PostgreSQL and one Redis, as they are run on several machines.

    with closing(Cluster(folder)) as cluster:
        cluster.start()
        first, second, third = cluster.servers      each in a folder of its own
        at(second, anna)                            the same person, at another server

What else all of them share (a RabbitMQ, an S3) comes as options.
"""

from contextlib import ExitStack

from support.api import Caller
from support.redis import Redis
from support.server import Server, wait_until
from support.worker import Worker

SERVERS, WORKERS = 3, 2


def at(server, caller):
    return Caller(server, caller.token, caller.user)


class Cluster:
    def __init__(self, folder, **options):
        self.folder = folder
        self.options = {"THREADS": 2, "WORKERS": 0, **options}
        self.servers = []
        self.workers = []
        self.redis = None
        self._closing = ExitStack()

    def _new_folder(self, name):
        folder = self.folder / name
        folder.mkdir()
        return folder

    def _add_server(self, **options):
        folder = self._new_folder(f"server{len(self.servers)}")
        server = Server(folder, **{**options, **self.redis.options, **self.options})
        self._closing.callback(server.close)
        self.servers.append(server)

    def start(self):
        """All at once, over a database without a table."""
        self.redis = Redis(self._new_folder("redis")).start()
        self._closing.callback(self.redis.close)
        self._add_server()
        while len(self.servers) < SERVERS:
            self._add_server(**self.servers[0].shared)
        for server in self.servers:
            server.spawn()
        for server in self.servers:
            server.await_start()
        for server in self.servers[:WORKERS]:
            worker = Worker(server)
            self._closing.callback(worker.close)
            self.workers.append(worker.start())
        wait_until(lambda: all(map(self.is_told, self.servers)), "the servers to hear each other")
        return self

    @staticmethod
    def is_told(server):
        return "wake_carried 1" in server.http.get("/metrics").text

    @property
    def database(self):
        return self.servers[0].database

    def close(self):
        self._closing.close()

"""What a Redis of ours costs and saves: a shared rate limit, and finished jobs that are kept there."""

import json
from contextlib import closing
from statistics import median

from harness.load import Rate, probe, request, wrk
from harness.server import of_tests

TITLE = "With and without Redis"


def prepare(server):
    """The paths of a task and of a finished job of the user."""
    server.start()
    server.sign_up("reader")
    body = {"Content-Type": "application/json"}
    task = server.ask("POST", "/tasks", "reader", json.dumps({"title": "Read me"}), body)
    job = json.dumps({"operation": "reverse", "data": "abc"})
    job = server.ask("POST", "/api/v1/jobs", "reader", job, body)
    path = f"/api/v1/jobs/{job['id']}"
    server.ask("GET", f"{path}?wait=30", "reader")
    return {"GET /tasks/{id}": f"/tasks/{task['id']}", "GET /jobs/{id}, finished": path}


class Row:
    """A request to one of the servers: how many a second, and what each costs it."""

    def __init__(self, server, path):
        self.server, self.path = server, path
        self.rate = Rate()
        self.microseconds = []  # of the processor, a request

    def measure(self, rig):
        before = self.server.processor_seconds()
        wrk(rig, self.rate, self.server.url + self.path, self.server.tokens["reader"])
        answers = self.rate.rounds[-1][0] * rig.seconds
        self.microseconds.append((self.server.processor_seconds() - before) / answers * 1e6)


def measure(rig):
    folder = rig.work / "redis"
    folder.mkdir()
    with closing(of_tests("redis").Redis(folder)) as redis:
        redis.start()
        measure_with(rig, redis.options)


def measure_with(rig, options):
    servers = {"without": rig.server("without"), "with": rig.server("with", **options)}
    paths = {name: prepare(server) for name, server in servers.items()}
    table, rates = [], []
    for what in paths["with"]:
        rows = {name: Row(server, paths[name][what]) for name, server in servers.items()}
        for _ in range(rig.rounds):
            for row in rows.values():
                row.measure(rig)
        alone = probe(
            rig, {n: (r.server, [request(r.server, "reader", r.path)]) for n, r in rows.items()}
        )
        for name, row in rows.items():
            own = [row.rate.rate, median(row.microseconds), alone[name][0] * 1000]
            table.append([f"{what}, {name}", *own])
            rates.append(row.rate)
    rig.report.table(
        TITLE, ["what", "requests/s", "CPU us a request", "p50 us, one at a time"], table
    )
    rig.check_failures(rates)

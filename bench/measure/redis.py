"""What a Redis of ours costs and saves: a shared rate limit, and finished jobs that are kept there."""

import json
import os
import sys
from pathlib import Path
from statistics import median

from harness.load import Rate, probe, request, wrk

TITLE = "With and without Redis"
TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(server):
    """That the server has used since it was started."""
    words = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICK


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


def measure(rig):
    sys.path.insert(0, str(rig.root / "tests/api"))
    from support.redis import Redis

    folder = rig.work / "redis"
    folder.mkdir()
    redis = Redis(folder)
    redis.start()
    rig.processes.append(redis.process)
    servers = {"without": rig.server("without"), "with": rig.server("with", **redis.options)}
    paths = {name: prepare(server) for name, server in servers.items()}
    rows, rates = [], []
    for what in paths["with"]:
        rate = {name: Rate() for name in servers}
        seconds = {name: [] for name in servers}
        for _ in range(rig.rounds):
            for name, server in servers.items():
                before = processor_seconds(server)
                wrk(rig, rate[name], server.url + paths[name][what], server.tokens["reader"])
                answers = rate[name].rounds[-1][0] * rig.seconds
                seconds[name].append((processor_seconds(server) - before) / answers * 1e6)
        alone = probe(
            rig,
            {n: (s, [request(s, "reader", paths[n][what])]) for n, s in servers.items()},
        )
        for name in servers:
            rows.append(
                [f"{what}, {name}", rate[name].rate, median(seconds[name]), alone[name][0] * 1000]
            )
        rates += rate.values()
    rig.report.table(
        TITLE, ["what", "requests/s", "CPU us a request", "p50 us, one at a time"], rows
    )
    rig.check_failures(rates)

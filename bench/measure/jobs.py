"""Jobs in the server's own process: how many a second, and how soon a result is there."""

import json
import subprocess
import time

from harness.load import CONNECTIONS, Rate, wrk
from harness.server import Failure

TITLE = "Jobs"
JOB = json.dumps({"operation": "reverse", "data": "A text of some length"})


def waiting(server):
    return server.metric("jobs_queued") + server.metric("jobs_processing")


def finished(server):
    return server.metric('jobs_total{outcome="finished"}')


def throughput(rig, server):
    """Submitted by 64 connections, counted from the first to the last that is finished."""
    rate = Rate()
    before = finished(server)
    start = time.monotonic()
    wrk(rig, rate, f"{server.url}/api/v1/jobs", server.tokens["writer"], "POST", JOB)
    while waiting(server) > 0:
        time.sleep(0.02)
    return rate, (finished(server) - before) / (time.monotonic() - start)


def latency(rig, server, clients):
    """p50 and p99 from submitting to the result, in milliseconds; and of the submission."""
    done = subprocess.run(
        [rig.tool("jobs"), str(server.port), server.tokens["writer"], str(clients),
         str(rig.seconds)],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Failure(f"jobs failed: {done.stdout}{done.stderr}")
    words = [float(word) for word in done.stdout.split()]
    return words[0] / 1000, words[1] / 1000, words[2] / rig.seconds


def measure(rig):
    server = rig.server("jobs")
    server.start()
    measure_on(rig, server, TITLE)


def measure_on(rig, server, title):
    """The table of a server that runs."""
    server.sign_up("writer")
    rows = []
    for clients in (1, CONNECTIONS):
        p50, p99, rate = latency(rig, server, clients)
        name = "client" if clients == 1 else "clients"
        rows.append([f"submit to result, {clients} {name}", rate, p50, p99])
    rounds = [throughput(rig, server) for _ in range(rig.rounds)]
    rates = sorted(rounds, key=lambda each: each[1])
    rate, whole = rates[len(rates) // 2]
    rows.append([f"submit alone, {CONNECTIONS} connections", rate.rate, rate.p50, rate.p99])
    rows.append(["submit to finished, all", whole, None, None])
    server.stop()
    rig.report.table(title, ["what", "jobs/s", "p50 ms", "p99 ms"], rows)
    rig.check_failures(rate for rate, _ in rounds)

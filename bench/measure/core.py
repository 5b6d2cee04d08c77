"""Reading, listing and creating beside the limit; memory and start-up. 64 connections."""

import json
import subprocess

from harness.load import Rate, wrk
from harness.server import Failure, listening_port

TITLE = "Requests beside the limit"
TASKS = 10000
TASK = json.dumps(
    {"title": "Write the report", "description": "Two pages, by Friday.", "priority": "high"}
)


def startup(rig, server):
    command = ["env", "-i", *(f"{name}={value}" for name, value in server.environment.items())]
    done = subprocess.run(
        ["python3", rig.root / "bench/startup.py", "10", *command, "PORT={}", rig.program, "serve"],
        cwd=server.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failure(f"no start-up time: {done.stderr}")
    return float(done.stdout)


def start_limit(rig, server, path):
    """bench/limit.c, which sends the very bytes that errand answers to `path`."""
    command = ["curl", "--silent", "--show-error", "--fail", "--include", f"{server.url}{path}"]
    for name, value in server.headers("reader").items():
        command += ["--header", f"{name}: {value}"]
    answer = rig.work / "answer"
    answer.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    output = rig.work / "limit"
    with open(output, "wb") as file:
        limit = subprocess.Popen([rig.tool("limit"), answer, str(rig.threads)], stdout=file)
    rig.processes.append(limit)
    return f"http://127.0.0.1:{listening_port(limit, output)}{path}"


def measure(rig):
    server = rig.server("core")
    server.start()
    rig.pause()
    server.stop()
    start = startup(rig, server)
    server.start()
    rig.pause()
    idle = server.memory("VmRSS")
    # The creates go to a user of their own, so that the list stays one of 10,000 tasks.
    reader = server.sign_up("reader")
    server.sign_up("writer")
    server.stop()
    server.database.fill(reader, TASKS)
    server.start()
    server.database.wait_for_followers()
    path = f"/tasks/{server.ask('GET', '/tasks?limit=1&skip=5000', 'reader')['tasks'][0]['id']}"
    limit = start_limit(rig, server, path)
    rows = {
        "limit (same bytes)": (limit, "reader", "GET", ""),
        "GET /tasks/{id}": (server.url + path, "reader", "GET", ""),
        "GET /tasks?limit=20": (f"{server.url}/tasks?limit=20", "reader", "GET", ""),
        "POST /tasks (durable)": (f"{server.url}/tasks", "writer", "POST", TASK),
    }
    rates = {name: Rate() for name in rows}
    for _ in range(rig.rounds):
        for name, (url, user, method, body) in rows.items():
            wrk(rig, rates[name], url, server.tokens[user], method, body)
    peak = server.memory("VmHWM")
    server.stop()
    best = rates["limit (same bytes)"].rate
    rig.report.table(
        TITLE,
        ["what", "requests/s", "p50 ms", "p99 ms", "ratio", "non-2xx"],
        [[n, r.rate, r.p50, r.p99, r.rate / best, r.failures] for n, r in rates.items()],
    )
    rig.report.table(
        "At rest",
        ["what", "figure"],
        [
            ["memory idle, MB", idle],
            ["memory peak under the load above, MB", peak],
            ["start-up to the first good /health, ms", start],
        ],
    )
    rig.check_failures(rates.values())

"""What is left of PostgreSQL: errand beside pgbench, which runs the very statements of a request.

The statements are not written here: PostgreSQL logs what a request makes errand run, with the values,
and that becomes pgbench's script. Both have the same number of connections to the same server.
"""

import re
import subprocess
import time
from functools import partial
from pathlib import Path

from harness.load import Rate, wrk
from harness.server import Failure

from measure.core import TASK, TASKS

TITLE = "Requests beside pgbench"
EXECUTED = re.compile(r"^\S+ \S+ \S+ \[(\d+)\] LOG:  execute (?:[^:]*): (.*)$")
DETAIL = re.compile(r"^\S+ \S+ \S+ \[(\d+)\] DETAIL:  parameters: (.*)$")
WHO_ASKS = " FROM users WHERE id = $1"
PARAMETER = re.compile(r"(\$\d+) = (NULL|'(?:[^']|'')*')")


class Recorder:
    """The statements that the server of a database runs, from PostgreSQL's own log."""

    def __init__(self, database):
        self.database = database
        self.log = Path(database.location()[0]) / "log"
        self.at = 0

    def switch(self, on):
        setting = "SET log_statement = 'all'" if on else "RESET log_statement"
        self.database.cluster.administrate(f"ALTER DATABASE {self.database.name} {setting}")

    def skip(self):
        self.at = self.log.stat().st_size

    def statements(self):
        """[(text, {"$1": SQL literal})] in the order they were run since `skip`."""
        time.sleep(0.2)
        with open(self.log, encoding="utf-8") as file:
            file.seek(self.at)
            lines = file.read().splitlines()
        found = []
        for line in lines:
            executed, detail = EXECUTED.match(line), DETAIL.match(line)
            if executed:
                found.append((executed[1], executed[2], {}))
            elif detail and found:
                found[-1][2].update(PARAMETER.findall(detail[2]))
        return found


def record(recorder, ask, known):
    """What one request runs, and the answer. Background work runs on connections of its own: the
    request's is the one whose statements have the words `known`. Who asks may be looked up on
    another, which single reads share."""
    ask()
    recorder.skip()
    answer = ask()
    statements = recorder.statements()
    pids = {pid for pid, text, _ in statements if known in text}
    if len(pids) != 1:
        raise Failure(f"the statements of a request are not to be told from others: {statements}")
    chosen = [each for each in statements if each[0] in pids or WHO_ASKS in each[1]]
    return [(text, values) for _, text, values in chosen], answer


def script(statements, created):
    """A script for pgbench and its variables. `created` is the id of the task that was created: what
    pgbench creates has another, which stands for it in what follows."""
    lines = []
    variables = {}

    def variable(match, values):
        value = values[match[0]]
        if value == "NULL" or (value == f"'{created}'" and lines):
            return "NULL" if value == "NULL" else ":id"
        name = f"v{len(variables)}"
        variables[name] = value[1:-1].replace("''", "'")
        return f":{name}"

    for text, values in statements:
        line = re.sub(r"\$\d+", partial(variable, values=values), text)
        lines.append(f"{line} \\gset" if text.startswith("INSERT INTO tasks ") else f"{line};")
    return "\n".join(lines) + "\n", variables


def pgbench(rig, database, name, text, variables, connections):
    """Transactions a second."""
    file = rig.work / f"{name}.sql"
    file.write_text(text)
    folder, port = database.location()
    command = [database.cluster.program("pgbench"), "-n", "-M", "prepared", "-c", str(connections),
               "-j", "2", "-T", str(rig.seconds), "-f", str(file), "-h", folder, "-p", port,
               "-U", database.cluster.USER]  # fmt: skip
    for variable, value in variables.items():
        command += ["-D", f"{variable}={value}"]
    done = subprocess.run([*command, database.name], capture_output=True, text=True, check=False)
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or rate is None or "failed transactions: 0 " not in done.stdout:
        raise Failure(f"pgbench failed: {done.stdout}{done.stderr}\n{text}")
    return float(rate[1])


def connections_of(database):
    [(count,)] = database.query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return count


def measure(rig):
    server = rig.server("pgbench")
    database = server.database
    server.start()
    reader = server.sign_up("reader")
    server.sign_up("writer")
    server.stop()
    database.fill(reader, TASKS)
    recorder = Recorder(database)
    recorder.switch(True)
    server.start()
    server.database.wait_for_followers()
    path = f"/tasks/{server.ask('GET', '/tasks?limit=1&skip=5000', 'reader')['tasks'][0]['id']}"
    json_type = {"Content-Type": "application/json"}
    requests = {
        "GET /tasks/{id}": ("reader", "GET", path, "", "FROM tasks WHERE id"),
        "GET /tasks?limit=20": ("reader", "GET", "/tasks?limit=20", "", "FROM tasks"),
        "GET /tasks/stats (kept)": ("reader", "GET", "/tasks/stats", "", "sum(changes)"),
        "POST /tasks (durable)": ("writer", "POST", "/tasks", TASK, "INSERT INTO tasks "),
    }
    statements = {}
    scripts = {}
    for name, (user, method, where, body, known) in requests.items():

        def ask(user=user, method=method, where=where, body=body):
            return server.ask(method, where, user, body or None, json_type if body else None)

        statements[name], answer = record(recorder, ask, known)
        scripts[name] = script(statements[name], answer["id"] if method == "POST" else None)
    server.stop()
    recorder.switch(False)
    server.start()
    ours = {name: Rate() for name in requests}
    theirs = {name: [] for name in requests}
    for _ in range(rig.rounds):
        for at, (name, (user, method, where, body, _)) in enumerate(requests.items()):
            token = server.tokens[user]
            wrk(rig, ours[name], server.url + where, token, method, body)
            count = connections_of(database)
            theirs[name].append(
                (pgbench(rig, database, f"script{at}", *scripts[name], count), count)
            )
    server.stop()
    rows = []
    for name, rate in ours.items():
        best, count = sorted(theirs[name])[len(theirs[name]) // 2]
        rows.append([name, rate.rate, rate.p50, best, count, rate.rate / best, rate.failures])
    rig.report.table(
        TITLE,
        ["what", "requests/s", "p50 ms", "pgbench/s", "connections", "ratio", "non-2xx"],
        rows,
    )
    for name in requests:
        rig.report.say(f"\n{name}:\n")
        for text, _ in statements[name]:
            rig.report.say(f"    {text}")
    rig.check_failures(ours.values())

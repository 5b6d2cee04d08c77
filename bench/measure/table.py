"""CSV: importing and exporting 100,000 tasks."""

import http.client
import json
import time

from harness.server import Failure

TITLE = "CSV"
ROWS = 100000


def rows():
    yield "title,description,status,priority,due_date,tags\r\n"
    for number in range(ROWS):
        yield (
            f'Task number {number},"What is to be done, and by when: {number}",'
            f"{('todo', 'in_progress', 'done')[number % 3]},{('low', 'medium', 'high')[number % 7 % 3]},"
            f'2027-{number % 12 + 1:02}-{number % 28 + 1:02},"tag{number % 10},bench"\r\n'
        )


def measure(rig):
    server = rig.server("csv")
    server.start()
    server.sign_up("writer")
    text = "".join(rows()).encode()
    table = []
    for name, path in (
        ("import, dry run", "/api/v1/tasks/import?dry_run=true"),
        ("import", "/api/v1/tasks/import"),
    ):
        start = time.monotonic()
        with server.peak("RssAnon") as peak:
            answer = server.ask("POST", path, "writer", text, {"Content-Type": "text/csv"})
        seconds = time.monotonic() - start
        if ROWS not in (answer["created"], answer["valid"]):
            raise Failure(f"an import was answered {json.dumps(answer)[:500]}")
        table.append([name, ROWS / seconds, seconds, peak[0]])
    for form in ("csv", "json"):
        start = time.monotonic()
        with server.peak("RssAnon") as peak:
            size = export(server, f"/api/v1/tasks/export.{form}")
        seconds = time.monotonic() - start
        table.append([f"export as {form}, {size >> 20} MB", ROWS / seconds, seconds, peak[0]])
    server.stop()
    rig.report.table(
        f"{TITLE}: {ROWS:,} tasks", ["what", "rows/s", "seconds", "peak RssAnon MB"], table
    )


def export(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path, headers=server.headers("writer"))
    answer = connection.getresponse()
    size = lines = 0
    while part := answer.read(1 << 18):
        size += len(part)
        lines += part.count(b"\n")
    connection.close()
    if answer.status != 200 or lines < ROWS:
        raise Failure(f"{path} answered {answer.status} with {lines} lines")
    return size

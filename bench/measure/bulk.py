"""Changing a hundred tasks in one request."""

import json

from harness.load import probe, request

TITLE = "Changing a hundred tasks at once"
TASKS = 1000


def measure(rig):
    server = rig.server("bulk")
    server.start()
    user = server.sign_up("writer")
    server.stop()
    server.database.fill(user, TASKS)
    server.start()
    server.database.wait_for_followers()
    listed = server.ask("GET", "/api/v1/tasks?limit=100&total=false", "writer")["tasks"]
    ids = [task["id"] for task in listed]

    def patch(path, body):
        return request(server, "writer", path, "PATCH", json.dumps(body))

    one = [patch(f"/api/v1/tasks/{ids[0]}", {"title": f"Title {i}"}) for i in range(2)]
    bulk = [
        patch("/api/v1/tasks/bulk", {"task_ids": ids, "updates": {"status": status}})
        for status in ("in_progress", "done")
    ]
    figures = probe(rig, {"one": (server, one), "bulk": (server, bulk)})
    server.stop()
    rig.report.table(
        TITLE,
        ["what", "p50 ms", "p99 ms", "tasks/s"],
        [
            ["PATCH of one task", *figures["one"], 1000 / figures["one"][0]],
            ["PATCH of a hundred", *figures["bulk"], 100 * 1000 / figures["bulk"][0]],
        ],
    )

"""What a user with many tasks waits for, beside one with few: a server for each number of tasks.

One connection to each, asked in turn. Then the plans of the searches.
"""

import json
import random
from urllib.parse import parse_qs

from harness.load import probe, request

TITLE = "One user's tasks, p50 ms"
ASKED = 2000  # different tasks that are read
COMMON, RARE = "REPORT", "needle"

SEARCHES = {
    "search, common term": f"search={COMMON}&total=false",
    "search, common term, newest first": f"search={COMMON}&total=false&sort_order=desc",
    "search, rare term": f"search={RARE}&total=false",
    "search, no match": "search=nowhere&total=false",
    "search, two characters, common": "search=po&total=false",
    "search, two characters, no match": "search=qz&total=false",
}

# What reads every task that the user has.
SLOW = (
    "list, a tag, total counted",
    "list, sorted by title",
    "search, two characters, no match",
    "statistics, computed",
)

LISTS = {
    "list": "",
    "list, newest first": "sort_order=desc",
    "list, status=todo": "status=todo",
    "list, status and priority": "status=todo,done&priority=high",
    "list, deep by cursor": "cursor={cursor}",
    "list, deep, status=todo": "cursor={cursor}&status=todo",
    "list, a tag, total counted": "tags=tag1",
    "list, sorted by title": "sort_by=title&total=false",
}


def prepare(rig, size):
    server = rig.server(f"growth-{size}")
    server.start()
    user = server.sign_up("reader")
    server.stop()
    server.database.fill(user, size)
    server.start()
    server.database.wait_for_followers()
    return server


def deep_cursor(server, size):
    """The cursor nine tenths down the list."""
    path = f"/api/v1/tasks?limit=1&total=false&skip={size * 9 // 10}"
    return server.ask("GET", path, "reader")["next_cursor"]


def requests_of(server, size):
    """The requests of each row, by its name."""
    numbers = random.Random(1)
    first = server.ask("GET", "/api/v1/tasks?limit=1&total=false", "reader")["tasks"][0]["id"]
    last_path = "/api/v1/tasks?limit=1&total=false&sort_order=desc"
    last = server.ask("GET", last_path, "reader")["tasks"][0]["id"]
    cursor = deep_cursor(server, size)

    def get(path):
        return request(server, "reader", f"/api/v1/tasks{path}")

    def change(task, turn):
        body = f'{{"title":"Turn {turn}"}}'
        return request(server, "reader", f"/api/v1/tasks/{task}", "PATCH", body, uncounted=True)

    rows = {"read": [get(f"/{numbers.randint(first, last)}") for _ in range(ASKED)]}
    for name, query in {**LISTS, **SEARCHES}.items():
        rows[name] = [get(f"?limit=20&{query.format(cursor=cursor)}")]
    rows["statistics, kept"] = [get("/stats")]
    # In the next turn each task is given another title again.
    rows["statistics, computed"] = [
        each
        for turn in range(2)
        for task in range(first, first + 100)
        for each in (change(task, turn), get("/stats"))
    ]
    return rows


def compare_statistics(rig, size, server, requests):
    rows = ("read", "statistics, kept")
    targets = {f"row-{at}": (server, requests[row]) for at, row in enumerate(rows)}
    read, kept = (p50 for p50, _ in probe(rig, targets).values())
    return [f"{size:,}", read, kept, kept / read]


def measure(rig):
    servers = {size: prepare(rig, size) for size in rig.sizes}
    requests = {size: requests_of(server, size) for size, server in servers.items()}
    rows = []
    for name in requests[rig.sizes[0]]:
        targets = {f"size-{size}": (servers[size], requests[size][name]) for size in rig.sizes}
        # What takes a second in one place is not asked in turn: the others would be asked too seldom.
        turns = [{key: value} for key, value in targets.items()] if name in SLOW else [targets]
        figures = [p50 for turn in turns for p50, _ in probe(rig, turn).values()]
        rows.append([name, *figures, figures[-1] / figures[0]])
    rig.report.table(TITLE, ["what", *(f"{size:,} tasks" for size in rig.sizes), "growth"], rows)
    rig.report.table(
        "Statistics that are kept beside one task, p50 ms",
        ["tasks", "GET /api/v1/tasks/{id}", "GET /api/v1/tasks/stats", "ratio"],
        [compare_statistics(rig, size, servers[size], requests[size]) for size in rig.sizes],
    )
    for server in servers.values():
        server.stop()
    explain(rig, servers[rig.sizes[-1]])


def explain(rig, server):
    """Ask a server that says what it prepares, and have the database say how it would do that."""
    server.options.update(LOG_LEVEL="debug", LOG_FORMAT="json", THREADS="1")
    server.start()
    rig.report.say(f"\n## Plans of the searches among {rig.sizes[-1]:,} tasks")
    statements = {}
    for name, query in SEARCHES.items():
        term = parse_qs(query)["search"][0]
        skip = len(server.log_lines())
        server.ask("GET", f"/api/v1/tasks?limit=20&{query}", "reader")
        lines = server.wait_for_log("/api/v1/tasks", skip)
        messages = [json.loads(line).get("message", "") for line in lines]
        pages = [
            message.removeprefix("prepared: ")
            for message in messages
            if message.startswith("prepared: SELECT") and " FROM tasks" in message
        ]
        shape, is_short = query.replace(term, ""), len(term) < 3
        again = statements.get((shape, is_short)) or statements.get((shape, False))
        statement = statements[shape, is_short] = pages[-1] if pages else again
        what = statement if pages else "(a statement from above)"
        rig.report.say(f"\n{name}:\n\n    {what}\n")
        for step in server.database.explain(statement, term):
            rig.report.say(f"    {step}")
    server.stop()

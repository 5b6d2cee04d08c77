"""The totals of lists by status and priority are kept, not counted: they must agree with the tasks."""

import io
import itertools
from concurrent.futures import ThreadPoolExecutor

from support.api import V1, register

STATUSES = ("todo", "in_progress", "done")
PRIORITIES = ("low", "medium", "high")

# The table as it was before totals were kept by status and priority.
EARLIER_TOTALS = (
    "DROP TABLE task_totals",
    "CREATE TABLE task_totals (user_id BIGINT PRIMARY KEY REFERENCES users (id), "
    "total BIGINT NOT NULL, changes BIGINT NOT NULL DEFAULT 0)",
    "INSERT INTO task_totals SELECT user_id, count(*), 41 FROM tasks GROUP BY user_id",
    "DELETE FROM schema_migrations WHERE name LIKE '0009%'",
)


def assert_totals(caller, tasks):
    """The empty search has the tasks counted; with or without it the answers must be the same."""
    listed = caller.list_tasks(V1, limit=100)
    assert listed["total"] == len(listed["tasks"]) == tasks
    for filters in (
        *({"status": status} for status in STATUSES),
        *({"priority": priority} for priority in PRIORITIES),
        *({"completed": completed} for completed in ("true", "false")),
        *(
            {"status": status, "priority": priority}
            for status, priority in itertools.product((*STATUSES, "todo,done"), PRIORITIES)
        ),
    ):
        kept = caller.list_tasks(V1, limit=100, **filters)
        counted = caller.list_tasks(V1, limit=100, search="", **filters)
        assert kept["total"] == counted["total"] == len(kept["tasks"]), filters


def create_one_of_each(caller):
    return [
        caller.create_task(title="Task", status=status, priority=priority)
        for status, priority in itertools.product(STATUSES, PRIORITIES)
    ]


def test_no_tasks(anna):
    assert_totals(anna, 0)


def test_creating_changing_and_deleting(anna):
    tasks = create_one_of_each(anna)
    assert_totals(anna, 9)
    anna.patch(V1.task(tasks[0]["id"]), json={"status": "done"})
    anna.patch(V1.task(tasks[1]["id"]), json={"priority": "high", "completed": True})
    anna.patch(V1.task(tasks[2]["id"]), json={"title": "Another", "tags": ["a"]})
    assert_totals(anna, 9)
    anna.delete(V1.task(tasks[0]["id"]))
    anna.delete(V1.task(tasks[8]["id"]))
    assert_totals(anna, 7)


def test_bulk_changes_and_those_that_fail(anna):
    ids = [task["id"] for task in create_one_of_each(anna)]
    changes = {"task_ids": ids, "updates": {"status": "in_progress", "priority": "low"}}
    assert anna.patch("/api/v1/tasks/bulk", json=changes).status_code == 200
    assert_totals(anna, 9)
    failing = {"task_ids": [*ids, 999999], "updates": {"status": "done"}}
    assert anna.patch("/api/v1/tasks/bulk", json=failing).status_code == 404
    assert_totals(anna, 9)


def test_importing(anna):
    rows = "".join(f"Row {i},{STATUSES[i % 3]},{PRIORITIES[i % 2]}\n" for i in range(20))
    csv = io.BytesIO(f"title,status,priority\n{rows}".encode())
    answer = anna.post("/api/v1/tasks/import", files={"file": ("tasks.csv", csv, "text/csv")})
    assert answer.status_code == 200
    assert_totals(anna, 20)


def test_an_assignee_changes_the_owners_totals(anna, bert):
    task = anna.create_task(title="Task", assigned_user_id=bert.user["id"])
    bert.create_task(title="Own", status="done")
    bert.patch(V1.task(task["id"]), json={"status": "done"})
    assert_totals(anna, 1)
    assert_totals(bert, 1)


def test_an_administrator_sees_everybodys_totals(anna, bert, admin):
    create_one_of_each(anna)
    bert.create_task(title="Task", status="done")
    everybody = admin.get("/tasks", params={"status": "done", "limit": 1}).json()
    assert everybody["total"] == 4
    one = admin.get("/tasks", params={"user": "anna", "status": "done", "limit": 1}).json()
    assert one["total"] == 3
    assert admin.get("/tasks", params={"user_id": bert.user["id"]}).json()["total"] == 1


def test_many_at_once(anna):
    tasks = create_one_of_each(anna)

    def work(number):
        task = tasks[number % 9]
        anna.create_task(title="More", status=STATUSES[number % 3])
        status = STATUSES[(number + 1) % 3]
        assert anna.patch(V1.task(task["id"]), json={"status": status}).status_code == 200

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(64)))
    assert_totals(anna, 9 + 64)


def test_a_database_from_before_is_counted_once(server):
    user = register(server, "early")
    create_one_of_each(user)
    assert user.get("/tasks/stats").json()["total"] == 9
    server.stop()
    server.database.run(*((statement, ()) for statement in EARLIER_TOTALS))
    server._http = None
    server.start()
    assert_totals(user, 9)
    assert server.database.query("SELECT sum(changes) FROM task_totals") == [(41,)]
    user.create_task(title="Task")
    assert_totals(user, 10)
    assert user.get("/tasks/stats").json()["total"] == 10

"""The task log: a row when a task is created, and one for each day that it is active."""

from datetime import UTC, date, datetime, timedelta

import pytest
from support.api import ABSENT, register
from support.flask import (
    ENTRY_FIELDS,
    FLASK_TASK_FIELDS,
    assert_flask_error,
    create_flask_task,
    list_entries,
)
from support.server import wait_until

EPOCH = date(1970, 1, 1)


def today():
    return datetime.now(UTC).date()


def as_day(moment):
    return (moment - EPOCH).days


def change_database(server, *statements):
    """Run SQL on the database of a server that does not run."""
    server.database.run(*statements)


def logged_days(server, task_id):
    rows = server.database.query(
        "SELECT date_logged FROM task_log WHERE task_id = ? ORDER BY date_logged", task_id
    )
    return [(EPOCH + timedelta(days=day)).isoformat() for (day,) in rows]


def is_logged(server):
    """Whether the schedule has seen to this day, and what it ordered is done."""
    marked = server.database.query("SELECT last_period FROM schedule WHERE job = 'log_tasks'")
    [(unfinished,)] = server.database.query(
        "SELECT count(*) FROM jobs WHERE operation = 'log_tasks' AND finished_at IS NULL"
    )
    return marked == [(as_day(today()),)] and unfinished == 0


def wait_for_schedule(server):
    wait_until(lambda: is_logged(server), "the schedule to catch up")


@pytest.mark.parametrize("path", ["/tasks", "/api/v1/tasks"])
def test_a_task_is_logged_when_it_is_created(anna, path):
    task = anna.post(path, json={"title": "Logged"}).json()
    entry = list_entries(anna)["tasks"][0]
    assert set(entry) == ENTRY_FIELDS
    assert set(entry["task"]) == FLASK_TASK_FIELDS
    assert entry["id"] == entry["task_logger_id"] == entry["task"]["task_logger_id"]
    assert entry["task_id"] == entry["task"]["id"] == task["id"]
    assert entry["date_logged"] == task["created_at"][:10]
    assert entry["status"] is True
    assert anna.get(f"/api/task/{entry['id']}").json() == entry


def test_a_task_that_is_created_done_is_logged_as_not_active(anna):
    task = create_flask_task(anna, status=False)
    assert anna.get(f"/api/task/{task['task_logger_id']}").json()["status"] is False


def test_a_row_keeps_what_it_said(anna):
    task = create_flask_task(anna)
    anna.put(f"/api/task/{task['id']}", json={"status": False})
    entry = anna.get(f"/api/task/{task['task_logger_id']}").json()
    assert entry["status"] is True
    assert entry["task"]["status"] is False


def test_rows_are_read_by_who_may_read_the_task(anna, bert, admin):
    task = create_flask_task(anna)
    path = f"/api/task/{task['task_logger_id']}"
    assert_flask_error(bert.get(path), 403)
    assert admin.get(path).status_code == 200
    anna.put(f"/api/task/{task['id']}", json={"assigned_user_id": bert.id})
    assert bert.get(path).status_code == 200
    assert [entry["task_id"] for entry in list_entries(bert)["tasks"]] == [task["id"]]


def test_a_row_goes_with_its_task(anna):
    task = create_flask_task(anna)
    anna.delete(f"/api/task/{task['id']}")
    answer = anna.get(f"/api/task/{task['task_logger_id']}")
    assert_flask_error(answer, 404, "Task log not found")
    assert list_entries(anna)["tasks"] == []


def test_a_row_that_is_not_there_is_404(anna):
    answer = anna.get(f"/api/task/{ABSENT}")
    assert answer.status_code == 404
    assert answer.json() == {"message": "Task log not found"}


def test_a_list_is_paged_newest_first(anna, bert, admin):
    ids = [create_flask_task(anna, task_name=f"Task {i}")["id"] for i in range(12)]
    create_flask_task(bert)
    page = list_entries(anna)
    assert set(page) == {"tasks", "total", "page", "per_page", "pages"}
    assert (page["total"], page["page"], page["per_page"], page["pages"]) == (12, 1, 10, 2)
    assert [entry["task_id"] for entry in page["tasks"]] == ids[:1:-1]
    page = list_entries(anna, page=3, per_page=5)
    assert [entry["task_id"] for entry in page["tasks"]] == [ids[1], ids[0]]
    assert list_entries(anna, page=4, per_page=5)["tasks"] == []
    assert list_entries(admin)["total"] == 13


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page": 0}, "page"),
        ({"page": "two"}, "page"),
        ({"per_page": 0}, "per_page"),
        ({"per_page": 101}, "per_page"),
        ({"date": "yesterday"}, "date"),
        ({"date": "2025-02-30"}, "date"),
        ({"date": "04/01/2025"}, "date"),
        ({"date": ""}, "date"),
    ],
)
def test_a_bad_query_is_400(anna, query, field):
    assert_flask_error(anna.get("/api/tasks", params=query), 400, f"{field}: ")


def test_a_snapshot_is_for_administrators(anna, admin):
    assert_flask_error(anna.post("/api/log-tasks"), 403)
    answer = admin.post("/api/log-tasks")
    assert answer.status_code == 202
    assert answer.json()["date_logged"] == today().isoformat()


def test_a_day_is_logged_once(anna, admin, server):
    wait_for_schedule(server)
    task = create_flask_task(anna)
    assert admin.post("/api/log-tasks").json()["logged"] == 0
    assert logged_days(server, task["id"]) == [today().isoformat()]


def age(server, *task_ids, days=10):
    """Make these tasks and their first rows that many days old."""
    micros = days * 86400 * 1000000
    for task_id in task_ids:
        change_database(
            server,
            ("UPDATE tasks SET created_at = created_at - ? WHERE id = ?", (micros, task_id)),
            (
                "UPDATE task_log SET date_logged = date_logged - ? WHERE task_id = ?",
                (days, task_id),
            ),
        )


def mark(server, day):
    change_database(
        server, ("UPDATE schedule SET last_period = ? WHERE job = 'log_tasks'", (as_day(day),))
    )


def test_the_schedule_makes_up_for_the_days_it_missed(server, anna):
    wait_for_schedule(server)
    old, done, new = (
        create_flask_task(anna, status=status)["id"] for status in (True, False, True)
    )
    server.stop()
    age(server, old, done)
    mark(server, today() - timedelta(days=3))
    server.start()
    wait_for_schedule(server)
    assert logged_days(server, old) == [
        (today() - timedelta(days=days)).isoformat() for days in (10, 2, 1, 0)
    ]
    assert len(logged_days(server, done)) == 1, "only active tasks are logged"
    assert logged_days(server, new) == [today().isoformat()]


def test_a_restart_on_the_same_day_writes_nothing(server, anna):
    wait_for_schedule(server)
    task = create_flask_task(anna)
    server.stop()
    age(server, task["id"], days=1)
    server.start()
    answer = server.http.get("/health")
    assert answer.status_code == 200
    assert len(logged_days(server, task["id"])) == 1


def test_a_crash_before_the_mark_writes_no_day_twice(server, anna):
    wait_for_schedule(server)
    task = create_flask_task(anna)
    server.stop()
    mark(server, today() - timedelta(days=1))
    server.start()
    wait_for_schedule(server)
    assert logged_days(server, task["id"]) == [today().isoformat()]


def test_a_long_absence_is_made_up_for_within_bounds(server, anna):
    wait_for_schedule(server)
    task = create_flask_task(anna)
    server.stop()
    age(server, task["id"], days=500)
    mark(server, today() - timedelta(days=400))
    server.start()
    wait_for_schedule(server)
    days = logged_days(server, task["id"])[1:]
    assert days[0] == (today() - timedelta(days=31)).isoformat()
    assert len(days) == 32
    server.await_log("left out")


def test_the_rows_of_a_day_are_listed(server, anna):
    wait_for_schedule(server)
    first, second = (create_flask_task(anna)["id"] for _ in range(2))
    server.stop()
    age(server, first)
    mark(server, today() - timedelta(days=1))
    server.start()
    wait_for_schedule(server)
    then = (today() - timedelta(days=10)).isoformat()

    def tasks_of(**query):
        return [entry["task_id"] for entry in list_entries(anna, **query)["tasks"]]

    assert tasks_of(date=then) == [first]
    assert tasks_of(date=today().isoformat()) == [first, second]
    assert tasks_of(date="1999-12-31") == []
    page = list_entries(anna)
    assert page["total"] == 2, "one row, the latest, of each task"
    assert {entry["date_logged"] for entry in page["tasks"]} == {today().isoformat()}


def test_a_snapshot_of_many_tasks_takes_several_transactions(server, admin):
    wait_for_schedule(server)
    owner = register(server, "owner")
    task = create_flask_task(owner)
    server.stop()
    change_database(
        server,
        (
            "INSERT INTO tasks (user_id, title, status, priority, tags, created_at, updated_at, "
            "version) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 12000) SELECT user_id, 'Task ' || i, 0, 1, '[]', created_at, created_at, 1 "
            "FROM n JOIN tasks ON tasks.id = ?",
            (task["id"],),
        ),
    )
    server.start()
    assert admin.post("/api/log-tasks").json()["logged"] == 12000
    assert list_entries(owner)["total"] == 12001

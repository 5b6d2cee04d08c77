"""GET tasks/stats and analytics: tasks in numbers, exact at any time."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from support.api import CLASSIC, V1, Caller, assert_error, assert_invalid, log_in_admin, register


@pytest.fixture
def server(shared_server):
    return shared_server


pytestmark = pytest.mark.shared

NOTHING = {
    "total": 0,
    "completed": 0,
    "incomplete": 0,
    "completion_rate": 0.0,
    "by_status": {"todo": 0, "in_progress": 0, "done": 0},
    "by_priority": {"low": 0, "medium": 0, "high": 0},
    "by_tag": {},
    "overdue": 0,
}


def stats(caller, surface=V1):
    answer = caller.get(f"{surface.prefix}/tasks/stats")
    assert answer.status_code == 200
    return answer.json()


def cache_of(caller):
    return caller.get("/tasks/stats").headers["X-Cache"]


def day(offset=0):
    return (datetime.now(UTC) + timedelta(days=offset)).strftime("%Y-%m-%d")


def model(tasks):
    """What the statistics of these tasks are."""
    done = [task for task in tasks if task["status"] == "done"]
    tags = [tag for task in tasks for tag in task["tags"]]
    return {
        "total": len(tasks),
        "completed": len(done),
        "incomplete": len(tasks) - len(done),
        "completion_rate": round(100 * len(done) / len(tasks) + 1e-9, 2) if tasks else 0.0,
        "by_status": {s: sum(t["status"] == s for t in tasks) for s in NOTHING["by_status"]},
        "by_priority": {p: sum(t["priority"] == p for t in tasks) for p in NOTHING["by_priority"]},
        "by_tag": {tag: tags.count(tag) for tag in set(tags)},
        "overdue": sum(
            t["status"] != "done" and t["due_date"] is not None and t["due_date"] < day()
            for t in tasks
        ),
    }


def test_who_has_no_tasks_has_zeros(anna, surface):
    assert stats(anna, surface) == NOTHING


def test_statistics_are_those_of_a_model(anna, surface):
    dice = random.Random(7)
    for number in range(40):
        anna.create_task(
            title=f"T{number}",
            status=dice.choice(["todo", "in_progress", "done"]),
            priority=dice.choice(["low", "medium", "high"]),
            due_date=dice.choice([None, day(-1), day(), day(1)]),
            tags=dice.sample(["a", "b", "c", "d e"], dice.randrange(4)),
        )
    tasks = anna.list_tasks(CLASSIC, limit=100)["tasks"]
    assert stats(anna, surface) == model(tasks)


def test_tags_are_listed_the_most_frequent_first(anna):
    for tags in (["x"], ["x", "y"], ["x", "y", "z"]):
        anna.create_task(title="T", tags=tags)
    assert list(stats(anna)["by_tag"].items()) == [("x", 3), ("y", 2), ("z", 1)]


def test_the_second_answer_is_kept(anna):
    anna.create_task(title="T")
    assert cache_of(anna) == "MISS"
    assert cache_of(anna) == "HIT"
    assert stats(anna, CLASSIC) == stats(anna, V1)


CHANGES = {
    "create": lambda caller, task: caller.create_task(title="New"),
    "status": lambda caller, task: caller.patch(f"/tasks/{task}", json={"completed": True}),
    "priority": lambda caller, task: caller.patch(f"/tasks/{task}", json={"priority": "high"}),
    "due date": lambda caller, task: caller.patch(f"/tasks/{task}", json={"due_date": day(-3)}),
    "tags": lambda caller, task: caller.post(f"/tasks/{task}/tags", json=["new"]),
    "untag": lambda caller, task: caller.delete(f"/tasks/{task}/tags/old"),
    "delete": lambda caller, task: caller.delete(f"/tasks/{task}"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_shows_at_once(anna, change):
    task = anna.create_task(title="T", tags=["old"])["id"]
    before = stats(anna)
    change(anna, task)
    assert cache_of(anna) == "MISS"
    after = stats(anna)
    assert after != before
    assert after == model(anna.list_tasks(CLASSIC, limit=100)["tasks"])


def test_a_change_by_the_administrator_shows_to_the_owner(anna, admin):
    task = anna.create_task(title="T")["id"]
    assert stats(anna)["completed"] == 0
    admin.patch(f"/tasks/{task}", json={"completed": True})
    assert stats(anna)["completed"] == 1


def test_statistics_are_of_ones_own_tasks(anna, bert, admin):
    anna.create_task(title="T", assigned_user_id=bert.id)
    assert stats(bert) == NOTHING
    assert stats(admin) == NOTHING


def test_an_import_shows_at_once(anna):
    assert stats(anna)["total"] == 0
    answer = anna.post(
        "/api/v1/tasks/import",
        content=b"title\r\nOne\r\nTwo\r\n",
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 200
    assert stats(anna)["total"] == 2


def test_nobody_who_saw_a_change_reads_older_numbers(server, anna):
    """Creates and reads race; each reader knows how many creates were answered before it asked."""
    answered = []

    def work(number):
        if number % 2:
            anna.create_task(title=f"T{number}")
            answered.append(number)
            return None
        known = len(answered)
        return known, stats(anna)["total"]

    with ThreadPoolExecutor(8) as pool:
        seen = [pair for pair in pool.map(work, range(300)) if pair]
    assert all(known <= total for known, total in seen)
    assert stats(anna)["total"] == 150


def test_a_guest_gets_no_statistics(guest, surface):
    assert_error(guest.get(f"{surface.prefix}/tasks/stats"), surface, 401)
    assert_error(guest.get(f"{surface.prefix}/analytics"), surface, 401)


# analytics


def analytics(caller, surface=V1, **query):
    answer = caller.get(f"{surface.prefix}/analytics", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def backdate(server, task, created, completed=None):
    """Moves a task to other days, as no API can."""

    def moment(date):
        return int(datetime.fromisoformat(f"{date}T12:00:00+00:00").timestamp() * 1_000_000)

    server.database.execute(
        "UPDATE tasks SET created_at = ?, completed_at = ? WHERE id = ?",
        moment(created),
        completed and moment(completed),
        task,
    )


@pytest.fixture
def history(start_server):
    """Four tasks over three days of May 2025, all that the server has."""
    server = start_server()
    anna, bert = register(server, "anna"), register(server, "bert")
    days = [
        (anna, "2025-05-01", "2025-05-02"),
        (anna, "2025-05-02", None),
        (bert, "2025-05-02", "2025-05-24"),
        (bert, "2025-05-24", None),
    ]
    for caller, created, completed in days:
        task = caller.create_task(title="T", completed=completed is not None)
        backdate(server, task["id"], created, completed)
    return SimpleNamespace(anna=anna, admin=log_in_admin(server))


def test_a_user_sees_their_own_tasks(history, surface):
    assert analytics(history.anna, surface) == {
        "by_status": {"todo": 1, "in_progress": 0, "done": 1},
        "by_user": {"anna": 2},
        "by_day": [
            {"date": "2025-05-01", "created": 1, "completed": 0},
            {"date": "2025-05-02", "created": 1, "completed": 1},
        ],
    }


def test_an_administrator_sees_everybodys(history, surface):
    answer = analytics(history.admin, surface, start_date="2025-05-01", end_date="2025-05-24")
    assert answer["by_status"] == {"todo": 2, "in_progress": 0, "done": 2}
    assert answer["by_user"] == {"anna": 2, "bert": 2}
    assert answer["by_day"][-1] == {"date": "2025-05-24", "created": 1, "completed": 1}


@pytest.mark.parametrize(
    ("start", "end", "made"),
    [
        ("2025-05-01", "2025-05-01", 1),
        ("2025-05-02", "2025-05-02", 2),
        ("2025-05-01", "2025-05-02", 3),
        ("2025-05-03", "2025-05-23", 0),
        ("2025-05-24", None, 1),
        (None, "2025-05-23", 3),
    ],
)
def test_both_ends_of_a_period_belong_to_it(history, start, end, made):
    query = {"start_date": start, "end_date": end}
    answer = analytics(history.admin, **{name: value for name, value in query.items() if value})
    assert sum(answer["by_status"].values()) == made
    assert sum(day["created"] for day in answer["by_day"]) == made


def test_an_empty_period_has_zeros(anna, surface):
    answer = analytics(anna, surface, start_date="2001-01-01", end_date="2001-12-31")
    assert answer == {
        "by_status": {"todo": 0, "in_progress": 0, "done": 0},
        "by_user": {},
        "by_day": [],
    }


@pytest.mark.parametrize("field", ["start_date", "end_date"])
@pytest.mark.parametrize("value", ["2025-02-30", "yesterday", "20250501", ""])
def test_a_bad_date_is_named(anna, surface, field, value):
    answer = anna.get(f"{surface.prefix}/analytics", params={field: value})
    assert_invalid(answer, surface, field, place="query")


def test_a_period_must_not_end_before_it_starts(anna, surface):
    query = {"start_date": "2025-05-02", "end_date": "2025-05-01"}
    answer = anna.get(f"{surface.prefix}/analytics", params=query)
    assert_invalid(answer, surface, "end_date", place="query")


def test_statistics_of_another_start_are_the_same(start_server):
    server = start_server()
    anna = register(server, "anna")
    anna.create_task(title="T", tags=["x"])
    before = stats(anna)
    server.stop()
    server = start_server(folder=server.folder)
    assert stats(Caller(server, anna.token)) == before

"""PATCH and PUT of a task: both change only what they are given.

Two methods on two surfaces are one handler; each method is tried on one surface here, and all four
pairs in test_access.py.
"""

import pytest
from support.api import ABSENT, CLASSIC, V1, assert_error, assert_invalid

FULL = {
    "title": "Prepare report",
    "description": "Collect monthly data",
    "status": "in_progress",
    "priority": "high",
    "due_date": "2031-05-24",
    "tags": ["work", "monthly"],
    "city": "Oslo",
}
UNTOUCHED = set(FULL) | {"id", "user_id", "created_at", "weather", "assigned_user_id", "completed"}


@pytest.fixture(params=["PATCH", "PUT"])
def method(request):
    return request.param


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture
def surface(method):
    return {"PATCH": V1, "PUT": CLASSIC}[method]


@pytest.fixture
def task(anna):
    return anna.create_task(**FULL)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Another title"),
        ("description", "Other words"),
        ("status", "todo"),
        ("priority", "low"),
        ("due_date", "2032-02-29"),
        ("tags", ["holiday"]),
        ("city", "Bergen"),
    ],
)
def test_one_field_changes_and_the_others_stay(anna, task, surface, method, field, value):
    answer = anna.request(method, surface.task(task["id"]), json={field: value})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed[field] == value
    assert {name: changed[name] for name in UNTOUCHED - {field}} == {
        name: task[name] for name in UNTOUCHED - {field}
    }
    assert changed["version"] == 2
    assert changed["updated_at"] >= task["updated_at"]
    assert answer.headers["etag"] == '"2"'
    assert anna.get(surface.task(task["id"])).json() == changed


def test_all_fields_change_together(anna, bert, task, surface, method):
    new = {
        "title": "T",
        "description": "D",
        "status": "todo",
        "priority": "low",
        "due_date": "2030-01-01",
        "tags": ["a"],
        "city": "C",
        "assigned_user_id": bert.id,
    }
    changed = anna.request(method, surface.task(task["id"]), json=new).json()
    assert {name: changed[name] for name in new} == new


@pytest.mark.parametrize("field", ["description", "due_date", "city", "assigned_user_id"])
def test_null_clears(anna, bert, surface, method, field):
    task = anna.create_task(**FULL, assigned_user_id=bert.id)
    answer = anna.request(method, surface.task(task["id"]), json={field: None})
    assert answer.status_code == 200
    assert answer.json()[field] is None
    assert anna.read_task(task["id"])[field] is None


def test_an_empty_list_clears_the_tags(anna, task, surface, method):
    assert anna.request(method, surface.task(task["id"]), json={"tags": []}).json()["tags"] == []


@pytest.mark.parametrize("field", ["title", "status", "priority", "completed"])
def test_null_where_a_value_must_be_is_invalid(anna, task, surface, method, field):
    answer = anna.request(method, surface.task(task["id"]), json={field: None})
    assert_invalid(answer, surface, field)


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", "  "), ("status", "bogus"), ("due_date", "2025-02-30"), ("tags", "home")],
)
def test_one_invalid_field_keeps_all_others_from_changing(
    anna, task, surface, method, field, value
):
    body = {"description": "Never seen", field: value}
    assert_invalid(anna.request(method, surface.task(task["id"]), json=body), surface, field)
    assert anna.read_task(task["id"]) == task


def test_an_empty_body_changes_no_field(anna, task, surface, method):
    answer = anna.request(method, surface.task(task["id"]), json={})
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in UNTOUCHED} == {
        name: task[name] for name in UNTOUCHED
    }


def test_what_the_server_decides_stays(anna, bert, task, surface, method):
    body = {"id": 5, "user_id": bert.id, "version": 40, "created_at": "2000-01-01T00:00:00.000Z"}
    assert anna.request(method, surface.task(task["id"]), json=body).status_code == 200
    after = anna.read_task(task["id"])
    assert {name: after[name] for name in UNTOUCHED} == {name: task[name] for name in UNTOUCHED}


def test_an_unknown_task_is_404(anna, surface, method):
    answer = anna.request(method, surface.task(ABSENT), json={"title": "Nowhere"})
    assert_error(answer, surface, 404)


# What `status` and `completed` make of one another.


@pytest.mark.parametrize(
    ("before", "change", "status", "completed"),
    [
        ("todo", {"completed": True}, "done", True),
        ("in_progress", {"completed": True}, "done", True),
        ("todo", {"status": "done"}, "done", True),
        ("done", {"status": "in_progress"}, "in_progress", False),
        ("done", {"completed": False}, "todo", False),
        ("in_progress", {"completed": False}, "in_progress", False),
        ("done", {"completed": True}, "done", True),
        ("todo", {"status": "done", "completed": True}, "done", True),
    ],
    ids=str,
)
def test_status_and_completed_move_together(
    anna, surface, method, before, change, status, completed
):
    task = anna.create_task(status=before)
    changed = anna.request(method, surface.task(task["id"]), json=change).json()
    assert changed["status"] == status
    assert changed["completed"] is completed
    assert (changed["completed_at"] is not None) is completed


@pytest.mark.parametrize(
    "change",
    [{"status": "todo", "completed": True}, {"status": "done", "completed": False}],
    ids=str,
)
def test_status_and_completed_may_not_contradict(anna, task, surface, method, change):
    answer = anna.request(method, surface.task(task["id"]), json=change)
    assert answer.status_code == surface.invalid
    assert anna.read_task(task["id"]) == task


def test_completed_at_is_the_moment_of_completion(anna, task, surface, method):
    path = surface.task(task["id"])
    done = anna.request(method, path, json={"completed": True}).json()
    assert task["created_at"] <= done["completed_at"] <= done["updated_at"]
    renamed = anna.request(method, path, json={"title": "Still done"}).json()
    again = anna.request(method, path, json={"status": "done"}).json()
    assert renamed["completed_at"] == again["completed_at"] == done["completed_at"]
    assert anna.request(method, path, json={"status": "todo"}).json()["completed_at"] is None


# If-Match.


@pytest.mark.parametrize("expected", ['"1"', "*", '"9", "1"'])
def test_the_current_version_may_be_changed(anna, task, surface, method, expected):
    answer = anna.request(
        method, surface.task(task["id"]), json={"title": "Mine"}, headers={"If-Match": expected}
    )
    assert answer.status_code == 200
    assert answer.json()["title"] == "Mine"


@pytest.mark.parametrize("expected", ['"2"', '"0"', '"banana"', '"11"', '"8", "9"'])
def test_a_stale_version_is_412_with_the_current_task(anna, task, surface, method, expected):
    answer = anna.request(
        method, surface.task(task["id"]), json={"title": "Lost"}, headers={"If-Match": expected}
    )
    assert_error(answer, surface, 412)
    assert answer.json()["task"] == task
    assert answer.headers["etag"] == '"1"'
    assert anna.read_task(task["id"]) == task


def test_if_match_on_an_unknown_task_is_404(anna, surface, method):
    answer = anna.request(
        method, surface.task(ABSENT), json={"title": "Lost"}, headers={"If-Match": '"1"'}
    )
    assert_error(answer, surface, 404)


def test_a_stale_version_tells_a_stranger_nothing(anna, bert, task, surface, method):
    answer = bert.request(
        method, surface.task(task["id"]), json={"title": "Mine"}, headers={"If-Match": '"9"'}
    )
    assert_error(answer, surface, 403)
    assert "Prepare report" not in answer.text


# Who may assign.


def test_the_owner_reassigns(anna, bert, task, surface, method):
    body = {"assigned_user_id": bert.id}
    answer = anna.request(method, surface.task(task["id"]), json=body)
    assert answer.json()["assigned_user_id"] == bert.id
    assert bert.get(surface.task(task["id"])).status_code == 200


def test_an_admin_reassigns(anna, bert, admin, task, surface, method):
    body = {"assigned_user_id": bert.id}
    answer = admin.request(method, surface.task(task["id"]), json=body)
    assert answer.json()["assigned_user_id"] == bert.id
    assert answer.json()["user_id"] == anna.id


def test_the_assigned_user_changes_the_task_but_not_the_assignment(
    anna, bert, admin, surface, method
):
    task = anna.create_task(assigned_user_id=bert.id)
    path = surface.task(task["id"])
    assert bert.request(method, path, json={"status": "done"}).json()["status"] == "done"
    answer = bert.request(method, path, json={"assigned_user_id": admin.id})
    assert_error(answer, surface, 403)
    assert anna.read_task(task["id"])["assigned_user_id"] == bert.id


def test_nobody_can_be_assigned_who_does_not_exist(anna, task, method):
    answer = anna.request(method, V1.task(task["id"]), json={"assigned_user_id": ABSENT})
    assert_invalid(answer, V1, "assigned_user_id")


def test_no_longer_assigned_is_no_longer_allowed(anna, bert, surface, method):
    task = anna.create_task(assigned_user_id=bert.id)
    anna.request(method, surface.task(task["id"]), json={"assigned_user_id": None})
    assert_error(bert.get(surface.task(task["id"])), surface, 403)

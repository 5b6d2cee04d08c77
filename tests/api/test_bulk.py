"""PATCH tasks/bulk: one change to many tasks, or to none."""

import pytest
from support.api import ABSENT, V1, assert_error, assert_invalid


@pytest.fixture
def server(shared_server):
    return shared_server


def bulk(caller, surface, ids, **updates):
    body = {"task_ids": ids, "updates": updates}
    return caller.patch(f"{surface.prefix}/tasks/bulk", json=body)


def make(caller, count):
    return [caller.create_task(title=f"T{number}")["id"] for number in range(count)]


def message(answer, surface):
    body = answer.json()
    return body["error"]["message"] if surface is V1 else body["detail"]


def test_every_task_is_changed_and_answered_in_order(anna, surface):
    ids = make(anna, 3)[::-1]
    answer = bulk(anna, surface, ids, status="done", tags=["x"])
    assert answer.status_code == 200
    tasks = answer.json()
    assert [task["id"] for task in tasks] == ids
    assert all(task["completed"] and task["tags"] == ["x"] for task in tasks)
    assert all(task["version"] == 2 for task in tasks)
    assert tasks == [anna.read_task(task) for task in ids]


def test_a_task_named_twice_is_changed_once(anna, surface):
    (task,) = make(anna, 1)
    answer = bulk(anna, surface, [task, task], priority="high")
    assert [changed["version"] for changed in answer.json()] == [2]


def test_a_thousand_tasks_are_changed(anna, surface):
    ids = make(anna, 1000)
    answer = bulk(anna, surface, ids, completed=True)
    assert len(answer.json()) == 1000
    assert anna.list_tasks(surface, completed=True, limit=1)["total"] == 1000


def test_more_than_a_thousand_are_refused(anna, surface):
    answer = bulk(anna, surface, list(range(1, 1002)), completed=True)
    assert_invalid(answer, surface, "task_ids")


def test_an_unknown_id_is_named_and_nothing_changes(anna, surface):
    ids = make(anna, 2)
    answer = bulk(anna, surface, [ids[0], ABSENT, ids[1], ABSENT + 1], status="done")
    assert_error(answer, surface, 404)
    assert str(ABSENT) in message(answer, surface)
    assert str(ABSENT + 1) in message(answer, surface)
    assert [anna.read_task(task)["version"] for task in ids] == [1, 1]


def test_a_foreign_id_is_named_and_nothing_changes(anna, bert, surface):
    (own,) = make(anna, 1)
    (foreign,) = make(bert, 1)
    answer = bulk(anna, surface, [own, foreign], status="done")
    assert_error(answer, surface, 403)
    assert str(foreign) in message(answer, surface)
    assert anna.read_task(own)["version"] == 1
    assert bert.read_task(foreign)["version"] == 1


def test_an_unknown_id_comes_before_a_foreign_one(anna, bert, surface):
    (foreign,) = make(bert, 1)
    assert_error(bulk(anna, surface, [foreign, ABSENT], status="done"), surface, 404)


def test_an_assignee_may_change_but_not_reassign(anna, bert, surface):
    task = anna.create_task(title="T", assigned_user_id=bert.id)["id"]
    assert bulk(bert, surface, [task], status="done").status_code == 200
    assert_error(bulk(bert, surface, [task], assigned_user_id=None), surface, 403)


def test_an_administrator_may_change_anybodys(anna, bert, admin, surface):
    ids = make(anna, 1) + make(bert, 1)
    assert bulk(admin, surface, ids, priority="low").status_code == 200


@pytest.mark.parametrize(
    ("updates", "field"),
    [
        ({"title": ""}, "updates.title"),
        ({"status": "later"}, "updates.status"),
        ({"due_date": "2025-02-30"}, "updates.due_date"),
        ({"status": "todo", "completed": True}, "updates.completed"),
        ({"tags": ["a", ""]}, "updates.tags.1"),
    ],
)
def test_a_bad_update_is_named_and_nothing_changes(anna, surface, updates, field):
    ids = make(anna, 2)
    answer = bulk(anna, surface, ids, **updates)
    assert_error(answer, surface, surface.invalid)
    if surface is V1:
        assert [detail["field"] for detail in answer.json()["error"]["details"]] == [field]
    else:
        place = ["body", *(int(part) if part.isdigit() else part for part in field.split("."))]
        assert [problem["loc"] for problem in answer.json()["detail"]] == [place]
    assert [anna.read_task(task)["version"] for task in ids] == [1, 1]


def test_an_unknown_assignee_changes_nothing(anna, surface):
    ids = make(anna, 2)
    answer = bulk(anna, surface, ids, assigned_user_id=ABSENT)
    assert_error(answer, surface, surface.invalid)
    assert [anna.read_task(task)["version"] for task in ids] == [1, 1]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"task_ids", "updates"}),
        ({"task_ids": [], "updates": {}}, {"task_ids"}),
        ({"task_ids": 7, "updates": {}}, {"task_ids"}),
        ({"task_ids": [1], "updates": []}, {"updates"}),
        ({"task_ids": [1], "updates": None}, {"updates"}),
        ({"task_ids": ["1", 1.5], "updates": {}}, {"task_ids.0", "task_ids.1"}),
    ],
)
def test_a_bad_body_is_named(anna, surface, body, fields):
    answer = anna.patch(f"{surface.prefix}/tasks/bulk", json=body)
    assert_error(answer, surface, surface.invalid)
    if surface is V1:
        assert {detail["field"] for detail in answer.json()["error"]["details"]} == fields


def test_each_change_is_in_the_history(anna):
    ids = make(anna, 2)
    bulk(anna, V1, ids, priority="high")
    for task in ids:
        events = anna.get(f"/api/v1/tasks/{task}/history").json()["events"]
        assert events[0]["changes"] == {"priority": ["medium", "high"]}


def test_a_repeated_bulk_change_is_made_once(anna, surface):
    ids = make(anna, 2)
    body = {"task_ids": ids, "updates": {"status": "done"}}
    answers = [
        anna.patch(f"{surface.prefix}/tasks/bulk", json=body, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_a_guest_may_not(guest, surface):
    assert_error(bulk(guest, surface, [1], status="done"), surface, 401)

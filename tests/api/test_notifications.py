"""Notifications: a record for those whom a completed task concerns, written by a job."""

import pytest
from support.api import SURFACES, V1, assert_error, assert_invalid
from support.server import wait_until

pytestmark = pytest.mark.jobs

PATH = "/api/v1/notifications"


def notifications(caller, **query):
    answer = caller.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["notifications"]


def wait_for(caller, count):
    return wait_until(
        lambda: found if len(found := notifications(caller)) == count else None,
        f"{count} notifications",
    )


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_completed_task_tells_its_owner_and_assignee(anna, bert, admin, surface):
    task = anna.create_task(title="Report", assigned_user_id=bert.id)
    bert.patch(surface.task(task["id"]), json={"status": "done"})
    for caller in (anna, bert):
        (record,) = wait_for(caller, 1)
        assert record["event"] == "task.completed"
        assert record["task_id"] == task["id"]
        assert record["message"] == 'Task "Report" is done'
        assert record["read_at"] is None
    assert notifications(admin) == []


def test_only_the_step_to_done_tells(anna):
    task = anna.create_task()
    for change in (
        {"title": "New"},
        {"status": "in_progress"},
        {"completed": True},
        {"title": "X"},
    ):
        assert anna.patch(V1.task(task["id"]), json=change).status_code == 200
    wait_for(anna, 1)
    anna.patch(V1.task(task["id"]), json={"completed": False})
    anna.patch(V1.task(task["id"]), json={"completed": True})
    wait_for(anna, 2)


def test_a_bulk_change_tells_of_each_task(anna):
    ids = [anna.create_task()["id"] for _ in range(5)]
    anna.patch(f"{V1.tasks}/bulk", json={"task_ids": ids, "updates": {"status": "done"}})
    assert sorted(record["task_id"] for record in wait_for(anna, 5)) == ids


def test_notifications_are_marked_as_read(anna):
    for _ in range(2):
        anna.patch(V1.task(anna.create_task()["id"]), json={"status": "done"})
    wait_for(anna, 2)
    assert len(notifications(anna, unread="true")) == 2
    assert anna.post(f"{PATH}/read").json() == {"count": 2}
    assert anna.post(f"{PATH}/read").json() == {"count": 0}
    assert notifications(anna, unread="true") == []
    assert all(record["read_at"] for record in notifications(anna))


def test_pages_follow_each_other(anna):
    for _ in range(5):
        anna.patch(V1.task(anna.create_task()["id"]), json={"status": "done"})
    every = [record["id"] for record in wait_for(anna, 5)]
    page = anna.get(PATH, params={"limit": 2}).json()
    found = [record["id"] for record in page["notifications"]]
    while page["next_cursor"]:
        page = anna.get(PATH, params={"limit": 2, "cursor": page["next_cursor"]}).json()
        found += [record["id"] for record in page["notifications"]]
    assert found == every == sorted(every, reverse=True)


def test_a_deleted_task_takes_its_notifications_along(anna):
    task = anna.create_task()
    anna.patch(V1.task(task["id"]), json={"status": "done"})
    wait_for(anna, 1)
    assert anna.delete(V1.task(task["id"])).status_code == 204
    assert notifications(anna) == []


def test_bad_questions_are_refused(anna, guest):
    assert_error(guest.get(PATH), V1, 401)
    assert_invalid(anna.get(PATH, params={"limit": 0}), V1, "limit", place="query")
    assert_invalid(anna.get(PATH, params={"cursor": "x"}), V1, "cursor", place="query")

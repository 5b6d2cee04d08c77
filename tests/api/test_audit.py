"""The log of changes: /api/v1/audit for administrators, /history of a task for those who may read it."""

from datetime import UTC, datetime, timedelta

import pytest
from support.api import ABSENT, TIMESTAMP, V1, assert_error, assert_invalid
from support.database import INTEGRITY_ERRORS

AUDIT = "/api/v1/audit"
EVENT_FIELDS = {
    "seq",
    "at",
    "actor_id",
    "action",
    "resource_type",
    "resource_id",
    "request_id",
    "changes",
}


def history_path(task_id):
    return V1.task(task_id) + "/history"


def read_events(caller, path, **query):
    answer = caller.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"events", "next_cursor"}
    return answer.json()["events"]


def actions(events):
    return [event["action"] for event in events]


def read_all(caller, path, **query):
    """All events, page by page."""
    events, cursor = [], {}
    while True:
        page = caller.get(path, params={**query, **cursor}).json()
        events += page["events"]
        if page["next_cursor"] is None:
            return events
        cursor = {"cursor": page["next_cursor"]}


def test_a_history_tells_what_changed_newest_first(anna):
    task = anna.create_task(title="Old", description=None)
    path = V1.task(task["id"])
    anna.patch(path, json={"title": "New"}, headers={"X-Request-ID": "rename-1"})
    anna.patch(path, json={"title": "New"})  # changes nothing, so it is no event
    changed, created = read_events(anna, history_path(task["id"]))
    assert set(changed) == EVENT_FIELDS
    assert (created["action"], changed["action"]) == ("task.created", "task.updated")
    assert created["changes"]["title"] == [None, "Old"]
    assert changed["changes"] == {"title": ["Old", "New"]}
    assert changed["request_id"] == "rename-1"
    assert changed["actor_id"] == created["actor_id"] == anna.id
    assert changed["resource_type"] == "task"
    assert changed["resource_id"] == task["id"]
    assert changed["seq"] > created["seq"]
    assert TIMESTAMP.fullmatch(changed["at"])


def test_a_history_is_for_those_who_may_read_the_task(anna, bert, admin, guest):
    task = anna.create_task(assigned_user_id=bert.id)
    other = anna.create_task()
    for reader in (anna, bert, admin):
        assert actions(read_events(reader, history_path(task["id"]))) == ["task.created"]
    assert_error(bert.get(history_path(other["id"])), V1, 403)
    assert_error(guest.get(history_path(task["id"])), V1, 401)


def test_a_deleted_tasks_history_is_for_its_owner_and_admins(anna, bert, admin):
    task = anna.create_task(assigned_user_id=bert.id)
    admin.delete(V1.task(task["id"]))
    for reader in (anna, admin):
        events = read_events(reader, history_path(task["id"]))
        assert actions(events) == ["task.deleted", "task.created"]
        assert events[0]["actor_id"] == admin.id
        assert events[0]["changes"]["title"] == [task["title"], None]
    assert_error(bert.get(history_path(task["id"])), V1, 404)


def test_the_history_of_no_task_is_404(anna, admin):
    assert_error(anna.get(history_path(ABSENT)), V1, 404)
    assert_error(admin.get(history_path(ABSENT)), V1, 404)
    assert_error(anna.get(history_path("seven")), V1, 400)


def test_a_users_id_is_not_a_tasks(anna, admin):
    """Events of an account do not show up as those of a task with the same number."""
    task = anna.create_task()
    resources = {event["resource_type"] for event in read_events(anna, history_path(task["id"]))}
    assert resources == {"task"}


def test_the_audit_is_for_admins(anna, guest):
    assert_error(anna.get(AUDIT), V1, 403)
    assert_error(guest.get(AUDIT), V1, 401)


def test_the_audit_holds_everything_once_in_order(anna, bert, admin):
    for caller in (anna, bert):
        task = caller.create_task()
        caller.delete(V1.task(task["id"]))
    events = read_all(admin, AUDIT, limit=2)
    seqs = [event["seq"] for event in events]
    assert seqs == list(range(len(events), 0, -1))
    assert actions(events)[:4] == ["task.deleted", "task.created"] * 2
    assert events == read_events(admin, AUDIT)


def test_paging_is_stable_while_the_log_grows(anna, admin):
    for _ in range(4):
        anna.create_task()
    first = admin.get(AUDIT, params={"limit": 2}).json()
    anna.create_task()
    second = admin.get(AUDIT, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    seqs = [event["seq"] for event in first["events"] + second["events"]]
    assert seqs == list(range(seqs[0], seqs[0] - 4, -1))


def test_the_audit_is_filtered(anna, bert, admin):
    mine = anna.create_task()
    anna.patch(V1.task(mine["id"]), json={"status": "done"})
    other = bert.create_task()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()

    def found(**query):
        return [(e["action"], e["resource_id"]) for e in read_events(admin, AUDIT, **query)]

    created = [("task.created", other["id"]), ("task.created", mine["id"])]
    assert found(action="task.created") == created
    assert found(actor=bert.id) == [created[0]]
    assert found(actor="BERT") == [created[0]]
    assert found(actor="nobody") == []
    assert found(resource="task") == [created[0], ("task.updated", mine["id"]), created[1]]
    assert found(resource=f"task:{mine['id']}") == [("task.updated", mine["id"]), created[1]]
    assert found(resource=f"task:{mine['id']}", action="task.created", actor="anna") == [created[1]]
    assert found(resource="user", actor=anna.id) == []
    assert found(since=tomorrow) == []
    assert found(until="2001-01-01T00:00:00Z") == []
    assert len(found(since="2001-01-01", until=tomorrow)) == len(found())


def test_since_and_until_are_inclusive(anna, admin):
    anna.create_task()
    moment = read_events(admin, AUDIT, limit=1)[0]["at"]
    today = moment[:10]
    newest = {"action": "task.created"}
    assert read_events(admin, AUDIT, since=today, until=today, **newest)
    assert read_events(admin, AUDIT, since=moment, **newest)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", 0),
        ("limit", 101),
        ("limit", "many"),
        ("cursor", "nonsense"),
        ("cursor", "WzEsZmFsc2UsMSwxXQ"),  # [1,false,1,1]: of another list
        ("resource", "task:"),
        ("resource", "task:x"),
        ("resource", "task:1:2"),
        ("actor", "x" * 51),
        ("since", "yesterday"),
        ("until", "2025-13-01"),
    ],
)
def test_a_bad_parameter_is_invalid(admin, field, value):
    assert_invalid(admin.get(AUDIT, params={field: value}), V1, field, place="query")


@pytest.mark.parametrize("value", ["%", "_", "' OR 1=1 --", "task' --", "*"])
def test_filters_are_literal(anna, admin, value):
    anna.create_task()
    for field in ("actor", "action", "resource"):
        assert read_events(admin, AUDIT, **{field: value}) == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_request_changes_the_log(admin, method):
    assert_error(admin.request(method, AUDIT, json={}), V1, 405)
    assert_error(admin.request(method, AUDIT + "/1", json={}), V1, 404)


def test_no_secret_is_in_the_log(anna, admin):
    body = {"password": "Changed1", "current_password": "Passw0rd"}
    assert anna.patch(V1.auth("me"), json=body).status_code == 200
    text = admin.get(AUDIT).text
    for secret in ("Changed1", "Passw0rd", "$2b$"):
        assert secret not in text


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET actor_id = 1", "DELETE FROM events WHERE seq = 1"]
)
def test_the_database_refuses_to_change_the_log(server, anna, statement):
    anna.create_task()
    with pytest.raises(INTEGRITY_ERRORS, match="events are never"):
        server.database.execute(statement)

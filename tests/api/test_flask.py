"""The flask surface: accounts and tasks in its own words."""

import pytest
from support.api import ABSENT, PASSWORD, TIMESTAMP, Caller, try_login
from support.flask import FLASK_TASK_FIELDS, assert_flask_error, create_flask_task


@pytest.fixture
def server(shared_server):
    return shared_server


def test_an_account_is_registered_and_signed_in(guest):
    body = {"username": "user123", "email": "user@example.org", "password": "SecurePassword123"}
    answer = guest.post("/api/register", json=body)
    assert answer.status_code == 201
    registered = answer.json()
    assert set(registered) == {"message", "user_id", "username"}
    assert registered["username"] == "user123"
    answer = guest.post("/api/login", json={name: body[name] for name in ("username", "password")})
    assert answer.status_code == 200
    session = answer.json()
    assert set(session) == {"access_token", "message", "username"}
    assert session["message"] == "Login successful"
    caller = Caller(guest.server, session["access_token"])
    assert caller.get("/api/v1/auth/me").json()["id"] == registered["user_id"]


def test_wrong_credentials_are_refused(guest, anna):
    for name in (anna.user["username"], "nobody"):
        body = {"username": name, "password": "not the password"}
        assert_flask_error(guest.post("/api/login", json=body), 401, "username or password")


def test_a_name_is_taken_once_on_all_surfaces(guest, anna):
    body = {"username": anna.user["username"].upper(), "password": PASSWORD}
    assert_flask_error(guest.post("/api/register", json=body), 409, "name")


def test_a_role_is_not_for_the_taking(guest):
    body = {"username": "climber", "password": PASSWORD, "role": "admin"}
    assert guest.post("/api/register", json=body).status_code == 201
    assert try_login(guest.server, "climber", PASSWORD).json()["user"]["role"] == "user"


def test_an_error_names_every_field(guest):
    body = {"username": "x", "password": "short", "email": "nothing"}
    answer = guest.post("/api/register", json=body)
    assert_flask_error(answer, 400, "username: ", "password: ", "email: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_400(anna, body):
    assert_flask_error(anna.post("/api/task", content=body), 400)


def test_another_content_type_is_415(anna):
    answer = anna.post("/api/task", content=b"x", headers={"Content-Type": "text/plain"})
    assert_flask_error(answer, 415)


def test_a_guest_is_refused(guest):
    answer = guest.get("/api/tasks")
    assert_flask_error(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_name_is_enough_for_a_task(anna):
    task = create_flask_task(anna, task_name="  New Task ")
    assert set(task) == FLASK_TASK_FIELDS
    assert task["task_name"] == "New Task"
    assert task["description"] is None
    assert task["status"] is True
    assert task["priority"] == "MEDIUM"
    assert task["user_id"] == anna.id
    assert task["assigned_user_id"] is None
    assert TIMESTAMP.fullmatch(task["created_at"])


def test_a_task_is_the_same_task_on_the_other_surfaces(anna, bert):
    made = create_flask_task(
        anna, description="Words", priority="High", status=False, assigned_user_id=bert.id
    )
    assert made["priority"] == "HIGH"
    task = anna.read_task(made["id"])
    assert task["title"] == made["task_name"]
    assert task["description"] == "Words"
    assert task["priority"] == "high"
    assert task["status"] == "done"
    assert task["completed_at"] is not None
    assert task["assigned_user_id"] == bert.id


@pytest.mark.parametrize("priority", ["HIGH", "high", "hIgH"])
def test_a_priority_comes_in_any_case_and_goes_out_in_capitals(anna, priority):
    assert create_flask_task(anna, priority=priority)["priority"] == "HIGH"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"task_name": None}, "task_name"),
        ({"task_name": "   "}, "task_name"),
        ({"task_name": "x" * 101}, "task_name"),
        ({"task_name": "a\0b"}, "task_name"),
        ({"description": "x" * 10001}, "description"),
        ({"status": "active"}, "status"),
        ({"priority": "URGENT"}, "'LOW', 'MEDIUM' or 'HIGH'"),
        ({"priority": 3}, "priority"),
        ({"assigned_user_id": ABSENT}, "assigned_user_id"),
        ({"assigned_user_id": "bert"}, "assigned_user_id"),
    ],
)
def test_a_bad_field_is_named(anna, fields, word):
    answer = anna.post("/api/task", json={"task_name": "New Task", **fields})
    assert_flask_error(answer, 400, word)


def test_the_name_is_required(anna):
    answer = anna.post("/api/task", json={"title": "Not its name here", "priority": 1})
    assert_flask_error(answer, 400, "task_name: Field required", "priority: ")


def test_an_update_changes_what_is_given(anna):
    made = create_flask_task(anna, description="Words")
    answer = anna.put(
        f"/api/task/{made['id']}", json={"task_name": "Updated Task", "priority": "low"}
    )
    assert answer.status_code == 200
    assert set(answer.json()) == {"message", "task"}
    assert answer.json()["message"] == "Task updated"
    task = answer.json()["task"]
    assert task == {
        **made,
        "task_name": "Updated Task",
        "priority": "LOW",
        "updated_at": task["updated_at"],
    }
    cleared = anna.put(f"/api/task/{made['id']}", json={"description": None}).json()["task"]
    assert cleared["description"] is None


def test_status_says_whether_a_task_is_done(anna):
    task = anna.create_task(status="in_progress")
    path = f"/api/task/{task['id']}"
    assert anna.put(path, json={"status": True}).json()["task"]["status"] is True
    assert anna.read_task(task["id"])["status"] == "in_progress", "active is what it was"
    assert anna.put(path, json={"status": False}).json()["task"]["status"] is False
    assert anna.read_task(task["id"])["status"] == "done"
    anna.put(path, json={"status": True})
    assert anna.read_task(task["id"])["status"] == "todo"


def test_a_task_is_deleted(anna):
    task = create_flask_task(anna)
    answer = anna.delete(f"/api/task/{task['id']}")
    assert answer.status_code == 200
    assert answer.json() == {"message": "Task deleted"}
    assert_flask_error(anna.delete(f"/api/task/{task['id']}"), 404, "Task not found")


def test_ownership_is_as_everywhere(anna, bert, admin):
    path = f"/api/task/{create_flask_task(anna)['id']}"
    assert_flask_error(bert.put(path, json={"task_name": "Mine"}), 403)
    assert_flask_error(bert.delete(path), 403)
    anna.put(path, json={"assigned_user_id": bert.id})
    assert bert.put(path, json={"description": "Seen"}).status_code == 200
    assert_flask_error(bert.put(path, json={"assigned_user_id": None}), 403)
    assert_flask_error(bert.delete(path), 403)
    assert admin.delete(path).status_code == 200


@pytest.mark.parametrize("method", ["put", "delete"])
def test_a_task_that_is_not_there_is_404(anna, method):
    options = {"json": {"task_name": "Nothing"}} if method == "put" else {}
    answer = anna.request(method.upper(), f"/api/task/{ABSENT}", **options)
    assert_flask_error(answer, 404, "Task not found")


def test_an_id_that_is_no_number_is_400(anna):
    assert_flask_error(anna.get("/api/task/first"), 400, "id: ")


def test_paths_and_methods_that_are_not_there(anna):
    assert_flask_error(anna.get("/api/nothing"), 404)
    answer = anna.patch("/api/task/1", json={})
    assert_flask_error(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, PUT, DELETE, OPTIONS"


def test_a_repeated_create_makes_one_task(anna):
    key = {"Idempotency-Key": f"flask-{anna.id}"}
    first = anna.post("/api/task", json={"task_name": "Once"}, headers=key)
    again = anna.post("/api/task", json={"task_name": "Once"}, headers=key)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


def test_the_surface_is_served_only_when_asked_for(start_server):
    guest = Caller(start_server(API_SURFACES="v1,classic"))
    assert_flask_error(guest.get("/api/tasks"), 404)
    assert "/api/tasks" not in guest.get("/openapi.json").json()["paths"]
    guest = Caller(start_server(API_SURFACES="flask"))
    assert_flask_error(guest.get("/api/tasks"), 401)
    assert guest.get("/api/v1/tasks").status_code == 404

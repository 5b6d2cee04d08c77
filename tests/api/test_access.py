"""Who may do what with a task: everybody x every method x both surfaces."""

import pytest
from support.api import ABSENT, Caller, assert_error, log_in_admin, register

METHODS = ("GET", "HEAD", "PATCH", "PUT", "DELETE")
ALLOWED = {
    "owner": {"GET", "HEAD", "PATCH", "PUT", "DELETE"},
    "assigned": {"GET", "HEAD", "PATCH", "PUT"},
    "admin": {"GET", "HEAD", "PATCH", "PUT", "DELETE"},
    "stranger": set(),
    "guest": set(),
}


@pytest.fixture(scope="module")
def people(shared_server):
    names = ("owner", "assigned", "stranger")
    people = {name: register(shared_server, name) for name in names}
    return {**people, "admin": log_in_admin(shared_server), "guest": Caller(shared_server)}


def send(caller, method, path):
    body = {"title": "Changed"} if method in ("PATCH", "PUT") else None
    return caller.request(method, path, json=body)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("who", ALLOWED)
def test_a_task(people, surface, who, method):
    task = people["owner"].create_task(assigned_user_id=people["assigned"].id)
    answer = send(people[who], method, surface.task(task["id"]))
    if method in ALLOWED[who]:
        assert answer.status_code == (204 if method == "DELETE" else 200)
        return
    refused = 401 if who == "guest" else 403
    assert answer.status_code == refused
    if method != "HEAD":
        assert_error(answer, surface, refused)
    assert people["owner"].read_task(task["id"]) == task


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("who", ["stranger", "admin"])
def test_a_task_that_is_not_there(people, surface, who, method):
    assert send(people[who], method, surface.task(ABSENT)).status_code == 404


@pytest.mark.parametrize("method", METHODS)
def test_a_guest_learns_nothing_about_which_tasks_exist(people, surface, method):
    assert send(people["guest"], method, surface.task(ABSENT)).status_code == 401

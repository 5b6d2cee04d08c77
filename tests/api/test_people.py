"""Whom one works with: found by name to be given a task, and named on the tasks that are shared."""

import pytest
from support.api import ABSENT, V1, assert_error

PEOPLE = "/api/v1/people"


@pytest.fixture(scope="module")
def server(shared_server):
    return shared_server


def people_of(caller, task):
    return caller.get(f"{V1.task(task['id'])}/people")


def person(caller):
    return {"id": caller.id, "username": caller.user["username"]}


def test_a_user_is_found_by_name_in_any_case(anna, bert):
    name = bert.user["username"]
    for spelling in (name, name.upper()):
        answer = anna.get(f"{PEOPLE}/{spelling}")
        assert answer.status_code == 200
        assert answer.json() == person(bert)


@pytest.mark.parametrize("name", ["nobody", "be", "%25", "b_rt", "%00", "x" * 500, "%ff"])
def test_only_a_whole_name_is_found(anna, bert, name):
    assert anna.get(f"{PEOPLE}/{name}").status_code in (400, 404)


def test_a_disabled_user_is_not_found(anna, bert, admin):
    admin.patch(f"/api/v1/users/{bert.id}", json={"is_active": False})
    assert_error(anna.get(f"{PEOPLE}/{bert.user['username']}"), V1, 404)


def test_a_guest_finds_nobody(guest, anna):
    assert_error(guest.get(f"{PEOPLE}/{anna.user['username']}"), V1, 401)


def test_a_task_names_its_owner_and_who_it_is_assigned_to(anna, bert, admin):
    task = anna.create_task(assigned_user_id=bert.id)
    for caller in (anna, bert, admin):
        assert people_of(caller, task).json() == [person(anna), person(bert)]
    alone = anna.create_task(assigned_user_id=anna.id)
    assert people_of(anna, alone).json() == [person(anna)]
    assert people_of(anna, anna.create_task()).json() == [person(anna)]


def test_somebody_elses_task_names_nobody(anna, bert):
    task = anna.create_task()
    assert_error(people_of(bert, task), V1, 403)
    assert_error(people_of(bert, {"id": ABSENT}), V1, 404)

"""Whose tasks a list holds, and who may ask for whose."""

import pytest
from support.api import V1, assert_error, register


@pytest.fixture
def people(server, anna, bert, admin, guest):
    stranger = register(server, "carla")
    return {"owner": anna, "assigned": bert, "admin": admin, "stranger": stranger, "guest": guest}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_collection_is_closed_to_guests(guest, surface, method):
    body = {"title": "Sneaked in"} if method == "POST" else None
    assert_error(guest.request(method, surface.tasks, json=body), surface, 401)


def test_a_list_holds_only_the_callers_own_tasks(people, surface):
    mine = people["stranger"].create_task(title="Mine")
    people["owner"].create_task(title="Not mine", assigned_user_id=people["assigned"].id)
    assert people["stranger"].list_tasks(surface)["tasks"] == [mine]
    assert people["assigned"].list_tasks(surface)["tasks"] == []


def test_an_admins_classic_list_spans_everybody(people):
    tasks = [people[who].create_task() for who in ("owner", "stranger", "admin")]
    answer = people["admin"].get("/tasks").json()
    assert answer["tasks"] == tasks
    assert answer["total"] == 3


def test_an_admins_v1_list_is_his_own(people):
    people["owner"].create_task()
    mine = people["admin"].create_task()
    assert people["admin"].list_tasks(V1)["tasks"] == [mine]


ALL = "/api/v1/tasks/admin/all"


def test_admins_see_all_tasks(people):
    tasks = [people[who].create_task() for who in ("owner", "stranger", "admin")]
    answer = people["admin"].get(ALL)
    assert answer.status_code == 200
    assert answer.json()["tasks"] == tasks


def test_all_tasks_are_filtered_and_paged_like_any_list(people):
    people["owner"].create_task(priority="low")
    wanted = [people[who].create_task(priority="high") for who in ("owner", "stranger")]
    answer = people["admin"].get(ALL, params={"priority": "high", "limit": 1, "skip": 1}).json()
    assert answer["tasks"] == wanted[1:]
    assert answer["total"] == 2


@pytest.mark.parametrize(("who", "status"), [("owner", 403), ("guest", 401)])
def test_all_tasks_are_for_admins(people, who, status):
    assert_error(people[who].get(ALL), V1, status)


@pytest.mark.parametrize("query", ["user_id", "user", "assigned_to"])
def test_admins_list_by_person(people, surface, query):
    owner, assigned = people["owner"], people["assigned"]
    task = owner.create_task(assigned_user_id=assigned.id)
    people["stranger"].create_task()
    person = assigned if query == "assigned_to" else owner
    value = "ANNA" if query == "user" else person.id
    assert people["admin"].list_tasks(surface, **{query: value})["tasks"] == [task]


def test_admins_list_by_name_of_the_assigned(people, surface):
    task = people["owner"].create_task(assigned_user_id=people["assigned"].id)
    assert people["admin"].list_tasks(surface, assigned_to="bert")["tasks"] == [task]


@pytest.mark.parametrize("query", ["user_id", "user", "assigned_to"])
def test_users_may_not_list_by_another_person(people, surface, query):
    value = "bert" if query == "user" else people["assigned"].id
    answer = people["owner"].get(surface.tasks, params={query: value})
    assert_error(answer, surface, 403)


@pytest.mark.parametrize("query", ["user_id", "user"])
def test_users_may_name_themselves(people, surface, query):
    task = people["owner"].create_task()
    value = "anna" if query == "user" else people["owner"].id
    assert people["owner"].list_tasks(surface, **{query: value})["tasks"] == [task]


def test_assigned_to_me_is_what_others_gave_me(people, surface):
    people["assigned"].create_task(title="My own")
    people["owner"].create_task(title="Nobody's")
    task = people["owner"].create_task(title="For bert", assigned_user_id=people["assigned"].id)
    assert people["assigned"].list_tasks(surface, assigned_to="me")["tasks"] == [task]

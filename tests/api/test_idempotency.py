"""Idempotency-Key: a request sent again is not carried out again."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api import PASSWORD, V1, assert_error, register

KEY = {"Idempotency-Key": "9f1b"}


def replayed(answer):
    return answer.headers.get("Idempotent-Replayed") == "true"


def test_a_repeated_create_answers_the_same_task(anna, surface):
    first = anna.post(surface.tasks, json={"title": "Once"}, headers=KEY)
    again = anna.post(surface.tasks, json={"title": "Once"}, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert not replayed(first)
    assert replayed(again)
    assert again.json() == first.json()
    for header in ("Location", "ETag", "Content-Type"):
        assert again.headers[header] == first.headers[header]
    assert anna.list_tasks(surface)["total"] == 1


def test_an_answer_is_kept_as_it_was(anna, surface):
    first = anna.post(surface.tasks, json={"title": "Once"}, headers=KEY)
    anna.patch(surface.task(first.json()["id"]), json={"title": "Changed"})
    assert anna.post(surface.tasks, json={"title": "Once"}, headers=KEY).json() == first.json()


def test_a_repeated_patch_changes_once(anna, surface):
    task = anna.create_task(title="Old")
    change = {"title": "New"}
    first = anna.patch(surface.task(task["id"]), json=change, headers=KEY)
    again = anna.patch(surface.task(task["id"]), json=change, headers=KEY)
    assert first.json()["version"] == again.json()["version"] == 2
    assert replayed(again)


def test_a_repeated_patch_is_replayed_though_its_condition_no_longer_holds(anna, surface):
    task = anna.create_task(title="Old")
    headers = KEY | {"If-Match": '"1"'}
    assert anna.patch(surface.task(task["id"]), json={"title": "New"}, headers=headers).is_success
    again = anna.patch(surface.task(task["id"]), json={"title": "New"}, headers=headers)
    assert again.status_code == 200
    assert replayed(again)


@pytest.mark.parametrize("other", [{"title": "Two"}, {"title": "One", "priority": "high"}, {}])
def test_the_key_of_another_body_is_422(anna, surface, other):
    anna.post(surface.tasks, json={"title": "One"}, headers=KEY)
    answer = anna.post(surface.tasks, json=other, headers=KEY)
    assert answer.status_code in (422, surface.invalid)
    assert anna.list_tasks(surface)["total"] == 1


def test_the_key_of_another_path_is_422(anna, surface):
    anna.post(surface.tasks, json={"title": "One"}, headers=KEY)
    answer = anna.patch(surface.task(1), json={"title": "One"}, headers=KEY)
    assert answer.status_code == 422


def test_keys_of_two_users_never_meet(anna, bert, surface):
    first = anna.post(surface.tasks, json={"title": "Mine"}, headers=KEY)
    second = bert.post(surface.tasks, json={"title": "Mine"}, headers=KEY)
    assert not replayed(second)
    assert second.json()["id"] != first.json()["id"]


def test_two_keys_make_two_tasks(anna, surface):
    for key in ("a", "b"):
        anna.post(surface.tasks, json={"title": "T"}, headers={"Idempotency-Key": key})
    assert anna.list_tasks(surface)["total"] == 2


def test_a_refused_request_may_be_sent_again_with_its_key(anna, surface):
    assert_error(anna.post(surface.tasks, json={}, headers=KEY), surface, surface.invalid)
    answer = anna.post(surface.tasks, json={"title": "Good now"}, headers=KEY)
    assert answer.status_code == 201
    assert not replayed(answer)


def test_a_request_refused_by_a_rule_keeps_nothing(anna, surface):
    body = {"title": "T", "assigned_user_id": 424242}
    for _ in range(2):
        answer = anna.post(surface.tasks, json=body, headers=KEY)
        assert_error(answer, surface, surface.invalid)
        assert not replayed(answer)


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "tab\there"])
def test_a_key_must_be_sane(anna, surface, key):
    answer = anna.post(surface.tasks, json={"title": "T"}, headers={"Idempotency-Key": key})
    assert_error(answer, surface, surface.invalid)
    assert anna.list_tasks(surface)["total"] == 0


def test_reads_and_deletes_pass_over_the_key(anna, surface):
    task = anna.create_task(title="T")
    for _ in range(2):
        assert not replayed(anna.get(surface.task(task["id"]), headers=KEY))
    assert anna.delete(surface.task(task["id"]), headers=KEY).status_code == 204
    assert anna.delete(surface.task(task["id"]), headers=KEY).status_code == 404


def test_a_registration_is_made_once(server, guest):
    body = {"username": "carla", "password": PASSWORD}
    first = guest.post(V1.auth("register"), json=body, headers=KEY)
    again = guest.post(V1.auth("register"), json=body, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert replayed(again)
    assert again.json() == first.json()


def test_a_login_is_always_new(server, guest):
    register(server, "carla")
    body = {"username": "carla", "password": PASSWORD}
    for _ in range(2):
        assert not replayed(guest.post(V1.auth("login"), json=body, headers=KEY))


def test_many_at_once_with_one_key_make_one_task(anna, surface):
    def create(_):
        return anna.post(surface.tasks, json={"title": "One"}, headers=KEY)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(create, range(64)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(set(made)) == 1
    assert sum(not replayed(answer) for answer in answers if answer.status_code == 201) == 1
    assert anna.list_tasks(surface)["total"] == 1


def test_an_answer_outlives_a_crash(start_server):
    server = start_server()
    anna = register(server, "anna")
    first = anna.post("/tasks", json={"title": "Once"}, headers=KEY)
    server.kill()
    server = start_server(folder=server.folder)
    again = type(anna)(server, anna.token).post("/tasks", json={"title": "Once"}, headers=KEY)
    assert replayed(again)
    assert again.json() == first.json()


def test_a_key_is_forgotten_after_a_day(server, anna):
    first = anna.post("/tasks", json={"title": "Once"}, headers=KEY)
    database = sqlite3.connect(server.folder / "errand.db")
    with database:
        database.execute("UPDATE idempotency_keys SET created_at = created_at - 86400000001")
    second = anna.post("/tasks", json={"title": "Once"}, headers=KEY)
    assert not replayed(second)
    assert second.json()["id"] != first.json()["id"]
    anna.post("/tasks", json={"title": "More"}, headers={"Idempotency-Key": "other"})
    assert database.execute("SELECT count(*) FROM idempotency_keys").fetchone() == (2,)
    database.close()

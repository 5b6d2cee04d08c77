"""DELETE of a task."""

import pytest
from support.api import ABSENT, assert_error


@pytest.fixture
def server(shared_server):
    return shared_server


def test_a_deleted_task_is_gone(anna, surface):
    task = anna.create_task()
    answer = anna.delete(surface.task(task["id"]))
    assert answer.status_code == 204
    assert answer.content == b""
    assert_error(anna.get(surface.task(task["id"])), surface, 404)
    assert anna.list_tasks(surface)["total"] == 0


def test_a_task_is_deleted_once(anna, surface):
    task = anna.create_task()
    anna.delete(surface.task(task["id"]))
    assert_error(anna.delete(surface.task(task["id"])), surface, 404)


def test_other_tasks_stay(anna, surface):
    kept, lost = anna.create_task(title="Kept"), anna.create_task(title="Lost")
    anna.delete(surface.task(lost["id"]))
    assert anna.list_tasks(surface)["tasks"] == [kept]


def test_an_unknown_task_is_404(anna, surface):
    assert_error(anna.delete(surface.task(ABSENT)), surface, 404)


def test_the_id_of_a_deleted_task_is_not_given_again(anna, surface):
    last = anna.create_task()
    anna.delete(surface.task(last["id"]))
    assert anna.create_task()["id"] > last["id"]


def test_a_stale_if_match_keeps_the_task(anna, surface):
    task = anna.create_task()
    answer = anna.delete(surface.task(task["id"]), headers={"If-Match": '"7"'})
    assert_error(answer, surface, 412)
    assert answer.json()["task"] == task
    assert anna.read_task(task["id"]) == task


def test_the_current_if_match_deletes(anna, surface):
    task = anna.create_task()
    answer = anna.delete(surface.task(task["id"]), headers={"If-Match": '"1"'})
    assert answer.status_code == 204

"""POST {task}/tags and DELETE {task}/tags/{tag}, on both surfaces."""

from urllib.parse import quote

import pytest
from support.api import assert_error, assert_invalid


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture
def task(anna):
    return anna.create_task(tags=["work", "home"])


def tags_path(surface, task, tag=None):
    path = f"{surface.task(task['id'])}/tags"
    if tag is None:
        return path
    encoded = quote(tag, safe="").replace(".", "%2E")  # a client takes a plain ".." for a step up
    return f"{path}/{encoded}"


@pytest.mark.parametrize("bare", [False, True], ids=["object", "list"])
def test_new_tags_come_behind_those_there_each_once(anna, task, surface, bare):
    tags = ["  urgent ", "work", "urgent"]
    answer = anna.post(tags_path(surface, task), json=tags if bare else {"tags": tags})
    assert answer.status_code == 200, answer.text
    assert answer.json()["tags"] == ["work", "home", "urgent"]
    assert answer.json()["version"] == task["version"] + 1
    assert answer.headers["etag"] == f'"{task["version"] + 1}"'
    assert anna.read_task(task["id"]) == answer.json()


def test_lists_find_the_task_by_what_was_added_and_no_more_by_what_was_removed(anna, task, surface):
    anna.post(tags_path(surface, task), json=["urgent"])
    anna.delete(tags_path(surface, task, "home"))
    assert anna.list_tasks(surface, tags="work,urgent")["total"] == 1
    assert anna.list_tasks(surface, tags="home")["total"] == 0


@pytest.mark.parametrize("tags", [[], ["work"], ["home", "work"]])
def test_tags_that_are_there_change_nothing(anna, task, surface, tags):
    answer = anna.post(tags_path(surface, task), json=tags)
    assert answer.status_code == 200
    assert answer.json() == task


@pytest.mark.parametrize(
    "tag", ["a/b", "a b", "50%", "?#&+", "..", "Übung", "日本", "🎉", '"quoted"', "\\", "%2F"]
)
def test_any_tag_can_be_added_and_removed(anna, task, surface, tag):
    added = anna.post(tags_path(surface, task), json=[tag])
    assert added.json()["tags"] == ["work", "home", tag]
    removed = anna.delete(tags_path(surface, task, tag))
    assert removed.status_code == 200, removed.text
    assert removed.json()["tags"] == ["work", "home"]
    assert removed.headers["etag"] == f'"{task["version"] + 2}"'


@pytest.mark.parametrize("tag", ["absent", "Work", "wor", "work\0", "%", "' OR 1=1 --"])
def test_a_tag_that_is_not_there_is_404(anna, task, surface, tag):
    assert_error(anna.delete(tags_path(surface, task, tag)), surface, 404)
    assert anna.read_task(task["id"]) == task


def test_a_tag_that_is_no_utf8_is_404(anna, task, surface):
    assert_error(anna.delete(f"{tags_path(surface, task)}/%ff%fe"), surface, 404)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_task_that_does_not_exist_is_404(anna, surface, method):
    tag = "work" if method == "DELETE" else None
    answer = anna.request(method, tags_path(surface, {"id": 2**40}, tag), json=["work"])
    assert_error(answer, surface, 404)


@pytest.mark.parametrize("body", [{}, {"tags": None}, {"tags": "work"}, {"tags": {"a": 1}}])
def test_what_is_no_list_is_invalid(anna, task, surface, body):
    assert_invalid(anna.post(tags_path(surface, task), json=body), surface, "tags")


@pytest.mark.parametrize("body", ['"work"', "7", "null", "true"])
def test_what_is_neither_object_nor_list_is_invalid(anna, task, surface, body):
    assert_error(anna.post(tags_path(surface, task), content=body), surface, surface.invalid)


@pytest.mark.parametrize("tag", ["", "   ", "x" * 51, 7, None, ["a"], "a\0b"])
@pytest.mark.parametrize("bare", [False, True], ids=["object", "list"])
def test_a_bad_tag_is_refused_and_none_is_added(anna, task, surface, tag, bare):
    tags = ["good", tag]
    answer = anna.post(tags_path(surface, task), json=tags if bare else {"tags": tags})
    assert_error(answer, surface, surface.invalid)
    assert anna.read_task(task["id"]) == task


def test_a_task_has_at_most_50_tags(anna, task, surface):
    forty_eight = [str(number) for number in range(48)]
    full = anna.post(tags_path(surface, task), json=forty_eight)
    assert len(full.json()["tags"]) == 50
    assert_invalid(anna.post(tags_path(surface, task), json=["more"]), surface, "tags")
    assert anna.post(tags_path(surface, task), json=["work"]).json() == full.json()
    too_many = [f"n{number}" for number in range(51)]
    assert_invalid(anna.post(tags_path(surface, task), json=too_many), surface, "tags")
    assert anna.read_task(task["id"]) == full.json()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_stale_version_is_412_with_the_current_task(anna, task, surface, method):
    tag = "work" if method == "DELETE" else None
    path = tags_path(surface, task, tag)
    answer = anna.request(method, path, json=["new"], headers={"If-Match": '"9"'})
    assert answer.status_code == 412
    assert answer.json()["task"] == task
    assert answer.headers["etag"] == '"1"'
    fresh = anna.request(method, path, json=["new"], headers={"If-Match": '"1"'})
    assert fresh.status_code == 200, fresh.text


def test_owner_assignee_and_administrator_may_others_may_not(anna, bert, admin, guest, surface):
    foreign = anna.create_task(tags=["work"])
    shared = anna.create_task(tags=["work"], assigned_user_id=bert.id)
    for task, caller, status in (
        (shared, bert, 200),
        (foreign, admin, 200),
        (foreign, bert, 403),
        (foreign, guest, 401),
    ):
        for answer in (
            caller.post(tags_path(surface, task), json=["new"]),
            caller.delete(tags_path(surface, task, "work")),
        ):
            assert answer.status_code == status, answer.text


def test_each_change_is_one_event(anna, task, surface):
    anna.post(tags_path(surface, task), json=["new"])
    anna.post(tags_path(surface, task), json=["new"])
    anna.delete(tags_path(surface, task, "work"))
    events = anna.get(f"/api/v1/tasks/{task['id']}/history").json()["events"]
    assert [event["action"] for event in events] == ["task.tagged", "task.tagged", "task.created"]
    assert events[0]["changes"]["tags"] == [["work", "home", "new"], ["home", "new"]]

"""GET and HEAD of one task: entity tags, and ids that lead nowhere."""

import pytest
from support.api import ABSENT, assert_error


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture
def task(anna):
    return anna.create_task(title="Read me", tags=["book"])


def test_a_task_is_read_with_its_version_as_etag(anna, task, surface):
    answer = anna.get(surface.task(task["id"]))
    assert answer.status_code == 200
    assert answer.json() == task
    assert answer.headers["etag"] == '"1"'


def test_the_etag_changes_with_the_task(anna, task, surface):
    anna.patch(surface.task(task["id"]), json={"title": "Changed"})
    assert anna.get(surface.task(task["id"])).headers["etag"] == '"2"'


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"7", "1"', '"7","1"', "*"])
def test_a_task_the_caller_already_has_is_304(anna, task, surface, known):
    answer = anna.get(surface.task(task["id"]), headers={"If-None-Match": known})
    assert answer.status_code == 304
    assert answer.headers["etag"] == '"1"'
    assert answer.content == b""


@pytest.mark.parametrize("known", ['"0"', '"11"', '"banana"', '"2", "3"', "1"])
def test_a_task_the_caller_has_not_is_200(anna, task, surface, known):
    answer = anna.get(surface.task(task["id"]), headers={"If-None-Match": known})
    assert answer.status_code == 200
    assert answer.json() == task


def test_head_is_get_without_the_body(anna, task, surface):
    path = surface.task(task["id"])
    head, get = anna.head(path), anna.get(path)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("etag", "content-type", "content-length"):
        assert head.headers[name] == get.headers[name]


def test_head_knows_if_none_match(anna, task, surface):
    answer = anna.head(surface.task(task["id"]), headers={"If-None-Match": '"1"'})
    assert answer.status_code == 304


@pytest.mark.parametrize("task_id", [ABSENT, 0, -1, 2**63 - 1])
def test_a_number_that_is_no_task_is_404(anna, task, surface, task_id):
    assert_error(anna.get(surface.task(task_id)), surface, 404)


@pytest.mark.parametrize(
    "task_id", ["abc", "1.5", "1e3", "0x1", "1x", "\uff11", "%20", "1%20", "--1"]
)
def test_an_id_that_is_no_number_is_invalid(anna, task, surface, task_id):
    answer = anna.get(surface.task(task_id))
    assert_error(answer, surface, surface.invalid)
    if surface.name == "classic":
        assert answer.json()["detail"][0]["loc"] == ["path", "task_id"]


@pytest.mark.parametrize("task_id", ["9" * 20, "9" * 4000], ids=["20 digits", "4,000 digits"])
def test_a_number_past_all_integers_is_no_task(anna, task, surface, task_id):
    assert anna.get(surface.task(task_id)).status_code in (404, surface.invalid)


def test_percent_encoded_digits_are_digits(anna, task, surface):
    encoded = "".join(f"%{ord(digit):x}" for digit in str(task["id"]))
    assert anna.get(surface.task(encoded)).json() == task

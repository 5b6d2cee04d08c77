"""POST tasks, on both surfaces."""

import pytest
from support.api import (
    ABSENT,
    TASK_FIELDS,
    TIMESTAMP,
    assert_invalid,
)


@pytest.fixture
def server(shared_server):
    return shared_server


def create(caller, surface, **fields):
    answer = caller.post(surface.tasks, json={"title": "Water the plants", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_title_is_enough(anna, surface):
    task = create(anna, surface, title="Water the plants")
    assert set(task) == TASK_FIELDS
    assert task["title"] == "Water the plants"
    assert task["description"] is None
    assert task["status"] == "todo"
    assert task["completed"] is False
    assert task["priority"] == "medium"
    assert task["due_date"] is None
    assert task["tags"] == []
    assert task["city"] is None
    assert task["weather"] is None
    assert task["user_id"] == anna.id
    assert task["assigned_user_id"] is None
    assert task["completed_at"] is None
    assert task["version"] == 1
    assert TIMESTAMP.fullmatch(task["created_at"])
    assert task["updated_at"] == task["created_at"]


def test_every_field_is_kept(anna, bert, surface):
    fields = {
        "title": "Prepare \N{SNOWMAN} report",
        "description": 'Line one\nLine "two"\t\\ \u0001 end',
        "status": "in_progress",
        "priority": "high",
        "due_date": "2031-12-24",
        "tags": ["home", "\N{GREEK SMALL LETTER ALPHA}"],
        "city": "Reykjav\u00edk",
        "assigned_user_id": bert.id,
    }
    task = create(anna, surface, **fields)
    assert {name: task[name] for name in fields} == fields
    assert anna.get(surface.task(task["id"])).json() == task


def test_location_leads_to_the_task(anna, surface):
    answer = anna.post(surface.tasks, json={"title": "Water the plants"})
    location = answer.headers["location"]
    assert location.endswith(surface.task(answer.json()["id"]))
    assert anna.get(location).json() == answer.json()


def test_a_task_is_the_same_on_both_surfaces(anna):
    task = anna.create_task(title="One for both")
    assert anna.get(f"/tasks/{task['id']}").json() == task


def test_ids_grow(anna, surface):
    ids = [create(anna, surface)["id"] for _ in range(5)]
    assert ids == sorted(set(ids))


def test_the_title_is_trimmed(anna, surface):
    assert create(anna, surface, title=" \t Water the plants\n ")["title"] == "Water the plants"


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\N{SNOWMAN}", "\N{PILE OF POO}"])
def test_a_title_counts_100_code_points(anna, surface, letter):
    assert create(anna, surface, title=letter * 100)["title"] == letter * 100
    answer = anna.post(surface.tasks, json={"title": letter * 101})
    assert_invalid(answer, surface, "title", kind="string_too_long")


@pytest.mark.parametrize("letter", ["x", "\N{PILE OF POO}"])
def test_a_description_counts_10000_code_points(anna, surface, letter):
    assert create(anna, surface, description=letter * 10_000)["description"] == letter * 10_000
    answer = anna.post(surface.tasks, json={"title": "Long", "description": letter * 10_001})
    assert_invalid(answer, surface, "description", kind="string_too_long")


@pytest.mark.parametrize("state", [{"status": "done"}, {"completed": True}], ids=str)
def test_done_and_completed_are_the_same(anna, surface, state):
    task = create(anna, surface, **state)
    assert task["status"] == "done"
    assert task["completed"] is True
    assert task["completed_at"] == task["created_at"]


@pytest.mark.parametrize(
    "state",
    [
        {"status": "done", "completed": True},
        {"status": "todo", "completed": False},
        {"status": "in_progress", "completed": False},
    ],
    ids=str,
)
def test_status_and_completed_may_agree(anna, surface, state):
    task = create(anna, surface, **state)
    assert {name: task[name] for name in state} == state


@pytest.mark.parametrize(
    "state",
    [
        {"status": "done", "completed": False},
        {"status": "todo", "completed": True},
        {"status": "in_progress", "completed": True},
    ],
    ids=str,
)
def test_status_and_completed_may_not_contradict(anna, surface, state):
    answer = anna.post(surface.tasks, json={"title": "Both", **state})
    assert answer.status_code == surface.invalid
    assert anna.list_tasks(surface)["total"] == 0


@pytest.mark.parametrize("due_date", ["2024-02-29", "2000-01-01", "2099-12-31"])
def test_a_due_date_may_be_any_day(anna, surface, due_date):
    assert create(anna, surface, due_date=due_date)["due_date"] == due_date


def test_a_repeated_tag_is_kept_once(anna, surface):
    assert create(anna, surface, tags=["home", "urgent", "home"])["tags"] == ["home", "urgent"]


@pytest.mark.parametrize("tags", [["t" * 50], ["\N{KEY}" * 50], [f"tag{n}" for n in range(50)]])
def test_tags_at_the_limits_are_taken(anna, surface, tags):
    assert sorted(create(anna, surface, tags=tags)["tags"]) == sorted(tags)


@pytest.mark.parametrize(
    "tags",
    [["t" * 51], [""], [5], [None], ["ok", ["nested"]], [f"tag{n}" for n in range(51)], "home"],
    ids=["51 letters", "empty", "number", "null", "list", "51 tags", "no list"],
)
def test_tags_past_the_limits_are_invalid(anna, surface, tags):
    answer = anna.post(surface.tasks, json={"title": "Tagged", "tags": tags})
    assert_invalid(answer, surface, "tags")


@pytest.mark.parametrize(
    "field",
    [
        {"id": 77},
        {"user_id": 1},
        {"version": 9},
        {"created_at": "2000-01-01T00:00:00.000Z"},
        {"completed_at": "2000-01-01T00:00:00.000Z"},
        {"weather": {"temperature": 50}},
    ],
    ids=lambda field: next(iter(field)),
)
def test_what_the_server_decides_is_not_taken_from_the_body(anna, surface, field):
    task = create(anna, surface, **field)
    plain = create(anna, surface)
    for name, value in field.items():
        assert task[name] != value
    assert task["user_id"] == plain["user_id"] == anna.id
    assert plain["id"] == task["id"] + 1


def test_nobody_can_be_assigned_who_does_not_exist(anna, surface):
    answer = anna.post(surface.tasks, json={"title": "Lost", "assigned_user_id": ABSENT})
    assert_invalid(answer, surface, "assigned_user_id")


def test_without_a_weather_key_a_city_brings_no_weather(anna, surface):
    task = create(anna, surface, city="Moscow")
    assert task["city"] == "Moscow"
    assert task["weather"] is None

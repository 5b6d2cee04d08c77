"""GET tasks: every filter, every sort and the three ways of paging, against a reference model.

All tests but the last few only read: they share one server with 90 generated tasks of one user.
"""

import random
import time

import pytest
from support.api import (
    CLASSIC,
    LIST_FIELDS,
    SURFACES,
    V1,
    assert_error,
    assert_invalid,
    register,
)
from support.reference import days_from_today, matching, sorted_by

SORTS = (
    "id",
    "title",
    "status",
    "priority",
    "completed",
    "created_at",
    "updated_at",
    "due_date",
)
ORDERS = ("asc", "desc")
CITIES = (None, "Oslo", "Bergen", "New York")
TAGS = ("home", "work", "urgent", "garden")
# No due date within two days of today: the clock may pass midnight while tests run.
DUE_DAYS = (None, -400, -30, -30, -2, 2, 14, 14, 400)


def generated_fields(generator, number):
    due = generator.choice(DUE_DAYS)
    return {
        "title": f"{generator.choice(['paint', 'repair', 'sell', 'wash'])} {number % 7}",
        "description": generator.choice([None, "100% Urgent", "under_score", "the BIG house"]),
        "status": generator.choice(["todo", "in_progress", "done"]),
        "priority": generator.choice(["low", "medium", "high"]),
        "due_date": None if due is None else days_from_today(due),
        "tags": generator.sample(TAGS, generator.randrange(4)),
        "city": generator.choice(CITIES),
    }


@pytest.fixture(scope="module")
def carla(shared_server):
    return register(shared_server, "carla")


@pytest.fixture(scope="module")
def tasks(shared_server, carla):
    """The tasks of carla as the server reads them back, among some of dora's."""
    generator = random.Random(4)
    dora = register(shared_server, "dora")
    ids = []
    for number in range(90):
        ids.append(carla.create_task(**generated_fields(generator, number))["id"])
        if number % 9 == 0:
            dora.create_task(**generated_fields(generator, number))
    for task_id in generator.sample(ids, 20):
        time.sleep(0.002)  # so that no two changes share a millisecond
        carla.patch(V1.task(task_id), json={"description": "changed later"})
    return [carla.read_task(task_id) for task_id in ids]


def ids(found):
    return [task["id"] for task in found]


def walk(caller, surface, **query):
    """Follow `next_cursor` from the first page to the last; the tasks met on the way."""
    found, cursor = [], {}
    for _ in range(1000):
        page = caller.list_tasks(surface, **query, **cursor)
        found += page["tasks"]
        if page["next_cursor"] is None:
            return found
        assert page["tasks"], "a page before the last holds something"
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("the cursor never ends")


# The envelope.


def test_an_empty_list_is_an_answer(anna, surface):
    answer = anna.get(surface.tasks)
    assert answer.status_code == 200
    assert answer.json() == {
        "tasks": [],
        "total": 0,
        "page": 1,
        "pages": 0,
        "skip": 0,
        "limit": surface.default_limit,
        "next_cursor": None,
    }


def test_a_plain_list_is_the_first_page_by_id(carla, tasks, surface):
    page = carla.list_tasks(surface)
    assert set(page) == LIST_FIELDS
    assert page["tasks"] == tasks[: surface.default_limit]
    assert page["total"] == 90
    assert page["limit"] == surface.default_limit


def test_head_answers_as_get_without_a_body(carla, tasks, surface):
    answer = carla.head(surface.tasks)
    assert answer.status_code == 200
    assert answer.content == b""


def test_unknown_query_fields_are_ignored(carla, tasks, surface):
    assert carla.list_tasks(surface, colour="blue", limit=5) == carla.list_tasks(surface, limit=5)


# Filters.

FILTER_EXAMPLES = [
    {"completed": "true"},
    {"completed": "false"},
    {"status": "todo"},
    {"status": "todo,done"},
    {"status": "todo,in_progress,done"},
    {"priority": "low"},
    {"priority": "low,high"},
    {"tags": "home"},
    {"tags": "home,urgent"},
    {"tags": "garden,home,work"},
    {"tags": "nowhere"},
    {"tags": "hom"},
    {"overdue": "true"},
    {"overdue": "false"},
    {"search": "paint"},
    {"search": "PAINT 3"},
    {"search": "house"},
    {"search": "ai"},
    {"search": "0%"},
    {"search": "r_s"},
    {"search": "_"},
    {"search": "%"},
    {"search": "nowhere to be found"},
    {"search": "'; --"},
    {"search": '"'},
    {"search": "big AND house"},
    {"city": "Oslo"},
    {"city": "New York"},
    {"city": "Atlantis"},
    {"due_after": days_from_today(-30)},
    {"due_before": days_from_today(-30)},
    {"due_after": days_from_today(2), "due_before": days_from_today(14)},
    {"due_after": days_from_today(14), "due_before": days_from_today(2)},
    {"created_after": "2000-01-01"},
    {"created_before": "2000-01-01"},
    {"created_before": days_from_today(2)},
    {"created_after": days_from_today(2)},
    {"completed": "true", "status": "todo"},
    {"status": "todo,in_progress", "priority": "high", "tags": "work", "overdue": "true"},
]


@pytest.mark.parametrize("query", FILTER_EXAMPLES, ids=",".join)
def test_a_filter_keeps_exactly_what_matches(carla, tasks, query):
    expected = matching(tasks, query)
    for surface in SURFACES:
        page = carla.list_tasks(surface, **query, limit=100)
        assert page["tasks"] == expected
        assert page["total"] == len(expected)


def test_the_examples_tell_the_tasks_apart(carla, tasks):
    """The generated tasks are varied enough: most filters keep some and drop some."""
    kept = [len(matching(tasks, query)) for query in FILTER_EXAMPLES]
    assert sum(0 < count < len(tasks) for count in kept) > 20


@pytest.mark.parametrize("filter_name", ["created_after", "created_before"])
def test_a_moment_of_creation_is_inclusive(carla, tasks, surface, filter_name):
    query = {filter_name: tasks[40]["created_at"]}
    page = carla.list_tasks(surface, **query, limit=100)
    assert ids(page["tasks"]) == ids(matching(tasks, query))
    assert tasks[40]["id"] in ids(page["tasks"])


@pytest.mark.parametrize("filter_name", ["created_after", "created_before"])
def test_a_day_of_creation_means_the_whole_day(carla, tasks, surface, filter_name):
    query = {filter_name: tasks[40]["created_at"][:10]}
    page = carla.list_tasks(surface, **query, limit=100)
    assert ids(page["tasks"]) == ids(matching(tasks, query))
    assert tasks[40]["id"] in ids(page["tasks"])


def random_query(generator):
    """Any combination of filters, one value each."""
    choices = {
        "completed": ["true", "false"],
        "status": ["todo", "todo,in_progress", "in_progress,done"],
        "priority": ["high", "low,medium", "low,medium,high"],
        "tags": ["home", "work", "urgent,garden"],
        "overdue": ["true", "false"],
        "search": ["a", "paint", "urgent", "changed"],
        "city": ["Oslo", "Bergen"],
        "created_after": ["2000-01-01"],
        "created_before": [days_from_today(2)],
        "due_after": [days_from_today(-30), days_from_today(2)],
        "due_before": [days_from_today(14), days_from_today(400)],
    }
    names = generator.sample(list(choices), generator.randrange(2, 5))
    return {name: generator.choice(choices[name]) for name in names}


@pytest.mark.parametrize("seed", range(30))
def test_any_combination_of_filters_sort_and_page(carla, tasks, seed):
    generator = random.Random(seed)
    query = random_query(generator)
    sort_by, order = generator.choice(SORTS), generator.choice(ORDERS)
    skip, limit = generator.randrange(6), generator.randrange(1, 20)
    page = carla.list_tasks(
        generator.choice(SURFACES),
        **query,
        sort_by=sort_by,
        sort_order=order,
        skip=skip,
        limit=limit,
    )
    expected = sorted_by(matching(tasks, query), sort_by, order)
    assert ids(page["tasks"]) == ids(expected[skip : skip + limit])
    assert page["total"] == len(expected)


def test_all_filters_at_once(carla, tasks, surface):
    task = next(task for task in tasks if task["tags"] and task["city"] and task["due_date"])
    query = {
        "completed": str(task["completed"]).lower(),
        "status": task["status"],
        "priority": task["priority"],
        "tags": ",".join(task["tags"]),
        "overdue": str(task in matching([task], {"overdue": "true"})).lower(),
        "search": task["title"].upper(),
        "city": task["city"],
        "created_after": task["created_at"],
        "created_before": task["created_at"],
        "due_after": task["due_date"],
        "due_before": task["due_date"],
        "user_id": task["user_id"],
        "user": "carla",
    }
    assert carla.list_tasks(surface, **query)["tasks"] == [task]
    query["tags"] += ",never"
    assert carla.list_tasks(surface, **query)["tasks"] == []


@pytest.mark.parametrize(
    ("search", "title"),
    [
        ("\u00e4PFEL", "\u00c4pfel kaufen"),
        ("\u0434\u043e\u043c", "\u0411\u041e\u041b\u042c\u0428\u041e\u0419 \u0414\u041e\u041c"),
        ("\N{SNOWMAN}", "a \N{SNOWMAN} melts"),
    ],
    ids=["german", "russian", "symbol"],
)
def test_search_knows_all_alphabets(anna, surface, search, title):
    found = anna.create_task(title=title)
    anna.create_task(title="Something else")
    assert anna.list_tasks(surface, search=search)["tasks"] == [found]


# Sorting.


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("sort_by", SORTS)
def test_a_sort_puts_tasks_in_order(carla, tasks, sort_by, order):
    page = carla.list_tasks(V1, sort_by=sort_by, sort_order=order, limit=100)
    assert ids(page["tasks"]) == ids(sorted_by(tasks, sort_by, order))


@pytest.mark.parametrize("sort_by", ["priority", "due_date"])
def test_ascending_is_the_default_order(carla, tasks, surface, sort_by):
    page = carla.list_tasks(surface, sort_by=sort_by, limit=100)
    assert ids(page["tasks"]) == ids(sorted_by(tasks, sort_by, "asc"))


def test_an_order_alone_sorts_by_id(carla, tasks, surface):
    page = carla.list_tasks(surface, sort_order="desc", limit=100)
    assert ids(page["tasks"]) == ids(tasks)[::-1]


# Paging by skip and limit, or by page and per_page.

PAGES = [
    ({"skip": 0, "limit": 40}, slice(0, 40), 1, 3, 40),
    ({"skip": 40, "limit": 40}, slice(40, 80), 2, 3, 40),
    ({"skip": 80, "limit": 40}, slice(80, 90), 3, 3, 40),
    ({"skip": 45, "limit": 30}, slice(45, 75), 2, 3, 30),
    ({"skip": 1000, "limit": 30}, slice(0, 0), 34, 3, 30),
    ({"limit": 1}, slice(0, 1), 1, 90, 1),
    ({"limit": 100}, slice(0, 90), 1, 1, 100),
    ({"page": 1, "per_page": 30}, slice(0, 30), 1, 3, 30),
    ({"page": 3, "per_page": 30}, slice(60, 90), 3, 3, 30),
    ({"page": 4, "per_page": 30}, slice(0, 0), 4, 3, 30),
    ({"per_page": 45}, slice(0, 45), 1, 2, 45),
]


@pytest.mark.parametrize(("query", "part", "page", "pages", "limit"), PAGES, ids=str)
def test_a_page_is_its_part_of_the_list(carla, tasks, query, part, page, pages, limit):
    answer = carla.list_tasks(CLASSIC, **query)
    assert answer["tasks"] == tasks[part]
    assert answer["total"] == 90
    assert answer["page"] == page
    assert answer["pages"] == pages
    assert answer["limit"] == limit
    assert answer["skip"] == query.get("skip", (page - 1) * limit)


def test_a_page_alone_takes_the_default_size(carla, tasks, surface):
    size = surface.default_limit
    assert carla.list_tasks(surface, page=2)["tasks"] == tasks[size : 2 * size]


def test_without_the_count_there_is_no_total(carla, tasks, surface):
    answer = carla.list_tasks(surface, total="false", limit=5)
    assert answer["tasks"] == tasks[:5]
    assert answer["total"] is None
    assert answer["pages"] is None


# Paging by cursor.


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("sort_by", SORTS)
def test_a_cursor_walks_through_everything_once(carla, tasks, sort_by, order):
    found = walk(carla, V1, sort_by=sort_by, sort_order=order, limit=7)
    assert ids(found) == ids(sorted_by(tasks, sort_by, order))


def test_a_cursor_keeps_the_filters(carla, tasks, surface):
    query = {"status": "todo,done", "search": "a"}
    found = walk(carla, surface, **query, sort_by="due_date", sort_order="desc", limit=4)
    assert ids(found) == ids(sorted_by(matching(tasks, query), "due_date", "desc"))


def test_a_cursor_works_without_the_count(carla, tasks, surface):
    assert ids(walk(carla, surface, total="false", limit=30)) == ids(tasks)


@pytest.mark.parametrize("limit", [45, 90])
def test_the_last_page_has_no_next(carla, tasks, limit):
    """Also where the last page is full: an empty page never follows."""
    assert ids(walk(carla, V1, limit=limit)) == ids(tasks)


def test_a_page_behind_a_cursor_has_no_number(carla, tasks, surface):
    first = carla.list_tasks(surface, limit=5)
    second = carla.list_tasks(surface, limit=5, cursor=first["next_cursor"])
    assert second["page"] is None
    assert second["tasks"] == tasks[5:10]
    assert second["total"] == 90


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("sort_by", SORTS)
def test_inserts_do_not_move_what_a_cursor_meets(anna, sort_by, order):
    """While one walks, others insert: nothing that was there is met twice or missed."""
    generator = random.Random(11)
    before = [anna.create_task(**generated_fields(generator, n))["id"] for n in range(12)]
    query = {"sort_by": sort_by, "sort_order": order, "limit": 3}
    met, cursor = [], {}
    for number in range(100):
        page = anna.list_tasks(V1, **query, **cursor)
        met += ids(page["tasks"])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        if number < 6:
            anna.create_task(**generated_fields(generator, number))
    assert len(met) == len(set(met))
    assert set(before) <= set(met)


def test_deleting_the_task_under_a_cursor_does_not_lose_the_place(anna):
    made = [anna.create_task()["id"] for _ in range(6)]
    first = anna.list_tasks(V1, limit=3)
    anna.delete(V1.task(made[2]))
    second = anna.list_tasks(V1, limit=3, cursor=first["next_cursor"])
    assert ids(second["tasks"]) == made[3:]


# Bad values are refused, never capped.

BAD_VALUES = [
    ("limit", "0"),
    ("limit", "101"),
    ("limit", "-1"),
    ("limit", "ten"),
    ("limit", "1.5"),
    ("limit", "1e1"),
    ("limit", "99999999999999999999"),
    ("skip", "-1"),
    ("skip", "x"),
    ("skip", "99999999999999999999"),
    ("page", "0"),
    ("page", "-1"),
    ("page", "one"),
    ("page", "99999999999999999999"),
    ("per_page", "0"),
    ("per_page", "101"),
    ("sort_by", "colour"),
    ("sort_by", "password_hash"),
    ("sort_by", "id;drop table tasks"),
    ("sort_order", "up"),
    ("status", "bogus"),
    ("status", "todo,bogus"),
    ("priority", "urgent"),
    ("completed", "maybe"),
    ("overdue", "2"),
    ("total", "perhaps"),
    ("user_id", "carla"),
    ("created_after", "yesterday"),
    ("created_before", "2025-02-30"),
    ("created_after", "2025-01-01T25:00:00Z"),
    ("due_after", "2025-13-01"),
    ("due_before", "20250101"),
    ("cursor", "bogus"),
    ("cursor", "AAAA"),
    ("cursor", "!!!"),
    ("search", "nul\0here"),
]


@pytest.mark.parametrize(("field", "value"), BAD_VALUES)
def test_a_bad_value_is_named(carla, surface, field, value):
    answer = carla.get(surface.tasks, params={field: value})
    assert_invalid(answer, surface, field, place="query")


def test_all_bad_values_are_named_at_once(carla, surface):
    query = {"limit": "0", "sort_by": "colour", "status": "bogus", "due_after": "2025-02-30"}
    assert_invalid(carla.get(surface.tasks, params=query), surface, *query, place="query")


@pytest.mark.parametrize(
    "query", ["page=1&skip=0", "page=2&skip=10", "cursor={cursor}&page=1", "cursor={cursor}&skip=3"]
)
def test_two_ways_of_paging_at_once_are_refused(carla, tasks, surface, query):
    cursor = carla.list_tasks(surface, limit=5)["next_cursor"]
    answer = carla.get(f"{surface.tasks}?{query.format(cursor=cursor)}")
    assert_error(answer, surface, surface.invalid)


@pytest.mark.parametrize("field", ["skip", "page"])
@pytest.mark.parametrize("value", [2**31, 2**53, 2**62, 2**63 - 1])
def test_an_absurd_page_is_empty_or_invalid(carla, tasks, surface, field, value):
    answer = carla.get(surface.tasks, params={field: value})
    if answer.status_code == 200:
        assert answer.json()["tasks"] == []
    else:
        assert_invalid(answer, surface, field, place="query")


@pytest.mark.parametrize("query", ["search=%ff", "search=%c3%28", "search=%ed%a0%80"])
def test_a_query_that_is_not_utf8_is_invalid(carla, surface, query):
    answer = carla.get(f"{surface.tasks}?{query}")
    assert_error(answer, surface, surface.invalid)


def test_a_cut_cursor_is_invalid(carla, tasks, surface):
    cursor = carla.list_tasks(surface, limit=5, sort_by="title")["next_cursor"]
    answer = carla.get(
        surface.tasks, params={"cursor": cursor[: len(cursor) // 2], "sort_by": "title"}
    )
    assert_invalid(answer, surface, "cursor", place="query")


def test_a_cursor_of_another_sort_is_invalid(carla, tasks):
    cursor = carla.list_tasks(CLASSIC, limit=5, sort_by="title")["next_cursor"]
    answer = carla.get(CLASSIC.tasks, params={"cursor": cursor, "sort_by": "due_date"})
    assert_invalid(answer, CLASSIC, "cursor", place="query")

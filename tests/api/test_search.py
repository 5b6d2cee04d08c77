"""Search by the index: the same answers as reading every row, at any moment."""

import pytest
from support.api import CLASSIC, V1, register_next
from support.server import wait_until
from support.tasks import insert_tasks


@pytest.fixture
def server(shared_server):
    return shared_server


MANY = 1200  # tasks of one user, so many that the index is asked


def query(server, statement):
    return server.database.query(statement)


def wait_for_index(server):
    """Until the index has everything; PostgreSQL's always has."""
    if server.database.is_postgres:
        return
    behind = (
        "SELECT (SELECT max(seq) FROM events) - "
        "(SELECT coalesce(max(position), 0) FROM followers WHERE name = 'search')"
    )
    wait_until(lambda: query(server, behind) == [(0,)], "the index to be complete")


def find(caller, search, **options):
    answer = caller.list_tasks(CLASSIC, search=search, **options)
    return [task["title"] for task in answer["tasks"]]


@pytest.fixture
def rich(server):
    """A user with more tasks than are read one by one, put there while the server is stopped."""
    user = register_next(server, "rich")
    server.stop()
    insert_tasks(server, user.id, MANY, "Common number ")
    server.database.run(
        (
            "INSERT INTO task_totals (user_id, status, priority, total) VALUES (?, 0, 1, ?)",
            (user.id, MANY),
        ),
        (
            "INSERT INTO events (at, action, resource_type, resource_id, changes) "
            "SELECT 1, 'task.created', 'task', id, '{}' FROM tasks",
            (),
        ),
    )
    server.start()
    return user


def pages(caller, **parameters):
    """The titles of all pages, by cursor."""
    page = caller.list_tasks(V1, limit=100, total="false", **parameters)
    titles = [task["title"] for task in page["tasks"]]
    while page["next_cursor"] is not None:
        page = caller.list_tasks(
            V1, limit=100, total="false", cursor=page["next_cursor"], **parameters
        )
        titles += [task["title"] for task in page["tasks"]]
    return titles


def test_a_term_that_all_have_is_paged(server, rich):
    wait_for_index(server)
    titles = [f"Common number {number}" for number in range(1, MANY + 1)]
    first = rich.list_tasks(V1, search="COMMON", limit=20)
    assert [task["title"] for task in first["tasks"]] == titles[:20]
    assert first["total"] == MANY
    second = rich.list_tasks(V1, search="COMMON", limit=20, cursor=first["next_cursor"])
    assert [task["title"] for task in second["tasks"]] == titles[20:40]
    assert pages(rich, search="common") == titles
    assert pages(rich, search="common", sort_order="desc") == titles[::-1]
    assert pages(rich, search="common", sort_by="title") == sorted(titles)
    assert find(rich, "common", limit=20, skip=MANY - 5) == titles[-5:]
    assert find(rich, "common", limit=3, sort_order="desc") == titles[:-4:-1]
    assert find(rich, "common", limit=3, sort_by="title") == sorted(titles)[:3]


def test_a_term_that_few_have_is_found_among_many(server, rich):
    wait_for_index(server)
    assert find(rich, "number 777") == ["Common number 777"]
    assert find(rich, "mber 1200") == ["Common number 1200"]
    assert find(rich, "absent") == []


def test_a_task_is_found_when_its_create_is_answered(server, rich):
    wait_for_index(server)
    for number in range(20):
        rich.create_task(title=f"Fresh {number}x")
        assert find(rich, f"fresh {number}x") == [f"Fresh {number}x"]
    assert len(find(rich, "FRESH")) == 20


@pytest.mark.parametrize("wait", [True, False], ids=["indexed", "outstanding"])
def test_changes_and_deletions_show_at_once(server, rich, wait):
    wait_for_index(server)
    task = rich.create_task(title="Alpha", description="Beta")
    if wait:
        wait_for_index(server)
    rich.patch(V1.task(task["id"]), json={"title": "Gamma", "description": None})
    assert find(rich, "gamma") == ["Gamma"]
    assert find(rich, "alpha") == find(rich, "beta") == []
    if wait:
        wait_for_index(server)
        assert find(rich, "gamma") == ["Gamma"]
    rich.delete(V1.task(task["id"]))
    assert find(rich, "gamma") == []


@pytest.mark.sqlite
def test_a_deleted_task_leaves_the_index(server, rich):
    task = rich.create_task(title="Unique words")
    wait_for_index(server)
    rich.delete(V1.task(task["id"]))
    wait_for_index(server)
    assert query(server, f"SELECT count(*) FROM task_search WHERE rowid = {task['id']}") == [(0,)]


@pytest.mark.parametrize(
    ("title", "search"),
    [
        ("Straße fegen", "STRASSE"),
        ("STRASSE fegen", "straße"),
        ("İstanbul gezisi", "i̇stanbul"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("ﬁnal report", "FINAL"),
        ("café au lait", "CAFÉ"),
        ('say "hello" twice', '"hello"'),
        ('a"""b', '"""'),
        ("100% done", "00%"),
        ("snake_case", "e_c"),
        ("x AND y OR z", "AND y OR"),
        ("NEAR(this)", "near("),
        ("star*", "tar*"),
        ("it's", "t's"),
        ("back\\slash", "k\\s"),
        ("日本語の仕事", "日本語"),
        ("任務", "任"),
        ("😀😀😀 mood", "😀😀😀"),
        ("tab\there", "b\th"),
        ("Qz", "qZ"),
    ],
)
def test_letters_fold_and_signs_are_literal(server, rich, title, search):
    rich.create_task(title=title)
    assert find(rich, search) == [title], "not indexed yet"
    wait_for_index(server)
    assert find(rich, search) == [title], "indexed"


@pytest.mark.parametrize(
    "search", ["%%%", "___", "***", '""', "' OR 1=1 --", "NOT common", "xyz OR"]
)
def test_operators_find_nothing(server, rich, search):
    wait_for_index(server)
    assert find(rich, search) == []


def test_a_match_does_not_span_title_and_description(server, rich):
    rich.create_task(title="one", description="two")
    wait_for_index(server)
    assert find(rich, "one\ntwo") == []
    assert find(rich, "two") == ["one"]


def test_a_search_combines_with_other_filters(server, rich):
    rich.create_task(title="Common and urgent", priority="high", tags=["now"])
    wait_for_index(server)
    assert find(rich, "common", priority="high") == ["Common and urgent"]
    assert find(rich, "common", tags="now", status="todo") == ["Common and urgent"]
    assert find(rich, "common", completed=True) == []


def test_nobody_elses_tasks_are_found(server, rich, bert, admin):
    rich.create_task(title="Private matter")
    wait_for_index(server)
    assert find(bert, "private matter") == []
    assert find(admin, "private matter") == ["Private matter"]

"""Imports: what an export wrote, read back."""

from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from support.api import ABSENT, V1, assert_error, assert_invalid, register
from support.server import BINARY


@pytest.fixture
def server(shared_server):
    return shared_server


PATH = "/api/v1/tasks/import"
EXPORT = "/api/v1/tasks/export"
OWN = ("id", "user_id", "updated_at", "version")  # what a copy has of its own


def send(caller, data, **query):
    content = data.encode() if isinstance(data, str) else data
    headers = {"Content-Type": "text/csv"}
    return caller.post(PATH, params=query, content=content, headers=headers)


def imported(caller, data, **query):
    answer = send(caller, data, **query)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert set(result) == {"created", "valid", "failed", "errors", "dry_run"}
    assert all(set(error) == {"row", "field", "message"} for error in result["errors"])
    return result


def places(result):
    return [(error["row"], error["field"]) for error in result["errors"]]


def all_tasks(caller):
    return caller.get(f"{EXPORT}.json").json()


def titles(caller):
    return [task["title"] for task in all_tasks(caller)]


def test_what_export_writes_import_reads_back_identically(anna, bert):
    for text in ("=1+1", "+1", "-1", "@x", "'=1", "'tis", "''", 'say "so"', "a,b;c", "\u2603"):
        anna.create_task(
            title=text,
            description=f"\t{text}\r\n  {text} \n",
            tags=[text, "a,b", '"'],
            city=text,
            due_date="2031-01-02",
            status="done",
            priority="high",
            assigned_user_id=bert.id,
        )
    anna.create_task(description="")
    anna.create_task(description=None, status="in_progress")
    exported = anna.get(f"{EXPORT}.csv").content
    result = imported(bert, exported)
    assert result == {"created": 12, "valid": 12, "failed": 0, "errors": [], "dry_run": False}

    def copies(caller):
        return [
            {name: value for name, value in task.items() if name not in OWN}
            for task in all_tasks(caller)
        ]

    assert copies(bert) == copies(anna)
    assert {task["user_id"] for task in all_tasks(bert)} == {bert.id}


def test_a_file_may_come_as_a_form(anna):
    files = {"other": "x", "file": ("tasks.csv", "title\nFrom a form\n", "text/csv")}
    answer = anna.post(PATH, files=files)
    assert answer.json()["created"] == 1
    assert titles(anna) == ["From a form"]


def test_a_dry_run_checks_all_and_changes_nothing(anna):
    result = imported(anna, "title,priority\nA,low\nB,urgent\nC,high\n", dry_run="true")
    assert (result["created"], result["valid"], result["failed"]) == (0, 2, 1)
    assert places(result) == [(3, "priority")]
    assert result["dry_run"] is True
    assert all_tasks(anna) == []


def test_columns_come_in_any_order_and_unknown_ones_are_passed_over(anna):
    imported(anna, "Color,PRIORITY, title ,id\nred,low,A,77\n")
    (task,) = all_tasks(anna)
    assert (task["title"], task["priority"]) == ("A", "low")
    assert task["id"] != 77


def test_bad_rows_are_told_by_line_and_the_others_kept(anna):
    rows = [
        "title,status,completed,due_date,tags,assigned_user_id",
        '"two\nlines",todo,,,,',
        ",todo,,,,",
        "A,lost,maybe,2031-02-30,,",
        "B,done,false,,,",
        f"C,,,,,{ABSENT}",
        'D,,,,"[""open"",",',
        "E,,,,,,too,many",
        "F,,,,,",
    ]
    result = imported(anna, "\r\n".join(rows))
    assert titles(anna) == ["two\nlines", "F"]
    assert (result["created"], result["failed"]) == (2, 6)
    assert sorted(places(result)) == [
        (4, "title"),
        (5, "completed"),
        (5, "due_date"),
        (5, "status"),
        (6, "completed"),
        (7, "assigned_user_id"),
        (8, "tags"),
        (9, "row"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_line_ends_and_a_byte_order_mark_make_no_difference(anna, end):
    imported(anna, "\ufefftitle,city" + end + "A,Oslo" + end + end + "B,Rome")
    assert [(task["title"], task["city"]) for task in all_tasks(anna)] == [
        ("A", "Oslo"),
        ("B", "Rome"),
    ]


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        (b"\xff\xfe", "title"),
        (b"a\0b", "title"),
        (b"x" * 101, "title"),
        (b'"' + b"x" * 300000 + b'"', "row"),
        (b"," * 1000, "row"),
    ],
    ids=["no UTF-8", "NUL", "long title", "long row", "many cells"],
)
def test_a_hostile_row_is_refused_alone(anna, cell, field):
    result = imported(anna, b"title\nA\n" + cell + b"\nB\n")
    assert places(result) == [(3, field)]
    assert titles(anna) == ["A", "B"]


@pytest.mark.parametrize("size", [10, 3000000])
def test_a_quote_that_is_not_closed_ends_the_file(anna, size):
    result = imported(anna, b'title\nA\n"' + b"x" * size)
    assert places(result) == [(3, "row")]
    assert titles(anna) == ["A"]


def test_strict_keeps_all_or_none(anna):
    good = "title\n" + "".join(f"Task {i}\n" for i in range(1000))
    result = imported(anna, good + " \n" + '""\n', mode="strict")
    assert (result["created"], result["failed"]) == (0, 1)
    assert all_tasks(anna) == []
    assert imported(anna, good, mode="strict")["created"] == 1000
    assert len(all_tasks(anna)) == 1000


@pytest.mark.parametrize(
    "data", ["", "\n\n", "name,priority\nA,low\n", "title,title\n", "\0\1\2", '"title']
)
@pytest.mark.parametrize("query", [{}, {"dry_run": "true"}, {"mode": "strict"}], ids=str)
def test_what_is_no_such_file_is_refused(anna, data, query):
    assert_invalid(send(anna, data, **query), V1, "file")
    assert all_tasks(anna) == []


def test_other_bodies_and_queries_are_refused(anna, guest):
    assert_invalid(anna.post(PATH, json={"title": "A"}), V1, "file")
    assert_invalid(anna.post(PATH, files={"other": ("a.csv", "title\nA\n")}), V1, "file")
    assert_invalid(send(anna, "title\nA\n", dry_run="perhaps", mode="loose"), V1, "dry_run", "mode")
    assert_error(send(guest, "title\nA\n"), V1, 401)
    assert all_tasks(anna) == []


def test_many_mistakes_are_told_within_bounds(anna):
    result = imported(anna, "title,priority\n" + "A,urgent\n" * 5000)
    assert result["failed"] == 5000
    assert len(result["errors"]) == 1000


def memory_of(server):
    """What the server has allocated, in MB; pages of the database file are the system's cache."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    allocated = next(line for line in text.splitlines() if line.startswith("RssAnon"))
    return int(allocated.split()[1]) / 1024


@contextmanager
def watched_memory(server):
    """Gives a list that has, at the end, the most memory that the server was seen to have."""
    peak = [memory_of(server)]
    done = Event()

    def watch():
        while not done.wait(0.005):
            peak[0] = max(peak[0], memory_of(server))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


@pytest.mark.parametrize("mode", ["lenient", "strict"])
def test_many_rows_need_little_memory(server, anna, mode):
    if "asan" in BINARY.parts:
        pytest.skip("a sanitizer needs memory of its own")
    # PostgreSQL keeps every version that a long transaction makes of the row of totals.
    count = 20_000 if server.database.is_postgres else 100_000
    before = memory_of(server)
    rows = "".join(f'Task {i},"some, text",high\n' for i in range(count))
    with watched_memory(server) as peak:
        result = imported(anna, f"title,description,priority\n{rows}", mode=mode)
        exported = anna.get(f"{EXPORT}.csv").content
    assert result["created"] == count
    assert len(exported) > 100 * count
    assert peak[0] - before < 64
    assert anna.list_tasks(V1, limit=1)["total"] == count


def test_imports_count_as_uploads(start_server):
    anna = register(start_server(RATE_LIMIT_UPLOAD_PER_HOUR=2), "anna")
    for _ in range(2):
        assert send(anna, "title\nT\n").status_code == 200
    refused = send(anna, "title\nT\n")
    assert_error(refused, V1, 429)
    assert int(refused.headers["Retry-After"]) > 0
    assert anna.list_tasks(V1)["total"] == 2

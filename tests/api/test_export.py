"""Exports: all matching tasks as CSV or JSON, whatever their number."""

import csv
import io

import pytest
from support.api import V1, assert_error, assert_invalid, register
from support.raw import RawConnection, request_bytes
from support.tasks import add_tasks


@pytest.fixture
def server(shared_server):
    return shared_server


CSV = "/api/v1/tasks/export.csv"
JSON = "/api/v1/tasks/export.json"
PATHS = pytest.mark.parametrize("path", [CSV, JSON])


def rows_of(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_csv_has_a_column_for_each_field(anna):
    task = anna.create_task(
        description='Say "so",\r\nthen', tags=["a,b", "c"], due_date="2031-01-02"
    )
    answer = anna.get(CSV)
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="tasks.csv"'
    (row,) = rows_of(answer)
    assert list(row) == list(task)
    assert row["id"] == str(task["id"])
    assert row["description"] == task["description"]
    assert row["tags"] == '["a,b","c"]'
    assert row["due_date"] == "2031-01-02"
    assert row["completed"] == "false"
    assert row["city"] == row["completed_at"] == ""
    assert row["created_at"] == task["created_at"]


def test_json_is_a_list_of_the_tasks(anna):
    tasks = [anna.create_task(title=f"Task {i}") for i in range(3)]
    answer = anna.get(JSON)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="tasks.json"'
    assert answer.json() == tasks


def test_nothing_is_exported_where_there_is_nothing(anna):
    assert anna.get(JSON).json() == []
    assert rows_of(anna.get(CSV)) == []
    assert anna.get(CSV).text.startswith("id,title,")


def test_filters_and_sorting_are_those_of_the_list(anna):
    for title, priority in (("a", "low"), ("b", "high"), ("c", "high")):
        anna.create_task(title=title, priority=priority)
    query = {"priority": "high", "sort_by": "title", "sort_order": "desc"}
    assert [row["title"] for row in rows_of(anna.get(CSV, params=query))] == ["c", "b"]
    assert [task["title"] for task in anna.get(JSON, params=query).json()] == ["c", "b"]


@PATHS
def test_paging_has_no_effect(anna, path):
    for i in range(3):
        anna.create_task(title=f"Task {i}")
    assert anna.get(path, params={"limit": 1, "skip": 1}).text == anna.get(path).text


@PATHS
def test_a_bad_query_is_an_error_not_a_broken_file(anna, bert, path):
    answer = anna.get(path, params={"status": "lost", "sort_by": "luck"})
    assert_invalid(answer, V1, "status", "sort_by")
    assert_error(anna.get(path, params={"user_id": bert.id}), V1, 403)


@PATHS
def test_a_guest_exports_nothing(guest, path):
    assert_error(guest.get(path), V1, 401)


@PATHS
def test_head_has_the_headers_alone(anna, path):
    anna.create_task()
    answer = anna.head(path)
    assert answer.status_code == 200
    assert answer.content == b""


def test_a_user_exports_their_own_tasks(anna, bert, admin):
    anna.create_task(title="Anna's")
    bert.create_task(title="Bert's")
    assert [task["title"] for task in anna.get(JSON).json()] == ["Anna's"]
    assert admin.get(JSON).json() == []
    assert [task["title"] for task in admin.get(JSON, params={"user_id": bert.id}).json()] == [
        "Bert's"
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''=1"], ids=["=", "+", "-", "@", "'=", "''="]
)
def test_a_formula_is_neutralised(anna, text):
    anna.create_task(title=text, description=f"\t{text}")
    (row,) = rows_of(anna.get(CSV))
    assert row["title"] == f"'{text}"
    assert row["description"] == f"'\t{text}"


def test_an_apostrophe_is_left_alone(anna):
    anna.create_task(title="'tis the season")
    assert rows_of(anna.get(CSV))[0]["title"] == "'tis the season"


@pytest.mark.parametrize("sorting", ["id", "title"])
def test_many_tasks_come_in_parts_and_whole(server, anna, sorting):
    add_tasks(server, anna.id, 5000)
    tasks = anna.get(JSON, params={"sort_by": sorting}).json()
    assert len({task["id"] for task in tasks}) == 5000
    keys = [(task[sorting], task["id"]) for task in tasks]
    assert keys == sorted(keys)
    assert len(rows_of(anna.get(CSV, params={"sort_by": sorting}))) == 5000


def test_a_client_that_leaves_hurts_nobody(server, anna):
    add_tasks(server, anna.id, 20000)
    for _ in range(5):
        with RawConnection(server) as connection:
            connection.send(request_bytes("GET", f"{CSV}?sort_by=title", token=anna.token))
            connection.stream.read(1000)
            connection.reset()
    assert anna.get("/health").status_code == 200


def test_a_client_that_has_finished_sending_gets_all(server, anna):
    add_tasks(server, anna.id, 5000)
    with RawConnection(server) as connection:
        connection.send(request_bytes("GET", f"{CSV}?sort_by=title", token=anna.token))
        answer = connection.finish_sending().read_answer()
    assert answer.status == 200
    assert answer.body.count(b"\r\n") == 5001


def test_a_stop_lets_an_export_finish(start_server):
    server = start_server()
    anna = register(server, "anna")
    add_tasks(server, anna.id, 5000)
    with RawConnection(server) as connection:
        connection.send(request_bytes("GET", CSV, token=anna.token))
        connection.stream.peek(1)
        server.signal(15)
        assert connection.read_answer().body.count(b"\r\n") == 5001
    assert server.wait() == 0


def test_head_of_an_export_has_no_body(anna):
    for _ in range(3):
        answer = anna.head("/api/v1/tasks/export.csv")
        assert answer.status_code == 200
        assert answer.content == b""

"""POST /api/upload-csv: tasks from a file in the words of the flask surface."""

import pytest
from support.api import V1
from support.flask import assert_flask_error, list_entries

PATH = "/api/upload-csv"
COLUMNS = "task_name,description,status,priority,created_at,assigned_user\n"


@pytest.fixture
def server(shared_server):
    return shared_server


def upload(caller, text, **query):
    return caller.post(PATH, params=query, files={"file": ("tasks.csv", text, "text/csv")})


def uploaded(caller, text, **query):
    answer = upload(caller, text, **query)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert set(result) == {"message", "created", "failed", "errors"}
    return result


def test_every_column_is_read(anna, bert):
    name = bert.user["username"]
    result = uploaded(
        anna,
        COLUMNS
        + f"First,Words,true,HIGH,04/01/2025,{name}\n"
        + f"Second,,False,low,2025-04-02,{name.upper()}\n"
        + "Third,,1,Medium,2025-04-03T10:00:00+02:00,\n",
    )
    assert result["message"] == "3 tasks uploaded successfully"
    assert (result["created"], result["errors"]) == (3, [])
    first, second, third = anna.list_tasks(V1)["tasks"]
    assert (first["title"], first["description"]) == ("First", "Words")
    assert (first["status"], second["status"], third["status"]) == ("todo", "done", "todo")
    assert [task["priority"] for task in (first, second, third)] == ["high", "low", "medium"]
    assert [task["created_at"] for task in (first, second, third)] == [
        "2025-04-01T00:00:00.000Z",
        "2025-04-02T00:00:00.000Z",
        "2025-04-03T08:00:00.000Z",
    ]
    assert [task["assigned_user_id"] for task in (first, second, third)] == [bert.id, bert.id, None]
    assert list_entries(anna)["total"] == 3


def test_good_rows_are_kept_and_bad_ones_told(anna):
    result = uploaded(
        anna,
        "priority,task_name,created_at,assigned_user,status\n"
        "HIGH,A,,,\n"
        "LOW,B,,,\n"
        "URGENT,C,,,\n"
        "LOW,D,13/01/2025,,\n"
        "LOW,E,,nobody at all,\n"
        "LOW,,,,perhaps\n"
        "LOW,F,1/2/2025,,\n",
    )
    assert result["message"] == "3 tasks uploaded successfully"
    assert (result["created"], result["failed"]) == (3, 4)
    assert sorted((error["row"], error["field"]) for error in result["errors"]) == [
        (4, "priority"),
        (5, "created_at"),
        (6, "assigned_user"),
        (7, "status"),
        (7, "task_name"),
    ]


def test_strict_keeps_all_or_none(anna):
    result = uploaded(anna, COLUMNS + "A,,,,,\nB,,,,,nobody\n", mode="strict")
    assert result["created"] == 0
    assert result["errors"][0]["row"] == 3
    assert list_entries(anna)["total"] == 0
    assert uploaded(anna, COLUMNS + "A,,,,,\nB,,,,,\n", mode="strict")["created"] == 2


@pytest.mark.parametrize(
    "text", ["", "\n", "title\nA\n", "\x89PNG\r\n\x1a\n\0\0", "task_name,task_name\n"]
)
def test_a_file_without_the_columns_is_400(anna, text):
    assert_flask_error(upload(anna, text), 400, "file: ")


def test_no_file_is_400(anna):
    assert_flask_error(anna.post(PATH), 400, "file")
    assert_flask_error(anna.post(PATH, json={"file": "A"}), 400, "file")
    assert_flask_error(anna.post(PATH, files={"files": ("a.csv", COLUMNS)}), 400, "file")
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert_flask_error(anna.post(PATH, content=b"--y\r\n", headers=broken), 400, "file")
    assert_flask_error(upload(anna, COLUMNS, mode="loose"), 400, "mode")


def test_a_guest_uploads_nothing(guest):
    assert_flask_error(upload(guest, COLUMNS), 401)

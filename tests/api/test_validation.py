"""Bodies that are wrong in one way or another: what is said about them, on both surfaces."""

import json

import pytest
from support.api import (
    CLASSIC,
    V1,
    assert_error,
    assert_invalid,
    assert_malformed,
)

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server(shared_server):
    return shared_server


def post_bytes(caller, surface, body):
    return caller.post(surface.tasks, content=body, headers=JSON)


def test_all_problems_are_reported_at_once(anna, surface):
    body = {
        "title": "",
        "description": 5,
        "status": "bogus",
        "priority": "urgent",
        "due_date": "2025-02-30",
        "tags": "home",
        "assigned_user_id": "bert",
    }
    assert_invalid(anna.post(surface.tasks, json=body), surface, *body)


# field, value, the type that pydantic gives the problem
WRONG_VALUES = [
    ("title", 5, "string_type"),
    ("title", None, "string_type"),
    ("title", ["x"], "string_type"),
    ("title", "", "string_too_short"),
    ("title", "   ", "string_too_short"),
    ("title", "x" * 101, "string_too_long"),
    ("description", True, "string_type"),
    ("description", "x" * 10_001, "string_too_long"),
    ("status", "bogus", "enum"),
    ("status", "DONE", "enum"),
    ("status", 1, "enum"),
    ("priority", "urgent", "enum"),
    ("priority", [], "enum"),
    ("completed", [], "bool_type"),
    ("completed", "maybe", "bool_parsing"),
    ("due_date", "tomorrow", "date_parsing"),
    ("due_date", [], "date_type"),
    ("tags", "home", "list_type"),
    ("tags", {"home": 1}, "list_type"),
    ("assigned_user_id", "bert", "int_parsing"),
    ("assigned_user_id", {}, "int_type"),
    ("city", 7, "string_type"),
]


@pytest.mark.parametrize(("field", "value", "kind"), WRONG_VALUES)
def test_a_wrong_value_is_named_with_what_is_wrong(anna, surface, field, value, kind):
    answer = anna.post(surface.tasks, json={"title": "Fine", field: value})
    assert_invalid(answer, surface, field, kind=kind)


def test_the_classic_answer_echoes_the_input(anna):
    status = 'bo"gus\\ \u0001 \N{SNOWMAN}'
    answer = anna.post(CLASSIC.tasks, json={"title": "Fine", "status": status})
    problem = answer.json()["detail"][0]
    assert problem["loc"] == ["body", "status"]
    assert problem["input"] == status


def test_a_missing_title_is_missing(anna, surface):
    assert_invalid(anna.post(surface.tasks, json={}), surface, "title", kind="missing")


def test_a_problem_inside_a_list_says_where(anna):
    answer = anna.post(CLASSIC.tasks, json={"title": "Fine", "tags": ["ok", 5]})
    assert answer.json()["detail"][0]["loc"] == ["body", "tags", 1]


MALFORMED = {
    "an open brace": b"{",
    "no value": b'{"title": }',
    "half a literal": b'{"title": nul}',
    "a word": b"title",
    "trailing words": b'{"title": "a"} b',
    "two bodies": b'{"title": "a"}{"title": "b"}',
    "a trailing comma": b'{"title": "a",}',
    "single quotes": b"{'title': 'a'}",
    "an open string": b'{"title": "a',
    "a bare line feed in a string": b'{"title": "a\nb"}',
    "a bad escape": b'{"title": "\\x41"}',
    "a comment": b'{"title": "a"} // b',
    "a number with a leading zero": b'{"title": "a", "other": 01}',
    "not a number": b'{"title": "a", "other": NaN}',
    "a duplicate key": b'{"title": "a", "title": "b"}',
    "a duplicate key by escape": b'{"title": "a", "t\\u0069tle": "b"}',
    "a duplicate unknown key": b'{"title": "a", "other": 1, "other": 2}',
    "100,000 open lists": b"[" * 100_000,
    "100,000 open objects": b'{"a":' * 100_000,
    "100,000 nested lists": b'{"title": "a", "tags": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "40 nested lists": b'{"title": "a", "other": ' + b"[" * 40 + b"]" * 40 + b"}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_json_is_said_to_be_malformed(anna, surface, body):
    assert_malformed(post_bytes(anna, surface, body), surface)


REFUSED = {
    "an empty body": b"",
    "white space": b" \n\t ",
    "invalid UTF-8": b'{"title": "\xff\xfe"}',
    "overlong UTF-8": b'{"title": "\xc0\xaf"}',
    "a surrogate as UTF-8": b'{"title": "\xed\xa0\x80"}',
    "a cut UTF-8 sequence": b'{"title": "\xe2\x98"}',
    "invalid UTF-8 in a key": b'{"title": "a", "\xff": 1}',
    "half a surrogate pair": b'{"title": "\\ud83d"}',
    "a NUL in a text": b'{"title": "a\\u0000b"}',
    "a NUL in a tag": b'{"title": "a", "tags": ["a\\u0000b"]}',
    "a NUL between tokens": b'{"title": "a"\0}',
    "an integer past 64 bits": b'{"title": "a", "assigned_user_id": 99999999999999999999999}',
    "an integer of 100,000 digits": b'{"title": "a", "assigned_user_id": ' + b"9" * 100_000 + b"}",
    "a number past all floats": b'{"title": "a", "assigned_user_id": 1e400}',
    "a fraction for an integer": b'{"title": "a", "assigned_user_id": 1.5}',
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_an_impossible_body_is_invalid(anna, surface, body):
    answer = post_bytes(anna, surface, body)
    code = answer.json()["error"]["code"] if surface is V1 else None
    assert code in (None, "VALIDATION_ERROR", "MALFORMED_BODY")
    assert_error(answer, surface, surface.invalid, code=code)
    assert anna.list_tasks(surface)["total"] == 0


@pytest.mark.parametrize("body", [[], ["title"], "title", 5, True, None], ids=json.dumps)
def test_json_that_is_no_object_is_invalid(anna, surface, body):
    answer = post_bytes(anna, surface, json.dumps(body).encode())
    assert_error(answer, surface, surface.invalid)
    if surface is CLASSIC:
        assert answer.json()["detail"][0]["type"] == "model_attributes_type"


BAD_DATES = [
    "2025-02-30",
    "2025-02-29",
    "1900-02-29",
    "2025-04-31",
    "2025-13-01",
    "2025-00-10",
    "2025-01-00",
    "2025-1-2",
    "20250102",
    "25-01-02",
    "2025/01/02",
    "2025-01-02x",
    " 2025-01-02",
    "2025-01-02T10:00:00Z",
    "99999-01-01",
    "-2025-01-01",
    "0000-01-01",
    "\uff12\uff10\uff12\uff15-01-02",
    "",
]


@pytest.mark.parametrize("due_date", BAD_DATES)
def test_a_date_that_is_none_is_invalid(anna, surface, due_date):
    answer = anna.post(surface.tasks, json={"title": "Fine", "due_date": due_date})
    assert_invalid(answer, surface, "due_date", kind="date_parsing")


TAKEN = {
    "an unknown field": b'{"title": "Fine", "colour": "blue"}',
    "an unknown deep field": b'{"title": "Fine", "deep": ' + b"[" * 20 + b"]" * 20 + b"}",
    "white space around": b' \r\n\t{ "title" : "Fine" } \n',
    "an escaped title": b'{"title": "\\u0046\\u0069ne"}',
    "an unknown number": b'{"title": "Fine", "number": -1.5e10}',
}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN)
def test_an_unusual_but_right_body_is_taken(anna, surface, body):
    answer = post_bytes(anna, surface, body)
    assert answer.status_code == 201
    assert answer.json()["title"] == "Fine"


def test_a_surrogate_pair_is_one_character(anna, surface):
    body = b'{"title": "' + b"\\ud83d\\udd11" * 100 + b'"}'
    answer = post_bytes(anna, surface, body)
    assert answer.status_code == 201
    assert answer.json()["title"] == "\N{KEY}" * 100


@pytest.mark.parametrize("text", ['" \\ / \b \f \n \r \t', "\u007f\u0080\u2028\u2029\ufeff\uffff"])
def test_every_character_survives_the_way_there_and_back(anna, surface, text):
    answer = anna.post(surface.tasks, json={"title": "Fine", "description": text})
    assert answer.json()["description"] == text
    assert anna.read_task(answer.json()["id"])["description"] == text


@pytest.mark.parametrize("text", ["'; DROP TABLE tasks; --", "<script>alert(1)</script>", "%s%n$1"])
def test_text_is_only_ever_text(anna, surface, text):
    task = anna.create_task(title=text, description=text, tags=[text], city=text)
    found = anna.list_tasks(surface, search=text, tags=text.split(",")[0], city=text)
    assert found["tasks"] == [task]

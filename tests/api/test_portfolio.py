"""The portfolio surface: /user, /submit-task and /task, and the background task below /async."""

import pytest
from support.api import CLASSIC, UUID, Caller, assert_error, assert_invalid
from support.server import wait_until

pytestmark = pytest.mark.jobs

ACCOUNT = {
    "username": "pia",
    "password": "secret-123",
    "email": "pia@example.org",
    "full_name": "Pia",
}


@pytest.fixture
def pia(server, guest):
    assert guest.post("/user/register", json=ACCOUNT).status_code == 201
    form = {"username": "pia", "password": ACCOUNT["password"]}
    return Caller(server, guest.post("/user/login", data=form).json()["access_token"])


def submit(caller, operation="reverse", data="abc"):
    answer = caller.post("/submit-task", json={"operation": operation, "data": data})
    assert answer.status_code == 201, answer.text
    return answer.json()["task_id"]


def finished(caller, task_id):
    def over():
        progress = caller.get(f"/task/{task_id}").json()
        return progress if progress["status"] in ("Finished", "Failed") else None

    return wait_until(over, "the task to end")


def test_registering_answers_the_account(guest):
    answer = guest.post("/user/register", json=ACCOUNT)
    assert answer.status_code == 201
    assert answer.json()["username"] == "pia"
    assert "password" not in answer.text
    assert_error(guest.post("/user/register", json=ACCOUNT), CLASSIC, 409)


def test_a_bad_registration_is_told_as_fastapi_does(guest):
    answer = guest.post("/user/register", json={"username": "x"})
    assert_invalid(answer, CLASSIC, "username", "password")


def test_signing_in_answers_a_token_and_nothing_else(guest):
    guest.post("/user/register", json=ACCOUNT)
    answer = guest.post("/user/login", data={"username": "pia", "password": ACCOUNT["password"]})
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type"}
    assert answer.json()["token_type"] == "bearer"
    wrong = guest.post("/user/login", data={"username": "pia", "password": "wrong-password"})
    assert_error(wrong, CLASSIC, 401)


def test_sign_ins_are_limited(start_server):
    server = start_server(RATE_LIMIT_LOGIN_PER_MINUTE="3", RATE_LIMIT_REGISTER_PER_HOUR="2")
    guest = Caller(server)
    form = {"username": "pia", "password": "wrong-password"}
    assert [guest.post("/user/login", data=form).status_code for _ in range(4)] == [401] * 3 + [429]
    bodies = [ACCOUNT | {"username": f"pia{n}", "email": None} for n in range(3)]
    answers = [guest.post("/user/register", json=body).status_code for body in bodies]
    assert answers == [201, 201, 429]


def test_a_task_is_carried_out(pia, guest):
    answer = pia.post("/submit-task", json={"operation": "uppercase", "data": "straße"})
    assert answer.status_code == 201
    assert set(answer.json()) == {"task_id", "status"}
    assert answer.json()["status"] == "Queued"
    assert UUID.fullmatch(answer.json()["task_id"])
    assert finished(guest, answer.json()["task_id"]) == {"status": "Finished", "result": "STRASSE"}


def test_submitting_needs_a_token(guest):
    assert_error(
        guest.post("/submit-task", json={"operation": "reverse", "data": "x"}), CLASSIC, 401
    )


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"operation": "explode", "data": "x"}, ["operation"]),
        ({"operation": "background_task", "data": "x"}, ["operation"]),
        ({"data": "x"}, ["operation"]),
        ({"operation": "reverse"}, ["data"]),
        ({"operation": 1, "data": []}, ["operation", "data"]),
    ],
)
def test_a_bad_submission_is_422(pia, body, fields):
    assert_invalid(pia.post("/submit-task", json=body), CLASSIC, *fields)


def test_a_task_that_waits_has_an_empty_result(start_server):
    server = start_server(WORKERS="0")
    guest = Caller(server)
    guest.post("/user/register", json=ACCOUNT)
    form = {"username": "pia", "password": ACCOUNT["password"]}
    caller = Caller(server, guest.post("/user/login", data=form).json()["access_token"])
    task_id = submit(caller)
    assert guest.get(f"/task/{task_id}").json() == {"status": "Queued", "result": ""}
    assert caller.delete(f"/api/v1/jobs/{task_id}").status_code == 200
    assert guest.get(f"/task/{task_id}").json() == {"status": "Failed", "result": ""}


@pytest.mark.parametrize(
    "task_id", ["00000000-0000-4000-8000-000000000000", "7", "nonsense", "%20"]
)
def test_an_unknown_task_is_204(guest, task_id):
    answer = guest.get(f"/task/{task_id}")
    assert (answer.status_code, answer.content) == (204, b"")


def test_the_token_of_another_does_not_help(pia, bert, admin):
    task_id = submit(pia)
    assert bert.get(f"/task/{task_id}").status_code == 204
    assert admin.get(f"/task/{task_id}").status_code == 200
    assert pia.get(f"/task/{task_id}").status_code == 200


def test_errors_are_worded_as_fastapi_does(pia):
    assert pia.get("/submit-task").status_code == 405
    assert pia.post("/submit-task", content=b"{").json()["detail"][0]["type"] == "json_invalid"


def test_a_background_task_runs_after_the_answer(guest):
    answer = guest.post("/async/background-task")
    assert answer.status_code == 202
    assert set(answer.json()) == {"message", "task_id"}
    assert finished(guest, answer.json()["task_id"])["status"] == "Finished"


def test_the_surface_can_be_left_out(start_server):
    guest = Caller(start_server(API_SURFACES="v1,classic"))
    for path in ("/user/register", "/submit-task"):
        assert guest.post(path, json={}).status_code == 404

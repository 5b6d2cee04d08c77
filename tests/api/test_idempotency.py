"""Idempotency-Key: a request sent again is not carried out again."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from support.api import PASSWORD, V1, Caller, assert_error, register, register_next
from support.server import wait_until


@pytest.fixture
def server(shared_server):
    return shared_server


KEY = {"Idempotency-Key": "9f1b"}


def replayed(answer):
    return answer.headers.get("Idempotent-Replayed") == "true"


def test_a_repeated_create_answers_the_same_task(anna, surface):
    first = anna.post(surface.tasks, json={"title": "Once"}, headers=KEY)
    again = anna.post(surface.tasks, json={"title": "Once"}, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert not replayed(first)
    assert replayed(again)
    assert again.json() == first.json()
    for header in ("Location", "ETag", "Content-Type"):
        assert again.headers[header] == first.headers[header]
    assert anna.list_tasks(surface)["total"] == 1


def test_an_answer_is_kept_as_it_was(anna, surface):
    first = anna.post(surface.tasks, json={"title": "Once"}, headers=KEY)
    anna.patch(surface.task(first.json()["id"]), json={"title": "Changed"})
    assert anna.post(surface.tasks, json={"title": "Once"}, headers=KEY).json() == first.json()


def test_a_repeated_patch_changes_once(anna, surface):
    task = anna.create_task(title="Old")
    change = {"title": "New"}
    first = anna.patch(surface.task(task["id"]), json=change, headers=KEY)
    again = anna.patch(surface.task(task["id"]), json=change, headers=KEY)
    assert first.json()["version"] == again.json()["version"] == 2
    assert replayed(again)


def test_a_repeated_patch_is_replayed_though_its_condition_no_longer_holds(anna, surface):
    task = anna.create_task(title="Old")
    headers = KEY | {"If-Match": '"1"'}
    assert anna.patch(surface.task(task["id"]), json={"title": "New"}, headers=headers).is_success
    again = anna.patch(surface.task(task["id"]), json={"title": "New"}, headers=headers)
    assert again.status_code == 200
    assert replayed(again)


@pytest.mark.parametrize("other", [{"title": "Two"}, {"title": "One", "priority": "high"}, {}])
def test_the_key_of_another_body_is_422(anna, surface, other):
    anna.post(surface.tasks, json={"title": "One"}, headers=KEY)
    answer = anna.post(surface.tasks, json=other, headers=KEY)
    assert answer.status_code in (422, surface.invalid)
    assert anna.list_tasks(surface)["total"] == 1


def test_the_key_of_another_path_is_422(anna, surface):
    anna.post(surface.tasks, json={"title": "One"}, headers=KEY)
    answer = anna.patch(surface.task(1), json={"title": "One"}, headers=KEY)
    assert answer.status_code == 422


def test_keys_of_two_users_never_meet(anna, bert, surface):
    first = anna.post(surface.tasks, json={"title": "Mine"}, headers=KEY)
    second = bert.post(surface.tasks, json={"title": "Mine"}, headers=KEY)
    assert not replayed(second)
    assert second.json()["id"] != first.json()["id"]


def test_two_keys_make_two_tasks(anna, surface):
    for key in ("a", "b"):
        anna.post(surface.tasks, json={"title": "T"}, headers={"Idempotency-Key": key})
    assert anna.list_tasks(surface)["total"] == 2


def test_a_refused_request_may_be_sent_again_with_its_key(anna, surface):
    assert_error(anna.post(surface.tasks, json={}, headers=KEY), surface, surface.invalid)
    answer = anna.post(surface.tasks, json={"title": "Good now"}, headers=KEY)
    assert answer.status_code == 201
    assert not replayed(answer)


def test_a_request_refused_by_a_rule_keeps_nothing(anna, surface):
    body = {"title": "T", "assigned_user_id": 424242}
    for _ in range(2):
        answer = anna.post(surface.tasks, json=body, headers=KEY)
        assert_error(answer, surface, surface.invalid)
        assert not replayed(answer)


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "tab\there"])
def test_a_key_must_be_sane(anna, surface, key):
    answer = anna.post(surface.tasks, json={"title": "T"}, headers={"Idempotency-Key": key})
    assert_error(answer, surface, surface.invalid)
    assert anna.list_tasks(surface)["total"] == 0


def test_reads_and_deletes_pass_over_the_key(anna, surface):
    task = anna.create_task(title="T")
    for _ in range(2):
        assert not replayed(anna.get(surface.task(task["id"]), headers=KEY))
    assert anna.delete(surface.task(task["id"]), headers=KEY).status_code == 204
    assert anna.delete(surface.task(task["id"]), headers=KEY).status_code == 404


def test_a_registration_is_made_once(server, guest):
    body = {"username": "registered_once", "password": PASSWORD}
    first = guest.post(V1.auth("register"), json=body, headers=KEY)
    again = guest.post(V1.auth("register"), json=body, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert replayed(again)
    assert again.json() == first.json()


def test_a_login_is_always_new(server, guest):
    carla = register_next(server, "carla")
    body = {"username": carla.user["username"], "password": PASSWORD}
    for _ in range(2):
        assert not replayed(guest.post(V1.auth("login"), json=body, headers=KEY))


def test_many_at_once_with_one_key_make_one_task(anna, surface):
    def create(_):
        return anna.post(surface.tasks, json={"title": "One"}, headers=KEY)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(create, range(64)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(set(made)) == 1
    assert sum(not replayed(answer) for answer in answers if answer.status_code == 201) == 1
    assert anna.list_tasks(surface)["total"] == 1


def test_an_answer_outlives_a_crash(start_server):
    server = start_server()
    anna = register(server, "anna")
    first = anna.post("/tasks", json={"title": "Once"}, headers=KEY)
    server.kill()
    server = start_server(folder=server.folder)
    again = type(anna)(server, anna.token).post("/tasks", json={"title": "Once"}, headers=KEY)
    assert replayed(again)
    assert again.json() == first.json()


def test_a_key_is_forgotten_after_a_day(start_server):
    server = start_server()
    anna = register(server, "anna")
    first = anna.post("/tasks", json={"title": "Once"}, headers=KEY)
    database = server.database
    database.execute("UPDATE idempotency_keys SET created_at = created_at - 86400000001")
    second = anna.post("/tasks", json={"title": "Once"}, headers=KEY)
    assert not replayed(second)
    assert second.json()["id"] != first.json()["id"]
    anna.post("/tasks", json={"title": "More"}, headers={"Idempotency-Key": "other"})
    assert database.query("SELECT count(*) FROM idempotency_keys") == [(2,)]


# Bodies that are read while they arrive.

NOTE = b"water, soil and light\n"
IMPORT = "/api/v1/tasks/import"
ROWS = "title,priority\nA,low\nB,urgent\nC,high\n"


def upload(caller, surface, task_id, content=NOTE, name="note.txt", field="file", key=KEY):
    path = f"{surface.task(task_id)}/files"
    return caller.post(path, files={field: (name, content)}, headers=key)


def files_of(caller, task_id):
    return caller.get(f"{V1.task(task_id)}/files").json()


def send_csv(caller, text, **query):
    headers = KEY | {"Content-Type": "text/csv"}
    return caller.post(IMPORT, params=query, content=text, headers=headers)


def begin_upload(server, caller, task_id, length, sent):
    """An upload with the key whose client has sent only the beginning of its body."""
    connection = socket.create_connection((server.host, server.port), timeout=60)
    head = (
        f"POST /tasks/{task_id}/files HTTP/1.1\r\nHost: x\r\nIdempotency-Key: 9f1b\r\n"
        f"Authorization: Bearer {caller.token}\r\n"
        f"Content-Type: multipart/form-data; boundary=xyz\r\nContent-Length: {length}\r\n\r\n"
    )
    connection.sendall(head.encode() + sent)
    return connection


def stored(server):
    """The names in the folder of files."""
    folder = Path(server.folder) / "uploads"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def has_scratch_file(server):
    """Whether the server has a file open that is in its folder under no name."""
    for descriptor in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if ".part (deleted)" in str(descriptor.readlink()):
                return True
    return False


def form(content, name=b"note.txt"):
    return (
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name
        + content
        + b"\r\n--xyz--\r\n"
    )


@pytest.mark.parametrize("content", [b"", NOTE, NOTE * 150_000], ids=["empty", "small", "large"])
def test_a_repeated_upload_is_one_file(server, anna, surface, content):
    task = anna.create_task()
    before = stored(server)
    answers = [upload(anna, surface, task["id"], content) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert [replayed(answer) for answer in answers] == [False, True, True]
    bodies = [answer.request.headers["content-type"] for answer in answers]
    assert len(set(bodies)) == 3, "each has a boundary of its own"
    assert {answer.text for answer in answers} == {answers[0].text}
    assert {answer.headers["location"] for answer in answers} == {answers[0].headers["location"]}
    assert [file["id"] for file in files_of(anna, task["id"])] == [answers[0].json()["id"]]
    assert len(stored(server) - before) == 1


@pytest.mark.parametrize(
    ("content", "name", "field", "to_other_task"),
    [
        (NOTE + b"!", "note.txt", "file", False),
        (NOTE[:-1], "note.txt", "file", False),
        (b"", "note.txt", "file", False),
        (NOTE, "other.txt", "file", False),
        (NOTE, "note.txt", "other", False),
        (NOTE, "note.txt", "file", True),
    ],
    ids=["longer", "shorter", "empty", "name", "field", "task"],
)
def test_the_key_of_another_upload_is_422(anna, surface, content, name, field, to_other_task):
    task, other = anna.create_task(), anna.create_task()
    assert upload(anna, surface, task["id"]).status_code == 201
    target = other if to_other_task else task
    answer = upload(anna, surface, target["id"], content, name, field)
    assert answer.status_code == 422
    assert not replayed(answer)
    assert len(files_of(anna, task["id"])) == 1
    assert files_of(anna, other["id"]) == []
    assert replayed(upload(anna, surface, task["id"]))


def test_what_is_in_the_other_parts_of_a_form_counts_too(anna):
    task = anna.create_task()
    path = f"{V1.task(task['id'])}/files"

    def send(**fields):
        files = {"file": ("note.txt", NOTE)}
        return anna.post(path, data=fields, files=files, headers=KEY)

    assert send(about="light").status_code == 201
    assert replayed(send(about="light"))
    assert send(about="water").status_code == 422
    assert send().status_code == 422


def test_a_body_of_another_kind_is_422(anna, surface):
    task = anna.create_task()
    assert upload(anna, surface, task["id"]).status_code == 201
    path = f"{surface.task(task['id'])}/files"
    for kind in ("application/json", "text/csv", "multipart/form-data; boundary=abc"):
        answer = anna.post(path, content=form(NOTE), headers=KEY | {"Content-Type": kind})
        assert answer.status_code == 422
    assert anna.post(surface.tasks, json={"title": "T"}, headers=KEY).status_code == 422
    assert len(files_of(anna, task["id"])) == 1


def test_a_second_upload_with_a_running_key_is_409_at_once(server, anna, surface):
    task = anna.create_task()
    body = form(NOTE * 10_000)
    before = stored(server)
    first = begin_upload(server, anna, task["id"], len(body), body[:200_000])
    wait_until(lambda: stored(server) - before, "the upload to begin")
    assert_error(upload(anna, surface, task["id"]), surface, 409)
    first.sendall(body[200_000:])
    assert first.recv(65536).startswith(b"HTTP/1.1 201")
    first.close()
    assert len(files_of(anna, task["id"])) == 1


def test_many_uploads_at_once_with_one_key_make_one_file(server, anna, surface):
    task = anna.create_task()
    before = stored(server)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: upload(anna, surface, task["id"], NOTE * 5000), range(24))
        )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 and not replayed(answer) for answer in answers) == 1
    assert len(files_of(anna, task["id"])) == 1
    assert len(stored(server) - before) == 1


def test_an_upload_that_was_refused_or_broken_off_keeps_nothing(server, anna, surface):
    task = anna.create_task()
    assert_error(upload(anna, surface, task["id"], NOTE, "note.png"), surface, 400)
    body = form(NOTE * 1000)
    begin_upload(server, anna, task["id"], len(body), body[:5000]).close()

    def try_again():
        answer = upload(anna, surface, task["id"])
        return answer if answer.status_code != 409 else None

    answer = wait_until(try_again, "the key to be free")
    assert answer.status_code == 201
    assert not replayed(answer)
    assert len(files_of(anna, task["id"])) == 1


def test_a_repeated_upload_that_is_too_large_is_413(start_server):
    anna = register(start_server(MAX_UPLOAD_SIZE=1000), "anna")
    task = anna.create_task()
    assert upload(anna, V1, task["id"]).status_code == 201
    assert_error(upload(anna, V1, task["id"], b"x" * 100_000), V1, 413)
    assert replayed(upload(anna, V1, task["id"]))


def test_the_answer_to_an_upload_outlives_a_crash(start_server):
    server = start_server()
    anna = register(server, "anna")
    task = anna.create_task()
    first = upload(anna, V1, task["id"])
    server.kill()
    again = upload(Caller(start_server(folder=server.folder), anna.token), V1, task["id"])
    assert replayed(again)
    assert again.json() == first.json()


@pytest.mark.parametrize("query", [{}, {"mode": "strict"}, {"dry_run": "true"}], ids=str)
@pytest.mark.parametrize("rows", [ROWS, "title\n" + "T\n" * 1000], ids=["bad", "good"])
def test_a_repeated_import_is_carried_out_once(anna, query, rows):
    without_key = {"Content-Type": "text/csv"}
    plain = anna.post(IMPORT, params=query, content=rows, headers=without_key)
    before = anna.list_tasks(V1)["total"]
    assert before == plain.json()["created"]
    first = send_csv(anna, rows, **query)
    again = send_csv(anna, rows, **query)
    assert first.status_code == again.status_code == 200
    assert not replayed(first)
    assert replayed(again)
    assert plain.json() == first.json() == again.json(), (
        "the key changes nothing but the repetition"
    )
    assert anna.list_tasks(V1)["total"] == 2 * before


def test_the_key_of_another_import_is_422(anna):
    assert send_csv(anna, ROWS).status_code == 200
    assert send_csv(anna, ROWS + "D,low\n").status_code == 422
    assert send_csv(anna, ROWS, mode="strict").status_code == 422
    assert anna.post(IMPORT, files={"file": ("a.csv", ROWS)}, headers=KEY).status_code == 422
    assert anna.list_tasks(V1)["total"] == 2


def test_an_import_as_a_form_is_repeated(anna):
    for expected in (False, True):
        answer = anna.post(IMPORT, files={"file": ("tasks.csv", ROWS)}, headers=KEY)
        assert answer.json()["created"] == 2
        assert replayed(answer) is expected
    assert anna.list_tasks(V1)["total"] == 2


def test_an_import_that_is_no_such_file_keeps_nothing(anna):
    assert_error(send_csv(anna, "name\nA\n"), V1, 400)
    answer = send_csv(anna, ROWS)
    assert answer.status_code == 200
    assert not replayed(answer)


def test_a_csv_upload_of_the_flask_surface_is_repeated(anna):
    files = {"file": ("tasks.csv", "task_name\nA\nB\n", "text/csv")}
    first, again = (anna.post("/api/upload-csv", files=files, headers=KEY) for _ in range(2))
    assert replayed(again)
    assert first.json() == again.json()
    assert first.json()["created"] == 2
    assert anna.list_tasks(V1)["total"] == 2


def test_an_import_with_a_key_that_a_crash_cut_off_is_there_once(start_server):
    """Without a key its rows are stored as they come; with one they are there with the answer."""
    server = start_server()
    anna = register(server, "anna")
    rows = "title\n" + "".join(f"Task {i}\n" for i in range(5000))
    connection = socket.create_connection((server.host, server.port), timeout=60)
    head = (
        f"POST {IMPORT} HTTP/1.1\r\nHost: x\r\nIdempotency-Key: 9f1b\r\n"
        f"Authorization: Bearer {anna.token}\r\nContent-Type: text/csv\r\n"
        f"Content-Length: {len(rows)}\r\n\r\n"
    )
    connection.sendall(head.encode() + rows[: len(rows) // 2].encode())
    wait_until(lambda: has_scratch_file(server), "the import to begin")
    server.kill()
    connection.close()
    server = start_server(folder=server.folder)
    anna = Caller(server, anna.token)
    assert anna.list_tasks(V1)["total"] == 0
    assert send_csv(anna, rows).json()["created"] == 5000
    assert replayed(send_csv(anna, rows))
    assert anna.list_tasks(V1)["total"] == 5000
    assert list((Path(server.folder) / "uploads").iterdir()) == []

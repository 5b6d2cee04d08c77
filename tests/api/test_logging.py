"""The access log and the application log: what a line holds, where it goes, what never enters it."""

import json
import os
import re
import signal
import threading

import pytest
from support.api import Caller, register
from support.raw import exchange, request_bytes
from support.server import wait_until

SECRETS = ("S3cret-of-anna", "N3w-secret-of-anna", "Wr0ng-guess")


def lines_with(path, words):
    text = path.read_text(errors="replace") if path.exists() else ""
    return [line for line in text.splitlines() if words in line]


def line_with(path, words):
    """The one line with these words; the log is written in the background, so wait for it."""
    found = wait_until(lambda: lines_with(path, words), f"a log line with {words}")
    assert len(found) == 1, found
    return found[0]


def outputs(server):
    return [server.folder / "server.stdout", server.folder / "app.log"]


def get(caller, path, request_id):
    return caller.get(path, headers={"X-Request-ID": request_id})


def test_a_text_line_says_who_asked_what_and_got_what(server, anna):
    get(anna, "/tasks?limit=5", "log-test-1")
    for output in outputs(server):
        line = line_with(output, "log-test-1")
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", line)
        assert re.search(r"\binfo\b", line, re.IGNORECASE)
        assert "GET" in line
        assert "/tasks" in line
        assert "200" in line
        assert re.search(rf"\buser[=: ]*({anna.id}|anna)\b", line)
        assert re.search(r"duration_ms[=: ]*\d", line)


def test_a_json_line_says_the_same_in_fields(start_server):
    server = start_server(LOG_FORMAT="json")
    anna = register(server, "anna")
    get(anna, "/tasks", "log-test-2")
    for output in outputs(server):
        line = json.loads(line_with(output, "log-test-2"))
        assert line["level"].lower() == "info"
        assert line["request_id"] == "log-test-2"
        assert line["user"] in (anna.id, "anna")
        assert line["method"] == "GET"
        assert line["path"].startswith("/tasks")
        assert line["status"] == 200
        assert line["duration_ms"] >= 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])


def test_every_line_of_a_json_log_is_json(start_server):
    server = start_server(LOG_FORMAT="json")
    guest = Caller(server)
    exchange(server, request_bytes("GET", '/"quoted"\\%0a%22\xff', "Connection: close"))
    guest.post("/tasks", content=b"{")
    server.stop()
    lines = (server.folder / "app.log").read_text().splitlines()
    assert len(lines) >= 3
    assert all(isinstance(json.loads(line), dict) for line in lines)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nope", "404"), ("/tasks", "401"), ("/tasks/", "307"), ("/health", "200")],
)
def test_each_request_is_one_line_with_its_status(server, guest, path, status):
    get(guest, path, "log-test-3")
    get(guest, "/health", "log-test-4")
    for output in outputs(server):
        line_with(output, "log-test-4")
        assert status in line_with(output, "log-test-3")


def test_a_request_cannot_write_lines_of_its_own(server):
    for path in ("/x%0aINJECTED%0d%0a", "/x\x0bINJECTED"):
        exchange(server, request_bytes("GET", path, "Connection: close"))
    Caller(server).post("/auth/login", json={"username": "a\nINJECTED", "password": "x\nINJECTED"})
    get(Caller(server), "/health", "log-test-5")
    for output in outputs(server):
        line_with(output, "log-test-5")
        assert not any(line.startswith("INJECTED") for line in output.read_text().splitlines())


def test_the_log_file_is_where_the_option_says(start_server):
    server = start_server(LOG_FILE="other.log")
    get(Caller(server), "/health", "log-test-6")
    line_with(server.folder / "other.log", "log-test-6")
    assert not (server.folder / "app.log").exists()


def test_the_log_file_is_continued_by_the_next_start(server, guest):
    get(guest, "/health", "log-test-7")
    server.restart()
    get(guest, "/health", "log-test-8")
    line_with(server.folder / "app.log", "log-test-7")
    line_with(server.folder / "app.log", "log-test-8")


def test_sighup_opens_the_log_file_anew(server, guest):
    log, rotated = server.folder / "app.log", server.folder / "app.log.1"
    get(guest, "/health", "log-test-9")
    line_with(log, "log-test-9")
    log.rename(rotated)
    server.signal(signal.SIGHUP)
    wait_until(log.exists, "a new log file")
    get(guest, "/health", "log-test-10")
    line_with(log, "log-test-10")
    line_with(rotated, "log-test-9")
    assert lines_with(log, "log-test-9") == []
    assert lines_with(rotated, "log-test-10") == []


def test_what_is_logged_last_is_written_before_the_end(server, guest):
    for number in range(200):
        get(guest, "/health", f"last-words-{number}-")
    server.stop()
    for number in range(200):
        line_with(server.folder / "app.log", f"last-words-{number}-")


def test_no_password_and_no_token_enters_the_log(start_server):
    server = start_server(LOG_LEVEL="debug")
    first, second, wrong = (secret + "A1" for secret in SECRETS)
    anna = register(server, "anna", first)
    guest = Caller(server)
    guest.post("/auth/login", json={"username": "anna", "password": wrong})
    guest.post("/auth/login", data={"username": "anna", "password": wrong})
    guest.post("/auth/login", content=f'{{"username":"anna","password":"{wrong}"')
    guest.post("/auth/register", json={"username": "x", "password": wrong})
    anna.patch("/api/v1/auth/me", json={"password": second, "current_password": first})
    guest.get("/tasks", headers={"Authorization": f"Bearer {anna.token}x"})
    server.stop()
    said = "".join(output.read_text() for output in outputs(server)) + server.stderr
    assert "/auth/login" in said
    assert not any(secret in said for secret in SECRETS)
    assert anna.token.split(".")[2] not in said
    assert server.secret_key not in said


def test_a_log_that_takes_no_more_holds_up_no_request(start_server, tmp_path):
    """LOG_FILE is a pipe that nobody reads: it is full after 64 KiB, the server goes on."""
    pipe = tmp_path / "slow.log"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)
    server = start_server(folder=tmp_path, LOG_FILE="slow.log")
    guest = Caller(server)
    assert all(guest.get("/health").status_code == 200 for _ in range(2000))
    drained = threading.Thread(target=drain, args=[reader], daemon=True)
    drained.start()
    assert server.stop() == 0
    os.write(reader, b"\0")
    drained.join()
    os.close(reader)


def drain(reader):
    while b"\0" not in os.read(reader, 65536):
        pass

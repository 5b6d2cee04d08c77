"""/ws: who may connect, what they hear, and the protocol (RFC 6455) byte by byte."""

import base64
import hashlib
import struct

import pytest
from support.api import CLASSIC, TASK_FIELDS, V1, assert_error, register
from support.live import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Listener,
    RawWebSocket,
    frame,
    handshake_bytes,
    refused,
)
from support.raw import exchange, request_bytes
from support.server import wait_until


@pytest.fixture
def server(shared_server):
    return shared_server


def listening(server):
    return server.metric('live_connections{kind="websocket"}')


# --- Who may connect ---


def test_a_token_is_taken_from_header_query_or_subprotocol(server, anna):
    with Listener(server, anna.token) as listener:
        assert listener.socket.subprotocol is None
    with Listener(server, path=f"/ws?token={anna.token}"):
        pass
    with Listener(server, subprotocols=["bearer", anna.token]) as listener:
        assert listener.socket.subprotocol == "bearer"


@pytest.mark.parametrize("path", ["/ws", "/api/v1/ws"])
def test_nobody_connects_without_a_good_token(server, path):
    assert refused(server, path=path).status_code == 401
    for token in ("", "a.b.c", "Bearer"):
        assert refused(server, path=f"{path}?token={token}").status_code == 401
    answer = refused(server, subprotocols=["bearer", "a.b.c"], path=path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert refused(server, subprotocols=["bearer"], path=path).status_code == 401


def test_a_token_in_the_query_is_good_for_no_other_path(server, anna, guest):
    assert guest.get(f"/tasks?token={anna.token}").status_code == 401


def test_pages_of_other_origins_are_refused(server, anna):
    own = f"http://{server.host}:{server.port}"
    with Listener(server, anna.token, headers={"Origin": own}):
        pass
    for origin in ("http://evil.example", "null", f"{own}.evil.example", "http://", ""):
        answer = refused(server, anna.token, headers={"Origin": origin})
        assert answer.status_code == 403, origin


def test_origins_of_the_option_are_let_in(start_server):
    server = start_server(CORS_ORIGINS="https://one.example,https://two.example")
    anna = register(server, "anna")
    with Listener(server, anna.token, headers={"Origin": "https://two.example"}):
        pass
    answer = refused(server, anna.token, headers={"Origin": "https://three.example"})
    assert answer.status_code == 403


# --- The handshake ---


def test_the_handshake_is_answered_by_the_book(server, anna):
    key = base64.b64encode(b"0123456789abcdef").decode()
    answer = exchange(server, handshake_bytes(anna.token, key=key))
    digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
    assert answer.status == 101
    assert answer.headers["upgrade"].lower() == "websocket"
    assert answer.headers["connection"].lower() == "upgrade"
    assert answer.headers["sec-websocket-accept"] == base64.b64encode(digest).decode()
    assert "sec-websocket-extensions" not in answer.headers


def test_other_versions_are_refused_with_the_one_there_is(server, anna):
    for version in ("8", "14", ""):
        answer = exchange(server, handshake_bytes(anna.token, version=version))
        assert answer.status == 426
        assert answer.headers["sec-websocket-version"] == "13"
        assert answer.headers["upgrade"] == "websocket"


@pytest.mark.parametrize("key", ["", "short", "x" * 24, "AAAAAAAAAAAAAAAAAAAAAA==A", "é" * 12])
def test_a_handshake_needs_a_key(server, anna, key):
    assert exchange(server, handshake_bytes(anna.token, key=key)).status == 400


def test_what_is_no_handshake_is_told_so(server, anna):
    answer = anna.get("/ws")
    assert_error(answer, CLASSIC, 426)
    assert_error(anna.get("/api/v1/ws"), V1, 426, code="UPGRADE_REQUIRED")
    assert anna.head("/ws").status_code == 426
    assert anna.post("/ws").status_code == 405
    old = handshake_bytes(anna.token).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert exchange(server, old).status == 426


@pytest.mark.parametrize("since", ["-1", "x", "9223372036854775808", "1.5", ""])
def test_since_is_a_number_of_the_log(server, anna, since):
    assert refused(server, anna.token, since=since).status_code == 422


# --- What is heard ---


def test_every_kind_of_change_arrives_with_the_task(server, anna):
    with Listener(server, anna.token) as listener:
        task = anna.create_task(title="Buy milk", tags=["home"])
        created = listener.next()
        assert set(created) == {"seq", "event", "at", "actor_id", "task"}
        assert created["event"] == "task.created"
        assert created["actor_id"] == anna.id
        assert created["task"] == task
        assert set(created["task"]) == TASK_FIELDS

        changed = anna.patch(V1.task(task["id"]), json={"status": "done"}).json()
        updated = listener.next()
        assert (updated["event"], updated["task"]) == ("task.updated", changed)
        assert updated["seq"] > created["seq"]

        tagged = anna.post(f"{V1.task(task['id'])}/tags", json={"tags": ["shop"]}).json()
        heard = listener.next()
        while heard["event"] == "job.finished":
            heard = listener.next()
        assert (heard["event"], heard["task"]) == ("task.tagged", tagged)

        files = f"{V1.task(task['id'])}/files"
        file = anna.post(files, files={"file": ("a.txt", b"milk", "text/plain")}).json()
        added = listener.next()
        assert (added["event"], added["task"]["id"]) == ("file.added", task["id"])
        assert added["file"]["id"] == file["id"]
        assert added["file"]["original_filename"] == "a.txt"

        assert anna.delete(f"/files/{file['id']}").status_code == 204
        assert listener.next()["event"] == "file.deleted"
        assert anna.delete(V1.task(task["id"])).status_code == 204
        deleted = listener.next()
        assert deleted["event"] == "task.deleted"
        assert deleted["task"]["id"] == task["id"]
        assert deleted["task"]["title"] == "Buy milk"
        assert deleted["task"]["user_id"] == anna.id


def test_the_end_of_a_job_arrives(server, anna):
    with Listener(server, anna.token) as listener:
        job = anna.post("/api/v1/jobs", json={"operation": "reverse", "data": "abc"}).json()
        heard = listener.next()
        assert (heard["event"], heard["task"]) == ("job.finished", None)
        assert heard["job"] == {"id": job["id"], "operation": "reverse", "status": "finished"}


def test_each_change_of_a_bulk_update_arrives_in_order(server, anna):
    tasks = [anna.create_task(title=f"Task {number}") for number in range(30)]
    with Listener(server, anna.token) as listener:
        body = {"task_ids": [task["id"] for task in tasks], "updates": {"priority": "high"}}
        assert anna.patch(f"{V1.tasks}/bulk", json=body).status_code == 200
        heard = listener.take(30)
    assert [message["task"]["id"] for message in heard] == [task["id"] for task in tasks]
    assert [message["seq"] for message in heard] == sorted({message["seq"] for message in heard})
    assert all(message["task"]["priority"] == "high" for message in heard)


def test_nobody_hears_what_they_may_not_see(server, anna, bert):
    with Listener(server, anna.token) as hers, Listener(server, bert.token) as his:
        secret = anna.create_task(title="Hers")
        anna.patch(V1.task(secret["id"]), json={"title": "Hers still"})
        anna.post(
            f"{V1.task(secret['id'])}/files", files={"file": ("a.txt", b"milk", "text/plain")}
        )
        anna.delete(V1.task(secret["id"]))
        bert.create_task(title="His")
        assert his.next()["task"]["title"] == "His"
        heard = hers.take(5)
        assert {message["task"]["id"] for message in heard} == {secret["id"]}
        anna.create_task(title="Last")
        assert hers.next()["task"]["title"] == "Last"


def test_administrators_hear_everything(server, anna, admin):
    with Listener(server, admin.token) as listener:
        task = anna.create_task(title="Hers")
        assert listener.next()["task"] == task


def test_an_assignee_hears_of_a_task_for_as_long_as_it_is_theirs(server, anna, bert):
    with Listener(server, anna.token) as hers, Listener(server, bert.token) as his:
        task = anna.create_task(title="Shared", assigned_user_id=bert.id)
        assert his.next()["task"] == task
        taken = anna.patch(
            V1.task(task["id"]), json={"assigned_user_id": None, "title": "Hers alone"}
        ).json()
        gone = his.next()
        assert (gone["event"], gone["task"]) == ("task.deleted", {"id": task["id"]})
        anna.patch(V1.task(task["id"]), json={"title": "Secret"})
        bert.create_task(title="His")
        assert his.next()["task"]["title"] == "His"
        assert [message["event"] for message in hers.take(3)] == ["task.created"] + [
            "task.updated"
        ] * 2
        assert taken["assigned_user_id"] is None


def test_what_a_listener_says_is_ignored(server, anna):
    with Listener(server, anna.token) as listener:
        listener.socket.send("hello")
        listener.socket.send(b"\x00\xff")
        listener.socket.send('{"since": 0}')
        task = anna.create_task()
        assert listener.next()["task"] == task


def test_a_listener_who_leaves_is_forgotten(server, anna):
    before = listening(server)
    listeners = [Listener(server, anna.token) for _ in range(5)]
    assert listening(server) == before + 5
    for listener in listeners[:3]:
        listener.socket.close()
    for listener in listeners[3:]:
        listener.socket.socket.close()
    wait_until(lambda: listening(server) == before, "the listeners to be forgotten")


# --- Frames ---


@pytest.fixture
def raw(server, anna):
    with RawWebSocket(server, anna.token) as raw:
        yield raw


def test_frames_behind_the_handshake_are_read(server, anna):
    with RawWebSocket(server, anna.token, behind=frame(PING, b"early")) as raw:
        assert raw.read() == (PONG, b"early")


@pytest.mark.parametrize("payload", [b"", b"x", b"\x00" * 125])
def test_a_ping_is_answered_with_its_payload(raw, payload):
    assert raw.send(PING, payload).read() == (PONG, payload)


def test_a_frame_may_come_byte_by_byte(raw):
    for byte in frame(TEXT, "grüße".encode()) + frame(PING, b"slow"):
        raw.connection.send(bytes([byte]))
    assert raw.read() == (PONG, b"slow")


def test_control_frames_may_stand_between_fragments(raw):
    raw.send(TEXT, b"one ", fin=False).send(PING, b"1").send(CONTINUATION, b"two ", fin=False)
    raw.send(PONG, b"unasked").send(CONTINUATION, b"three").send(PING, b"2")
    assert raw.read() == (PONG, b"1")
    assert raw.read() == (PONG, b"2")


def test_a_character_may_be_split_between_fragments(raw):
    first, second = "€".encode()[:1], "€".encode()[1:]
    raw.send(TEXT, first, fin=False).send(CONTINUATION, second).send(PING, b"fine")
    assert raw.read() == (PONG, b"fine")


def test_messages_up_to_the_limit_are_taken(raw):
    raw.send(BINARY, b"\xff" * 16384).send(TEXT, b"a" * 16384).send(PING, b"fine")
    assert raw.read() == (PONG, b"fine")


PROTOCOL_ERRORS = {
    "no mask": frame(TEXT, b"hello", mask=False),
    "no mask on a ping": frame(PING, b"", mask=False),
    "reserved bit 1": frame(TEXT, b"x", reserved=4),
    "reserved bit 2": frame(TEXT, b"x", reserved=2),
    "reserved bit 3": frame(PING, b"x", reserved=1),
    "reserved opcode": frame(3, b"x"),
    "reserved control opcode": frame(11, b""),
    "a fragmented ping": frame(PING, b"x", fin=False),
    "a ping too long": frame(PING, b"x" * 126),
    "a continuation of nothing": frame(CONTINUATION, b"x"),
    "a message within another": frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"),
    "a length that is too large": frame(TEXT, b"", length=1 << 63),
    "a Close with a code of nobody": frame(CLOSE, struct.pack(">H", 1005)),
    "a Close with a code too low": frame(CLOSE, struct.pack(">H", 999)),
}


@pytest.mark.parametrize("wrong", PROTOCOL_ERRORS.values(), ids=PROTOCOL_ERRORS.keys())
def test_a_breach_of_the_protocol_closes_with_1002(raw, wrong):
    raw.connection.send(wrong)
    assert raw.read_close() == 1002


BAD_TEXTS = {
    "a stray byte": frame(TEXT, b"\xff"),
    "a surrogate": frame(TEXT, b"\xed\xa0\x80"),
    "too long a form": frame(TEXT, b"\xc0\xaf"),
    "a character without its end": frame(TEXT, b"\xe2\x82"),
    "in a second fragment": frame(TEXT, b"ok", fin=False) + frame(CONTINUATION, b"\xfe"),
    "in the reason of a Close": frame(CLOSE, struct.pack(">H", 1000) + b"\xff"),
}


@pytest.mark.parametrize("wrong", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_text_that_is_not_utf8_closes_with_1007(raw, wrong):
    raw.connection.send(wrong)
    assert raw.read_close() == 1007


@pytest.mark.parametrize(
    "wrong",
    [
        frame(BINARY, b"x" * 16385),
        frame(TEXT, b"x", length=1 << 40),
        frame(BINARY, b"x" * 10000, fin=False) + frame(CONTINUATION, b"x" * 10000),
    ],
    ids=["one frame", "only announced", "fragments"],
)
def test_a_message_that_is_too_large_closes_with_1009(raw, wrong):
    raw.connection.send(wrong)
    assert raw.read_close() == 1009


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
def test_a_close_is_answered_with_its_code(raw, code):
    raw.send(CLOSE, struct.pack(">H", code) + b"bye")
    assert raw.read_close() == code


@pytest.mark.parametrize("payload", [b"", b"\x03"])
def test_a_close_without_a_code_is_answered_without_one(raw, payload):
    raw.send(CLOSE, payload)
    assert raw.read() == (CLOSE, b"")
    assert raw.read() is None


def test_what_comes_behind_a_close_is_ignored(raw):
    raw.connection.send(frame(CLOSE, struct.pack(">H", 1000)) + frame(PING, b"late") * 1000)
    assert raw.read_close() == 1000


def test_a_flood_of_pings_without_reading_harms_nobody_else(server, anna):
    before = listening(server)
    with RawWebSocket(server, anna.token, receive_buffer=4096) as raw:
        flood = frame(PING, b"x" * 125) * 1000
        while raw.connection.send_if_open(flood):
            pass
        with Listener(server, anna.token) as listener:
            task = anna.create_task()
            assert listener.next()["task"] == task
    wait_until(lambda: listening(server) == before, "the flood to be ended")


def test_connections_that_are_reset_are_forgotten(server, anna):
    before = listening(server)
    for _ in range(20):
        raw = RawWebSocket(server, anna.token)
        raw.connection.send(frame(TEXT, b"half", fin=False)[:5])
        raw.connection.reset()
    wait_until(lambda: listening(server) == before, "the listeners to be forgotten")


def test_a_plain_request_still_works_beside(server, anna, raw):
    assert exchange(server, request_bytes("GET", "/health")).status == 200
    assert anna.get("/tasks").status_code == 200

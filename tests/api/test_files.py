"""Files of tasks: up, listed, down (whole and in parts), deleted, and nothing left of what failed.

All of it both where the bytes stay in the folder and where they go to S3.
"""

import hashlib
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote

import pytest
from support.api import ABSENT, UUID, V1, Caller, assert_error, log_in_admin, register
from support.server import BINARY, wait_until

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde"
TEXT = b"water, soil and light\n"


def files_of(surface, task_id):
    return f"{surface.task(task_id)}/files"


def file_path(surface, file_id):
    return f"{surface.prefix}/files/{file_id}"


def upload(caller, surface, task_id, content=TEXT, name="note.txt", field="file"):
    return caller.post(files_of(surface, task_id), files={field: (name, content)})


def in_folder(server):
    folder = Path(server.folder) / "uploads"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def age_folder(server):
    """What is in the folder was left long ago: other servers may use it, and young files are theirs."""
    for path in (Path(server.folder) / "uploads").iterdir():
        os.utime(path, (time.time() - 7200, time.time() - 7200))


class Folder:
    """Files stay in UPLOAD_DIR."""

    options = {}

    def names(self, server):
        return in_folder(server)

    def put(self, server, name, content):
        (Path(server.folder) / "uploads" / name).write_bytes(content)


class InBucket:
    """Files go to a bucket; the folder has them only on their way."""

    def __init__(self, bucket):
        self.bucket = bucket
        self.options = bucket.options

    def names(self, server):
        return sorted(in_folder(server) + self.bucket.names())

    def put(self, server, name, content):
        self.bucket.put(name, content, modified=time.time() - 7200)


@pytest.fixture(params=["folder", "s3"])
def store(request):
    if request.param == "folder":
        return Folder()
    return InBucket(request.getfixturevalue("object_store").create_bucket())


@pytest.fixture
def start_server(start_server, store):
    return lambda folder=None, **options: start_server(folder, **store.options, **options)


def allocated_memory(server):
    """Bytes that the server has allocated, without the pages of files that it has mapped."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024


@contextmanager
def watched_memory(server):
    """Gives a list that has, at the end, the most memory that the server was seen to have."""
    peak = [allocated_memory(server)]
    done = Event()

    def watch():
        while not done.wait(0.005):
            peak[0] = max(peak[0], allocated_memory(server))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


@pytest.fixture
def own(start_server):
    return start_server(MAX_UPLOAD_SIZE=str(256 << 20))


@pytest.fixture
def writer(own):
    return register(own, "writer")


def raw_upload(server, caller, task_id, body, length=None, headers=""):
    connection = socket.create_connection((server.host, server.port), timeout=60)
    head = (
        f"POST /tasks/{task_id}/files HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {caller.token}\r\n{headers}"
        f"Content-Type: multipart/form-data; boundary=xyz\r\n"
        f"Content-Length: {length or len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def form(name, content):
    return (
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name
        + content
        + b"\r\n--xyz--\r\n"
    )


def test_a_file_comes_back_as_it_went(anna, surface):
    task = anna.create_task()
    answer = upload(anna, surface, task["id"])
    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert file["task_id"] == task["id"]
    assert file["original_filename"] == "note.txt"
    assert file["file_size"] == len(TEXT)
    assert file["content_type"] == "text/plain"
    assert file["sha256"] == hashlib.sha256(TEXT).hexdigest()
    assert anna.get(files_of(surface, task["id"])).json() == [file]
    got = anna.get(file_path(surface, file["id"]))
    assert (got.status_code, got.content) == (200, TEXT)
    assert got.headers["etag"] == f'"{file["sha256"]}"'
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert anna.head(file_path(surface, file["id"])).headers["content-length"] == str(len(TEXT))
    assert anna.delete(file_path(surface, file["id"])).status_code == 204
    assert_error(anna.get(file_path(surface, file["id"])), surface, 404)
    assert anna.get(files_of(surface, task["id"])).json() == []


@pytest.mark.parametrize(
    ("header", "status", "part"),
    [
        ("bytes=0-4", 206, slice(0, 5)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-3", 206, slice(-3, None)),
        ("bytes=-9999", 206, slice(None)),
        ("bytes=0-9999", 206, slice(None)),
        ("bytes=9999-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=4-2", 200, slice(None)),
        ("bytes=0-1,3-4", 200, slice(None)),
        ("bytes=x-y", 200, slice(None)),
        ("bytes", 200, slice(None)),
        ("lines=0-1", 200, slice(None)),
    ],
)
def test_ranges(anna, surface, header, status, part):
    file = upload(anna, V1, anna.create_task()["id"]).json()
    answer = anna.get(file_path(surface, file["id"]), headers={"Range": header})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(TEXT)}"
    else:
        assert answer.content == TEXT[part]


def test_conditions(anna, surface):
    file = upload(anna, V1, anna.create_task()["id"]).json()
    path, tag = file_path(surface, file["id"]), f'"{file["sha256"]}"'
    assert anna.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert anna.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    part = {"Range": "bytes=0-1"}
    assert anna.get(path, headers={**part, "If-Range": tag}).status_code == 206
    assert anna.get(path, headers={**part, "If-Range": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("/etc/motd.txt", "motd.txt"),
        ("C:\\Users\\anna\\plan.txt", "plan.txt"),
        ('say "hello".txt', 'say "hello".txt'),
        ("Übung 日本語 🌱.txt", "Übung 日本語 🌱.txt"),
        ("evil\u202etxt.txt", "eviltxt.txt"),
        ("a\x01b\x7fc.txt", "abc.txt"),
        ("NOTE.TXT", "NOTE.TXT"),
        ("x" * 1000 + ".txt", "x" * 251 + ".txt"),
        ("é" * 1000 + ".txt", "é" * 125 + ".txt"),
    ],
)
def test_odd_names_are_stored_safely_and_come_back(anna, server, store, sent, kept):
    body = form(sent.replace("\\", "\\\\").replace('"', '\\"').encode(), TEXT)
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    task = anna.create_task()
    answer = anna.post(files_of(V1, task["id"]), content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["original_filename"] == kept
    got = anna.get(file_path(V1, answer.json()["id"]))
    encoded = got.headers["content-disposition"].partition("filename*=UTF-8''")[2]
    assert unquote(encoded) == kept
    (name,) = store.names(server)
    assert UUID.fullmatch(name)


def test_a_name_with_nul_loses_it(anna):
    body = form(b"a\0b.txt", TEXT)
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    answer = anna.post(files_of(V1, anna.create_task()["id"]), content=body, headers=headers)
    assert answer.json()["original_filename"] == "ab.txt"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.exe", TEXT), ("a", TEXT), ("..", TEXT), ("a.png", TEXT), ("a.pdf", PNG), ("a.txt", PNG)],
)
def test_files_of_another_type_are_refused(anna, surface, name, content):
    task = anna.create_task()
    assert_error(upload(anna, surface, task["id"], content, name), surface, 400)
    assert anna.get(files_of(surface, task["id"])).json() == []


def test_an_image_is_taken(anna):
    answer = upload(anna, V1, anna.create_task()["id"], PNG, "a.png")
    assert answer.json()["content_type"] == "image/png"


def test_forms_that_are_none(anna, surface):
    path = files_of(surface, anna.create_task()["id"])
    assert upload(anna, surface, ABSENT).status_code == 404
    wrong_field = anna.post(path, files={"other": ("a.txt", TEXT)})
    assert wrong_field.status_code == surface.invalid
    no_name = anna.post(
        path,
        content=b'--xyz\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--xyz--\r\n',
        headers={"Content-Type": "multipart/form-data; boundary=xyz"},
    )
    assert no_name.status_code == surface.invalid
    cut = anna.post(
        path,
        content=form(b"a.txt", TEXT)[:-12],
        headers={"Content-Type": "multipart/form-data; boundary=xyz"},
    )
    assert cut.status_code == surface.invalid
    for kind in ("multipart/form-data", "application/json"):
        answer = anna.post(path, content=form(b"a.txt", TEXT), headers={"Content-Type": kind})
        assert_error(answer, surface, 415)


def test_only_who_may_update_the_task_adds_and_deletes(anna, bert, guest, surface):
    task = anna.create_task()
    file = upload(anna, surface, task["id"]).json()
    for answer in (
        upload(bert, surface, task["id"]),
        bert.get(files_of(surface, task["id"])),
        bert.get(file_path(surface, file["id"])),
        bert.delete(file_path(surface, file["id"])),
    ):
        assert_error(answer, surface, 403)
    assert_error(upload(guest, surface, task["id"]), surface, 401)


def test_too_large_leaves_nothing(start_server, store, surface):
    server = start_server(MAX_UPLOAD_SIZE="1000")
    anna = register(server, "anna")
    task = anna.create_task()
    assert upload(anna, surface, task["id"], b"x" * 1000).status_code == 201
    for size in (1001, 100_000, 3_000_000):
        assert_error(upload(anna, surface, task["id"], b"x" * size), surface, 413)
    assert len(store.names(server)) == 1


def test_an_empty_file(server, anna, store, surface):
    file = upload(anna, surface, anna.create_task()["id"], b"").json()
    assert file["file_size"] == 0
    assert file["sha256"] == hashlib.sha256(b"").hexdigest()
    got = anna.get(file_path(surface, file["id"]))
    assert (got.status_code, got.content) == (200, b"")
    part = anna.get(file_path(surface, file["id"]), headers={"Range": "bytes=0-"})
    assert part.status_code == 416
    assert anna.head(file_path(surface, file["id"])).headers["content-length"] == "0"
    assert len(store.names(server)) == 1


def test_a_large_file_needs_little_memory(own, writer):
    if "asan" in BINARY.parts:
        pytest.skip("a sanitizer needs memory of its own")
    task = writer.create_task()
    upload(writer, V1, task["id"])
    content = b"0123456789abcde\n" * (100 << 16)
    before = allocated_memory(own)
    with watched_memory(own) as peak:
        file = upload(writer, V1, task["id"], content).json()
        got = writer.get(file_path(V1, file["id"]))
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert got.content == content
    assert peak[0] - before < 16 << 20


def test_a_client_that_vanishes_leaves_nothing(own, writer, store):
    task = writer.create_task()
    body = form(b"a.txt", b"x" * 300_000)
    for size in (10, 120, 100_000, 300_000):
        raw_upload(own, writer, task["id"], body[:size], len(body)).close()
    wait_until(lambda: store.names(own) == [], "the temporary files to go")
    assert writer.get(files_of(V1, task["id"])).json() == []


@pytest.mark.parametrize("size", [10, 120, 250_000])
def test_a_client_that_stalls_is_cut_off_and_leaves_nothing(start_server, store, size):
    server = start_server(REQUEST_TIMEOUT_SECONDS="1")
    anna = register(server, "anna")
    task = anna.create_task()
    body = form(b"a.txt", b"x" * 300_000)
    connection = raw_upload(server, anna, task["id"], body[:size], len(body))
    if size > 200_000:
        wait_until(lambda: in_folder(server), "the temporary file")
    assert connection.recv(65536) == b"", "closed without an answer"
    wait_until(lambda: store.names(server) == [], "the temporary file to go")
    assert anna.get(files_of(V1, task["id"])).json() == []


def test_a_drain_lets_an_upload_finish(own, writer, store):
    task = writer.create_task()
    body = form(b"a.txt", b"x" * 300_000)
    connection = raw_upload(own, writer, task["id"], body[:250_000], len(body))
    wait_until(lambda: in_folder(own), "the temporary file")
    own.signal(signal.SIGTERM)
    own.await_log("draining")
    connection.sendall(body[250_000:])
    assert connection.recv(65536).startswith(b"HTTP/1.1 201")
    assert own.wait() == 0
    assert len(store.names(own)) == 1
    own.start()
    (file,) = Caller(own, writer.token).get(files_of(V1, task["id"])).json()
    assert file["file_size"] == 300_000


def test_a_drain_that_is_over_cuts_an_upload_off(start_server, store):
    server = start_server(DRAIN_SECONDS="1")
    anna = register(server, "anna")
    task = anna.create_task()
    body = form(b"a.txt", b"x" * 300_000)
    connection = raw_upload(server, anna, task["id"], body[:250_000], len(body))
    wait_until(lambda: in_folder(server), "the temporary file")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    connection.close()
    assert store.names(server) == []
    server.start()
    assert Caller(server, anna.token).get(files_of(V1, task["id"])).json() == []


def test_what_a_crash_left_is_swept_at_the_next_start(own, writer, store):
    task = writer.create_task()
    kept = upload(writer, V1, task["id"]).json()
    (kept_name,) = store.names(own)
    body = form(b"a.txt", b"x" * 300_000)
    sending = raw_upload(own, writer, task["id"], body[:250_000], len(body))
    wait_until(lambda: len(store.names(own)) == 2, "the temporary file")
    own.kill()
    sending.close()
    store.put(own, "01234567-89ab-4def-8123-456789abcdef", b"orphan")
    store.put(own, "somebody-else.txt", b"not ours")
    age_folder(own)
    own.start()
    left = sorted([kept_name, "somebody-else.txt"])
    wait_until(lambda: store.names(own) == left, "the sweep")
    assert Caller(own, writer.token).get(file_path(V1, kept["id"])).content == TEXT


@pytest.mark.postgres
def test_a_start_leaves_what_another_server_is_writing(own, writer, start_server):
    """Of two servers that share a folder one is started while the other takes an upload."""
    task = writer.create_task()
    body = form(b"a.txt", b"x" * 300_000)
    sending = raw_upload(own, writer, task["id"], body[:250_000], len(body))
    wait_until(lambda: in_folder(own), "the temporary file")
    about_to_be_known = "01234567-89ab-4def-8123-456789abcdef"
    (Path(own.folder) / "uploads" / about_to_be_known).write_bytes(b"x")
    start_server(DATABASE_URL=own.environment["DATABASE_URL"], UPLOAD_DIR=f"{own.folder}/uploads",
                 SECRET_KEY=own.secret_key)  # fmt: skip
    sending.sendall(body[250_000:])
    assert sending.recv(65536).startswith(b"HTTP/1.1 201")
    assert about_to_be_known in in_folder(own)


def test_deleting_a_task_removes_the_bytes(own, writer, store):
    task, other = writer.create_task(), writer.create_task()
    for _ in range(3):
        upload(writer, V1, task["id"])
    upload(writer, V1, other["id"])
    assert len(store.names(own)) == 4
    assert writer.delete(V1.task(task["id"])).status_code == 204
    wait_until(lambda: len(store.names(own)) == 1, "the bytes to go")


def test_deleting_a_user_removes_the_bytes_of_their_tasks(own, writer, store):
    admin = log_in_admin(own)
    theirs, others = writer.create_task(), admin.create_task(assigned_user_id=writer.id)
    upload(writer, V1, theirs["id"])
    upload(writer, V1, others["id"])
    assert len(store.names(own)) == 2
    assert admin.delete(f"{V1.prefix}/users/{writer.id}").status_code == 204
    wait_until(lambda: len(store.names(own)) == 1, "the bytes to go")
    (file,) = admin.get(files_of(V1, others["id"])).json()
    assert admin.get(file_path(V1, file["id"])).content == TEXT


def test_concurrent_uploads(anna):
    task = anna.create_task()

    def one(number):
        content = f"{number}\n".encode() * 40_000
        file = upload(anna, V1, task["id"], content, f"{number}.txt").json()
        return anna.get(file_path(V1, file["id"])).content == content

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(24)))
    assert len(anna.get(files_of(V1, task["id"])).json()) == 24


def test_a_client_that_asks_first_is_answered_before_it_sends(own, writer):
    connection = raw_upload(own, writer, ABSENT, b"", 1000, "Expect: 100-continue\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 404")
    task = writer.create_task()
    body = form(b"a.txt", TEXT)
    connection = raw_upload(own, writer, task["id"], b"", len(body), "Expect: 100-continue\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 100")
    connection.sendall(body)
    assert b" 201 " in connection.recv(65536)


def test_uploads_are_limited(start_server, surface):
    anna = register(start_server(RATE_LIMIT_UPLOAD_PER_HOUR="2"), "anna")
    task = anna.create_task()
    assert [upload(anna, surface, task["id"]).status_code for _ in range(3)] == [201, 201, 429]

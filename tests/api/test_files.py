"""Files of tasks: up, listed, down (whole and in parts), deleted, and nothing left of what failed."""

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.api import ABSENT, V1, assert_error, register
from support.server import Server, wait_until

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde"
TEXT = b"water, soil and light\n"


def files_of(surface, task_id):
    return f"{surface.task(task_id)}/files"


def file_path(surface, file_id):
    return f"{surface.prefix}/files/{file_id}"


def upload(caller, surface, task_id, content=TEXT, name="note.txt", field="file"):
    return caller.post(files_of(surface, task_id), files={field: (name, content)})


def stored(server):
    folder = Path(server.folder) / "uploads"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def peak_memory(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.fixture
def own(tmp_path):
    server = Server(tmp_path, MAX_UPLOAD_SIZE=str(64 << 20)).start()
    yield server
    server.close()


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
def test_odd_names_are_stored_safely_and_come_back(anna, server, sent, kept):
    body = form(sent.replace("\\", "\\\\").replace('"', '\\"').encode(), TEXT)
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    task = anna.create_task()
    answer = anna.post(files_of(V1, task["id"]), content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["original_filename"] == kept
    got = anna.get(file_path(V1, answer.json()["id"]))
    encoded = got.headers["content-disposition"].partition("filename*=UTF-8''")[2]
    assert unquote(encoded) == kept
    assert kept not in stored(server)


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


def test_too_large_leaves_nothing(tmp_path, surface):
    server = Server(tmp_path, MAX_UPLOAD_SIZE="1000").start()
    try:
        anna = register(server, "anna")
        task = anna.create_task()
        assert upload(anna, surface, task["id"], b"x" * 1000).status_code == 201
        for size in (1001, 100_000, 3_000_000):
            assert_error(upload(anna, surface, task["id"], b"x" * size), surface, 413)
        assert len(stored(server)) == 1
    finally:
        server.close()


def test_a_large_file_needs_little_memory(own, writer):
    task = writer.create_task()
    upload(writer, V1, task["id"])
    before = peak_memory(own)
    content = b"0123456789abcde\n" * (50 << 16)
    file = upload(writer, V1, task["id"], content).json()
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert writer.get(file_path(V1, file["id"])).content == content
    assert peak_memory(own) - before < 16 << 20


def test_a_client_that_vanishes_leaves_nothing(own, writer):
    task = writer.create_task()
    body = form(b"a.txt", b"x" * 300_000)
    for size in (10, 120, 100_000, 300_000):
        raw_upload(own, writer, task["id"], body[:size], len(body)).close()
    wait_until(lambda: stored(own) == [], "the temporary files to go")
    assert writer.get(files_of(V1, task["id"])).json() == []


def test_what_a_crash_left_is_swept_at_the_next_start(own, writer):
    task = writer.create_task()
    kept = upload(writer, V1, task["id"]).json()
    body = form(b"a.txt", b"x" * 300_000)
    raw_upload(own, writer, task["id"], body[:250_000], len(body))
    wait_until(lambda: len(stored(own)) == 2, "the temporary file")
    own.kill()
    folder = Path(own.folder) / "uploads"
    (folder / "01234567-89ab-4def-8123-456789abcdef").write_bytes(b"orphan")
    (folder / "somebody-else.txt").write_bytes(b"not ours")
    own.start()
    assert len(stored(own)) == 2
    assert "somebody-else.txt" in stored(own)
    writer.server.http.base_url = own.url
    assert writer.get(file_path(V1, kept["id"])).content == TEXT


def test_deleting_a_task_or_its_owner_removes_the_bytes(own, writer):
    task = writer.create_task()
    for _ in range(3):
        upload(writer, V1, task["id"])
    assert len(stored(own)) == 3
    assert writer.delete(V1.task(task["id"])).status_code == 204
    wait_until(lambda: stored(own) == [], "the bytes to go")


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


def test_uploads_are_limited(tmp_path, surface):
    server = Server(tmp_path, RATE_LIMIT_UPLOAD_PER_HOUR="2").start()
    try:
        anna = register(server, "anna")
        task = anna.create_task()
        assert [upload(anna, surface, task["id"]).status_code for _ in range(3)] == [201, 201, 429]
    finally:
        server.close()

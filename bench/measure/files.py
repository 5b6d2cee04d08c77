"""Uploading and downloading files: throughput, and the most memory of its own the server takes."""

import hashlib
import http.client
import os
import time

from harness.server import Failure

TITLE = "Files"
MEGABYTE = 1 << 20
BOUNDARY = "bench-boundary"
PART = 1 << 18


def form(size):
    """A form with a text file of `size` bytes, as parts; and its length."""
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bench.txt\"\r\n"
        "Content-Type: text/plain\r\n\r\n"
    ).encode()  # fmt: skip
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    part = (b"A line of a text that is sixty-four characters long, to fill it.\n" * PART)[:PART]

    def parts():
        yield head
        for _ in range(size // PART):
            yield part
        yield tail

    return parts, len(head) + size + len(tail)


def upload(server, connection, task, size):
    parts, length = form(size)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(length),
    }
    path = f"/api/v1/tasks/{task}/files"
    connection.request("POST", path, parts(), headers | server.headers("writer"))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 201:
        raise Failure(f"an upload was answered {answer.status}: {body[:500]!r}")


def download(server, connection, file, size):
    connection.request("GET", f"/api/v1/files/{file}", headers=server.headers("writer"))
    answer = connection.getresponse()
    received = 0
    buffer = bytearray(PART)
    while count := answer.readinto(buffer):
        received += count
    if answer.status != 200 or received != size:
        raise Failure(f"a download was answered {answer.status} with {received} bytes")


def store(folder, size):
    """What an upload cannot do without: hash the bytes, write them, have them on disk."""
    part = bytes(PART)
    digest = hashlib.sha256()
    with open(folder / "plain", "wb") as file:
        for _ in range(size // PART):
            digest.update(part)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def timed(count, size, action):
    """Megabytes a second."""
    start = time.monotonic()
    for _ in range(count):
        action()
    return count * size / MEGABYTE / (time.monotonic() - start)


def measure(rig):
    server = rig.server("files")
    server.start()
    server.sign_up("writer")
    headers = {"Content-Type": "application/json"}
    task = server.ask("POST", "/api/v1/tasks", "writer", '{"title":"Files"}', headers)["id"]
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    rows = []
    for megabytes, count in ((1, 50), (100, 3)):
        size = megabytes * MEGABYTE
        plain = timed(count, size, lambda size=size: store(rig.work, size))
        with server.peak("RssAnon") as peak:
            rate = timed(count, size, lambda size=size: upload(server, connection, task, size))
        rows.append([f"upload of {megabytes} MB", rate, rate / plain, peak[0]])
        listed = server.ask("GET", f"/api/v1/tasks/{task}/files?limit=100", "writer")
        file = listed[-1]["id"]
        with server.peak("RssAnon") as peak:
            rate = timed(count, size, lambda f=file, s=size: download(server, connection, f, s))
        rows.append([f"download of {megabytes} MB", rate, None, peak[0]])
    connection.close()
    server.stop()
    rig.report.table(TITLE, ["what", "MB/s", "of hash, write, fsync", "peak RssAnon MB"], rows)

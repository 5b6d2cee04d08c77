"""Those who listen to changes: the memory of an idle connection, and how soon all have heard of one.

The client reads everything in one thread, on the same cores as the server, so that the latencies are
upper bounds.
"""

import base64
import json
import os
import resource
import select
import socket
import struct
import time
from pathlib import Path

TITLE = "Listening to changes"
IDLE = 10000
LISTENERS = 1000
CHANGES = 100
WARM = 500  # connections that were opened and closed before, so that what is kept does not count


def allow_descriptors(count):
    """As many as there may be here, less what the process needs besides."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(count, hard - 500)


def memory(server):
    """Bytes of the process that are nobody else's."""
    text = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    line = next(line for line in text.splitlines() if line.startswith("Private_Dirty"))
    return int(line.split()[1]) * 1024


def connect(server, *lines):
    client = socket.create_connection(("127.0.0.1", server.port))
    token = server.tokens["listener"]
    head = [*lines, "Host: bench", f"Authorization: Bearer {token}", "", ""]
    client.sendall("\r\n".join(head).encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += client.recv(4096)
    assert answer.split()[1] in (b"101", b"200"), answer
    return client


def open_websocket(server):
    key = base64.b64encode(os.urandom(16)).decode()
    return connect(
        server,
        "GET /ws HTTP/1.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    )


def open_stream(server):
    return connect(server, "GET /api/v1/events HTTP/1.1")


def close_all(server, clients):
    for client in clients:
        client.close()
    while server.metric("live_connections") > 0:
        server.ask("POST", "/api/v1/tasks", "listener", json.dumps({"title": "Anybody there?"}),
                   {"Content-Type": "application/json"})  # fmt: skip
        time.sleep(0.1)


def measure_idle(server, opened, count):
    """Bytes of each, and how many are opened in a second."""
    close_all(server, [opened(server) for _ in range(WARM)])
    before = memory(server)
    start = time.monotonic()
    clients = [opened(server) for _ in range(count)]
    rate = count / (time.monotonic() - start)
    time.sleep(1)
    each = (memory(server) - before) / count
    close_all(server, clients)
    return each, rate


def takes_message(client, buffer):
    """Whether a text frame has come; pings are passed over."""
    buffer += client.recv(65536)
    while len(buffer) >= 4:
        size, start = buffer[1], 2
        if size == 126:
            size, start = struct.unpack(">H", buffer[2:4])[0], 4
        if len(buffer) < start + size:
            return False
        opcode = buffer[0] & 15
        del buffer[: start + size]
        if opcode == 1:
            return True
    return False


def measure_fan_out(server, count):
    """For each change, how long each listener has waited for it, in milliseconds; the last apart."""
    clients = {client.fileno(): (client, bytearray()) for client in
               (open_websocket(server) for _ in range(count))}  # fmt: skip
    poll = select.epoll()
    for descriptor in clients:
        poll.register(descriptor, select.EPOLLIN)
    every, last = [], []
    for number in range(CHANGES):
        body = json.dumps({"title": f"Change {number}"})
        start = time.perf_counter()
        server.ask("POST", "/api/v1/tasks", "listener", body, {"Content-Type": "application/json"})
        waiting = count
        while waiting > 0:
            for descriptor, _ in poll.poll():
                if takes_message(*clients[descriptor]):
                    every.append((time.perf_counter() - start) * 1000)
                    waiting -= 1
        last.append(every[-1])
        time.sleep(0.02)
    close_all(server, [client for client, _ in clients.values()])
    return sorted(every), sorted(last)


def measure(rig):
    server = rig.server("live", LIVE_CONNECTIONS="1000000", LIVE_CONNECTIONS_PER_USER="1000000")
    server.start()
    server.sign_up("listener")
    idle = allow_descriptors(IDLE)
    rows = []
    for name, opened in (("WebSockets", open_websocket), ("event streams", open_stream)):
        each, rate = measure_idle(server, opened, idle)
        rows.append([f"{idle} idle {name}", each, rate, None, None])
    for count in (1, LISTENERS):
        every, last = measure_fan_out(server, count)
        rows.append([f"a change to {count}, each", None, None, every[len(every) // 2],
                     every[len(every) * 99 // 100]])  # fmt: skip
        rows.append([f"a change to {count}, the last", None, None, last[len(last) // 2],
                     last[len(last) * 99 // 100]])  # fmt: skip
    server.stop()
    rig.report.table(TITLE, ["what", "bytes each", "opened/s", "p50 ms", "p99 ms"], rows)

"""Those who listen: a WebSocket, a stream of events, and frames spoken byte by byte.

with Listener(server, anna.token, since=7) as listener:      over /ws
    assert listener.next()["event"] == "task.created"
with EventStream(server, anna.token) as stream:              over /api/v1/events
    assert stream.next()["seq"] == int(stream.last_id)
with RawWebSocket(server, anna.token) as raw:
    raw.send(TEXT, b"hello")
    assert raw.read_close() == 1002
"""

import base64
import json
import os
import socket
import struct
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from support.raw import RawAnswer, RawConnection, request_bytes
from support.server import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Messages:
    """What a listener hears, each message a dictionary."""

    def take(self, count):
        return [self.next() for _ in range(count)]

    def read_until(self, seq):
        """All messages up to the one with that seq."""
        messages = []
        while not messages or messages[-1]["seq"] < seq:
            messages.append(self.next())
        return messages


class Listener(Messages):
    def __init__(self, server, token=None, path="/ws", subprotocols=None, headers=None, **query):
        url = f"ws://{server.host}:{server.port}{path}"
        own = {"Authorization": f"Bearer {token}"} if token and not subprotocols else {}
        self.socket = connect(
            f"{url}?{urlencode(query)}" if query else url,
            additional_headers={**own, **(headers or {})},
            subprotocols=subprotocols,
            open_timeout=PATIENCE,
            compression=None,
            ping_interval=None,
            proxy=None,
            legacy=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def next(self):
        return json.loads(self.socket.recv(PATIENCE))

    def read_close(self):
        """The code and the reason with which the server closes."""
        try:
            while True:
                self.socket.recv(PATIENCE)
        except ConnectionClosed as closed:
            return closed.rcvd.code, closed.rcvd.reason


def refused(server, *arguments, **options):
    """The answer to a handshake that the server does not accept."""
    try:
        Listener(server, *arguments, **options).socket.close()
    except InvalidStatus as error:
        return error.response
    raise AssertionError("the handshake was accepted")


class EventStream(Messages):
    def __init__(self, server, token=None, last_event_id=None, **query):
        headers = [] if last_event_id is None else [f"Last-Event-ID: {last_event_id}"]
        path = "/api/v1/events" + (f"?{urlencode(query)}" if query else "")
        self.connection = RawConnection(server)
        self.connection.send(request_bytes("GET", path, *headers, token=token))
        self.answer = self._read_head()
        self.last_id = None
        self.comments = 0
        self.text = b""

    def _read_head(self):
        stream = self.connection.stream
        status = int(stream.readline().split()[1])
        return RawAnswer(status, self.connection._read_headers())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def _read_chunk(self):
        stream = self.connection.stream
        size = int(stream.readline() or b"0", 16)
        chunk = stream.read(size)
        stream.readline()
        self.text += chunk
        return size > 0

    def read_block(self):
        """The fields of the next block, up to its empty line; None at the end of the stream."""
        while b"\n\n" not in self.text:
            if not self._read_chunk():
                return None
        block, self.text = self.text.split(b"\n\n", 1)
        fields = {}
        for line in block.decode().split("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        self.comments += "" in fields
        self.last_id = fields.get("id", self.last_id)
        return fields

    def next(self):
        while True:
            fields = self.read_block()
            assert fields is not None, "the stream ended"
            if "data" in fields:
                return json.loads(fields["data"])

    def read_end(self):
        while self.read_block() is not None:
            pass


def handshake_bytes(token, *headers, path="/ws", key=None, version="13"):
    key = base64.b64encode(os.urandom(16)).decode() if key is None else key
    own = ["Upgrade: websocket", "Connection: keep-alive, Upgrade"]
    if key:
        own.append(f"Sec-WebSocket-Key: {key}")
    if version:
        own.append(f"Sec-WebSocket-Version: {version}")
    return request_bytes("GET", path, *own, *headers, token=token)


def frame(opcode, payload=b"", fin=True, reserved=0, mask=True, length=None):
    """A client's frame; what is wrong with it, if anything, is asked for."""
    size = len(payload) if length is None else length
    head = bytes([(fin << 7) | (reserved << 4) | opcode])
    if size < 126:
        head += bytes([(mask << 7) | size])
    elif size < 65536:
        head += bytes([(mask << 7) | 126]) + struct.pack(">H", size)
    else:
        head += bytes([(mask << 7) | 127]) + struct.pack(">Q", size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


class RawWebSocket(Messages):
    def __init__(self, server, token, behind=b"", receive_buffer=None):
        self.connection = RawConnection(server)
        if receive_buffer:
            sock = self.connection.socket
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.connection.send(handshake_bytes(token) + behind)
        self.answer = self.connection.read_answer()
        assert self.answer.status == 101

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, opcode, payload=b"", **wrong):
        self.connection.send(frame(opcode, payload, **wrong))
        return self

    def read(self):
        """The next frame: its opcode and payload; None when the server shut its side instead."""
        stream = self.connection.stream
        try:
            head = stream.read(2)
            if len(head) < 2:
                return None
            size = head[1]
            if size == 126:
                size = struct.unpack(">H", stream.read(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", stream.read(8))[0]
            assert head[0] & 0xF0 == 0x80, "the server's frames are whole, with no bit reserved"
            assert size < 1 << 31, "the server's frames have no mask"
            return head[0] & 0x0F, stream.read(size)
        except ConnectionResetError:
            return None

    def next(self):
        """The next message; pings go unanswered."""
        while True:
            found = self.read()
            assert found is not None, "the server has closed"
            if found[0] == TEXT:
                return json.loads(found[1])

    def read_close(self):
        """The code with which the server closes, which is the last that it sends."""
        while (found := self.read()) is not None:
            opcode, payload = found
            if opcode == CLOSE:
                assert self.read() is None, "nothing follows a Close frame"
                return struct.unpack(">H", payload[:2])[0] if payload else None
        return None

"""What the program says of its broker, and messages at the broker itself."""

import json
import re

from support.server import wait_until


def metrics(server):
    text = server.http.get("/metrics").text
    found = dict(re.findall(r'broker_messages_total\{event="(\w+)"\} (\d+)', text))
    connected = re.search(r"^broker_connected (\d)$", text, re.MULTILINE)
    return {name: int(count) for name, count in found.items()} | {
        "connected": connected and int(connected[1])
    }


def queue_health(server):
    return server.http.get("/health/detailed").json()["checks"]["queue"]


def fetch(channel, queue):
    """The next message of a queue, when it is there."""

    def got():
        method, _, body = channel.basic_get(queue)
        return (method, body) if method else None

    return wait_until(got, f"a message in {queue}")


def publish(channel, exchange, key, message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    channel.basic_publish(exchange, key, body)

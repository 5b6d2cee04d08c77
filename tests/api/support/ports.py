"""Ports for the servers that tests start.

None is one that the system gives to connections, so a server finds its own free after a restart. Nor
is it given to two servers of a run, though one may bind it only later: each worker of xdist has a
thousand of its own and goes through them.
"""

import os
import secrets
import socket

FIRST, WORKERS, EACH = 10000, 20, 1000

_next = secrets.randbelow(EACH)  # another run may be under way


def _first_of_worker():
    name = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(name.removeprefix("gw")) + 1 if name else 0
    return FIRST + number % WORKERS * EACH


def _is_free(port):
    with socket.socket() as probe:
        # As servers do: what a connection of an earlier one has left does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    global _next
    for _ in range(EACH):
        port = _first_of_worker() + _next % EACH
        _next += 1
        if _is_free(port):
            return port
    raise AssertionError("there is no free port left")

"""Ports for the servers that tests start."""

import secrets
import socket


def free_port():
    """One that the system gives to no connection, so that it is still free after a restart."""
    while True:
        port = 10000 + secrets.randbelow(20000)
        with socket.socket() as probe:
            # As servers do: what a connection of an earlier one has left does not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port

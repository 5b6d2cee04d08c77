#!/usr/bin/env python3
"""startup COUNT COMMAND...: milliseconds from starting the process to its first good /health.

Starts the command COUNT times and prints the median; "{}" in an argument stands for a free port.
One process does the asking, without a program start of its own in each try, so that a few
milliseconds are seen.
"""

import contextlib
import socket
import statistics
import subprocess
import sys
import time

REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PATIENCE = 10.0


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def healthy(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(REQUEST)
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def measure(command):
    port = free_port()
    command = [argument.replace("{}", str(port)) for argument in command]
    start = time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not healthy(port):
            if server.poll() is not None:
                sys.exit(f"the server ended with {server.returncode} before it was ready")
            if time.perf_counter() - start > PATIENCE:
                sys.exit(f"the server was not ready in {PATIENCE:.0f} s")
            time.sleep(0.0002)
        return (time.perf_counter() - start) * 1000
    finally:
        server.terminate()
        server.wait()


def main():
    count, command = int(sys.argv[1]), sys.argv[2:]
    print(f"{statistics.median(measure(command) for _ in range(count)):.1f}")


main()

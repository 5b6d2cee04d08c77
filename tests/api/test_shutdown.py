"""SIGTERM drains: what is in flight is finished, what is new is turned away, the exit code is 0."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api import PASSWORD, register, try_login
from support.raw import RawConnection, request_bytes
from support.server import wait_until

BODY = b'{"title":"Made while leaving"}'


def begin_create(server, token):
    """A create of which the server has read the head and waits for the body."""
    head = request_bytes(
        "POST",
        "/tasks",
        "Expect: 100-continue",
        f"Content-Length: {len(BODY)}",
        token=token,
    )
    connection = RawConnection(server).send(head)
    assert connection.read_answer().status == 100
    return connection


def refuses_connections(server):
    try:
        socket.create_connection((server.host, server.port), timeout=5).close()
    except OSError:
        return True
    return False


def test_an_idle_server_ends_at_once(server):
    assert server.stop() == 0


def test_idle_connections_do_not_keep_it_alive(server):
    idle = [RawConnection(server) for _ in range(20)]
    for connection in idle[::2]:
        connection.send(request_bytes("GET", "/health"))
        assert connection.read_answer().status == 200
    assert server.stop() == 0
    for connection in idle:
        assert connection.is_closed_by_server()
        connection.close()


def test_requests_in_flight_are_finished(server, anna):
    begun = [begin_create(server, anna.token) for _ in range(10)]
    server.signal(signal.SIGTERM)
    wait_until(lambda: refuses_connections(server), "new connections to be refused")
    for connection in begun:
        connection.send(BODY)
        answer = connection.read_answer()
        assert answer.status == 201
        assert answer.json()["title"] == "Made while leaving"
        assert connection.is_closed_by_server()
        connection.close()
    assert server.wait() == 0
    server.start()
    assert anna.get("/tasks").json()["total"] == 10


def test_logins_in_flight_are_finished(start_server):
    """Password hashes are made on other threads, which the drain waits for."""
    server = start_server(BCRYPT_COST=9)
    register(server, "anna")
    with ThreadPoolExecutor(8) as pool:
        begun = [begin_create_login(server) for _ in range(8)]
        server.signal(signal.SIGTERM)
        answers = list(pool.map(lambda connection: connection.read_answer(), begun))
    for connection in begun:
        connection.close()
    assert [answer.status for answer in answers] == [200] * 8
    assert server.wait() == 0


def begin_create_login(server):
    """A login whose whole body has been sent after the server asked for it."""
    body = b'{"username":"anna","password":"%s"}' % PASSWORD.encode()
    head = request_bytes(
        "POST", "/auth/login", "Expect: 100-continue", f"Content-Length: {len(body)}"
    )
    connection = RawConnection(server).send(head)
    assert connection.read_answer().status == 100
    return connection.send(body)


def test_a_request_that_never_ends_is_given_up(start_server):
    server = start_server(DRAIN_SECONDS=1)
    anna = register(server, "anna")
    connection = begin_create(server, anna.token)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert connection.is_closed_by_server()
    connection.close()


def test_what_was_acknowledged_before_the_end_is_there_after_it(server, anna):
    made = [anna.create_task(title=f"Task {number}") for number in range(20)]
    server.restart()
    assert anna.get("/tasks").json()["tasks"] == made


@pytest.mark.parametrize("times", [1, 3])
def test_starting_and_ending_can_be_repeated(server, times):
    for _ in range(times):
        assert server.stop() == 0
        server.start()
    assert try_login(server, "admin", "Admin123").status_code == 200

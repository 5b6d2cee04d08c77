"""Clients that are slow, rude, broken or many: the server sheds them and goes on serving others."""

import random
import resource
import socket
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api import PASSWORD, Caller, log_in_admin, register, try_login
from support.raw import RawConnection, exchange, request_bytes
from support.server import PATIENCE, wait_until


@pytest.fixture
def impatient(start_server):
    """A server that waits one second for heads and bodies."""
    return start_server(IDLE_TIMEOUT_SECONDS=1, REQUEST_TIMEOUT_SECONDS=1)


def assert_still_serving(server):
    assert Caller(server).get("/health").json() == {"status": "ok"}
    admin = log_in_admin(server)
    task = admin.create_task(title="Still here")
    assert admin.read_task(task["id"]) == task


def drip(connection, data):
    """Send byte by byte until all is sent or the server has had enough; True if it had."""
    deadline = time.monotonic() + PATIENCE
    for byte in data:
        if time.monotonic() > deadline or not connection.send_if_open(bytes([byte])):
            break
        time.sleep(0.1)
    answer = connection.read_answer()
    return answer is None or answer.status == 408


def test_a_silent_connection_is_closed(impatient):
    with RawConnection(impatient) as connection:
        assert connection.is_closed_by_server()
    assert_still_serving(impatient)


def test_a_connection_silent_after_its_answer_is_closed(impatient):
    with RawConnection(impatient) as connection:
        connection.send(request_bytes("GET", "/health"))
        assert connection.read_answer().status == 200
        assert connection.is_closed_by_server()


def test_a_head_that_drips_in_is_cut_off(impatient):
    """Each byte comes well within the second, the whole head would take a minute."""
    with RawConnection(impatient) as connection:
        connection.send(b"GET /health HTTP/1.1\r\nHost: test\r\nX-Slow: ")
        assert drip(connection, b"z" * 600)
    assert_still_serving(impatient)


def test_a_body_that_drips_in_is_cut_off(impatient):
    anna = register(impatient, "anna")
    head = request_bytes("POST", "/tasks", "Content-Length: 615", token=anna.token)
    with RawConnection(impatient) as connection:
        connection.send(head + b'{"title":"Slow"')
        assert drip(connection, b" " * 600)
    assert anna.get("/tasks").json()["total"] == 0


def test_a_body_that_never_comes_is_given_up(impatient):
    anna = register(impatient, "anna")
    with RawConnection(impatient) as connection:
        connection.send(request_bytes("POST", "/tasks", "Content-Length: 10", token=anna.token))
        answer = connection.read_answer()
        assert answer is None or answer.status == 408
    assert_still_serving(impatient)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/health", None, 200),
        ("POST", "/tasks", b'{"title":"Half closed"}', 201),
        ("POST", "/auth/login", b'{"username":"anna","password":"Passw0rd"}', 200),
    ],
)
def test_a_half_closed_connection_still_gets_its_answer(server, method, path, body, status):
    anna = register(server, "anna")
    with RawConnection(server) as connection:
        connection.send(request_bytes(method, path, body=body, token=anna.token))
        connection.finish_sending()
        assert connection.read_answer().status == status


def test_a_half_closed_half_request_is_dropped(impatient):
    """At once when the end is seen apart from the bytes, else when the time for a head is over."""
    with RawConnection(impatient) as connection:
        connection.send(b"GET /health HTTP/1.1\r\nHos").finish_sending()
        answer = connection.read_answer()
        assert answer is None or 400 <= answer.status < 500
    assert_still_serving(impatient)


TLS_HELLO = bytes.fromhex("16030100a5010000a10303") + bytes(range(160))
GARBAGE = {
    "zeros": bytes(1000),
    "noise": random.Random(1).randbytes(4000),
    "a TLS hello": TLS_HELLO,
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no path": b"GET\r\n\r\n",
    "no version": b"GET /health\r\n\r\n",
    "a version to come": b"GET /health HTTP/9.9\r\nHost: x\r\n\r\n",
    "no version number": b"GET /health HTTP/x.y\r\nHost: x\r\n\r\n",
    "a header without a colon": b"GET /health HTTP/1.1\r\nHost x\r\nbroken\r\n\r\n",
    "a NUL in the method": b"G\0T /health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a negative length": b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "a length in words": b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
    "a length past 64 bits": b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: "
    + b"9" * 40
    + b"\r\n\r\n",
    "a bad chunk size": b"POST /tasks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"zz\r\nbody\r\n0\r\n\r\n",
    "a chunk size past 64 bits": b"POST /tasks HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nbody\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_or_hung_up_on(impatient, garbage):
    answer = exchange(impatient, garbage)
    assert answer is None or 400 <= answer.status < 600
    assert_still_serving(impatient)


ODD_FIELDS = {
    "a field without a name": b": value",
    "a NUL in a value": b"A: b\0c",
    "a NUL in a token": b"Authorization: Bearer x\0y",
}


@pytest.mark.parametrize("field", ODD_FIELDS.values(), ids=ODD_FIELDS)
def test_an_odd_header_field_grants_nothing(impatient, field):
    """libmicrohttpd cuts a field at a NUL and passes over one without a name."""
    answer = exchange(impatient, b"GET /tasks HTTP/1.1\r\nHost: x\r\n" + field + b"\r\n\r\n")
    assert answer is None or answer.status in (400, 401)
    assert_still_serving(impatient)


def test_two_lengths_that_differ_never_smuggle_a_request(impatient):
    smuggled = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: smuggled\r\n\r\n"
    head = (
        b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nContent-Length: 0\r\n\r\n"
        % len(smuggled)
    )
    with RawConnection(impatient) as connection:
        connection.send(head + smuggled)
        answer = connection.read_answer()
        assert answer is None or answer.status >= 400
        second = connection.read_answer() if answer else None
        assert second is None or second.headers["x-request-id"] != "smuggled"


BROKEN_OFF = {
    "in the head": b"POST /tasks HTTP/1.1\r\nHost: te",
    "in the body": b'POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"title":',
    "before the answer": request_bytes("GET", "/openapi.json"),
    "in a login": request_bytes(
        "POST", "/auth/login", body=b'{"username":"admin","password":"Admin123"}'
    ),
    "in a chunk": b"POST /tasks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab",
}


@pytest.fixture
def patient(start_server):
    """A server whose timeouts are longer than the test."""
    return start_server(IDLE_TIMEOUT_SECONDS=600, REQUEST_TIMEOUT_SECONDS=600)


@pytest.mark.parametrize("ending", ["reset", "close"])
@pytest.mark.parametrize("data", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_clients_that_break_off_leave_nothing_behind(patient, data, ending):
    """Many, because one in a hundred sends its end along with its data."""
    for _ in range(300):
        connection = RawConnection(patient).send(data)
        getattr(connection, ending)()
    wait_until(lambda: patient.metric("http_connections") <= 1, "the connections to be closed")
    assert_still_serving(patient)


def test_a_create_broken_off_in_its_body_creates_nothing(server):
    anna = register(server, "anna")
    for _ in range(10):
        connection = RawConnection(server)
        connection.send(request_bytes("POST", "/tasks", "Content-Length: 100", token=anna.token))
        connection.send(b'{"title":"Never"}').reset()
    assert anna.get("/tasks").json()["total"] == 0


def test_a_client_that_never_reads_holds_up_nobody(server):
    anna = register(server, "anna")
    for number in range(100):
        anna.create_task(title=f"Task {number}", description="x" * 9000)
    request = request_bytes("GET", "/tasks?limit=100", token=anna.token)
    deaf = [RawConnection(server) for _ in range(5)]
    for connection in deaf:
        connection.send(request * 20)
    assert_still_serving(server)
    for connection in deaf:
        connection.reset()
    assert_still_serving(server)


def test_logins_of_many_do_not_hold_up_the_rest(start_server):
    server = start_server(BCRYPT_COST=8)
    register(server, "anna")
    with ThreadPoolExecutor(20) as pool:
        logins = [pool.submit(try_login, server, "anna", PASSWORD) for _ in range(40)]
        assert Caller(server).get("/health").status_code == 200
    assert all(login.result().status_code == 200 for login in logins)


IDLE_CONNECTIONS = 10_000


@pytest.fixture
def descriptors():
    """As many file descriptors as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_idle_connections_hold_up_nobody(start_server, descriptors):
    server = start_server(IDLE_TIMEOUT_SECONDS=600)
    count = min(IDLE_CONNECTIONS, descriptors - 500)
    if count < IDLE_CONNECTIONS:
        warnings.warn(
            f"only {count} idle connections: RLIMIT_NOFILE is {descriptors}", stacklevel=1
        )
    idle = []
    try:
        for _ in range(count):
            idle.append(RawConnection(server))
        assert_still_serving(server)
        for connection in idle[:: count // 50]:
            connection.send(request_bytes("GET", "/health"))
            assert connection.read_answer().json() == {"status": "ok"}
    finally:
        for connection in idle:
            connection.reset()
    assert_still_serving(server)


def test_connections_past_the_limit_wait_or_are_closed(start_server):
    server = start_server(MAX_CONNECTIONS=20)
    crowd = [socket.create_connection((server.host, server.port), PATIENCE) for _ in range(60)]
    for connection in crowd:
        connection.close()
    assert_still_serving(server)

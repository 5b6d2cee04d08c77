"""GET /async/external: another server's answer, passed on."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api import V1, Caller, assert_error, register
from support.server import wait_until
from support.service import Service, answer, break_off, hang, hold

PATH = "/async/external"


@pytest.fixture
def service():
    with Service(answer({"id": 1, "tags": ["a", None]})) as service:
        yield service


@pytest.fixture
def server(start_server, service):
    return start_server(EXTERNAL_API_URL=service.url("/data?page=1"))


def data_of(guest):
    found = guest.get(PATH)
    assert found.status_code == 200, found.text
    return found.json()["data"]


def test_anybody_gets_the_answer_of_the_other_server(guest, service):
    found = guest.get(PATH)
    assert found.status_code == 200
    assert set(found.json()) == {"status_code", "elapsed_ms", "data"}
    assert found.json()["status_code"] == 200
    assert found.json()["data"] == {"id": 1, "tags": ["a", None]}
    assert found.json()["elapsed_ms"] > 0
    assert service.paths == ["/data?page=1"]


@pytest.mark.parametrize("status", [201, 301, 404, 429, 500, 503])
def test_any_status_is_an_answer(guest, service, status):
    service.usual = answer({"error": "words"}, status)
    found = guest.get(PATH)
    assert found.status_code == 200
    assert found.json()["status_code"] == status
    assert found.json()["data"] == {"error": "words"}


@pytest.mark.parametrize(
    "value", [[], [1, 2.5, "x"], "text", 7, -1.5, True, None, {"a": {"b": []}}]
)
def test_any_json_is_passed_on(guest, service, value):
    service.usual = answer(value)
    assert data_of(guest) == value


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"<p>Hello \xe2\x98\x82</p>", "<p>Hello \N{UMBRELLA}</p>"),
        (b'{"cut":', '{"cut":'),
        (b'{"a":1,"a":2}', '{"a":1,"a":2}'),
        (b"[" * 5000, "[" * 5000),
        (b"a\x00b", "a\0b"),
        (b"", ""),
        (b"\xff\xfe\x00binary", None),
        (b'{"a":"\xff"}', None),
        (b'{"long":12345678901234567890123}', '{"long":12345678901234567890123}'),
    ],
)
def test_what_is_no_json_is_a_string_or_nothing(guest, service, body, data):
    service.usual = answer(body)
    assert data_of(guest) == data


def test_a_large_answer_is_passed_on_and_a_huge_one_is_not(guest, service):
    service.usual = answer(b"\x01" * (1 << 20))
    assert data_of(guest) == "\x01" * (1 << 20)
    service.usual = answer(b"x" * ((1 << 20) + 1))
    assert_error(guest.get(PATH), V1, 502, code="BAD_GATEWAY")
    service.usual = answer(b"x" * 50_000_000)
    assert_error(guest.get(PATH), V1, 502, code="BAD_GATEWAY")


def test_a_server_that_breaks_off_is_a_bad_gateway(guest, service):
    service.usual = break_off
    assert_error(guest.get(PATH), V1, 502, code="BAD_GATEWAY")


def test_a_server_out_of_reach_is_a_bad_gateway(start_server):
    with Service(hang) as service:
        url = service.url("/?key=secret")
    server = start_server(EXTERNAL_API_URL=url)
    found = Caller(server).get(PATH)
    assert_error(found, V1, 502, code="BAD_GATEWAY")
    assert "127.0.0.1" not in found.text
    assert server.stop() == 0
    [line] = [line for line in server.stdout.splitlines() if "EXTERNAL_API_URL" in line]
    assert "127.0.0.1" in line
    assert "secret" not in server.stdout


def test_a_name_that_nobody_has_is_a_bad_gateway_or_a_timeout(start_server):
    server = start_server(EXTERNAL_API_URL="http://nobody.invalid/", EXTERNAL_TIMEOUT_SECONDS=1)
    assert Caller(server).get(PATH).status_code in (502, 504)


def test_a_slow_server_is_a_timeout(start_server, service):
    service.usual = hang
    server = start_server(EXTERNAL_API_URL=service.url("/"), EXTERNAL_TIMEOUT_SECONDS=1)
    assert_error(Caller(server).get(PATH), V1, 504, code="GATEWAY_TIMEOUT")
    assert service.given_up.acquire(timeout=60)


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_url_it_is_not_there(start_server, value):
    server = start_server(EXTERNAL_API_URL=value)
    found = Caller(server).get(PATH)
    assert_error(found, V1, 503, code="SERVICE_UNAVAILABLE")
    assert "EXTERNAL_API_URL" in found.json()["error"]["message"]


def test_others_are_served_while_it_waits(start_server, service):
    """On the same loop: there is only one."""
    service.usual = hold(service.usual)
    server = start_server(THREADS=1, EXTERNAL_API_URL=service.url("/"))
    anna = register(server, "anna")
    with ThreadPoolExecutor(40) as pool:
        begun = [pool.submit(anna.get, PATH) for _ in range(40)]
        wait_until(lambda: len(service.paths) == 40, "all calls to arrive")
        task = anna.create_task()
        assert anna.read_task(task["id"]) == task
        service.usual.release()
        assert {future.result().status_code for future in begun} == {200}


def test_a_wrong_token_is_refused_all_the_same(server, service):
    assert Caller(server, "no token").get(PATH).status_code == 401
    assert service.paths == []


def test_other_methods_are_refused(guest, service):
    found = guest.post(PATH)
    assert_error(found, V1, 405)
    assert "GET" in found.headers["allow"]
    assert service.paths == []


def test_it_counts_against_the_limit(start_server, service):
    """Everybody may call it, so the limit keeps the other server from being flooded."""
    server = start_server(EXTERNAL_API_URL=service.url("/"), RATE_LIMIT_PER_MINUTE=3)
    statuses = [Caller(server).get(PATH).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert len(service.paths) == 3

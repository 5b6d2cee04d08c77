"""Sliding-window limits: who is counted together, what the headers say, and what is never limited."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support.api import (
    CLASSIC,
    PASSWORD,
    V1,
    Caller,
    assert_error,
    log_in_admin,
    register,
    try_login,
)
from support.server import PATIENCE

pytestmark = pytest.mark.shared

HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def assert_limited(answer, surface, window=60):
    assert_error(answer, surface, 429)
    # A window may end as much as a slice of it late.
    assert 1 <= int(answer.headers["retry-after"]) <= window + window // 30
    assert answer.headers["x-ratelimit-remaining"] == "0"


def registration(number):
    return {"username": f"user{number}", "password": PASSWORD}


# Anonymous requests, by address.


def test_the_request_past_an_anonymous_limit_is_429(start_server, surface):
    guest = Caller(start_server(RATE_LIMIT_PER_MINUTE=3))
    for _ in range(3):
        assert_error(guest.get(surface.tasks), surface, 401)
    assert_limited(guest.get(surface.tasks), surface)


def test_every_anonymous_path_draws_on_one_budget(start_server):
    guest = Caller(start_server(RATE_LIMIT_PER_MINUTE=3))
    for path in (CLASSIC.tasks, V1.tasks, V1.auth("me")):
        assert guest.get(path).status_code == 401
    assert_limited(guest.get(CLASSIC.tasks), CLASSIC)


def test_the_headers_count_down(start_server, surface):
    guest = Caller(start_server(RATE_LIMIT_PER_MINUTE=3))
    before = int(time.time())
    answers = [guest.get(surface.tasks) for _ in range(3)]
    after = int(time.time())
    assert [answer.headers["x-ratelimit-limit"] for answer in answers] == ["3"] * 3
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0"]
    for answer in answers:
        assert before <= int(answer.headers["x-ratelimit-reset"]) <= after + 62


@pytest.mark.parametrize("path", ["/health", "/health/detailed", "/metrics"])
def test_what_watches_the_server_is_never_limited(start_server, path):
    guest = Caller(start_server(RATE_LIMIT_PER_MINUTE=1))
    for _ in range(5):
        answer = guest.get(path)
        assert answer.status_code == 200
        assert not set(HEADERS) & set(answer.headers)


def test_zero_turns_the_limits_off(server, guest, anna):
    for caller in (guest, anna):
        for _ in range(130):
            answer = caller.get(CLASSIC.tasks)
            assert answer.status_code != 429
            assert not set(HEADERS) & set(answer.headers)


@pytest.mark.parametrize(
    ("option", "limit"), [("RATE_LIMIT_PER_MINUTE", "60"), ("RATE_LIMIT_USER_PER_MINUTE", "100")]
)
def test_the_limits_stand_when_nothing_is_said(start_server, option, limit):
    server = start_server(**{option: None})
    caller = log_in_admin(server) if "USER" in option else Caller(server)
    assert caller.get(CLASSIC.tasks).headers["x-ratelimit-limit"] == limit


# Users.


def test_the_request_past_a_users_limit_is_429(start_server, surface):
    anna = register(start_server(RATE_LIMIT_USER_PER_MINUTE=3), "anna")
    for _ in range(3):
        assert anna.get(surface.tasks).status_code == 200
    assert_limited(anna.get(surface.tasks), surface)


def test_a_user_has_one_budget_on_all_surfaces(start_server):
    anna = register(start_server(RATE_LIMIT_USER_PER_MINUTE=4), "anna")
    for surface in (CLASSIC, V1, CLASSIC, V1):
        assert anna.get(surface.tasks).status_code == 200
    assert_limited(anna.get(CLASSIC.tasks), CLASSIC)


def test_one_users_limit_is_not_anothers(start_server):
    server = start_server(RATE_LIMIT_USER_PER_MINUTE=2, RATE_LIMIT_PER_MINUTE=50)
    anna, bert = register(server, "anna"), register(server, "bert")
    for _ in range(3):
        anna.get(CLASSIC.tasks)
    assert anna.get(CLASSIC.tasks).status_code == 429
    assert bert.get(CLASSIC.tasks).status_code == 200
    assert Caller(server).get(CLASSIC.tasks).status_code == 401


def test_a_refused_create_creates_nothing(start_server):
    server = start_server(RATE_LIMIT_USER_PER_MINUTE=2)
    anna = register(server, "anna")
    for _ in range(5):
        anna.post(CLASSIC.tasks, json={"title": "One of five"})
    assert log_in_admin(server).get(CLASSIC.tasks).json()["total"] == 2


@pytest.mark.parametrize("who", ["anonymous", "user"])
def test_many_at_once_pass_exactly_as_often_as_one_after_another(start_server, who):
    server = start_server(RATE_LIMIT_PER_MINUTE=20, RATE_LIMIT_USER_PER_MINUTE=20)
    token = register(server, "anna").token if who == "user" else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    expected = 200 if token else 401

    def once(_):
        """On a connection of its own, so that every event loop gets some."""
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
            return client.get(CLASSIC.tasks, headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(once, range(50)))
    assert statuses.count(expected) == 20
    assert statuses.count(429) == 30


# Logins and registrations.


def test_the_login_past_the_limit_is_429_even_with_the_right_password(start_server, surface):
    server = start_server(RATE_LIMIT_LOGIN_PER_MINUTE=2)
    register(server, "anna")
    for _ in range(2):
        assert_error(try_login(server, "anna", "Wr0ngword", surface), surface, 401)
    assert_limited(try_login(server, "anna", PASSWORD, surface), surface)


def test_logins_are_counted_by_name_in_any_case(start_server, surface):
    server = start_server(RATE_LIMIT_LOGIN_PER_MINUTE=2)
    register(server, "anna")
    register(server, "bert")
    for name in ("anna", "ANNA"):
        try_login(server, name, "Wr0ngword", surface)
    assert_limited(try_login(server, "Anna", PASSWORD, surface), surface)
    assert try_login(server, "bert", PASSWORD, surface).status_code == 200


def test_logins_by_form_and_json_are_counted_together(start_server, surface):
    server = start_server(RATE_LIMIT_LOGIN_PER_MINUTE=2)
    register(server, "anna")
    form = {"username": "anna", "password": "Wr0ngword"}
    for _ in range(2):
        assert server.http.post(surface.auth("login"), data=form).status_code == 401
    assert_limited(try_login(server, "anna", PASSWORD, surface), surface)


def test_the_registration_past_the_limit_is_429(start_server, surface):
    guest = Caller(start_server(RATE_LIMIT_REGISTER_PER_HOUR=2))
    for number in range(2):
        answer = guest.post(surface.auth("register"), json=registration(number))
        assert answer.status_code == 201
    refused = guest.post(surface.auth("register"), json=registration(2))
    assert_limited(refused, surface, window=3600)


# Addresses.


def get_as(server, forwarded=None, source=None):
    """The status of an anonymous request from `source`, which says it comes from `forwarded`."""
    transport = httpx.HTTPTransport(local_address=source) if source else None
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    with httpx.Client(base_url=server.url, transport=transport, timeout=PATIENCE) as client:
        return client.get(CLASSIC.tasks, headers=headers).status_code


def test_each_address_has_a_budget(start_server):
    server = start_server(RATE_LIMIT_PER_MINUTE=2)
    statuses = [get_as(server, source="127.0.0.2") for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert get_as(server, source="127.0.0.3") == 401


def test_a_stranger_cannot_speak_for_others(start_server):
    server = start_server(RATE_LIMIT_PER_MINUTE=2)
    statuses = [get_as(server, forwarded=f"203.0.113.{n}") for n in range(4)]
    assert statuses == [401, 401, 429, 429]


def test_a_trusted_proxy_speaks_for_its_clients(start_server):
    server = start_server(RATE_LIMIT_PER_MINUTE=2, TRUSTED_PROXIES="127.0.0.1")
    statuses = [get_as(server, forwarded="203.0.113.7") for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert get_as(server, forwarded="203.0.113.8") == 401
    assert get_as(server, source="127.0.0.2", forwarded="203.0.113.7") == 401


def test_only_the_last_untrusted_hop_counts(start_server):
    server = start_server(RATE_LIMIT_PER_MINUTE=2, TRUSTED_PROXIES="127.0.0.1,10.1.1.1")
    statuses = [
        get_as(server, forwarded=f"198.51.100.{n}, 203.0.113.7, 10.1.1.1") for n in range(3)
    ]
    assert statuses == [401, 401, 429]
    assert get_as(server, forwarded="203.0.113.7, 198.51.100.1") == 401


@pytest.mark.parametrize("forwarded", ["", "unknown", ",,,", "999.1.1.1", "x" * 5000])
def test_a_proxy_that_says_nothing_sensible_speaks_for_itself(start_server, forwarded):
    server = start_server(RATE_LIMIT_PER_MINUTE=2, TRUSTED_PROXIES="127.0.0.1")
    assert [get_as(server, forwarded=forwarded) for _ in range(3)] == [401, 401, 429]

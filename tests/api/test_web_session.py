"""The session of the web interface: a cookie that scripts cannot read, and what proves that a request
that carries it comes from our own pages."""

import contextlib
import re

import httpx
import pytest
from support.api import ABSENT, PASSWORD, V1, assert_error, register
from support.raw import RawConnection, exchange, request_bytes

SESSION = "/api/v1/session"
PROOF = {"X-Requested-With": "errand", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def server(shared_server):
    return shared_server


class Browser:
    """Keeps cookies as a browser does, and sends only the headers a test gives it."""

    def __init__(self, server):
        self.server = server
        self.http = httpx.Client(base_url=server.url, timeout=60)

    def request(self, method, path, headers=PROOF, **options):
        return self.http.request(method, path, headers=headers, **options)

    def sign_in(self, username, password=PASSWORD, headers=PROOF):
        body = {"username": username, "password": password}
        return self.request("POST", SESSION, headers, json=body)

    def create_task(self, headers=PROOF):
        return self.request("POST", V1.tasks, headers, json={"title": "By cookie"})


@pytest.fixture
def open_browser(server):
    with contextlib.ExitStack() as stack:

        def open_one(server=server):
            browser = Browser(server)
            stack.callback(browser.http.close)
            return browser

        yield open_one


@pytest.fixture
def browser(open_browser, anna):
    """A browser in which anna is signed in."""
    browser = open_browser()
    answer = browser.sign_in(anna.user["username"])
    assert answer.status_code == 200, answer.text
    return browser


def cookie_parts(answer):
    name_value, *attributes = answer.headers["set-cookie"].split("; ")
    return name_value.split("=", 1), set(attributes)


# The good case.


def test_signing_in_sets_a_cookie_that_scripts_cannot_read(open_browser, anna):
    answer = open_browser().sign_in(anna.user["username"])
    assert answer.status_code == 200
    assert answer.json() == {"expires_in": 3600, "user": anna.user}
    (name, value), attributes = cookie_parts(answer)
    assert name == "errand_session"
    assert attributes == {"Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Strict"}
    assert value not in answer.text


def test_the_cookie_signs_requests_in(browser, anna):
    created = browser.create_task()
    assert created.status_code == 201
    assert created.json()["user_id"] == anna.id
    assert browser.request("GET", V1.tasks, {}).json()["total"] == 1


def test_reading_the_session_tells_who_it_is_and_renews_it(browser, anna):
    answer = browser.request("GET", SESSION, {})
    assert answer.json()["user"] == anna.user
    (_, value), _ = cookie_parts(answer)
    assert value


def test_reading_the_session_with_a_token_sets_no_cookie(anna):
    answer = anna.get(SESSION)
    assert answer.json()["user"] == anna.user
    assert "set-cookie" not in answer.headers


def test_without_a_session_there_is_nobody(open_browser):
    answer = open_browser().request("GET", SESSION, {})
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers


def test_signing_out_takes_the_cookie_away(browser):
    answer = browser.request("DELETE", SESSION)
    assert answer.status_code == 204
    (_, value), attributes = cookie_parts(answer)
    assert value == ""
    assert "Max-Age=0" in attributes
    assert browser.request("GET", V1.tasks).status_code == 401


def test_a_link_that_the_user_follows_is_signed_in(browser):
    """Downloads are links: a browser sends them without any header of ours."""
    for site in ("same-origin", "none"):
        assert browser.request("GET", V1.tasks, {"Sec-Fetch-Site": site}).status_code == 200


def test_an_old_browser_proves_itself_by_its_origin(browser):
    headers = {"X-Requested-With": "errand", "Origin": browser.server.url}
    assert browser.create_task(headers).status_code == 201


# What voids tokens ends sessions.


def test_signing_out_everywhere_ends_every_session(browser, open_browser, anna):
    other = open_browser()
    other.sign_in(anna.user["username"])
    answer = other.request("POST", "/api/v1/auth/logout")
    assert answer.status_code == 204
    assert cookie_parts(answer)[0][1] == ""
    assert browser.request("GET", V1.tasks).status_code == 401
    assert anna.get(V1.tasks).status_code == 401


def test_a_new_password_ends_the_other_sessions_and_renews_this_one(browser, open_browser, anna):
    other = open_browser()
    other.sign_in(anna.user["username"])
    body = {"password": "N3wPassword", "current_password": PASSWORD}
    answer = browser.request("PATCH", "/api/v1/auth/me", json=body)
    assert answer.status_code == 200
    assert "access_token" not in answer.json()
    assert browser.create_task().status_code == 201
    assert other.create_task().status_code == 401


def test_a_disabled_user_has_no_session(browser, admin, anna):
    admin.patch(f"/api/v1/users/{anna.id}", json={"is_active": False})
    assert browser.request("GET", SESSION).status_code == 204
    assert browser.create_task().status_code == 401


def test_the_wrong_password_sets_nothing(open_browser, anna):
    answer = open_browser().sign_in(anna.user["username"], "Wr0ngPassword")
    assert_error(answer, V1, 401)
    assert "set-cookie" not in answer.headers


def test_sign_ins_of_sessions_are_limited_as_others(start_server, open_browser):
    server = start_server(RATE_LIMIT_LOGIN_PER_MINUTE=2)
    browser = open_browser(server)
    statuses = [browser.sign_in("nobody").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


# Requests that somebody else's page made the browser send.

FOREIGN = {
    "no header": {"Sec-Fetch-Site": "same-origin"},
    "no origin": {"X-Requested-With": "errand"},
    "another site": {"X-Requested-With": "errand", "Sec-Fetch-Site": "cross-site"},
    "a sibling": {"X-Requested-With": "errand", "Sec-Fetch-Site": "same-site"},
    "typed in": {"X-Requested-With": "errand", "Sec-Fetch-Site": "none"},
    "another origin": {"X-Requested-With": "errand", "Origin": "https://evil.example"},
    "no origin at all": {"X-Requested-With": "errand", "Origin": "null"},
    "another header": {"X-Requested-With": "XMLHttpRequest", "Sec-Fetch-Site": "same-origin"},
    "an empty site": {"X-Requested-With": "errand", "Sec-Fetch-Site": ""},
    "a longer host": {"X-Requested-With": "errand", "Origin": "{url}.evil.example"},
    "a user in it": {"X-Requested-With": "errand", "Origin": "http://x@{host}"},
    "another scheme": {"X-Requested-With": "errand", "Origin": "file://{host}"},
    "both, one foreign": {
        "X-Requested-With": "errand",
        "Sec-Fetch-Site": "cross-site",
        "Origin": "{url}",
    },
}


def fill(headers, server):
    host = server.url.removeprefix("http://")
    return {name: value.format(url=server.url, host=host) for name, value in headers.items()}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_change_without_proof_is_nobodys(browser, headers):
    headers = fill(headers, browser.server)
    for method, path in (
        ("POST", V1.tasks),
        ("PATCH", V1.task(1)),
        ("PUT", V1.task(1)),
        ("DELETE", V1.task(1)),
        ("POST", "/tasks"),
        ("POST", "/api/v1/auth/logout"),
    ):
        answer = browser.request(method, path, headers, json={"title": "Forged"})
        assert answer.status_code == 401
    assert browser.request("GET", V1.tasks, {}).json()["total"] == 0


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
def test_nobody_is_signed_in_or_out_without_proof(browser, open_browser, headers):
    headers = fill(headers, browser.server)
    other = open_browser()
    answer = other.sign_in("admin", "Admin123", headers)
    assert_error(answer, V1, 403)
    assert "set-cookie" not in answer.headers
    assert_error(browser.request("DELETE", SESSION, headers), V1, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_a_foreign_page_cannot_read_either(browser, headers):
    assert browser.request("GET", V1.tasks, headers).status_code == 401
    assert browser.request("GET", SESSION, headers).status_code == 204


def test_a_form_of_another_site_signs_nobody_in(open_browser):
    body = {"username": "admin", "password": "Admin123"}
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = open_browser().request("POST", SESSION, headers, data=body)
    assert answer.status_code == 403


def test_no_preflight_lets_a_page_send_the_proof(start_server):
    server = start_server(CORS_ORIGINS="*")
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-requested-with",
    }
    answer = server.http.request("OPTIONS", V1.tasks, headers=headers)
    assert "x-requested-with" not in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers


HANDSHAKES = {
    "ours": (["Origin: http://test"], 101),
    "none": ([], 401),
    "another": (["Origin: https://evil.example"], 401),
    "opaque": (["Origin: null"], 401),
    "ours, but not the page": (["Origin: http://test", "Sec-Fetch-Site: cross-site"], 401),
}


@pytest.mark.parametrize(("origin", "status"), HANDSHAKES.values(), ids=HANDSHAKES.keys())
def test_a_websocket_with_the_cookie_needs_our_origin(browser, origin, status):
    lines = [
        f"Cookie: errand_session={browser.http.cookies['errand_session']}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    with RawConnection(browser.server) as connection:
        connection.send(request_bytes("GET", "/api/v1/ws", *lines, *origin))
        assert connection.read_answer().status == status


# Cookies that are none.

BAD_VALUES = ["", "x", "a.b.c", "=" * 50, "e30.e30.", '"quoted"', "\t", "x" * 4000]


@pytest.mark.parametrize("value", BAD_VALUES, ids=lambda value: repr(value[:12]))
def test_a_cookie_that_does_not_hold_is_nobodys(server, value):
    lines = [f"Cookie: errand_session={value}", "Connection: close"]
    assert exchange(server, request_bytes("GET", V1.tasks, *lines)).status == 401
    assert exchange(server, request_bytes("GET", "/health", *lines)).status == 200
    assert exchange(server, request_bytes("GET", SESSION, *lines)).status == 204


def test_the_cookie_is_found_among_others(server, anna):
    for cookie in (
        f"a=1; errand_session={anna.token}; b=2",
        f"a=1;errand_session={anna.token}",
        f";;=;x; errand_session={anna.token};",
    ):
        lines = [f"Cookie: {cookie}", "Connection: close"]
        assert exchange(server, request_bytes("GET", V1.tasks, *lines)).status == 200


@pytest.mark.parametrize("name", ["Errand_session", "xerrand_session", "__Host-errand_session"])
def test_a_cookie_of_another_name_is_nobodys(server, anna, name):
    lines = [f"Cookie: {name}={anna.token}", "Connection: close"]
    assert exchange(server, request_bytes("GET", V1.tasks, *lines)).status == 401


def test_a_token_in_the_header_wins_over_the_cookie(browser, bert):
    headers = {**PROOF, "Authorization": f"Bearer {bert.token}"}
    assert browser.create_task(headers).json()["user_id"] == bert.id
    headers = {**PROOF, "Authorization": "Bearer wrong"}
    assert browser.create_task(headers).status_code == 401


def test_a_cookie_gives_no_rights_of_others(browser, bert):
    foreign = bert.create_task()["id"]
    assert browser.request("GET", V1.task(foreign)).status_code == 403
    assert browser.request("GET", "/api/v1/users").status_code == 403
    assert browser.request("GET", V1.task(ABSENT)).status_code == 404


# Behind TLS.


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(start_server, open_browser):
    server = start_server(TRUSTED_PROXIES="127.0.0.1")
    register(server, "anna")
    behind_tls = {**PROOF, "X-Forwarded-Proto": "https"}
    answer = open_browser(server).sign_in("anna", headers=behind_tls)
    (name, value), attributes = cookie_parts(answer)
    assert name == "__Host-errand_session"
    assert attributes >= {"Secure", "Path=/", "HttpOnly", "SameSite=Strict"}
    sent = {**behind_tls, "Cookie": f"{name}={value}"}
    assert server.http.get(V1.tasks, headers=sent).status_code == 200
    planted = {**behind_tls, "Cookie": f"errand_session={value}"}
    assert server.http.get(V1.tasks, headers=planted).status_code == 401


def test_who_is_no_trusted_proxy_cannot_claim_tls(open_browser, anna):
    headers = {**PROOF, "X-Forwarded-Proto": "https"}
    answer = open_browser().sign_in(anna.user["username"], headers=headers)
    assert not re.search("Secure|__Host-", answer.headers["set-cookie"])


def test_the_description_names_the_cookie(server):
    document = server.http.get("/openapi.json").json()
    scheme = document["components"]["securitySchemes"]["sessionCookie"]
    assert (scheme["in"], scheme["name"]) == ("cookie", "errand_session")

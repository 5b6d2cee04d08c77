"""HTTP itself: routes, methods, types, sizes, request ids, CORS, headers, connections."""

import pytest
from support.api import CLASSIC, SURFACES, UUID, V1, Caller, assert_error, register
from support.raw import RawConnection, exchange, request_bytes


@pytest.fixture
def server(shared_server):
    return shared_server


# Unknown paths, and methods that a known path does not have.


@pytest.mark.parametrize("path", ["/nope", "/tasks/1/nope", "/auth/nope", "/authors", "/users"])
def test_an_unknown_path_is_404(guest, path):
    answer = guest.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "Not Found"}


@pytest.mark.parametrize("path", ["/api/v1/nope", "/api/v1", "/health/nope", "/async/nope"])
def test_an_unknown_canonical_path_is_404_in_its_shape(guest, path):
    assert_error(guest.get(path), V1, 404)


def test_an_unknown_path_below_api_is_404_in_the_flask_shape(guest):
    answer = guest.get("/api/nope")
    assert answer.status_code == 404
    assert isinstance(answer.json()["message"], str)


METHODS = [
    ("DELETE", "{prefix}/tasks", {"GET", "POST"}),
    ("PATCH", "{prefix}/tasks", {"GET", "POST"}),
    ("POST", "{prefix}/tasks/1", {"GET", "PATCH", "PUT", "DELETE"}),
    ("GET", "{prefix}/auth/login", {"POST"}),
    ("PUT", "{prefix}/auth/register", {"POST"}),
]


@pytest.mark.parametrize(("method", "path", "allowed"), METHODS)
def test_another_method_is_405_naming_the_right_ones(anna, surface, method, path, allowed):
    answer = anna.request(method, path.format(prefix=surface.prefix))
    assert_error(answer, surface, 405)
    named = {name.strip() for name in answer.headers["allow"].split(",")}
    assert named - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize("method", ["BREW", "TRACE", "get"])
def test_a_method_nobody_knows_is_405(server, method):
    answer = exchange(server, request_bytes(method, "/health", "Connection: close"))
    assert answer.status in (405, 501)


@pytest.mark.parametrize("path", ["/tasks", "/api/v1/tasks", "/health", "/api/v1/users/1"])
def test_options_of_a_known_path_names_its_methods(guest, path):
    answer = guest.request("OPTIONS", path)
    assert answer.status_code == 204
    assert answer.content == b""
    assert "GET" in answer.headers["allow"]


def test_options_of_an_unknown_path_is_404(guest):
    assert guest.request("OPTIONS", "/nope").status_code == 404


# Spellings of a path.


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_trailing_slash_is_redirected_away(anna, surface, method):
    answer = anna.request(method, f"{surface.tasks}/?limit=3")
    assert answer.status_code == 307
    assert answer.headers["location"].endswith(f"{surface.tasks}?limit=3")


def test_a_redirected_create_arrives(anna, surface):
    answer = anna.post(f"{surface.tasks}/", json={"title": "Redirected"}, follow_redirects=True)
    assert answer.status_code == 201
    assert answer.json()["title"] == "Redirected"


@pytest.mark.parametrize("path", ["/nope/", "/tasks//", "//tasks", "//example.org/tasks"])
def test_a_slash_too_many_elsewhere_is_404(server, path):
    answer = exchange(server, request_bytes("GET", path))
    assert answer.status == 404


@pytest.mark.parametrize("path", ["/t%61sks", "/%74%61%73%6b%73", "/tasks?%6cimit=3"])
def test_percent_encoding_changes_nothing(anna, path):
    assert anna.get(path).status_code == 200


def test_an_encoded_query_field_is_that_field(anna):
    assert anna.get("/tasks?%6cimit=3&so%72t_by=title").json()["limit"] == 3


@pytest.mark.parametrize(
    "path",
    [
        "/tasks%00",
        "/%00",
        "/tasks/1%00",
        "/tasks%2f1",
        "/tasks/%ff",
        "/tasks/%zz",
        "/tasks/%4",
        "/tasks/../health",
        "/tasks/%2e%2e/health",
        "/tasks/\x01",
        "/\xff\xfe",
    ],
)
def test_an_odd_path_is_refused(server, anna, path):
    request = request_bytes("GET", path, "Connection: close", token=anna.token)
    answer = exchange(server, request)
    assert answer is None or 400 <= answer.status < 500


# Content types and sizes.


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonp", "x"],
)
def test_a_body_of_another_type_is_415(anna, surface, kind):
    answer = anna.post(surface.tasks, content='{"title":"T"}', headers={"Content-Type": kind})
    assert_error(answer, surface, 415)


def test_a_form_is_for_logins_only(anna, surface):
    assert_error(anna.post(surface.tasks, data={"title": "T"}), surface, 415)


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"],
)
def test_json_may_be_called_so_in_many_ways(anna, surface, kind):
    answer = anna.post(surface.tasks, content='{"title":"T"}', headers={"Content-Type": kind})
    assert answer.status_code == 201


def test_a_body_of_no_type_is_taken_as_json(anna, surface):
    answer = anna.post(surface.tasks, content=b'{"title":"T"}')
    assert "content-type" not in answer.request.headers
    assert answer.status_code == 201


def body_of(size):
    return b'{"title":"T","description":"%s"}' % (b"x" * (size - 30))


def in_chunks(body):
    """A generator, which the client sends chunked and without Content-Length."""
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_the_body_limit_is_exact(start_server, surface, chunked):
    anna = register(start_server(MAX_BODY_SIZE=2000), "anna")
    for size, status in ((2000, 201), (2001, 413), (2000, 201), (50_000, 413)):
        body = body_of(size)
        assert len(body) == size
        answer = anna.post(surface.tasks, content=in_chunks(body) if chunked else body)
        if status == 413:
            assert_error(answer, surface, 413)
        else:
            assert answer.status_code == 201
    assert anna.list_tasks(surface)["total"] == 2


def test_a_length_past_all_memory_is_413(server, anna):
    head = request_bytes("POST", "/tasks", f"Content-Length: {10**15}", token=anna.token)
    answer = exchange(server, head)
    assert answer is None or answer.status == 413


def test_a_chunked_body_is_a_body(anna, surface):
    answer = anna.post(surface.tasks, content=in_chunks(body_of(1000)))
    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert answer.json()["description"] == "x" * 970


# Request ids.


@pytest.mark.parametrize(
    "request_id", ["abc-123", "A.b_c-9", "0f8fad5b-d9cb-469f-a165-70867728950e"]
)
def test_a_sane_request_id_comes_back(guest, surface, request_id):
    answer = guest.get(surface.tasks, headers={"X-Request-ID": request_id})
    assert answer.headers["x-request-id"] == request_id
    assert_error(answer, surface, 401)


@pytest.mark.parametrize(
    "request_id",
    ["", "two words", "x" * 1000, "<b>", 'a"b', "a\tb", "\x7f", "caf\xe9", "a,b;c=d\\"],
)
def test_an_insane_request_id_is_replaced(server, request_id):
    request = request_bytes("GET", "/health", "Connection: close").replace(
        b"Connection", b"X-Request-ID: " + request_id.encode("latin-1") + b"\r\nConnection"
    )
    answer = exchange(server, request)
    assert answer is None or UUID.fullmatch(answer.headers["x-request-id"])


def test_every_request_has_an_id_of_its_own(guest):
    ids = {guest.get("/health").headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20
    assert all(UUID.fullmatch(request_id) for request_id in ids)


ANSWERS = [
    ("GET", "/health", {}, 200),
    ("GET", "/tasks", {}, 200),
    ("POST", "/tasks", {"json": {"title": "T"}}, 201),
    ("DELETE", "/tasks/{id}", {}, 204),
    ("GET", "/tasks/{id}", {"headers": {"If-None-Match": '"1"'}}, 304),
    ("GET", "/tasks/", {}, 307),
    ("GET", "/api/v1/tasks?limit=0", {}, 400),
    ("GET", "/tasks", {"headers": {"Authorization": "Bearer x"}}, 401),
    ("GET", "/api/v1/users", {}, 403),
    ("GET", "/nope", {}, 404),
    ("DELETE", "/tasks", {}, 405),
    ("PATCH", "/tasks/{id}", {"json": {"title": "T"}, "headers": {"If-Match": '"7"'}}, 412),
    ("POST", "/tasks", {"content": "x", "headers": {"Content-Type": "text/plain"}}, 415),
    ("POST", "/tasks", {"content": "{"}, 422),
]


@pytest.mark.parametrize(("method", "path", "options", "status"), ANSWERS)
def test_every_answer_has_a_request_id_and_the_security_headers(
    anna, method, path, options, status
):
    task = anna.create_task()
    answer = anna.request(method, path.format(id=task["id"]), **options)
    assert answer.status_code == status
    assert UUID.fullmatch(answer.headers["x-request-id"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    for name in ("content-security-policy", "referrer-policy", "cache-control"):
        assert answer.headers[name]


# CORS.

ORIGIN = "https://app.example"


@pytest.fixture
def open_server(start_server):
    return start_server(CORS_ORIGINS=f"https://other.example,{ORIGIN}")


def preflight(caller, origin):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, content-type, if-match",
    }
    return caller.request("OPTIONS", "/tasks/1", headers=headers)


def test_a_preflight_from_an_allowed_origin_is_granted(open_server):
    answer = preflight(Caller(open_server), ORIGIN)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    for name in ("authorization", "content-type", "if-match"):
        assert name in allowed


DENIED = ["https://evil.example", "http://app.example", f"{ORIGIN}.evil.example", "null"]


@pytest.mark.parametrize("origin", DENIED)
def test_another_origin_is_granted_nothing(open_server, origin):
    guest = Caller(open_server)
    for answer in (preflight(guest, origin), guest.get("/health", headers={"Origin": origin})):
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/health", "/tasks", "/nope", "/api/v1/tasks"])
def test_answers_to_an_allowed_origin_may_be_read(open_server, path):
    answer = Caller(open_server).get(path, headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "origin" in answer.headers["vary"].lower()
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert "etag" in exposed
    assert "x-request-id" in exposed


def test_a_star_allows_every_origin(start_server):
    answer = preflight(Caller(start_server(CORS_ORIGINS="*")), "https://any.example")
    assert answer.headers["access-control-allow-origin"] in ("*", "https://any.example")


def test_without_origins_nobody_is_allowed(guest):
    answer = guest.get("/health", headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers


# Connections.


def test_head_says_the_length_that_get_has(guest):
    get, head = guest.get("/health"), guest.head("/health")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))


def test_a_connection_serves_many_requests(server):
    with RawConnection(server) as connection:
        for _ in range(20):
            connection.send(request_bytes("GET", "/health"))
            assert connection.read_answer().json() == {"status": "ok"}


def test_errors_do_not_end_a_connection(server, anna):
    with RawConnection(server) as connection:
        for path, status in (("/nope", 404), ("/tasks?limit=0", 422), ("/tasks", 200)):
            connection.send(request_bytes("GET", path, token=anna.token))
            assert connection.read_answer().status == status


@pytest.mark.parametrize(
    "request_text",
    [
        "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /health HTTP/1.0\r\n\r\n",
    ],
    ids=["asked to close", "HTTP/1.0"],
)
def test_a_last_request_closes_the_connection(server, request_text):
    with RawConnection(server) as connection:
        connection.send(request_text.encode())
        assert connection.read_answer().json() == {"status": "ok"}
        assert connection.is_closed_by_server()


def test_pipelined_requests_are_answered_in_order(server):
    wanted = [f"pipe-{number}" for number in range(50)]
    with RawConnection(server) as connection:
        connection.send(
            b"".join(request_bytes("GET", "/health", f"X-Request-ID: {name}") for name in wanted)
        )
        answers = [connection.read_answer() for _ in wanted]
    assert [answer.headers["x-request-id"] for answer in answers] == wanted


def test_pipelined_creates_happen_in_order(server, anna):
    titles = [f"Step {number}" for number in range(10)]
    with RawConnection(server) as connection:
        connection.send(
            b"".join(
                request_bytes(
                    "POST", "/tasks", body=b'{"title":"%s"}' % title.encode(), token=anna.token
                )
                for title in titles
            )
        )
        answers = [connection.read_answer() for _ in titles]
    assert [answer.status for answer in answers] == [201] * 10
    assert [task["title"] for task in anna.list_tasks(CLASSIC)["tasks"]] == titles


def test_a_client_that_asks_to_continue_is_told_so(server, anna):
    body = b'{"title":"Patient"}'
    head = request_bytes(
        "POST",
        "/tasks",
        "Expect: 100-continue",
        f"Content-Length: {len(body)}",
        token=anna.token,
    )
    with RawConnection(server) as connection:
        connection.send(head)
        assert connection.read_answer().status == 100
        connection.send(body)
        assert connection.read_answer().status == 201


@pytest.mark.parametrize("piece", [1, 7])
def test_a_request_may_arrive_in_pieces(server, anna, piece):
    data = request_bytes("POST", "/tasks", body=b'{"title":"Piecemeal"}', token=anna.token)
    with RawConnection(server) as connection:
        for start in range(0, len(data), piece):
            connection.send(data[start : start + piece])
        assert connection.read_answer().json()["title"] == "Piecemeal"


def oversized(header):
    if header == "many headers":
        return [f"X-Header-{number}: {'v' * 100}" for number in range(10_000)]
    return [f"X-Huge: {'v' * int(header)}"]


@pytest.mark.parametrize("header", ["100000", "1000000", "many headers"])
def test_oversized_headers_are_refused_cleanly(server, header):
    request = request_bytes("GET", "/health", *oversized(header))
    answer = exchange(server, request)
    assert answer is None or answer.status == 431
    assert Caller(server).get("/health").status_code == 200


@pytest.mark.parametrize("length", [100_000, 1_000_000])
def test_an_oversized_address_is_refused_cleanly(server, length):
    answer = exchange(server, request_bytes("GET", f"/tasks?search={'x' * length}"))
    assert answer is None or answer.status in (414, 431)
    assert Caller(server).get("/health").status_code == 200


def test_a_huge_token_is_refused_cleanly(server):
    request = request_bytes("GET", "/tasks", token="a" * 100_000)
    answer = exchange(server, request)
    assert answer is None or answer.status in (401, 431)
    assert Caller(server).get("/health").status_code == 200


@pytest.mark.parametrize("chosen", SURFACES, ids=lambda chosen: chosen.name)
def test_a_surface_can_be_served_alone(start_server, chosen):
    guest = Caller(start_server(API_SURFACES=chosen.name))
    for surface in SURFACES:
        expected = 401 if surface is chosen else 404
        assert guest.get(surface.tasks).status_code == expected
    assert guest.get("/health").status_code == 200

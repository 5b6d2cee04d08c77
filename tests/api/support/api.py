"""Callers of the server and the two surfaces they speak to.

A Surface knows its paths, its status for invalid input and the shape of its errors; a Caller is one
person (or nobody) with their token. A test that takes the `surface` fixture runs on both:

    answer = anna.get(surface.task(7))
    assert_error(answer, surface, 404)
"""

import re
from dataclasses import dataclass

PASSWORD = "Passw0rd"
ADMIN_NAME, ADMIN_PASSWORD = "admin", "Admin123"
ABSENT = 987654321  # an id that no test ever creates

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
USER_FIELDS = {"id", "username", "email", "full_name", "role", "is_active", "created_at"}
TASK_FIELDS = {
    "id",
    "title",
    "description",
    "status",
    "completed",
    "priority",
    "due_date",
    "tags",
    "city",
    "weather",
    "user_id",
    "assigned_user_id",
    "created_at",
    "updated_at",
    "completed_at",
    "version",
}
LIST_FIELDS = {"tasks", "total", "page", "pages", "skip", "limit", "next_cursor"}

CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    412: "PRECONDITION_FAILED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMIT_EXCEEDED",
    431: "HEADERS_TOO_LARGE",
}


@dataclass(frozen=True)
class Surface:
    name: str
    prefix: str
    invalid: int  # the status of invalid input
    default_limit: int  # of a list

    @property
    def tasks(self):
        return f"{self.prefix}/tasks"

    def task(self, task_id):
        return f"{self.prefix}/tasks/{task_id}"

    def auth(self, action):
        return f"{self.prefix}/auth/{action}"


CLASSIC = Surface("classic", "", 422, 100)
V1 = Surface("v1", "/api/v1", 400, 10)
SURFACES = (CLASSIC, V1)


class Caller:
    """Somebody who sends requests; `user` is their account, None for a guest."""

    def __init__(self, server, token=None, user=None):
        self.server = server
        self.token = token
        self.user = user

    @property
    def id(self):
        return self.user["id"]

    def request(self, method, path, headers=None, **options):
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.server.http.request(method, path, headers={**own, **(headers or {})}, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def head(self, path, **options):
        return self.request("HEAD", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def put(self, path, **options):
        return self.request("PUT", path, **options)

    def patch(self, path, **options):
        return self.request("PATCH", path, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def create_task(self, **fields):
        answer = self.post(V1.tasks, json={"title": "Water the plants", **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def read_task(self, task_id):
        answer = self.get(V1.task(task_id))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def list_tasks(self, surface, **query):
        answer = self.get(surface.tasks, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def register(server, username, password=PASSWORD, **fields):
    body = {"username": username, "password": password, **fields}
    answer = server.http.post(V1.auth("register"), json=body)
    assert answer.status_code == 201, answer.text
    return Caller(server, answer.json()["access_token"], answer.json()["user"])


def register_next(server, name):
    """A new user: on a fresh server `name` itself, on a shared one the next of that name."""
    server.names[name] += 1
    count = server.names[name]
    return register(server, name if count == 1 else f"{name}{count}")


def try_login(server, username, password, surface=V1):
    body = {"username": username, "password": password}
    return server.http.post(surface.auth("login"), json=body)


def log_in(server, username, password=PASSWORD):
    answer = try_login(server, username, password)
    assert answer.status_code == 200, answer.text
    return Caller(server, answer.json()["access_token"], answer.json()["user"])


def log_in_admin(server):
    return log_in(server, ADMIN_NAME, ADMIN_PASSWORD)


def assert_error(answer, surface, status, code=None):
    """The answer is this status in this surface's error shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    if surface is V1:
        error = body["error"]
        assert set(error) == {"code", "message", "request_id", "details"}
        assert error["code"] == (code or CODES[status])
        assert error["message"]
        assert error["request_id"] == answer.headers["x-request-id"]
        assert all(set(detail) == {"field", "message"} for detail in error["details"])
    elif status == surface.invalid:
        assert body["detail"], "a validation error names at least one problem"
        for problem in body["detail"]:
            assert {"type", "loc", "msg", "input"} <= set(problem)
            assert problem["loc"][0] in ("body", "query", "path", "header")
            assert problem["msg"]
    else:
        assert isinstance(body["detail"], str)
        assert body["detail"]


def assert_invalid(answer, surface, *fields, place="body", kind=None):
    """The answer refuses exactly these fields (of body, query or path) as invalid input."""
    assert_error(answer, surface, surface.invalid)
    assert invalid_fields(answer, surface) == set(fields)
    if surface is CLASSIC:
        for problem in answer.json()["detail"]:
            assert problem["loc"][0] == place
            assert kind in (None, problem["type"])


def assert_malformed(answer, surface):
    """The answer says that the body is not JSON at all."""
    if surface is V1:
        assert_error(answer, surface, 400, code="MALFORMED_BODY")
    else:
        assert_error(answer, surface, 422)
        assert [problem["type"] for problem in answer.json()["detail"]] == ["json_invalid"]
        assert answer.json()["detail"][0]["loc"][0] == "body"


def invalid_fields(answer, surface):
    """Names of the top-level fields that the answer complains about."""
    if surface is V1:
        named = [detail["field"] for detail in answer.json()["error"]["details"]]
        return {re.split(r"[.\[]", name)[0] for name in named}
    return {problem["loc"][1] for problem in answer.json()["detail"] if len(problem["loc"]) > 1}

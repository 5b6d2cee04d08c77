"""The OpenAPI document: valid, complete, and true of real answers."""

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from support.api import ABSENT, Caller, log_in_admin, register

METHODS = ("get", "post", "put", "patch", "delete")
FOUNDATION = [
    ("get", "/health"),
    ("get", "/health/detailed"),
    ("get", "/metrics"),
    ("get", "/openapi.json"),
    ("get", "/api/v1/auth/me"),
    ("patch", "/api/v1/auth/me"),
    ("post", "/api/v1/auth/logout"),
    ("get", "/api/v1/users"),
    ("get", "/api/v1/users/{}"),
    ("patch", "/api/v1/users/{}"),
    ("delete", "/api/v1/users/{}"),
    ("get", "/api/v1/tasks/admin/all"),
    *[
        (method, prefix + path)
        for prefix in ("", "/api/v1")
        for method, path in (
            ("post", "/auth/register"),
            ("post", "/auth/login"),
            ("get", "/tasks"),
            ("post", "/tasks"),
            ("get", "/tasks/{}"),
            ("patch", "/tasks/{}"),
            ("put", "/tasks/{}"),
            ("delete", "/tasks/{}"),
            ("post", "/tasks/{}/tags"),
            ("delete", "/tasks/{}/tags/{}"),
        )
    ],
]


@pytest.fixture(scope="module")
def document(shared_server):
    answer = Caller(shared_server).get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()


@pytest.fixture(scope="module")
def carla(shared_server):
    return register(shared_server, "carla", email="carla@example.com")


@pytest.fixture(scope="module")
def shared_admin(shared_server):
    return log_in_admin(shared_server)


@pytest.fixture(scope="module")
def task(carla):
    return carla.create_task(
        description="words", tags=["home"], due_date="2031-01-01", city="Oslo", status="done"
    )


def follow(document, node):
    """The node itself, or what its $ref points to."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def template(path):
    """/tasks/{task_id} and /tasks/{id} are the same path."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def operation(document, method, path):
    found = {(m, template(p)): o for m, p, o in operations(document)}
    return found[method, path]


def test_the_document_is_valid_openapi_31(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_no_name_stands_twice_in_an_object(shared_server):
    def once(pairs):
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), names
        return dict(pairs)

    json.loads(Caller(shared_server).get("/openapi.json").text, object_pairs_hook=once)


def test_the_version_is_the_servers(shared_server, document):
    health = Caller(shared_server).get("/health/detailed").json()
    assert document["info"]["version"] == health["version"]


@pytest.mark.parametrize(("method", "path"), FOUNDATION)
def test_an_operation_is_documented(document, method, path):
    found = operation(document, method, path)
    assert found["summary"]
    assert any(status.startswith(("2", "3")) for status in found["responses"])


def test_every_documented_operation_is_there(shared_server, document):
    """Without a token and a body most refuse, but none is an unknown path or method."""
    missing = []
    guest = Caller(shared_server)
    for method, path, _ in operations(document):
        place = template(path).replace("{}", str(ABSENT))
        status = guest.request(method.upper(), place).status_code
        if status in (404, 405, 500, 501):
            missing.append((method, path, status))
    assert missing == []


def test_an_operation_that_takes_a_key_says_what_a_bad_one_gets(document, shared_admin):
    with_key = [
        (path, operation)
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if any(item["name"] == "Idempotency-Key" for item in operation.get("parameters", []))
    ]
    assert len(with_key) > 10
    for path, operation in with_key:
        found = set(operation["responses"])
        assert {"409", "422"} <= found, path
        assert not path.startswith("/api/v1/") or "400" in found, path
    answer = shared_admin.post("/api/log-tasks", headers={"Idempotency-Key": ""})
    assert answer.status_code == 400
    assert "400" in document["paths"]["/api/log-tasks"]["post"]["responses"]


def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_whoever_needs_a_token_says_so(shared_server, document):
    """An operation declares security exactly when it refuses a guest."""
    guest = Caller(shared_server)
    wrong = []
    for method, path, described in operations(document):
        place = template(path).replace("{}", str(ABSENT))
        refuses = guest.request(method.upper(), place).status_code == 401
        declares = bool(described.get("security", document.get("security")))
        if refuses != declares:
            wrong.append((method, path))
    assert wrong == []


def test_the_limits_of_a_task_are_in_its_schema(document):
    body = follow(document, operation(document, "post", "/api/v1/tasks")["requestBody"])
    schema = follow(document, body["content"]["application/json"]["schema"])
    properties = {name: follow(document, node) for name, node in schema["properties"].items()}
    assert schema["required"] == ["title"]
    assert properties["title"]["maxLength"] == 100
    assert set(properties["status"]["enum"]) == {"todo", "in_progress", "done"}
    assert set(properties["priority"]["enum"]) == {"low", "medium", "high"}
    assert "version" not in properties
    assert "user_id" not in properties


def test_the_query_of_the_list_is_described(document):
    described = operation(document, "get", "/tasks")["parameters"]
    names = {follow(document, node)["name"] for node in described}
    assert {
        "completed",
        "status",
        "priority",
        "tags",
        "overdue",
        "search",
        "user_id",
        "user",
        "assigned_to",
        "city",
        "created_after",
        "created_before",
        "due_after",
        "due_before",
        "sort_by",
        "sort_order",
        "skip",
        "limit",
        "page",
        "per_page",
        "cursor",
        "total",
    } <= names


def assert_as_documented(document, answer, method, path):
    responses = operation(document, method, path)["responses"]
    response = follow(document, responses[str(answer.status_code)])
    schema = response["content"]["application/json"]["schema"]
    # Carried by the whole document, so that its references resolve.
    validator = Draft202012Validator({**document, "allOf": [schema]})
    errors = [
        f"{list(error.path)}: {error.message}" for error in validator.iter_errors(answer.json())
    ]
    assert errors == []
    assert not validator.is_valid("no such thing"), "a schema that takes everything says nothing"


READS = [
    ("/health", "/health", 200),
    ("/health/detailed", "/health/detailed", 200),
    ("/api/v1/auth/me", "/api/v1/auth/me", 200),
    ("/tasks", "/tasks", 200),
    ("/tasks?total=false&limit=1", "/tasks", 200),
    ("/api/v1/tasks", "/api/v1/tasks", 200),
    ("/tasks/{task}", "/tasks/{}", 200),
    ("/api/v1/tasks/{task}", "/api/v1/tasks/{}", 200),
    ("/tasks/{absent}", "/tasks/{}", 404),
    ("/api/v1/tasks/{absent}", "/api/v1/tasks/{}", 404),
    ("/tasks?limit=0", "/tasks", 422),
    ("/api/v1/tasks?limit=0", "/api/v1/tasks", 400),
    ("/api/v1/users", "/api/v1/users", 403),
    ("/api/tasks", "/api/tasks", 200),
    ("/api/tasks?page=0", "/api/tasks", 400),
    ("/api/task/{absent}", "/api/task/{}", 404),
]


@pytest.mark.parametrize(("address", "path", "status"), READS)
def test_an_answer_is_as_documented(document, carla, task, address, path, status):
    answer = carla.get(address.format(task=task["id"], absent=ABSENT))
    assert answer.status_code == status
    assert_as_documented(document, answer, "get", path)


@pytest.mark.parametrize("address", ["/api/v1/users", "/api/v1/users/1"])
def test_what_admins_see_is_as_documented(document, carla, shared_admin, address):
    answer = shared_admin.get(address)
    assert answer.status_code == 200
    assert_as_documented(document, answer, "get", address.replace("/1", "/{}"))


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
@pytest.mark.parametrize("body", [{"title": "Documented"}, {"title": ""}], ids=["right", "wrong"])
def test_a_create_is_as_documented(document, carla, prefix, body):
    answer = carla.post(f"{prefix}/tasks", json=body)
    assert_as_documented(document, answer, "post", f"{prefix}/tasks")


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
@pytest.mark.parametrize("password", ["Passw0rd", "Wr0ngword"], ids=["right", "wrong"])
def test_a_login_is_as_documented(document, shared_server, carla, prefix, password):
    body = {"username": "carla", "password": password}
    answer = Caller(shared_server).post(f"{prefix}/auth/login", json=body)
    assert_as_documented(document, answer, "post", f"{prefix}/auth/login")


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_a_guest_is_refused_as_documented(document, shared_server, prefix):
    answer = Caller(shared_server).get(f"{prefix}/tasks")
    assert answer.status_code == 401
    assert_as_documented(document, answer, "get", f"{prefix}/tasks")

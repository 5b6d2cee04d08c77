"""The documented curl examples, run by curl as they are written; only host and token are filled in."""

import json
import subprocess

import pytest
from support.server import PATIENCE

REGISTER = r"""
curl -X POST "http://localhost:8000/api/v1/auth/register" \
  -H "Content-Type: application/json" \
  -d '{
    "email": "user@example.com",
    "username": "johndoe",
    "password": "SecurePass123"
  }'
"""

CREATE = r"""
curl -X POST "http://localhost:8000/api/v1/tasks" \
  -H "Authorization: Bearer YOUR_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "title": "Complete project documentation",
    "description": "Write comprehensive README",
    "status": "todo"
  }'
"""

LIST = r"""
curl -X GET "http://localhost:8000/api/v1/tasks?skip=0&limit=10&status=todo&sort_by=created_at" \
  -H "Authorization: Bearer YOUR_TOKEN"
"""

UPDATE = r"""
curl -X PATCH "http://localhost:8000/api/v1/tasks/1" \
  -H "Authorization: Bearer YOUR_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"status": "done"}'
"""

CLASSIC_CREATE = r"""
curl -X POST "http://localhost:8000/tasks" \
  -H "Authorization: Bearer <JWT_TOKEN>" \
  -H "Content-Type: application/json" \
  -d '{
    "title": "Prepare Report",
    "description": "Collect monthly data",
    "status": "todo",
    "city": "Moscow"
  }'
"""

# Not written as curl, but as what the paths take.
CLASSIC_LOGIN = r"""
curl -X POST "http://localhost:8000/auth/login" -d "username=johndoe&password=SecurePass123"
"""


@pytest.fixture
def shell(server):
    """Run an example; its status and JSON."""

    def run(example, token=""):
        script = example.replace("http://localhost:8000", server.url)
        for name in ("YOUR_TOKEN", "<JWT_TOKEN>"):
            script = script.replace(name, token)
        wrapped = f'curl() {{ command curl -sS -w "\\n%{{http_code}}" "$@"; }}\n{script}'
        done = subprocess.run(
            ["bash", "-c", wrapped], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    return run


@pytest.fixture
def token(shell):
    return shell(REGISTER)[1]["access_token"]


def test_register(shell):
    status, body = shell(REGISTER)
    assert status == 201
    assert body["token_type"] == "bearer"
    assert {"id", "email", "username", "role", "created_at"} <= set(body["user"])
    assert body["user"]["email"] == "user@example.com"
    assert body["user"]["username"] == "johndoe"
    assert body["user"]["role"] == "user"


def test_create_a_task(shell, token):
    status, task = shell(CREATE, token)
    assert status == 201
    assert task["title"] == "Complete project documentation"
    assert task["description"] == "Write comprehensive README"
    assert task["status"] == "todo"


def test_list_tasks_with_pagination(shell, token):
    _, task = shell(CREATE, token)
    status, page = shell(LIST, token)
    assert status == 200
    assert page["tasks"] == [task]
    assert page["limit"] == 10


def test_update_a_tasks_status(shell, token):
    shell(CREATE, token)
    status, task = shell(UPDATE, token)
    assert status == 200
    assert task["id"] == 1
    assert task["status"] == "done"


def test_create_a_classic_task(shell, token):
    status, task = shell(CLASSIC_CREATE, token)
    assert status == 201
    assert task["title"] == "Prepare Report"
    assert task["city"] == "Moscow"
    assert {"id", "weather", "user_id", "created_at"} <= set(task)


def test_log_in_with_a_form(shell, token):
    status, body = shell(CLASSIC_LOGIN)
    assert status == 200
    assert body["user"]["username"] == "johndoe"


@pytest.mark.parametrize("example", [CREATE, LIST, UPDATE, CLASSIC_CREATE])
def test_without_a_token_the_examples_are_refused(shell, example):
    assert shell(example, "")[0] == 401

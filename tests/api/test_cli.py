"""The program's commands besides `serve`."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api import PASSWORD, Caller, log_in, register, try_login

COMMANDS = ("serve", "migrate", "user", "openapi")


def user_add(program, name, *arguments, password=PASSWORD):
    return program.run("user", "add", name, "--password-stdin", *arguments, stdin=f"{password}\n")


def test_help_names_every_command_and_option(program):
    done = program.run("--help")
    assert done.returncode == 0
    for word in (*COMMANDS, "DATABASE_URL", "SECRET_KEY", "RATE_LIMIT_PER_MINUTE"):
        assert word in done.stdout


def test_version_is_one_line(program):
    done = program.run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("errand ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["--dance"],
        ["migrate", "dance"],
        ["user", "dance"],
        ["user"],
        ["user", "add"],
        ["user", "role", "anna"],
        ["user", "list", "dance"],
        ["openapi", "dance"],
    ],
    ids=" ".join,
)
def test_a_command_nobody_knows_is_a_usage_error(program, arguments):
    done = program.run(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert done.stdout == ""


# migrate


def test_migrate_prepares_a_database_once(program):
    before = program.run("migrate", "status")
    assert program.run("migrate").returncode == 0
    after = program.run("migrate", "status")
    assert before.returncode == after.returncode == 0
    assert before.stdout != after.stdout
    assert program.run("migrate").returncode == 0
    assert program.run("migrate", "status").stdout == after.stdout


def test_many_may_migrate_at_once(program):
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: program.run("migrate"), range(6)))
    assert [run.returncode for run in done] == [0] * 6, [run.stderr for run in done]
    assert user_add(program, "anna").returncode == 0


def test_migrate_beside_a_running_server_does_no_harm(server, anna):
    task = anna.create_task()
    assert server.run("migrate").returncode == 0
    assert anna.read_task(task["id"]) == task


# user


def test_a_user_added_before_the_first_start_logs_in(start_server, program):
    assert user_add(program, "anna", "--email", "anna@example.com").returncode == 0
    anna = log_in(start_server(folder=program.folder), "anna")
    assert anna.user["role"] == "user"
    assert anna.user["email"] == "anna@example.com"


def test_a_user_added_beside_a_running_server_logs_in_at_once(server):
    assert user_add(server, "carla", "--admin").returncode == 0
    assert log_in(server, "carla").user["role"] == "admin"


@pytest.mark.parametrize("name", ["anna", "ANNA"])
def test_a_name_that_is_taken_is_not_added(server, anna, name):
    done = user_add(server, name, password="0therPassword")
    assert done.returncode == 1
    assert name in done.stderr
    assert try_login(server, "anna", PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ab", PASSWORD),
        ("n" * 51, PASSWORD),
        ("carla", "short"),
        ("carla", "x" * 73),
        ("carla", ""),
    ],
    ids=["short name", "long name", "short password", "long password", "no password"],
)
def test_the_rules_of_registration_hold(server, name, password):
    done = user_add(server, name, password=password)
    assert done.returncode == 1
    assert done.stderr
    assert try_login(server, name, password).status_code != 200


def test_a_password_set_replaces_the_old_and_ends_tokens(server, anna):
    done = server.run("user", "passwd", "anna", "--password-stdin", stdin="N3wpassword\n")
    assert done.returncode == 0, done.stderr
    assert try_login(server, "anna", "N3wpassword").status_code == 200
    assert try_login(server, "anna", PASSWORD).status_code == 401
    assert anna.get("/tasks").status_code == 401


def test_a_role_set_holds_at_once(server, anna):
    assert anna.get("/api/v1/users").status_code == 403
    assert server.run("user", "role", "anna", "admin").returncode == 0
    assert anna.get("/api/v1/users").status_code == 200
    assert server.run("user", "role", "anna", "user").returncode == 0
    assert anna.get("/api/v1/users").status_code == 403


def test_the_last_admin_keeps_the_role(server):
    done = server.run("user", "role", "admin", "user")
    assert done.returncode == 1
    assert done.stderr
    assert log_in(server, "admin", "Admin123").user["role"] == "admin"


@pytest.mark.parametrize(
    "command", [["passwd", "nobody", "--password-stdin"], ["role", "nobody", "user"]]
)
def test_an_unknown_user_is_a_failure(server, command):
    done = server.run("user", *command, stdin="N3wpassword\n")
    assert done.returncode == 1
    assert "nobody" in done.stderr


def test_an_unknown_role_is_an_error(server, anna):
    done = server.run("user", "role", "anna", "emperor")
    assert done.returncode in (1, 2)
    assert "emperor" in done.stderr


def test_the_list_names_everybody_and_no_secret(server):
    register(server, "anna", email="anna@example.com")
    done = server.run("user", "list")
    assert done.returncode == 0
    for word in ("admin", "anna", "anna@example.com"):
        assert word in done.stdout
    assert "$2" not in done.stdout


# openapi


def test_openapi_prints_what_the_server_serves(server):
    done = server.run("openapi")
    assert done.returncode == 0
    assert json.loads(done.stdout) == Caller(server).get("/openapi.json").json()


def test_openapi_needs_no_database(program):
    assert program.run("openapi").returncode == 0
    assert list(program.folder.glob("*.db")) == []


def test_commands_create_no_admin_behind_the_back(start_server, program):
    """A first start still makes the default admin when only users were added before."""
    user_add(program, "anna")
    server = start_server(folder=program.folder)
    assert log_in(server, "admin", "Admin123").user["role"] == "admin"
    assert log_in(server, "anna").user["role"] == "user"


def test_health_asks_the_running_server(start_server, program):
    server = start_server()
    server.options["PORT"] = str(server.port)
    done = server.run("health")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "healthy"
    server.stop()
    done = server.run("health")
    assert done.returncode == 1
    assert done.stderr.startswith("errand: ")


def test_health_needs_to_know_where(program):
    assert program.run("health").returncode == 2  # PORT=0
    assert program.run("health", "now").returncode == 2

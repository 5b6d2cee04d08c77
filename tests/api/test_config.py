"""Options from the environment and .env, and starts that are refused."""

import sqlite3
import stat

import pytest
from support.api import PASSWORD, V1, Caller, log_in, log_in_admin, register, try_login
from support.server import Server

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


@pytest.fixture
def refused_start(tmp_path):
    """Start with these options and see it fail; everything it said."""
    servers = []

    def start(env_file=None, **options):
        if env_file is not None:
            (tmp_path / ".env").write_text(env_file)
        server = Server(tmp_path, **options)
        servers.append(server)
        server.spawn()
        assert server.wait() == 1, server.stdout
        return server.stdout + server.stderr

    yield start
    for server in servers:
        server.close()


def token_lifetime(server):
    return try_login(server, "admin", "Admin123").json()["expires_in"]


# The .env file.


def test_options_are_read_from_the_env_file(start_server, tmp_path):
    (tmp_path / ".env").write_text("ACCESS_TOKEN_EXPIRE_MINUTES=5\n")
    assert token_lifetime(start_server(folder=tmp_path)) == 300


def test_the_environment_wins_over_the_env_file(start_server, tmp_path):
    (tmp_path / ".env").write_text("ACCESS_TOKEN_EXPIRE_MINUTES=5\n")
    server = start_server(folder=tmp_path, ACCESS_TOKEN_EXPIRE_MINUTES=7)
    assert token_lifetime(server) == 420


@pytest.mark.parametrize(
    "line",
    [
        "ADMIN_PASSWORD=Sesame123",
        'ADMIN_PASSWORD="Sesame123"',
        "ADMIN_PASSWORD='Sesame123'",
        "# a comment\n\n  ADMIN_PASSWORD = Sesame123  \r\n",
        "export ADMIN_PASSWORD=Sesame123",
        "ADMIN_PASSWORD=Sesame123 # a comment",
    ],
)
def test_the_env_file_may_be_written_in_many_ways(start_server, tmp_path, line):
    (tmp_path / ".env").write_text(line)
    server = start_server(folder=tmp_path)
    assert try_login(server, "admin", "Sesame123").status_code == 200


def test_unknown_names_in_the_environment_are_somebody_elses(start_server):
    server = start_server(UNKNOWN_OPTION="5", RATE_LIMIT_PER_MINTE="5")
    assert Caller(server).get("/health").status_code == 200


def test_an_unknown_name_in_the_env_file_stops_the_start(refused_start):
    said = refused_start(env_file="RATE_LIMIT_PER_MINTE=5\n")
    assert "RATE_LIMIT_PER_MINTE" in said


def test_a_line_that_is_no_setting_stops_the_start(refused_start):
    assert ".env" in refused_start(env_file="just some words\n")


BAD_OPTIONS = [
    ("PORT", "http"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", "80x"),
    ("HOST", "999.1.1.1"),
    ("THREADS", "-1"),
    ("BCRYPT_COST", "3"),
    ("BCRYPT_COST", "17"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "soon"),
    ("ALGORITHM", "none"),
    ("ALGORITHM", "RS256"),
    ("PASSWORD_POLICY", "lax"),
    ("LOG_LEVEL", "loud"),
    ("LOG_FORMAT", "xml"),
    ("RATE_LIMIT_PER_MINUTE", "-1"),
    ("RATE_LIMIT_USER_PER_MINUTE", "many"),
    ("RATE_LIMIT_LOGIN_PER_MINUTE", "1.5"),
    ("RATE_LIMIT_REGISTER_PER_HOUR", ""),
    ("MAX_BODY_SIZE", "1MB"),
    ("IDLE_TIMEOUT_SECONDS", "0"),
    ("API_SURFACES", "v1,soap"),
    ("DATABASE_URL", "mysql://localhost/errand"),
    ("TRUSTED_PROXIES", "my-proxy"),
    ("WEATHER_API_URL", "api.example.org/weather"),
    ("WEATHER_API_URL", "http://"),
    ("WEATHER_API_URL", "https:///path"),
    ("EXTERNAL_API_URL", "ftp://example.org/"),
    ("EXTERNAL_API_URL", "http://example.org/a b"),
    ("EXTERNAL_API_URL", "file:///etc/passwd"),
    ("EXTERNAL_TIMEOUT_SECONDS", "0"),
]


@pytest.mark.parametrize(("option", "value"), BAD_OPTIONS)
def test_a_bad_value_stops_the_start_and_is_named(refused_start, option, value):
    assert option in refused_start(**{option: value})


@pytest.mark.parametrize(("option", "value"), [("BCRYPT_COST", "99"), ("LOG_FORMAT", "xml")])
def test_a_bad_value_in_the_env_file_stops_the_start_too(refused_start, option, value):
    assert option in refused_start(env_file=f"{option}={value}\n", **{option: None})


def test_a_database_that_cannot_be_opened_stops_the_start(refused_start):
    assert "/nowhere" in refused_start(DATABASE_URL="sqlite:////nowhere/errand.db")


def test_a_log_file_that_cannot_be_opened_stops_the_start(refused_start):
    assert "/nowhere" in refused_start(LOG_FILE="/nowhere/errand.log")


def test_a_port_in_use_stops_the_start(server, refused_start):
    assert str(server.port) in refused_start(PORT=server.port)
    assert Caller(server).get("/health").status_code == 200


# Unsafe starts.


def test_an_open_address_needs_a_secret_key(refused_start):
    said = refused_start(HOST="0.0.0.0", ADMIN_PASSWORD="Sesame123", SECRET_KEY=None)
    assert "SECRET_KEY" in said


@pytest.mark.parametrize("password", [None, "Admin123"], ids=["unset", "the default"])
def test_an_open_address_needs_an_admin_password(refused_start, password):
    said = refused_start(HOST="0.0.0.0", SECRET_KEY=SECRET, ADMIN_PASSWORD=password)
    assert "ADMIN_PASSWORD" in said


def test_an_open_address_with_both_is_served(start_server):
    server = start_server(HOST="0.0.0.0", SECRET_KEY=SECRET, ADMIN_PASSWORD="Sesame123")
    assert try_login(server, "admin", "Sesame123").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost"])
def test_a_loopback_address_needs_nothing(start_server, host):
    server = start_server(HOST=host)
    assert try_login(server, "admin", "Admin123").status_code == 200


# The first admin, the secret and the database.


def test_the_first_admin_is_configurable(start_server):
    server = start_server(ADMIN_USERNAME="root", ADMIN_PASSWORD="Sesame123")
    assert log_in(server, "root", "Sesame123").user["role"] == "admin"
    assert try_login(server, "admin", "Admin123").status_code == 401


def test_a_second_start_keeps_the_admins_own_password(server):
    admin = log_in_admin(server)
    body = {"password": "Sesame123", "current_password": "Admin123"}
    assert admin.patch(V1.auth("me"), json=body).status_code == 200
    server.restart()
    assert try_login(server, "admin", "Sesame123").status_code == 200
    assert try_login(server, "admin", "Admin123").status_code == 401


def test_a_second_start_makes_no_second_admin(server):
    log_in_admin(server).patch("/api/v1/auth/me", json={"full_name": "The One"})
    server.restart()
    users = log_in_admin(server).get("/api/v1/users").json()
    assert users["total"] == 1
    assert users["users"][0]["full_name"] == "The One"


@pytest.mark.sqlite
def test_the_secret_is_kept_beside_the_database_for_the_owner_only(server):
    secret = server.folder / "errand.db.secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_bytes()) >= 32


def test_tokens_outlive_a_restart(server, anna):
    server.restart()
    assert anna.get(V1.auth("me")).json() == anna.user


def test_another_secret_key_ends_all_tokens(start_server):
    server = start_server(SECRET_KEY=SECRET)
    anna = register(server, "anna")
    server.options["SECRET_KEY"] = SECRET[::-1]
    server.restart()
    assert anna.get(V1.auth("me")).status_code == 401


def test_data_outlives_a_restart(server, anna):
    task = anna.create_task(title="Lasting", tags=["a", "b"], due_date="2031-01-01")
    server.restart()
    assert anna.read_task(task["id"]) == task
    assert try_login(server, "anna", PASSWORD).status_code == 200


@pytest.mark.sqlite
def test_the_database_lies_where_the_address_says(start_server, tmp_path):
    path = tmp_path / "deep" / "tasks.db"
    path.parent.mkdir()
    anna = register(start_server(DATABASE_URL=f"sqlite:///{path}"), "anna")
    anna.create_task(title="Found by path")
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT title FROM tasks").fetchall() == [("Found by path",)]
    assert path.with_name("tasks.db.secret").exists()


SEED_FILES = {
    "the canonical one": "SECRET_KEY=your-secret-key-change-this-in-production\n"
    "REDIS_URL=redis://localhost:6379\n"
    "DATABASE_URL=sqlite:///./tasks.db\n"
    "RATE_LIMIT_PER_MINUTE=60\n",
    "the classic one": "SECRET_KEY=dGhpcyBpcyBhIHNlY3JldCBrZXkgb2YgNDMgbGV0dGVy\n"
    "ALGORITHM=HS256\n"
    "ACCESS_TOKEN_EXPIRE_MINUTES=60\n",
}


@pytest.mark.parametrize("env_file", SEED_FILES.values(), ids=SEED_FILES)
def test_the_documented_env_files_start_the_server(start_server, tmp_path, env_file):
    (tmp_path / ".env").write_text(env_file)
    server = start_server(folder=tmp_path)
    assert try_login(server, "admin", "Admin123").status_code == 200

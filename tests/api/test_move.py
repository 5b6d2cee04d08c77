"""errand migrate --from --to: everything goes from one database into another, or it says why not."""

import secrets
import sqlite3
import subprocess
from contextlib import closing

import pytest
from support import postgres
from support.api import CLASSIC, V1, Caller, log_in_admin, register
from support.server import BINARY, Server, wait_until

pytestmark = pytest.mark.postgres

KEY = "0123456789abcdef0123456789abcdef"
LATER = {"operation": "reverse", "data": "later", "run_at": "2099-01-01T00:00:00Z"}


@pytest.fixture
def home(tmp_path):
    """A folder with an SQLite database's URL in it, and an empty PostgreSQL database's."""
    database = postgres.use_database(tmp_path, postgres.EMPTY)
    yield Home(tmp_path, database)
    postgres.leave_database(tmp_path)


class Home:
    def __init__(self, folder, database):
        self.folder = folder
        self.database = database
        self.sqlite = "sqlite:///./errand.db"
        self.postgres = postgres.url_of(database)

    def options(self, url, **options):
        return {"DATABASE_URL": url, "SECRET_KEY": KEY, "WORKERS": "0", **options}

    def program(self, url):
        return Server(self.folder, **self.options(url))

    def move(self, source, target):
        return self.program(target).run("migrate", "--from", source)

    def moved(self, source, target):
        done = self.move(source, target)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, source, target):
        done = self.move(source, target)
        assert done.returncode == 1, done.stdout
        return done.stderr

    def sqlite_rows(self, statement):
        with closing(sqlite3.connect(self.folder / "errand.db")) as connection:
            rows = connection.execute(statement).fetchall()
            connection.commit()
            return rows


@pytest.fixture
def start(home, start_server):
    return lambda url: start_server(folder=home.folder, **home.options(url))


def furnish(server):
    """Something in every table; what a later look has to find again."""
    anna, bert = register(server, "anna", email="Anna@Example.org"), register(server, "bert")
    task = anna.create_task(
        title="Straße fegen", description="50 % _\\ sure", tags=["home", "ÄÖ"], city="Köln",
        due_date="2099-12-31", assigned_user_id=bert.id,
    )  # fmt: skip
    gone = anna.create_task(title="Gone")
    assert anna.delete(V1.task(gone["id"])).status_code == 204
    bert.patch(V1.task(task["id"]), json={"status": "in_progress"})
    upload = anna.post(V1.task(task["id"]) + "/files", files={"file": ("a.txt", b"water\n")})
    once = {"Idempotency-Key": "once"}
    first = anna.post(V1.tasks, json={"title": "Once"}, headers=once)
    job = anna.post("/api/v1/jobs", json=LATER).json()
    finished = anna.post("/api/v1/jobs", json={**LATER, "unique_key": "k"}).json()
    anna.delete(f"/api/v1/jobs/{finished['id']}")
    return {
        "anna": anna, "bert": bert, "task": anna.read_task(task["id"]), "gone": gone["id"],
        "file": upload.json()["id"], "once": first.json(), "job": job,
    }  # fmt: skip


def look(server, kept):
    """Everything is as it was, for whoever was signed in; new rows get new numbers."""
    anna, bert = Caller(server, kept["anna"].token), Caller(server, kept["bert"].token)
    task = kept["task"]
    assert anna.read_task(task["id"]) == task
    assert bert.get(V1.tasks, params={"assigned_to": "me"}).json()["total"] == 1
    history = anna.get(V1.task(task["id"]) + "/history").json()["events"]
    assert [event["action"] for event in history][-2:] == ["task.updated", "task.created"]
    for query in ({"search": "STRASSE"}, {"search": "% _\\"}, {"city": "köln"}, {"tags": "ÄÖ"}):
        found = anna.get(V1.tasks, params=query).json()["tasks"]
        assert [each["id"] for each in found] == [task["id"]], query
    assert anna.get(f"/api/v1/files/{kept['file']}").content == b"water\n"
    again = anna.post(V1.tasks, json={"title": "Once"}, headers={"Idempotency-Key": "once"})
    assert again.json() == kept["once"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert anna.get(f"/api/v1/jobs/{kept['job']['id']}").json() == kept["job"]
    statistics = anna.get(f"{V1.tasks}/stats").json()
    assert statistics["total"] == anna.get(V1.tasks).json()["total"]
    assert register(server, f"new{secrets.token_hex(3)}").id > kept["bert"].id
    fresh = anna.create_task(title="Fresh")
    assert fresh["id"] > kept["once"]["id"]
    assert anna.delete(V1.task(fresh["id"])).status_code == 204


def wait_sealed(server):
    wait_until(
        lambda: "\n0 rows are not sealed" in server.run("audit", "verify").stdout,
        "the log to be sealed",
    )


def test_everything_moves_there_and_back(home, start):
    server = start(home.sqlite)
    kept = furnish(server)
    wait_sealed(server)
    server.stop()
    said = home.moved(home.sqlite, home.postgres)
    assert "tasks: 2 of 2 rows copied" in said
    assert "tasks: 2 rows verified" in said

    server = start(home.postgres)
    look(server, kept)
    wait_sealed(server)
    assert server.run("audit", "verify").returncode == 0
    server.stop()

    (home.folder / "errand.db").rename(home.folder / "old.db")
    home.moved(home.postgres, home.sqlite)
    server = start(home.sqlite)
    look(server, kept)
    wait_sealed(server)
    assert server.run("audit", "verify").returncode == 0


def test_numbers_of_rows_that_are_gone_are_not_given_again(home, start):
    server = start(home.sqlite)
    anna = register(server, "anna")
    last = [anna.create_task()["id"] for _ in range(3)][-1]
    anna.delete(V1.task(last))
    server.stop()
    home.moved(home.sqlite, home.postgres)
    server = start(home.postgres)
    assert Caller(server, anna.token).create_task()["id"] > last


def test_every_table_is_in_the_list(home):
    """Of a database that is new: a table that nobody added to the list stops the move."""
    assert home.program(home.sqlite).run("migrate").returncode == 0
    home.moved(home.sqlite, home.postgres)


def fill(home, tasks):
    server = Server(home.folder, **home.options(home.sqlite)).start()
    anna = register(server, "anna")
    server.close()
    home.sqlite_rows(
        "INSERT INTO tasks (user_id, title, status, priority, tags, created_at, updated_at, version)"
        f" WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {tasks})"
        f" SELECT {anna.id}, 'Task ' || i, 0, 1, '[]', i, i, 1 FROM n"
    )
    return anna


def test_an_interrupted_move_goes_on_where_it_was(home, start):
    fill(home, 40000)
    program = home.program(home.postgres)
    moving = subprocess.Popen(
        [BINARY, "migrate", "--from", home.sqlite],
        cwd=home.folder,
        env=program.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )

    def count():
        with postgres.connect(home.database) as connection:
            exists = connection.execute("SELECT to_regclass('tasks') IS NOT NULL").fetchone()[0]
            statement = "SELECT count(*) FROM tasks"
            return connection.execute(statement).fetchone()[0] if exists else 0

    wait_until(lambda: count() > 0, "some tasks")
    moving.kill()
    moving.communicate()
    copied = count()
    assert 0 < copied < 40000

    serving = home.program(home.postgres).run("serve")
    assert serving.returncode == 1
    assert "errand migrate --from" in serving.stderr

    said = home.moved(home.sqlite, home.postgres)
    assert "tasks: 40000 rows verified" in said
    admin = log_in_admin(start(home.postgres))
    assert admin.get(V1.tasks, params={"user": "anna", "search": "39999"}).json()["total"] == 1


def test_a_move_of_another_database_does_not_go_on(home):
    fill(home, 10)
    home.moved(home.sqlite, home.postgres)
    with postgres.connect(home.database) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('moving', '17', 17)")
    assert "is of another database" in home.refused(home.sqlite, home.postgres)


def test_a_database_that_is_not_empty_is_left_alone(home):
    fill(home, 10)
    home.moved(home.sqlite, home.postgres)
    said = home.refused(home.sqlite, home.postgres)
    assert "is not empty: users has 2 rows" in said


def test_a_change_while_it_was_copied_is_found(home):
    fill(home, 10)
    home.moved(home.sqlite, home.postgres)
    [(identity,)] = home.sqlite_rows("SELECT min(applied_at) FROM schema_migrations")
    with postgres.connect(home.database) as connection:
        connection.execute(
            "INSERT INTO schema_migrations VALUES ('moving', %s, 0)", (f"{identity:x}.0",)
        )
    home.sqlite_rows("UPDATE tasks SET title = 'Changed' WHERE id = 3")
    said = home.refused(home.sqlite, home.postgres)
    assert "tasks differs, of 10 rows there and 10 in the copy" in said
    assert home.program(home.postgres).run("serve").returncode == 1


def test_there_is_no_source(home):
    assert "there is no database ./none.db" in home.refused("sqlite:///./none.db", home.postgres)
    assert not (home.folder / "none.db").exists()


def test_a_source_that_is_not_up_to_date_is_not_copied(home):
    (home.folder / "errand.db").touch()
    assert "is not up to date" in home.refused(home.sqlite, home.postgres)


def test_a_table_of_somebody_else_is_named(home):
    assert home.program(home.sqlite).run("migrate").returncode == 0
    home.sqlite_rows("CREATE TABLE notes (id INTEGER PRIMARY KEY)")
    assert "a table notes, which is none of errand's" in home.refused(home.sqlite, home.postgres)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from"], "migrate takes status, or --from URL"),
        (["--to", "sqlite:///./b.db"], "needs --from"),
        (["--form", "sqlite:///./b.db"], "migrate takes status, or --from URL"),
        (["--from", "sqlite:///./errand.db"], "the same database"),
    ],
)
def test_wrong_arguments(home, arguments, words):
    done = home.program(home.sqlite).run("migrate", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_password_is_not_repeated(home):
    fill(home, 1)
    url = "postgresql://errand:hunter22@127.0.0.1:1/none?connect_timeout=1"
    done = home.program(home.sqlite).run("migrate", "--from", home.sqlite, "--to", url)
    assert done.returncode == 1
    assert "hunter22" not in done.stdout + done.stderr


def test_a_task_that_moved_is_changed_like_any_other(home, start):
    anna = fill(home, 3)
    home.moved(home.sqlite, home.postgres)
    caller = Caller(start(home.postgres), anna.token)
    assert caller.patch(CLASSIC.task(2), json={"title": "Second"}).status_code == 200
    assert caller.get(V1.tasks, params={"search": "second"}).json()["total"] == 1

"""What PostgreSQL alone can do to the program, and what holds all the same."""

import threading
import time

import pytest
from support import postgres
from support.api import CLASSIC, V1, Caller, log_in_admin, register
from support.load import together
from support.server import Server, wait_until

pytestmark = pytest.mark.postgres

SECRET = "0123456789abcdef0123456789abcdef"


def query(database, statement):
    with postgres.connect(database) as connection:
        return connection.execute(statement).fetchall()


# Starting.


def refused(tmp_path, **options):
    server = Server(tmp_path, **options)
    server.spawn()
    try:
        assert server.wait() == 1
        return server.stdout + server.stderr
    finally:
        server.close()


def test_a_wrong_password_stops_the_start_and_is_not_shown(cluster, tmp_path):
    said = refused(
        tmp_path,
        DATABASE_URL=f"postgresql://errand:hunter22@127.0.0.1:{cluster.port}/postgres",
        SECRET_KEY=SECRET,
    )
    assert "password authentication failed" in said
    assert "hunter22" not in said


@pytest.mark.parametrize("url", ["postgresql://u:hunter22@h/db?no=1", "postgres:u:hunter22@h/db"])
def test_a_url_that_is_none_is_not_repeated(tmp_path, url):
    said = refused(tmp_path, DATABASE_URL=url, SECRET_KEY=SECRET)
    assert "DATABASE_URL" in said
    assert "hunter22" not in said


def test_a_secret_key_must_be_given(tmp_path):
    assert "SECRET_KEY must be set" in refused(tmp_path, SECRET_KEY=None)


def test_the_connections_bear_the_name_of_the_program(server):
    names = query(
        server.postgres, "SELECT DISTINCT application_name FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )  # fmt: skip
    assert names == [("errand",)]


def test_several_servers_migrate_an_empty_database_at_once(tmp_path):
    servers = [Server(tmp_path, template=postgres.EMPTY) for _ in range(3)]
    results = []
    threads = [
        threading.Thread(target=lambda server=server: results.append(server.run("migrate")))
        for server in servers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.returncode for result in results] == [0, 0, 0]
    applied = [result for result in results if "migrations applied" in result.stdout]
    assert len(applied) >= 1
    for server in servers:
        server.close()


# Several servers over one database.


@pytest.fixture
def pair(server, start_server):
    """The same user at two servers over one database."""
    other = start_server(folder=server.folder)
    anna = register(server, "anna")
    return anna, Caller(other, anna.token)


def test_what_one_server_writes_the_other_reads(pair):
    here, there = pair
    task = here.create_task(title="Written here")
    assert there.read_task(task["id"]) == task
    assert there.patch(CLASSIC.task(task["id"]), json={"title": "Changed there"}).status_code == 200
    assert here.read_task(task["id"])["title"] == "Changed there"


def test_of_two_changes_of_one_version_one_is_made(pair):
    task = pair[0].create_task()
    path, version = CLASSIC.task(task["id"]), 1
    for _ in range(20):
        headers = {"If-Match": f'"{version}"'}
        answers = together(
            *(
                lambda caller=caller, title=title: caller.patch(
                    path,
                    json={"title": f"{title} {version}"},  # noqa: B023
                    headers=headers,  # noqa: B023
                )
                for title, caller in enumerate(pair)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        version += 1


def test_no_change_of_a_task_is_lost(pair):
    task = pair[0].create_task()
    fields = ("description", "city")
    for number in range(20):
        together(
            *(
                lambda caller=caller, field=field: caller.patch(
                    CLASSIC.task(task["id"]),
                    json={field: str(number)},  # noqa: B023
                )
                for field, caller in zip(fields, pair, strict=True)
            )
        )
    found = pair[0].read_task(task["id"])
    assert [found[field] for field in fields] == ["19", "19"]
    history = pair[0].get(f"{V1.task(task['id'])}/history", params={"limit": 100}).json()
    assert len(history["events"]) == 41


def test_one_of_two_administrators_stays(server, start_server):
    other = start_server(folder=server.folder)
    admin = log_in_admin(server)
    second = register(server, "second")
    me = admin.get(V1.auth("me")).json()["id"]
    assert admin.patch(f"/api/v1/users/{second.id}", json={"role": "admin"}).status_code == 200
    there = Caller(other, second.token)
    answers = together(
        lambda: admin.patch(f"/api/v1/users/{second.id}", json={"role": "user"}),
        lambda: there.patch(f"/api/v1/users/{me}", json={"role": "user"}),
    )
    assert sorted(answer.status_code for answer in answers)[0] == 200
    count = "SELECT count(*) FROM users WHERE role = (SELECT max(role) FROM users)"
    assert server.database.query(count)[0][0] >= 1


def test_a_key_is_carried_out_once_by_two_servers(pair):
    for number in range(10):
        headers = {"Idempotency-Key": f"key-{number}"}
        answers = together(
            *(
                lambda caller=caller: caller.post(
                    V1.tasks,
                    json={"title": "Once"},
                    headers=headers,  # noqa: B023
                )
                for caller in pair
            )
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1


# The log of changes.


def count_sealed(server):
    return server.database.query("SELECT coalesce(sum(count), 0) FROM audit_seals")[0][0]


def test_no_reader_passes_a_transaction_that_is_not_over(server, anna):
    """An event that commits behind later ones is sealed in its place."""
    with postgres.connect(server.postgres) as late:
        late.execute("UPDATE task_totals SET total = total")
        [(seq,)] = late.execute(
            "INSERT INTO events (at, action, resource_type, resource_id, changes) "
            "VALUES (1, 'task.created', 'task', 4711, '{}') RETURNING seq"
        ).fetchall()
        bert = register(server, "bert")
        bert.create_task()
        wait_until(lambda: count_sealed(server) == seq - 1, "all before the gap to be sealed")
        time.sleep(1.5)
        assert count_sealed(server) == seq - 1
        late.commit()
    [(last,)] = server.database.query("SELECT max(seq) FROM events")
    assert last > seq
    wait_until(lambda: count_sealed(server) == last, "all to be sealed")
    server.stop()
    assert server.run("audit", "verify").returncode == 0


def test_a_number_that_is_never_used_holds_nobody_up(server, anna):
    with postgres.connect(server.postgres) as failed:
        failed.execute("UPDATE task_totals SET total = total")
        failed.execute("SELECT nextval(pg_get_serial_sequence('events', 'seq'))")
        failed.rollback()
    anna.create_task()
    [(count,)] = server.database.query("SELECT count(*) FROM events")
    wait_until(lambda: count_sealed(server) == count, "all to be sealed")


# Plans.


MANY = 20_000

HOT = {
    "a user's tasks": "SELECT * FROM tasks WHERE user_id = 7 ORDER BY id LIMIT 101",
    "the next page": "SELECT * FROM tasks WHERE user_id = 7 AND id > 999 ORDER BY id LIMIT 101",
    "by status": "SELECT * FROM tasks WHERE user_id = 7 AND status IN (0, 1) ORDER BY id LIMIT 21",
    "by date": "SELECT * FROM tasks WHERE user_id = 7 ORDER BY "
    "coalesce(due_date, 9223372036854775807), id LIMIT 21",
    "by tag": "SELECT * FROM tasks WHERE user_id = 7 AND EXISTS (SELECT 1 FROM task_tags "
    "WHERE task_id = tasks.id AND tag = 'x') ORDER BY id LIMIT 21",
    "assigned": "SELECT * FROM tasks WHERE assigned_user_id = 7 ORDER BY id LIMIT 21",
    "everybody's": "SELECT * FROM tasks ORDER BY id LIMIT 101",
    "search": "SELECT * FROM tasks WHERE folded_text LIKE '%number 777%' ORDER BY id LIMIT 21",
    "one task": "SELECT * FROM tasks WHERE id = 77",
    "the total": "SELECT coalesce(sum(total), 0) FROM task_totals WHERE user_id = 7",
    "the total of a status": "SELECT coalesce(sum(total), 0) FROM task_totals "
    "WHERE user_id = 7 AND status IN (1)",
    "a user by name": "SELECT * FROM users WHERE username_folded = 'anna'",
    "statistics": "SELECT status, priority, count(*) FROM tasks WHERE user_id = 7 GROUP BY 1, 2",
    "a history": "SELECT * FROM events WHERE resource_id = 7 AND resource_type = 'task' "
    "ORDER BY seq DESC LIMIT 21",
    "the log": "SELECT * FROM events ORDER BY seq DESC LIMIT 21",
    "files": "SELECT * FROM files WHERE task_id = 7 ORDER BY id LIMIT 100",
    "the next job": "SELECT number FROM jobs WHERE status = 0 AND operation = 'reverse' "
    "ORDER BY turn LIMIT 4 FOR UPDATE SKIP LOCKED",
    "a user's jobs": "SELECT * FROM jobs WHERE user_id = 7 ORDER BY number DESC LIMIT 21",
    "expired leases": "SELECT 1 FROM jobs WHERE status = 2 AND lease_until < 9 LIMIT 1",
}

FILL = f"""
    INSERT INTO users (username, username_folded, password_hash, role, is_active, created_at)
    SELECT 'u' || i, 'u' || i, 'x', 0, 1, 1 FROM generate_series(1, 1000) AS i;
    INSERT INTO tasks (user_id, assigned_user_id, title, status, priority, tags, created_at,
        updated_at, version, folded_text)
    SELECT 1 + i % 1000, CASE WHEN i % 10 = 0 THEN 1 + i % 900 END, 'Number ' || i, i % 3, i % 4,
        '["x"]', 1, 1, 1, 'number ' || i FROM generate_series(1, {MANY}) AS i;
    INSERT INTO task_tags SELECT id, 'x' FROM tasks;
    INSERT INTO task_totals (user_id, status, priority, total)
    SELECT user_id, status, priority, count(*) FROM tasks GROUP BY 1, 2, 3;
    INSERT INTO events (at, action, resource_type, resource_id, changes)
    SELECT 1, 'task.created', 'task', id, '{{}}' FROM tasks;
    INSERT INTO files (task_id, original_filename, file_size, content_type, sha256, uploaded_at, blob)
    SELECT id, 'a', 1, 'a', 'a', 1, 'b' || id FROM tasks;
    INSERT INTO jobs (id, user_id, operation, status, priority, run_at, turn, attempts,
        max_attempts, progress, created_at, lease_until)
    SELECT 'j' || i, 1 + i % 1000, 'reverse', CASE WHEN i % 50 = 0 THEN 0 WHEN i % 51 = 0 THEN 2
        ELSE 3 END, 1, i, i, 0, 3, 0, i, i FROM generate_series(1, {MANY}) AS i;
    ANALYZE;
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filled")
    name = postgres.use_database(folder, postgres.TEMPLATE)
    with postgres.connect(name) as connection:
        connection.execute(FILL)
        connection.commit()
        yield connection
    postgres.leave_database(folder)


@pytest.mark.parametrize("statement", HOT.values(), ids=HOT)
def test_a_hot_query_reads_no_table_from_end_to_end(filled, statement):
    plan = "\n".join(row[0] for row in filled.execute(f"EXPLAIN {statement}"))
    assert "Seq Scan" not in plan, plan

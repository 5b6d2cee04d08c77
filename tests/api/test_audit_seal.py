"""The seals of the log, and how `errand audit verify` tells what was done to it."""

import re
import shutil
from contextlib import closing

import pytest
from support import postgres
from support.api import register
from support.server import Server, wait_until

TRIGGERS = ("events_are_not_changed", "events_are_not_removed")
SEALED = re.compile(r"(\d+) rows are sealed and as they were written")
UNSEALED = re.compile(r"(\d+) rows are not sealed yet")


def tamper(server, *statements):
    """Run SQL on the database behind the server's back."""
    where = " ON events" if server.database.is_postgres else ""
    drop = [f"DROP TRIGGER IF EXISTS {name}{where}" for name in TRIGGERS]
    server.database.run(*((statement, ()) for statement in [*drop, *statements]))


def query(server, statement):
    return server.database.query(statement)


def count_unsealed(server):
    (row,) = query(
        server,
        "SELECT count(*) FROM events WHERE seq > (SELECT coalesce(max(last_seq), 0) FROM audit_seals)",
    )
    return row[0]


def wait_for_seals(server):
    wait_until(lambda: count_unsealed(server) == 0, "all rows to be sealed")


def verify(server):
    result = server.run("audit", "verify")
    assert result.stderr == ""
    return result.returncode, result.stdout


@pytest.fixture(scope="module")
def sealed_once(tmp_path_factory):
    """A stopped server whose log is sealed, by three seals at least."""
    with closing(Server(tmp_path_factory.mktemp("sealed"))) as server:
        server.start()
        anna = register(server, "anna")
        for _ in range(3):
            wait_for_seals(server)
            for _ in range(3):
                anna.create_task(description="Ünïcödé")
        wait_for_seals(server)
        server.stop()
        assert len(query(server, "SELECT * FROM audit_seals")) >= 3
        yield server


@pytest.fixture
def sealed(sealed_once, tmp_path):
    """A copy of it, to be tampered with."""
    folder = tmp_path / "copy"
    shutil.copytree(sealed_once.folder, folder)
    with closing(Server(folder, template=sealed_once.postgres or postgres.TEMPLATE)) as server:
        yield server


def test_an_untouched_log_is_intact(sealed):
    code, output = verify(sealed)
    (rows,) = query(sealed, "SELECT count(*) FROM events")
    assert code == 0
    assert SEALED.search(output)[1] == str(rows[0])
    assert UNSEALED.search(output)[1] == "0"


def test_the_last_hash_is_told(sealed):
    (row,) = query(sealed, "SELECT hash FROM audit_seals ORDER BY last_seq DESC LIMIT 1")
    assert f"the last seal is {row[0]}\n" in verify(sealed)[1]


def test_sealing_goes_on_after_a_restart(sealed):
    sealed.start()
    register(sealed, "bert").create_task()
    wait_for_seals(sealed)
    assert verify(sealed)[0] == 0, "also while the server runs"


def test_many_rows_at_once_are_sealed(server, anna):
    server.stop()
    tamper(
        server,
        "INSERT INTO events (at, actor_id, action, resource_type, resource_id, request_id, changes) "
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) "
        "SELECT i, NULL, 'task.created', 'task', i, NULL, '{}' FROM n",
    )
    server.start()
    wait_for_seals(server)
    assert max(query(server, "SELECT max(count) FROM audit_seals")) == (1000,)
    assert verify(server)[0] == 0


@pytest.mark.parametrize(
    "change",
    [
        "at = at + 1",
        "actor_id = NULL",
        "action = 'task.deleted'",
        "resource_type = 'user'",
        "resource_id = 99",
        "request_id = NULL",
        "changes = replace(changes, 'Water', 'Wine')",
    ],
)
@pytest.mark.parametrize("seq", [3, 9])
def test_a_changed_row_is_named(sealed, change, seq):
    tamper(sealed, f"UPDATE events SET {change} WHERE seq = {seq}")
    code, output = verify(sealed)
    assert code == 1
    assert f"row {seq} was changed\n" in output


def test_the_first_of_several_is_named(sealed):
    tamper(
        sealed, "UPDATE events SET at = 0 WHERE seq IN (4, 8)", "DELETE FROM events WHERE seq = 6"
    )
    assert "row 4 was changed\n" in verify(sealed)[1]


def test_values_that_move_between_columns_show(sealed):
    """Null and the empty text, and a text's end and the next one's start, are told apart."""
    tamper(
        sealed, "UPDATE events SET resource_type = 'ta', action = 'sktask.created' WHERE seq = 5"
    )
    assert "row 5 was changed\n" in verify(sealed)[1]


@pytest.mark.parametrize("seq", [1, 5])
def test_a_missing_row_is_named(sealed, seq):
    tamper(sealed, f"DELETE FROM events WHERE seq = {seq}")
    code, output = verify(sealed)
    assert code == 1
    assert f"row {seq} is missing\n" in output


def test_the_missing_last_row_is_named(sealed):
    (last,) = query(sealed, "SELECT max(seq) FROM events")
    tamper(sealed, f"DELETE FROM events WHERE seq = {last[0]}")
    assert f"row {last[0]} is missing\n" in verify(sealed)[1]


@pytest.mark.parametrize("seq", [-4, 0])
def test_an_inserted_row_is_named(sealed, seq):
    tamper(
        sealed,
        "INSERT INTO events (seq, at, action, resource_type, resource_id, changes) "
        f"VALUES ({seq}, 0, 'task.created', 'task', 1, '{{}}')",
    )
    code, output = verify(sealed)
    assert code == 1
    assert f"row {seq} was inserted\n" in output


def test_a_row_put_in_the_place_of_another_is_changed(sealed):
    tamper(
        sealed,
        "DELETE FROM events WHERE seq = 5",
        "INSERT INTO events (seq, at, action, resource_type, resource_id, changes) "
        "VALUES (5, 0, 'task.created', 'task', 1, '{}')",
    )
    assert "row 5 was changed\n" in verify(sealed)[1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_seals SET hash = replace(hash, 'a', 'b')",
        "UPDATE audit_seals SET hash = ''",
        "UPDATE audit_seals SET previous_hash = hash || hash",
        "DELETE FROM audit_seals WHERE last_seq = (SELECT min(last_seq) FROM audit_seals)",
    ],
)
def test_changed_seals_show(sealed, statement):
    tamper(sealed, statement)
    code, output = verify(sealed)
    assert code == 1
    assert "the seal up to row" in output


def test_a_list_of_hashes_that_is_none_shows(sealed):
    tamper(sealed, "UPDATE audit_seals SET row_hashes = ' x:: 1'")
    assert verify(sealed)[0] == 1


def test_rows_that_are_cut_off_with_their_seals_show(sealed):
    (last,) = query(sealed, "SELECT max(last_seq) FROM audit_seals")
    tamper(
        sealed,
        "DELETE FROM audit_seals WHERE last_seq = (SELECT max(last_seq) FROM audit_seals)",
        "DELETE FROM events WHERE seq > (SELECT max(last_seq) FROM audit_seals)",
    )
    code, output = verify(sealed)
    assert code == 1
    assert f"the seals behind the last one, up to row {last[0]} are missing\n" in output


def test_rows_that_are_not_sealed_yet_are_counted(sealed):
    insert = (
        "INSERT INTO events (at, action, resource_type, resource_id, changes) "
        "VALUES (0, 'task.created', 'task', 1, '{}')"
    )
    tamper(sealed, insert, insert)
    code, output = verify(sealed)
    assert code == 0
    assert UNSEALED.search(output)[1] == "2"


@pytest.mark.parametrize("arguments", [(), ("check",), ("verify", "again")])
def test_wrong_arguments_are_a_mistake(program, arguments):
    assert program.run("audit", *arguments).returncode == 2


def test_two_servers_over_one_database_seal_each_row_once(server, start_server, anna):
    start_server(folder=server.folder, LOG_FILE="second.log")
    for _ in range(5):
        anna.create_task()
        wait_for_seals(server)
    assert verify(server)[0] == 0
    counts = query(
        server, "SELECT (SELECT sum(count) FROM audit_seals), (SELECT count(*) FROM events)"
    )
    assert counts[0][0] == counts[0][1]

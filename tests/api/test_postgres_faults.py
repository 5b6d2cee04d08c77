"""PostgreSQL that is restarted, killed, held still or has no connection left, under load."""

import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack

import psycopg
import pytest
from support import postgres
from support.api import CLASSIC, V1, Caller, register
from support.faults import LONG, bounded
from support.load import Writers, together
from support.server import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.faults]


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_the_database_loses_nothing(cluster, over_network, mode):
    caller = register(over_network, f"restart_{mode}")
    with Writers(caller) as writers:
        for _ in range(bounded(1, 10)):
            written = len(writers.created)
            wait_until(lambda: len(writers.created) > written + 20, "tasks")  # noqa: B023
            cluster.stop(mode)
            refused = len(writers.refused)
            wait_until(lambda: len(writers.refused) > refused, "the outage")  # noqa: B023
            cluster.start()
        written = len(writers.created)
        wait_until(lambda: len(writers.created) > written + 20, "the recovery")
    assert writers.odd == []
    total = caller.get(V1.tasks, params={"limit": 1}).json()["total"]
    # Some whose commit was under way were refused, and are there.
    assert len(writers.created) <= total <= len(writers.created) + len(writers.refused)
    for task in writers.created[-30:]:
        assert caller.get(V1.task(task)).status_code == 200
    assert postgres.PASSWORD not in over_network.stdout + over_network.stderr


def test_connections_that_are_cut_are_opened_again(server, anna):
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}'"
    with Writers(anna) as writers:
        for _ in range(bounded(5, 50)):
            written = len(writers.created)
            postgres.administrate(cut.format(server.postgres))
            wait_until(lambda: len(writers.created) > written + 5, "more tasks")  # noqa: B023
    assert writers.odd == []
    total = anna.get(V1.tasks, params={"limit": 1}).json()["total"]
    assert len(writers.created) <= total <= len(writers.created) + len(writers.refused)


def test_reads_go_on_while_connections_are_cut(server, anna):
    """Those that shared a connection which broke are done again, or refused where that fails too."""
    task = anna.create_task()
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}'"
    stop = threading.Event()
    answers = Counter()

    def read():
        while not stop.is_set():
            answer = anna.get(V1.task(task["id"]))
            answers[answer.status_code] += 1
            assert answer.status_code != 200 or answer.json() == task
            assert answer.status_code != 503 or "Retry-After" in answer.headers

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(bounded(5, 50)):
        seen = answers[200]
        postgres.administrate(cut.format(server.postgres))
        wait_until(lambda: answers[200] > seen + 20, "more reads")  # noqa: B023
    stop.set()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 503}
    assert answers[200] > answers[503]


def test_more_requests_than_connections_wait_for_their_turn(server, anna):
    answers = together(*(lambda: anna.post(V1.tasks, json={"title": "x"}) for _ in range(40)))
    assert {answer.status_code for answer in answers} == {201}


def test_a_database_that_holds_still_is_503_in_the_end(server, anna):
    """A lock that is not released: the statement is given up, and the server goes on."""
    task = anna.create_task()
    server.options["DATABASE_URL"] += "&options=-c%20statement_timeout%3D500"
    server.restart()
    anna.server = server
    with postgres.connect(server.postgres) as holding:
        holding.execute(f"SELECT 1 FROM tasks WHERE id = {task['id']} FOR UPDATE")
        answer = anna.patch(CLASSIC.task(task["id"]), json={"title": "Later"})
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers
        assert anna.read_task(task["id"]) == task
    assert anna.patch(CLASSIC.task(task["id"]), json={"title": "Now"}).status_code == 200


def test_a_database_that_is_paused_loses_nothing(cluster, over_network):
    """As a machine that is suspended: nothing answers, and no connection breaks."""
    caller = register(over_network, "paused")
    with Writers(caller) as writers:
        wait_until(lambda: len(writers.created) > 20, "some tasks")
        cluster.signal(signal.SIGSTOP)
        try:
            assert Caller(over_network).get("/health").status_code == 200
            # What waits is given up after half a minute.
            time.sleep(bounded(2, 45))
        finally:
            cluster.signal(signal.SIGCONT)
        written = len(writers.created)
        wait_until(lambda: len(writers.created) > written + 20, "the recovery")
    assert writers.odd == []
    assert bool(writers.refused) == LONG
    total = caller.get(V1.tasks, params={"limit": 1}).json()["total"]
    assert len(writers.created) <= total <= len(writers.created) + len(writers.refused)


def test_a_database_without_a_free_connection_is_503_until_there_is_one(cluster, over_network):
    caller = register(over_network, "crowded")
    task = caller.create_task()
    over_network.stop()
    address = {"host": "127.0.0.1", "port": cluster.port, "dbname": "postgres"}
    login = {"user": "crowd", "password": postgres.PASSWORD}
    with psycopg.connect(
        **address, user=postgres.USER, password=postgres.PASSWORD, autocommit=True
    ) as owner:
        owner.execute(f"CREATE ROLE crowd LOGIN SUPERUSER PASSWORD '{postgres.PASSWORD}'")
        over_network.start()
        caller.server = over_network
        # Whoever has connections keeps them: take the others, then cut those of the server.
        with ExitStack() as crowd:
            take_all(crowd, **address, **login)
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'errand'"
            )
            take_all(crowd, **address, **login)
            answer = wait_until(lambda: refusal(caller, task), "a refusal")
            assert int(answer.headers["Retry-After"]) >= 1
        wait_until(lambda: refusal(caller, task) is None, "the recovery")
        owner.execute("DROP ROLE crowd")
    assert caller.read_task(task["id"]) == task


def take_all(crowd, **options):
    """Open connections until the server has none left."""
    while True:
        try:
            crowd.enter_context(psycopg.connect(**options))
        except psycopg.OperationalError:
            return


def refusal(caller, task):
    """The answer when it is a 503; None when the task was read."""
    answer = caller.get(V1.task(task["id"]))
    assert answer.status_code in (200, 503), answer.text
    return answer if answer.status_code == 503 else None

"""Three servers and two workers over one PostgreSQL and Redis are one errand.

With ERRAND_BACKEND=all a RabbitMQ carries their jobs.
"""

import itertools
import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import httpx
import pytest
from support import rabbitmq
from support.api import V1, log_in_admin, register
from support.cluster import Cluster, at
from support.faults import bounded
from support.live import EventStream, Listener
from support.server import PATIENCE, wait_until

pytestmark = pytest.mark.postgres

JOBS = f"{V1.prefix}/jobs"
AUDIT = f"{V1.prefix}/audit"


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory):
    options = {"RABBITMQ_URL": rabbitmq.shared_url()} if rabbitmq.is_wanted() else {}
    with closing(Cluster(tmp_path_factory.mktemp("cluster"), **options)) as cluster:
        yield cluster.start()


@pytest.fixture
def cluster(shared_cluster):
    """For tests that leave it whole."""
    return shared_cluster


@pytest.fixture
def own_cluster(tmp_path, carrier):
    with closing(Cluster(tmp_path, JOB_LEASE_SECONDS=2, **carrier)) as cluster:
        yield cluster.start()


@pytest.fixture
def server(cluster):
    return cluster.servers[0]


def everywhere(cluster, caller):
    return [at(server, caller) for server in cluster.servers]


def statuses(answers):
    return [answer.status_code for answer in answers]


def read_total(caller):
    answer = caller.get(f"{V1.tasks}/stats")
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]


def submit(caller, data):
    answer = caller.post(JOBS, json={"operation": "reverse", "data": data})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def result_of(caller, job, wait=30):
    answer = caller.get(f"{JOBS}/{job}", params={"wait": wait})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "finished", answer.text
    return answer.json()["result"]


# A change through one is there through all.


def test_a_change_through_one_server_is_seen_through_all(cluster, anna):
    callers = everywhere(cluster, anna)
    for i in range(9):
        writer = callers[i % 3]
        task = writer.create_task(title=f"Task {i}")
        assert all(caller.read_task(task["id"]) == task for caller in callers)
        answer = callers[(i + 1) % 3].patch(V1.task(task["id"]), json={"status": "done"})
        assert all(caller.read_task(task["id"]) == answer.json() for caller in callers)
        assert callers[(i + 2) % 3].delete(V1.task(task["id"])).status_code == 204
        assert statuses(c.get(V1.task(task["id"])) for c in callers) == [404] * 3


def test_statistics_and_totals_are_fresh_on_every_server(cluster, anna):
    callers = everywhere(cluster, anna)
    for i in range(12):
        callers[i % 3].create_task()
        assert [read_total(caller) for caller in callers] == [i + 1] * 3
        assert [caller.list_tasks(V1)["total"] for caller in callers] == [i + 1] * 3


def test_a_user_who_is_disabled_on_one_server_is_out_on_all_at_once(cluster, server):
    admin = at(cluster.servers[1], log_in_admin(server))
    for number in range(3):
        carla = register(server, f"carla{number}")
        callers = everywhere(cluster, carla)
        assert statuses(caller.get(V1.tasks) for caller in callers) == [200] * 3
        path = f"{V1.prefix}/users/{carla.id}"
        assert admin.patch(path, json={"is_active": False}).status_code == 200
        assert statuses(caller.get(V1.tasks) for caller in callers) == [401] * 3


def test_signing_out_on_one_server_ends_the_token_on_all(cluster, anna):
    callers = everywhere(cluster, anna)
    assert callers[1].post(V1.auth("logout")).status_code == 204
    assert statuses(caller.get(V1.tasks) for caller in callers) == [401] * 3


def listen_everywhere(stack, cluster, caller, **query):
    return [
        stack.enter_context(kind(server, caller.token, **query))
        for server, kind in zip(cluster.servers, (Listener, EventStream, Listener), strict=True)
    ]


def test_a_change_through_one_server_is_heard_on_all(cluster, anna):
    with ExitStack() as stack:
        listeners = listen_everywhere(stack, cluster, anna)
        made = [caller.create_task() for caller in everywhere(cluster, anna)]
        for listener in listeners:
            assert [message["task"] for message in listener.take(3)] == made


def test_connections_end_on_all_servers_with_what_ends_the_token_on_one(cluster, anna):
    with ExitStack() as stack:
        first, stream, last = listen_everywhere(stack, cluster, anna)
        assert at(cluster.servers[1], anna).post(V1.auth("logout")).status_code == 204
        assert first.read_close() == last.read_close() == (1008, "token revoked")
        stream.read_end()


def test_concurrent_changes_are_heard_once_and_in_one_order_on_all_servers(cluster, server):
    admin = log_in_admin(server)
    writers = [at(cluster.servers[i % 3], register(server, f"speaker{i}")) for i in range(6)]
    start = last_seq(admin)
    with ExitStack() as stack, ThreadPoolExecutor(len(writers)) as pool:
        listeners = listen_everywhere(stack, cluster, admin, since=start)
        list(pool.map(lambda i: change_things(writers[i], i, bounded(40, 400)), range(6)))
        expected = [event["seq"] for event in read_log(admin, start)]
        for listener in listeners:
            heard = [message["seq"] for message in listener.take(len(expected))]
            assert heard == expected


def test_one_idempotency_key_makes_one_task_whichever_server_it_is_sent_to(cluster, anna):
    callers = everywhere(cluster, anna)
    headers = {"Idempotency-Key": "3c4a-once"}

    def create(number):
        return callers[number % 3].post(V1.tasks, json={"title": "Once"}, headers=headers)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(create, range(6)))
    assert set(statuses(answers)) <= {201, 409}
    assert 201 in statuses(answers)
    assert anna.list_tasks(V1)["total"] == 1


# Limits.


def test_a_limit_is_one_for_all_servers(tmp_path):
    with closing(Cluster(tmp_path, RATE_LIMIT_USER_PER_MINUTE=40)) as cluster:
        cluster.start()
        callers = everywhere(cluster, register(cluster.servers[0], "anna"))
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda i: callers[i % 3].get(V1.tasks), range(90)))
        assert statuses(answers).count(200) == 40
        assert statuses(answers).count(429) == 50


# Jobs.


def test_a_job_of_one_server_is_awaited_at_another_and_run_by_a_worker(cluster, anna):
    callers = everywhere(cluster, anna)
    for i in range(6):
        job = submit(callers[i % 3], f"abc{i}")
        assert result_of(callers[(i + 1) % 3], job) == f"{i}cba"


def heard(server):
    return server.metric('wake_messages_total{direction="heard"}')


def test_servers_are_told_when_a_worker_has_ended_a_job(cluster, anna):
    before = [heard(server) for server in cluster.servers]
    result_of(anna, submit(anna, "abc"))
    for server, count in zip(cluster.servers, before, strict=True):
        wait_until(lambda s=server, c=count: heard(s) > c, "the server to hear of it")


def test_without_redis_servers_are_told_by_the_database(start_server):
    first = start_server(REDIS_URL="", WORKERS=0)
    second = start_server(**{**first.shared, "WORKERS": 2})
    anna = register(first, "anna")
    for _ in range(2):
        wait_until(lambda: all(map(Cluster.is_told, (first, second))), "both to hear each other")
        before = heard(first)
        assert result_of(anna, submit(anna, "abc")) == "cba"
        wait_until(lambda count=before: heard(first) > count, "the first to hear of the end")
        first.database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE '%errand_wake%' "
            "AND pid <> pg_backend_pid()"
        )


def test_of_several_schedulers_one_orders_each_daily_job(cluster):
    rows = cluster.database.query(
        "SELECT operation, count(*) FROM jobs JOIN schedule ON schedule.job = jobs.operation "
        "GROUP BY operation"
    )
    assert len(rows) >= 3
    assert all(count == 1 for _, count in rows), rows


@pytest.mark.jobs
def test_the_jobs_of_a_killed_worker_are_run_by_the_other(own_cluster):
    anna = register(own_cluster.servers[0], "anna")
    callers = everywhere(own_cluster, anna)
    jobs = [submit(callers[i % 3], f"{i}-") for i in range(60)]
    own_cluster.workers[0].kill()
    jobs += [submit(callers[i % 3], f"{i}-") for i in range(60, 120)]
    with ThreadPoolExecutor(12) as pool:
        results = list(pool.map(lambda job: result_of(callers[1], job, wait=60), jobs))
    assert results == [f"-{str(i)[::-1]}" for i in range(120)]
    attempts = own_cluster.database.query("SELECT count(*) FROM jobs WHERE attempts > 2")
    assert attempts == [(0,)]


# The log of changes.


def read_log(admin, since=0):
    """The log through one server, oldest first."""
    events, cursor = [], None
    while True:
        query = {"limit": 100, "resource": "task", **({"cursor": cursor} if cursor else {})}
        page = admin.get(AUDIT, params=query).json()
        events += page["events"]
        cursor = page["next_cursor"]
        if cursor is None or events[-1]["seq"] <= since:
            return [event for event in reversed(events) if event["seq"] > since]


def last_seq(admin):
    events = admin.get(AUDIT, params={"limit": 1}).json()["events"]
    return events[0]["seq"]


def change_things(caller, seed, count):
    """Creates, changes and deletes; the actions on each task in the order they were answered."""
    dice = random.Random(seed)
    history = {}
    for _ in range(count):
        alive = [number for number, actions in history.items() if actions[-1] != "task.deleted"]
        if not alive or dice.random() < 0.4:
            history[caller.create_task(title="New")["id"]] = ["task.created"]
            continue
        number = dice.choice(alive)
        if dice.random() < 0.2:
            assert caller.delete(V1.task(number)).status_code == 204
            history[number].append("task.deleted")
        else:
            title = f"Title {dice.random()}"
            assert caller.patch(V1.task(number), json={"title": title}).status_code == 200
            history[number].append("task.updated")
    return history


def test_the_log_is_whole_and_in_order_on_every_server(cluster, server):
    admin = log_in_admin(server)
    before = last_seq(admin)
    writers = [at(cluster.servers[i % 3], register(server, f"writer{i}")) for i in range(6)]
    with ThreadPoolExecutor(len(writers)) as pool:
        count = bounded(40, 400)
        histories = list(pool.map(lambda i: change_things(writers[i], i, count), range(6)))
    logs = [read_log(at(node, admin), before) for node in cluster.servers]
    assert logs[0] == logs[1] == logs[2]
    assert [event["seq"] for event in logs[0]] == sorted({event["seq"] for event in logs[0]})
    seen = {}
    for event in logs[0]:
        seen.setdefault(event["resource_id"], []).append(event["action"])
    assert seen == {number: actions for history in histories for number, actions in history.items()}


def is_marker(message):
    return message["event"] == "task.created" and message["task"]["title"] == "Marker"


def listen_to_marker(server, token, since):
    """What one server tells, without interruption."""
    heard = []
    with Listener(server, token, since=since) as listener:
        while not heard or not is_marker(heard[-1]):
            heard.append(listener.next())
    return heard


def wander_to_marker(servers, token, since):
    """The same from one server after the other, each of them for a while."""
    heard = []
    nodes = itertools.cycle(servers)
    while not heard or not is_marker(heard[-1]):
        with EventStream(next(nodes), token, since=since) as stream:
            for _ in range(25):
                heard.append(stream.next())
                since = heard[-1]["seq"]
                if is_marker(heard[-1]):
                    break
    return heard


def test_listeners_at_any_server_hear_every_change_once_and_in_order(cluster, server):
    admin = log_in_admin(server)
    since = last_seq(admin)
    writers = [at(cluster.servers[i % 3], register(server, f"author{i}")) for i in range(6)]
    with ThreadPoolExecutor(12) as pool:
        listeners = [
            pool.submit(listen_to_marker, node, admin.token, since) for node in cluster.servers
        ]
        listeners.append(pool.submit(wander_to_marker, cluster.servers, admin.token, since))
        count = bounded(40, 400)
        list(pool.map(lambda i: change_things(writers[i], i, count), range(6)))
        admin.create_task(title="Marker")
        heard = [listener.result() for listener in listeners]
    log = [(event["seq"], event["action"]) for event in read_log(admin, since)]
    for messages in heard:
        told = [(m["seq"], m["event"]) for m in messages if m["event"].startswith("task.")]
        assert told == log


def test_what_follows_the_log_misses_nothing_of_concurrent_commits(cluster, server):
    """The sealer stops at a gap until nobody can fill it any more; the seals are checked one by one."""
    writers = [at(cluster.servers[i % 3], register(server, f"follower{i}")) for i in range(6)]
    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(lambda i: change_things(writers[i], i, bounded(40, 400)), range(6)))
    unsealed = (
        "SELECT count(*) FROM events "
        "WHERE seq > (SELECT coalesce(max(last_seq), 0) FROM audit_seals)"
    )
    wait_until(lambda: cluster.database.query(unsealed) == [(0,)], "all rows to be sealed")
    rows = cluster.database.query("SELECT count(*) FROM events")[0][0]
    done = server.run("audit", "verify")
    assert done.returncode == 0, done.stdout
    sealed = int(re.search(r"(\d+) rows are sealed and as they were written", done.stdout).group(1))
    assert sealed >= rows


# Faults.


class Writer(threading.Thread):
    """Creates tasks until its server is gone; remembers what was acknowledged."""

    def __init__(self, caller):
        super().__init__()
        self.caller = caller
        self.acknowledged = []

    def run(self):
        server = self.caller.server
        headers = {"Authorization": f"Bearer {self.caller.token}"}
        # A client of its own: the server's is hung up when the server is killed.
        with httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE) as http:
            while True:
                try:
                    answer = http.post(V1.tasks, json={"title": "Kept", "tags": ["kept"]})
                except httpx.HTTPError:
                    return
                assert answer.status_code == 201
                self.acknowledged.append(answer.json()["id"])


def test_a_server_that_is_killed_loses_nothing_it_has_acknowledged(own_cluster):
    first, _, third = own_cluster.servers
    anna = register(first, "anna")
    writers = [Writer(at(third, anna)) for _ in range(4)]
    for writer in writers:
        writer.start()
    wait_until(lambda: sum(len(w.acknowledged) for w in writers) >= 100, "tasks to be made")
    third.kill()
    for writer in writers:
        writer.join()
    created = {number for writer in writers for number in writer.acknowledged}
    kept = dict(own_cluster.database.query("SELECT id, version FROM tasks"))
    assert created <= set(kept)
    assert len(kept) <= len(created) + len(writers)
    events = own_cluster.database.query(
        "SELECT resource_id FROM events WHERE action = 'task.created'"
    )
    assert sorted(number for (number,) in events) == sorted(kept)
    tags = own_cluster.database.query("SELECT task_id FROM task_tags")
    assert sorted(number for (number,) in tags) == sorted(kept)
    assert [read_total(at(node, anna)) for node in own_cluster.servers[:2]] == [len(kept)] * 2
    third.start()
    assert read_total(at(third, anna)) == len(kept)


def test_everything_goes_on_without_redis(own_cluster):
    anna = register(own_cluster.servers[0], "anna")
    callers = everywhere(own_cluster, anna)
    own_cluster.redis.kill()
    for i in range(6):
        callers[i % 3].create_task()
        assert [read_total(caller) for caller in callers] == [i + 1] * 3
    assert result_of(callers[1], submit(callers[0], "abc")) == "cba"
    own_cluster.redis.start()
    wait_until(lambda: all(map(own_cluster.is_told, own_cluster.servers)), "all to be told again")
    assert result_of(callers[2], submit(callers[1], "abc")) == "cba"
    assert [read_total(caller) for caller in callers] == [6] * 3

"""Servers that share a Redis: limits and results in common, and nothing lost when it goes away."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from support.api import CLASSIC, V1, Caller, assert_error, log_in_admin, register
from support.jobs import JOBS, read, submit, wait_for
from support.redis import Redis
from support.server import wait_until
from support.weather import WeatherService

QUIET = "doing without it until it is back"
BACK = "Redis: in use again"


@pytest.fixture
def redis(tmp_path):
    with closing(Redis(tmp_path)) as redis:
        yield redis.start()


@pytest.fixture
def start_node(start_server, redis):
    """Servers over one database, the second and later beside the first."""
    nodes = []

    def start(**options):
        shared = nodes[0].shared if nodes else {}
        nodes.append(start_server(**{**shared, **redis.options, "THREADS": 2, **options}))
        return nodes[-1]

    return start


def at(node, caller):
    """The same person, at another node."""
    return Caller(node, caller.token, caller.user)


def cache_of(server):
    return server.http.get("/health/detailed").json()["checks"]["cache"]


def statuses(answers):
    return [answer.status_code for answer in answers]


def read_stats(caller):
    answer = caller.get(f"{V1.tasks}/stats")
    assert answer.status_code == 200, answer.text
    return answer.json()["total"], answer.headers["X-Cache"]


def use(server):
    """Let each loop of the server know how Redis is."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: server.http.get("/tasks"), range(64)))


# Limits.


def test_servers_together_allow_exactly_the_limit(start_node):
    nodes = [start_node(RATE_LIMIT_PER_MINUTE=50) for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda i: nodes[i % 3].http.get("/tasks"), range(120)))
    assert statuses(answers).count(401) == 50
    assert statuses(answers).count(429) == 70
    left = [int(a.headers["X-RateLimit-Remaining"]) for a in answers if a.status_code == 401]
    assert sorted(left) == list(range(50))


def test_users_and_sign_ins_are_counted_together(start_node):
    options = {"RATE_LIMIT_USER_PER_MINUTE": 4, "RATE_LIMIT_LOGIN_PER_MINUTE": 3}
    first, second = start_node(**options), start_node(**options)
    anna = register(first, "anna")
    answers = [at(node, anna).get(V1.tasks) for node in (first, second, first, second, first)]
    assert statuses(answers) == [200] * 4 + [429]
    body = {"username": "anna", "password": "Wrong-1-again"}
    answers = [node.http.post(V1.auth("login"), json=body) for node in (first, second) * 2]
    assert statuses(answers) == [401] * 3 + [429]


def test_a_refusal_says_when_there_is_room_again(start_node):
    first, second = (start_node(RATE_LIMIT_PER_MINUTE=2) for _ in range(2))
    before = int(time.time())
    answers = [first.http.get(CLASSIC.tasks), second.http.get(CLASSIC.tasks)]
    refused = first.http.get(CLASSIC.tasks)
    assert_error(refused, CLASSIC, 429)
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0"]
    assert 55 <= int(refused.headers["Retry-After"]) <= 62
    for answer in (*answers, refused):
        assert answer.headers["X-RateLimit-Limit"] == "2"
        assert before + 55 <= int(answer.headers["X-RateLimit-Reset"]) <= int(time.time()) + 62


def test_servers_of_different_databases_do_not_share_anything(start_server, redis):
    for _ in range(2):
        server = start_server(**redis.options, RATE_LIMIT_PER_MINUTE=1)
        answers = [server.http.get(CLASSIC.tasks) for _ in range(2)]
        assert statuses(answers) == [401, 429]


def test_the_script_is_told_anew_to_a_redis_that_forgot_it(start_node, redis):
    server = start_node(RATE_LIMIT_PER_MINUTE=1000)
    for _ in range(3):
        answer = server.http.get(CLASSIC.tasks)
        assert answer.headers["X-RateLimit-Remaining"] != "1000"
        redis.call("SCRIPT", "FLUSH")
    assert answer.headers["X-RateLimit-Remaining"] == "997"
    assert server.metric('redis_commands_total{outcome="failed"}') == 0


# Results.


def test_what_one_server_has_computed_the_others_find(start_node, redis):
    first, second = start_node(), start_node()
    anna = register(first, "anna")
    anna.create_task()
    assert read_stats(anna) == (1, "MISS")
    wait_until(lambda: ":cache:" in redis.call("KEYS", "*"), "the result to be there")
    assert read_stats(at(second, anna)) == (1, "HIT")
    assert second.metric("cache_shared_hits_total") == 1
    assert read_stats(at(second, anna)) == (1, "HIT")
    assert second.metric("cache_shared_hits_total") == 1  # the second time it was in memory


def test_no_server_answers_what_a_change_at_another_has_made_stale(start_node):
    nodes = [start_node() for _ in range(3)]
    anna = register(nodes[0], "anna")
    for i in range(30):
        at(nodes[i % 3], anna).create_task()
        for node in nodes:
            assert read_stats(at(node, anna))[0] == i + 1


def test_the_weather_is_asked_once_for_all_servers(start_node):
    with WeatherService() as service:
        first, second = start_node(**service.options), start_node(**service.options)
        anna = register(first, "anna")
        weather = anna.create_task(city="Moscow")["weather"]
        assert at(second, anna).create_task(city="MOSCOW")["weather"] == weather
        assert len(service.requests) == 1


def test_a_finished_job_is_found_by_its_owner_alone(start_node, redis):
    first, second = start_node(), start_node()
    anna, bert, admin = register(first, "anna"), register(first, "bert"), log_in_admin(first)
    job = submit(anna)
    finished = wait_for(anna, job, "finished")
    path = f"{JOBS}/{job['id']}"
    wait_until(lambda: f":job:{anna.id}:" in redis.call("KEYS", "*"), "the job to be there")
    for _ in range(2):
        assert at(second, anna).get(path).json() == finished
        assert second.metric("cache_shared_hits_total") == 1  # the second time it was in memory
    for node in (first, second):
        assert at(node, bert).get(path).status_code == 404
        assert at(node, admin).get(path).json() == finished
    assert admin.delete(f"/api/v1/users/{anna.id}").status_code == 204
    for node in (first, second):
        assert at(node, anna).get(path).status_code == 401
        assert at(node, admin).get(path).status_code == 404


def test_a_job_that_may_change_is_read_anew(start_node, redis):
    first, second = start_node(WORKERS=0), start_node(WORKERS=0)
    anna = register(first, "anna")
    job = submit(anna)
    nodes = (first, second)
    assert [read(at(node, anna), job)["status"] for node in nodes] == ["queued"] * 2
    assert at(second, anna).delete(f"{JOBS}/{job['id']}").status_code == 200
    assert [read(at(node, anna), job)["status"] for node in nodes] == ["cancelled"] * 2
    assert log_in_admin(first).post(f"{JOBS}/{job['id']}/retry").status_code == 200
    assert [read(at(node, anna), job)["status"] for node in nodes] == ["queued"] * 2
    assert ":job:" not in redis.call("KEYS", "*")


def test_no_server_knows_a_job_that_was_swept(start_node):
    nodes = [start_node(JOB_RESULT_TTL=1) for _ in range(2)]
    anna = register(nodes[0], "anna")
    job = submit(anna)
    wait_for(anna, job, "finished")
    assert [read(at(node, anna), job)["status"] for node in nodes] == ["finished"] * 2
    time.sleep(1.1)  # it is old enough: the sweep may come
    nodes[0].database.execute("DELETE FROM jobs WHERE id = ?", job["id"])
    path = f"{JOBS}/{job['id']}"
    assert [at(node, anna).get(path).status_code for node in nodes] == [404] * 2


def test_nothing_is_stale_after_an_outage(start_node, redis):
    first, second = start_node(REDIS_TIMEOUT_MS=50), start_node()
    anna = register(first, "anna")
    read_stats(anna)
    redis.pause()
    anna.create_task()
    assert read_stats(anna)[0] == 1
    redis.resume()
    assert read_stats(at(second, anna))[0] == 1
    assert read_stats(anna)[0] == 1


# Redis goes away.


def test_the_server_goes_on_when_redis_is_killed_and_uses_it_again(start_node, redis):
    server = start_node(RATE_LIMIT_PER_MINUTE=100000)
    use(server)
    redis.kill()
    use(server)
    assert cache_of(server)["status"] == "degraded"
    assert cache_of(server)["reason"].startswith("Redis: ")
    assert server.http.get("/health/detailed").status_code == 200
    assert server.metric("redis_up") == 0
    answer = server.http.get(CLASSIC.tasks)
    assert answer.status_code == 401
    assert "X-RateLimit-Remaining" in answer.headers
    redis.start()
    wait_until(lambda: cache_of(server)["status"] == "healthy", "Redis to be used again")
    assert "reason" not in cache_of(server)
    before = server.metric('redis_commands_total{outcome="answered"}')
    use(server)
    assert server.metric('redis_commands_total{outcome="answered"}') > before
    server.await_log(BACK)
    assert (server.stdout.count(QUIET), server.stdout.count(BACK)) == (1, 1)


def test_limits_hold_on_each_server_while_redis_is_away(start_node, redis):
    server = start_node(RATE_LIMIT_PER_MINUTE=5, THREADS=1)
    assert server.http.get(CLASSIC.tasks).status_code == 401
    redis.kill()
    answers = [server.http.get(CLASSIC.tasks) for _ in range(8)]
    assert statuses(answers) == [401] * 5 + [429] * 3


def test_a_redis_that_hangs_is_waited_for_once(start_node, redis):
    server = start_node(RATE_LIMIT_PER_MINUTE=100000, REDIS_TIMEOUT_MS=2000, THREADS=1)
    assert server.http.get(CLASSIC.tasks).status_code == 401
    redis.pause()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.http.get(CLASSIC.tasks), range(8)))
    assert statuses(answers) == [401] * 8
    late = server.metric('redis_commands_total{outcome="late"}')
    assert 1 <= late <= 8
    for _ in range(50):
        assert server.http.get(CLASSIC.tasks).status_code == 401
    assert server.metric('redis_commands_total{outcome="skipped"}') >= 50
    assert cache_of(server)["reason"] == "Redis: it does not answer in time"
    redis.resume()
    wait_until(lambda: cache_of(server)["status"] == "healthy", "Redis to be used again")
    server.await_log(BACK)
    assert (server.stdout.count(QUIET), server.stdout.count(BACK)) == (1, 1)


def test_a_server_starts_without_its_redis(start_node, redis):
    redis.kill()
    server = start_node(RATE_LIMIT_PER_MINUTE=100000)
    assert server.http.get(CLASSIC.tasks).status_code == 401
    server.await_log(QUIET)
    redis.start()
    wait_until(lambda: cache_of(server)["status"] == "healthy", "Redis to be used")


def test_a_redis_that_must_not_be_written_to_is_not_used(start_node, redis):
    server = start_node(RATE_LIMIT_PER_MINUTE=100000)
    redis.call("CONFIG", "SET", "maxmemory", "1")
    answer = server.http.get(CLASSIC.tasks)
    assert answer.status_code == 401
    assert answer.headers["X-RateLimit-Remaining"] == "99999"
    server.await_log(QUIET)
    assert "OOM" in cache_of(server)["reason"]
    redis.call("CONFIG", "SET", "maxmemory", "0")
    wait_until(lambda: cache_of(server)["status"] == "healthy", "Redis to be used again")


# What the URL says.


def test_a_password_and_a_number_of_the_url_are_used(start_server, redis):
    redis.call("CONFIG", "SET", "requirepass", "s3cret/@ word")
    redis.password = "s3cret/@ word"
    url = redis.url.replace("redis://", "redis://:s3cret%2F%40%20word@") + "/3"
    server = start_server(**{**redis.options, "REDIS_URL": url}, RATE_LIMIT_PER_MINUTE=9)
    assert server.http.get(CLASSIC.tasks).status_code == 401
    assert cache_of(server)["status"] == "healthy"
    assert "limit:" in redis.call("-n", "3", "KEYS", "*")
    assert redis.call("KEYS", "*") == ""
    assert "s3cret" not in server.stdout


def test_a_wrong_password_is_said_plainly(start_server, redis):
    redis.call("CONFIG", "SET", "requirepass", "right")
    url = redis.url.replace("redis://", "redis://:wrong-one@")
    server = start_server(**{**redis.options, "REDIS_URL": url}, RATE_LIMIT_PER_MINUTE=9)
    assert server.http.get(CLASSIC.tasks).status_code == 401
    server.await_log("WRONGPASS")
    assert "WRONGPASS" in cache_of(server)["reason"]
    assert "wrong-one" not in server.stdout


@pytest.mark.parametrize(
    "url",
    ["localhost:6379", "http://localhost", "redis://", "redis://h:0", "redis://h:99999",
     "redis://h/x", "redis://name@h", "redis://:p%zz@h", "redis://[::1", "redis://h?db=1"],
)  # fmt: skip
def test_a_url_that_is_none_stops_the_start_without_being_shown(program, url):
    program.options.update(REDIS_URL=url.replace("//", "//:hidden@", 1) if "@" not in url else url)
    done = program.run("serve")
    assert done.returncode == 1
    assert "REDIS_URL" in done.stderr
    assert "hidden" not in done.stdout + done.stderr


def test_an_empty_url_is_none(start_server):
    server = start_server(REDIS_URL="")
    assert "redis_up" not in server.http.get("/metrics").text
    assert cache_of(server)["status"] == "healthy"

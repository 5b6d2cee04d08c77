"""Jobs by way of RabbitMQ, which is real here, and is stopped, killed and started again."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack, closing

import pytest
from support.api import V1, assert_invalid, register
from support.faults import bounded
from support.jobs import JOBS, OVER, finished_twice, known, read, submit, unfinished, wait_for
from support.rabbitmq import PASSWORD, RabbitMQ
from support.server import ROOT, Server, wait_until
from support.worker import Worker

FAULT_JOBS = bounded(400, 20000)


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory):
    with closing(RabbitMQ(tmp_path_factory.mktemp("rabbitmq")).create()) as rabbitmq:
        yield rabbitmq.start()


@pytest.fixture
def url(rabbitmq):
    if rabbitmq.process.poll() is not None:
        rabbitmq.start()
    return rabbitmq.next_url()


@pytest.fixture
def server(start_server, url):
    """A server that leaves all jobs to workers."""
    server = start_server(
        WORKERS="0",
        JOB_LEASE_SECONDS="2",
        RABBITMQ_URL=url,
        JOB_EXTERNAL_OPERATIONS="translate, resize",
    )
    server.await_log("carries jobs")
    return server


@pytest.fixture
def start_worker(server):
    with ExitStack() as stack:

        def start(*arguments, **options):
            worker = Worker(server, *arguments, **options)
            stack.callback(worker.close)
            worker.start()
            wait_until(lambda: "carries jobs" in worker.output, "the worker to reach the broker")
            return worker

        yield start


@pytest.fixture
def channel(rabbitmq, url, server):
    with rabbitmq.channel(url) as channel:
        yield channel


def metrics(server):
    text = server.http.get("/metrics").text
    found = dict(re.findall(r'broker_messages_total\{event="(\w+)"\} (\d+)', text))
    connected = re.search(r"^broker_connected (\d)$", text, re.MULTILINE)
    return {name: int(count) for name, count in found.items()} | {
        "connected": connected and int(connected[1])
    }


def queue_health(server):
    return server.http.get("/health/detailed").json()["checks"]["queue"]


def fetch(channel, queue):
    """The next message of a queue, when it is there."""

    def got():
        method, _, body = channel.basic_get(queue)
        return (method, body) if method else None

    return wait_until(got, f"a message in {queue}")


def publish(channel, exchange, key, message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    channel.basic_publish(exchange, key, body)


def events_of(server, job):
    """How often the log of changes has the end of a job."""
    [(count,)] = server.database.query(
        "SELECT count(*) FROM events WHERE action = 'job.finished' AND resource_id = "
        "(SELECT number FROM jobs WHERE id = ?)",
        job["id"],
    )
    return count


# All is well.


def test_jobs_go_through_the_broker(rabbitmq, url, anna, server, start_worker):
    start_worker()
    jobs = [submit(anna, data=f"{number}!") for number in range(20)]
    for number, job in enumerate(jobs):
        assert wait_for(anna, job, *OVER)["result"] == f"!{str(number)[::-1]}"
    # A job may be over before the broker's word on its message is here.
    wait_until(lambda: metrics(server)["confirmed"] == 20, "the confirms")
    found = metrics(server)
    assert (found["published"], found["connected"]) == (20, 1)
    wait_until(lambda: rabbitmq.count(url, "errand.jobs.reverse") == 0, "an empty queue")
    assert queue_health(server)["status"] == "healthy"


def test_a_server_with_workers_consumes_its_own_jobs(start_server, url):
    server = start_server(RABBITMQ_URL=url)
    server.await_log("carries jobs")
    anna = register(server, "anna")
    jobs = [submit(anna) for _ in range(20)]
    assert {wait_for(anna, job, *OVER)["result"] for job in jobs} == {"cba"}
    wait_until(lambda: metrics(server)["confirmed"] == 20, "the confirms")
    found = metrics(server)
    assert found["published"] == found["consumed"] == 20
    server.await_log(f"amqp://errand:***@127.0.0.1:{url.split(':')[-1]}")
    assert PASSWORD not in server.stdout + server.stderr


def test_a_message_is_json_and_durable(anna, server, channel):
    job = submit(anna, data="größer\n\"'\u0001")
    method, properties, body = wait_until(
        lambda: (got := channel.basic_get("errand.jobs.reverse"))[0] and got, "the message"
    )
    assert json.loads(body) == {
        "id": job["id"],
        "operation": "reverse",
        "data": "größer\n\"'\u0001",
        "attempt": 1,
        "fence": 0,
    }
    assert (properties.delivery_mode, properties.content_type) == (2, "application/json")
    assert (properties.message_id, properties.type) == (job["id"], "reverse")
    assert (method.exchange, method.routing_key) == ("errand.jobs", "reverse")


def test_jobs_wait_at_the_broker_for_a_worker(rabbitmq, url, anna, server, start_worker):
    jobs = [submit(anna) for _ in range(10)]
    later = submit(anna, run_at="2050-01-01T00:00:00Z")
    soon = submit(
        anna,
        "uppercase",
        run_at=(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))),
    )
    wait_until(lambda: rabbitmq.count(url, "errand.jobs.reverse") == 10, "the jobs to wait there")
    wait_until(
        lambda: rabbitmq.count(url, "errand.jobs.uppercase") == 1, "the one whose time comes"
    )
    assert read(anna, soon)["status"] == "queued"
    assert anna.delete(f"{JOBS}/{jobs[0]['id']}").status_code == 200
    start_worker()
    assert {wait_for(anna, job, *OVER)["status"] for job in jobs[1:]} == {"finished"}
    assert wait_for(anna, soon, *OVER)["result"] == "ABC"
    assert read(anna, jobs[0])["status"] == "cancelled"
    assert read(anna, later)["status"] == "scheduled"


def test_a_job_that_failed_is_published_again(anna, server, start_worker, tmp_path):
    marker = tmp_path / "marker"
    program = tmp_path / "second.sh"
    program.write_text(f"#!/bin/sh\ntest -e {marker} && echo ok && exit\ntouch {marker}\nexit 75\n")
    program.chmod(0o755)
    start_worker("--exec", f"second={program}")
    known(anna, "second")
    job = next(iter(anna.get(JOBS).json()["jobs"]))
    found = wait_for(anna, job, *OVER)
    assert (found["result"], found["attempts"]) == ("ok\n", 2)


def test_the_servers_own_jobs_do_without_the_broker(server, anna, start_worker):
    start_worker()
    answer = anna.post("/async/background-task")
    wait_for_id = {"id": answer.json()["task_id"]}
    wait_until(
        lambda: (
            server.database.query("SELECT status FROM jobs WHERE id = ?", wait_for_id["id"])
            == [(3,)]
        ),
        "the job to be carried out",
    )
    assert metrics(server)["published"] == 0


def test_a_paused_operation_waits(anna, server, admin, start_worker, rabbitmq, url):
    before = submit(anna)
    wait_until(lambda: rabbitmq.count(url, "errand.jobs.reverse") == 1, "it to be published")
    assert admin.post(f"{JOBS}/operations/reverse/pause").status_code == 200
    after = submit(anna)
    start_worker()
    assert wait_for(anna, submit(anna, "uppercase"), *OVER)["status"] == "finished"
    wait_until(lambda: rabbitmq.count(url, "errand.jobs.reverse") == 0, "it to be sent back")
    assert {read(anna, job)["status"] for job in (before, after)} == {"queued"}
    assert admin.post(f"{JOBS}/operations/reverse/resume").status_code == 200
    assert {wait_for(anna, job, *OVER)["status"] for job in (before, after)} == {"finished"}


def test_higher_priorities_are_published_first(anna, server, admin, channel):
    assert admin.post(f"{JOBS}/operations/reverse/pause").status_code == 200
    low, medium, high = (submit(anna, priority=name) for name in ("low", "medium", "high"))
    assert admin.post(f"{JOBS}/operations/reverse/resume").status_code == 200
    published = [json.loads(fetch(channel, "errand.jobs.reverse")[1])["id"] for _ in range(3)]
    assert published == [high["id"], medium["id"], low["id"]]


# Messages that are not as they should be.


def test_a_message_that_comes_twice_is_carried_out_once(anna, server, channel, start_worker):
    job = submit(anna)
    method, body = fetch(channel, "errand.jobs.reverse")
    for _ in range(3):
        publish(channel, "errand.jobs", "reverse", body)
    channel.basic_ack(method.delivery_tag)
    worker = start_worker()
    assert wait_for(anna, job, *OVER)["result"] == "cba"
    publish(channel, "errand.jobs", "reverse", body)
    assert wait_for(anna, submit(anna, data="x"), *OVER)["result"] == "x"
    wait_until(
        lambda: (
            channel.queue_declare("errand.jobs.reverse", passive=True).method.message_count == 0
        ),
        "the messages to be consumed",
    )
    worker.close()
    assert (read(anna, job)["attempts"], events_of(server, job)) == (1, 1)
    queue = channel.queue_declare("errand.jobs.reverse", passive=True)
    assert queue.method.message_count == 0, "nothing went back unsettled"


JUNK = [
    b"",
    b"junk",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b'{"id":7}',
    b'{"id":"00000000-0000-4000-8000-000000000000"}',
    b'{"id":"00000000-0000-4000-8000-\\u0000","operation":"reverse"}',
    b'{"id":"00000000-0000-4000-8000-000000000000","fence":"x"}',
    b"[" * 10000,
]


def test_junk_goes_to_the_dead_letters(anna, server, channel, start_worker):
    worker = start_worker()
    for body in JUNK:
        publish(channel, "errand.jobs", "reverse", body)
    dead = [fetch(channel, "errand.dead")[1] for _ in JUNK]
    assert sorted(dead) == sorted(JUNK)
    assert wait_for(anna, submit(anna), *OVER)["result"] == "cba"
    assert worker.process.poll() is None


def test_a_message_of_another_operation_does_nothing(anna, server, channel, start_worker):
    job = submit(anna, "translate")
    start_worker()
    publish(channel, "errand.jobs", "reverse", {"id": job["id"], "operation": "reverse"})
    assert wait_for(anna, submit(anna), *OVER)["result"] == "cba"
    assert read(anna, job)["status"] == "queued"


# Others take part.


def test_others_carry_out_an_external_operation(anna, server, channel, start_worker):
    start_worker()
    job = submit(anna, "translate", "hello")
    method, body = fetch(channel, "errand.jobs.translate")
    message = json.loads(body)
    assert (message["id"], message["data"], message["attempt"]) == (job["id"], "hello", 1)
    assert read(anna, job)["status"] == "queued"
    answer = {"id": message["id"], "fence": message["fence"], "result": "héllo"}
    for _ in range(3):
        publish(channel, "errand.results", "", answer)
    publish(channel, "", "errand.results", {**answer, "result": "too late"})
    channel.basic_ack(method.delivery_tag)
    found = wait_for(anna, job, *OVER)
    assert (found["status"], found["result"], found["attempts"]) == ("finished", "héllo", 1)
    other = submit(anna, "translate")
    _, body = fetch(channel, "errand.jobs.translate")
    publish(channel, "errand.results", "", {"id": other["id"], "result": ""})
    assert wait_for(anna, other, *OVER)["result"] == ""
    assert (events_of(server, job), read(anna, job)["result"]) == (1, "héllo")


def test_waiting_hears_of_what_others_have_done(anna, server, channel):
    job = submit(anna, "translate")
    fetch(channel, "errand.jobs.translate")
    publish(channel, "errand.results", "", {"id": job["id"], "result": "done"})
    answer = anna.get(f"{JOBS}/{job['id']}", params={"wait": 30}).json()
    assert answer["result"] == "done"


def test_an_error_of_others_is_tried_again(anna, server, channel):
    job = submit(anna, "translate", max_attempts=3)
    first = json.loads(fetch(channel, "errand.jobs.translate")[1])
    answer = {"id": first["id"], "fence": first["fence"], "error": "No dictionary"}
    publish(channel, "errand.results", "", answer)
    found = wait_for(anna, job, "failed")
    assert (found["error"], found["attempts"]) == ("No dictionary", 1)
    second = json.loads(fetch(channel, "errand.jobs.translate")[1])
    assert (second["attempt"], second["fence"] > first["fence"]) == (2, True)
    publish(channel, "errand.results", "", {**answer, "error": "Of the first attempt"})
    publish(
        channel,
        "errand.results",
        "",
        {
            "id": first["id"],
            "fence": second["fence"],
            "error": "No such language",
            "permanent": True,
        },
    )
    found = wait_for(anna, job, *OVER)
    assert (found["status"], found["error"]) == ("dead", "No such language")
    assert found["attempts"] == 2


def test_a_job_that_others_reject_is_dead(anna, server, channel):
    job = submit(anna, "translate")
    method, _ = fetch(channel, "errand.jobs.translate")
    channel.basic_reject(method.delivery_tag, requeue=False)
    found = wait_for(anna, job, *OVER)
    assert found["status"] == "dead"
    assert "rejected" in found["error"]
    wait_until(lambda: metrics(server)["dead_lettered"] == 1, "it to be counted")


def test_a_consumer_that_dies_again_and_again_makes_the_job_dead(rabbitmq, url, anna, server):
    job = submit(anna, "translate")
    with rabbitmq.channel(url) as channel:
        while read(anna, job)["status"] == "queued":
            method, _, _ = channel.basic_get("errand.jobs.translate")
            if method:
                channel.basic_nack(method.delivery_tag, requeue=True)
    assert wait_for(anna, job, *OVER)["status"] == "dead"


@pytest.mark.parametrize(
    "answer",
    [
        b"junk",
        {"result": "no id"},
        {"id": "00000000-0000-4000-8000-000000000000", "result": "no such job"},
        {"id": "JOB"},
        {"id": "JOB", "result": "both", "error": "both"},
        {"id": "JOB", "result": 7},
        {"id": "JOB", "result": "x", "fence": "1"},
        {"id": "OWN", "result": "not for others"},
    ],
)
def test_an_answer_that_is_none_goes_to_the_dead_letters(anna, server, channel, answer):
    job, own = submit(anna, "translate"), submit(anna)
    if isinstance(answer, dict):
        names = {"JOB": job["id"], "OWN": own["id"]}
        answer = {**answer, "id": names.get(answer.get("id"), answer.get("id"))}
    publish(channel, "errand.results", "", answer)
    fetch(channel, "errand.dead")
    assert {read(anna, job)["status"], read(anna, own)["status"]} == {"queued"}


def test_a_result_that_cannot_be_kept_makes_the_job_dead(anna, server, channel):
    job = submit(anna, "translate")
    fetch(channel, "errand.jobs.translate")
    publish(channel, "errand.results", "", {"id": job["id"], "result": "a\0b"})
    assert "NUL" in wait_for(anna, job, "dead")["error"]


def test_the_consumer_of_the_documentation(rabbitmq, url, anna, server, tmp_path):
    """The program in docs/jobs.md, as it stands there."""
    text = (ROOT / "docs" / "jobs.md").read_text()
    program = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    path = tmp_path / "consumer.py"
    path.write_text(program)
    job = submit(anna, "translate", "hello")
    other = submit(anna, "translate", "")
    process = subprocess.Popen([sys.executable, path], env={**os.environ, "RABBITMQ_URL": url})
    try:
        assert wait_for(anna, job, *OVER)["result"] == "HELLO, in another language"
        assert wait_for(anna, other, *OVER)["status"] == "dead"
    finally:
        process.terminate()
        process.wait()


# Starting.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"RABBITMQ_URL": "http://errand:hunter22@localhost"}, "RABBITMQ_URL must be a URL"),
        ({"RABBITMQ_URL": "amqp://errand:hunter22@h:x/"}, "RABBITMQ_URL must be a URL"),
        ({"RABBITMQ_URL": "amqp://errand:hunter22@h/?heartbeat=0"}, "heartbeat"),
        ({"RABBITMQ_URL": "amqp://errand:hunter22@h/?no=1"}, "heartbeat"),
        ({"JOB_EXTERNAL_OPERATIONS": "translate"}, "RABBITMQ_URL must be set too"),
        (
            {"RABBITMQ_URL": "amqp://h/", "JOB_EXTERNAL_OPERATIONS": "a,reverse"},
            '"reverse" is an operation already',
        ),
        (
            {"RABBITMQ_URL": "amqp://h/", "JOB_EXTERNAL_OPERATIONS": "Bad-Name"},
            '"Bad-Name" is no name',
        ),
    ],
)
def test_options_that_make_no_sense_stop_the_start(tmp_path, options, words):
    server = Server(tmp_path, **options)
    server.spawn()
    try:
        assert server.wait() == 1
        assert words in server.stderr
        assert "hunter22" not in server.stdout + server.stderr
    finally:
        server.close()


def test_an_external_operation_must_be_named(anna, server):
    assert submit(anna, "resize")["status"] == "queued"
    assert_invalid(anna.post(JOBS, json={"operation": "shout", "data": ""}), V1, "operation")


def test_wrong_credentials_are_said_and_not_shown(rabbitmq, start_server, url):
    wrong = rabbitmq.url_of("test-0", password="hunter22-wrong")
    server = start_server(RABBITMQ_URL=wrong)
    server.await_log("ACCESS_REFUSED")
    assert "hunter22" not in server.stdout + server.stderr
    anna = register(server, "anna")
    assert wait_for(anna, submit(anna), *OVER)["result"] == "cba"
    health = queue_health(server)
    assert health["status"] == "degraded"
    assert "ACCESS_REFUSED" in health["reason"]
    assert server.stdout.count("ACCESS_REFUSED") == 1, "one warning for an outage"


def test_tls_with_a_certificate_that_is_vouched_for(rabbitmq, start_server, url):
    host = url.rsplit("/", 1)[1]
    options = f"?cacertfile={rabbitmq.certificate}&heartbeat=5"
    server = start_server(RABBITMQ_URL=rabbitmq.tls_url_of(host, "localhost", options))
    server.await_log("carries jobs")
    anna = register(server, "anna")
    large = "x" * 500_000
    jobs = [submit(anna, data=large + str(number)) for number in range(5)]
    for number, job in enumerate(jobs):
        assert wait_for(anna, job, *OVER)["result"] == str(number) + large
    assert metrics(server)["consumed"] == 5


@pytest.mark.parametrize(
    ("host", "vouched", "words"),
    [("localhost", False, "verification failed"), ("127.0.0.1", True, "hostname verification")],
)
def test_tls_with_a_certificate_that_is_not(rabbitmq, start_server, url, host, vouched, words):
    options = f"?cacertfile={rabbitmq.certificate}" if vouched else ""
    name = url.rsplit("/", 1)[1]
    server = start_server(RABBITMQ_URL=rabbitmq.tls_url_of(name, host, options))
    server.await_log("until it is back")
    server.await_log(words)
    assert queue_health(server)["status"] == "degraded"


# Faults.


@pytest.fixture
def restore(rabbitmq):
    """The broker runs again after the test."""
    yield
    if rabbitmq.process.poll() is not None:
        rabbitmq.start()


def test_a_broker_that_is_away_at_the_start(rabbitmq, url, start_server, restore):
    rabbitmq.kill()
    server = start_server(RABBITMQ_URL=url, JOB_EXTERNAL_OPERATIONS="translate")
    anna = register(server, "anna")
    external = submit(anna, "translate")
    assert wait_for(anna, submit(anna), *OVER)["result"] == "cba", "jobs go on without it"
    assert queue_health(server)["status"] == "degraded"
    assert metrics(server)["connected"] == 0
    rabbitmq.start()
    wait_until(lambda: queue_health(server)["status"] == "healthy", "the broker to be found")
    with rabbitmq.channel(url) as channel:
        assert json.loads(fetch(channel, "errand.jobs.translate")[1])["id"] == external["id"]
    assert wait_for(anna, submit(anna), *OVER)["status"] == "finished"
    assert metrics(server)["published"] >= 2


@pytest.mark.faults
def test_every_job_is_finished_once_though_the_broker_is_killed(
    rabbitmq, url, anna, server, start_worker, restore
):
    workers = [start_worker() for _ in range(2)]
    jobs = []

    def submit_some(count):
        for _ in range(count):
            jobs.append(submit(anna, data=f"{len(jobs)}!"))

    for end in (rabbitmq.stop, *[rabbitmq.kill] * bounded(1, 9)):
        submit_some(FAULT_JOBS // bounded(4, 20))
        end()
        submit_some(FAULT_JOBS // bounded(4, 20))
        rabbitmq.start(wait=False)
        workers[0].kill()
        workers[0].start()
        wait_until(lambda: queue_health(server)["status"] == "healthy", "the broker to be found")
    wait_until(lambda: unfinished(server) == 0, "every job to be finished")
    wait_until(lambda: queue_health(server)["status"] == "healthy", "the broker to be found")
    assert finished_twice(server) == []
    for number in range(0, len(jobs), 20):
        assert read(anna, jobs[number])["result"] == f"!{str(number)[::-1]}"
    for program in (server.stdout, workers[1].output):
        outages = bounded(2, 10)
        assert 1 <= program.count("until it is back") <= 2 * outages, "a warning for each"
    last = submit(anna)
    assert wait_for(anna, last, *OVER)["status"] == "finished"


def test_a_broker_that_has_lost_everything_gets_it_again(rabbitmq, url, anna, server, restore):
    jobs = [submit(anna, "translate") for _ in range(5)]
    own = submit(anna)
    wait_until(lambda: rabbitmq.count(url, "errand.jobs.translate") == 5, "them to be published")
    rabbitmq.kill()
    rabbitmq.forget()
    rabbitmq.start()
    wait_until(lambda: rabbitmq.count(url, "errand.jobs.translate") == 5, "them to be there again")
    with rabbitmq.channel(url) as channel:
        found = {json.loads(fetch(channel, "errand.jobs.translate")[1])["id"] for _ in jobs}
        assert found == {job["id"] for job in jobs}
        assert json.loads(fetch(channel, "errand.jobs.reverse")[1])["id"] == own["id"]


@pytest.mark.faults
def test_a_broker_that_does_not_answer_holds_nobody_up(rabbitmq, url, anna, server, start_worker):
    worker = start_worker()
    assert wait_for(anna, submit(anna), *OVER)["status"] == "finished"
    rabbitmq.pause()
    try:
        jobs = [submit(anna, data=str(number)) for number in range(20)]
        assert [wait_for(anna, job, *OVER)["status"] for job in jobs] == ["finished"] * 20
        worker.close()
    finally:
        rabbitmq.resume()
    start_worker()
    assert wait_for(anna, submit(anna), *OVER)["status"] == "finished"
    assert finished_twice(server) == []


def test_a_queue_that_somebody_deletes_is_made_again(rabbitmq, url, anna, server, start_worker):
    start_worker()
    with rabbitmq.channel(url) as channel:
        channel.queue_delete("errand.jobs.reverse")
    jobs = [submit(anna) for _ in range(5)]
    assert {wait_for(anna, job, *OVER)["status"] for job in jobs} == {"finished"}
    wait_until(lambda: queue_health(server)["status"] == "healthy", "the broker to be used again")


def test_messages_that_are_lost_do_not_matter(rabbitmq, url, anna, server, start_worker):
    jobs = [submit(anna) for _ in range(5)]
    wait_until(lambda: rabbitmq.count(url, "errand.jobs.reverse") == 5, "them to be published")
    with rabbitmq.channel(url) as channel:
        channel.queue_purge("errand.jobs.reverse")
    start_worker()
    assert {wait_for(anna, job, *OVER)["status"] for job in jobs} == {"finished"}


@pytest.mark.faults
def test_a_job_whose_worker_is_killed_is_carried_out_by_another(
    anna, server, start_worker, tmp_path
):
    program = tmp_path / "slow.sh"
    program.write_text("#!/bin/sh\nsleep 1\necho done\n")
    program.chmod(0o755)
    worker = start_worker("--exec", f"slow={program}", WORKERS="1")
    known(anna, "slow")
    job = next(iter(anna.get(JOBS).json()["jobs"]))
    wait_for(anna, job, "processing")
    worker.kill()
    start_worker("--exec", f"slow={program}")
    found = wait_for(anna, job, *OVER)
    assert (found["result"], found["attempts"], events_of(server, job)) == ("done\n", 1, 1)


@pytest.mark.faults
def test_every_job_is_finished_once_though_workers_and_the_server_are_killed(
    anna, server, start_worker
):
    workers = [start_worker() for _ in range(2)]
    jobs = []
    turns = bounded(4, 40)
    for turn in range(turns):
        for _ in range(FAULT_JOBS // turns):
            jobs.append(submit(anna, data=f"{len(jobs)}!"))
        workers[turn % 2].kill()
        workers[turn % 2] = start_worker()
        if turn % 4 == 2:
            server.kill()
            server.start()
            anna.server.http.base_url = server.url
    wait_until(lambda: unfinished(server) == 0, "every job to be finished")
    assert finished_twice(server) == []
    for number in range(0, len(jobs), 20):
        assert read(anna, jobs[number])["result"] == f"!{str(number)[::-1]}"

"""Jobs by way of RabbitMQ while all is well, messages that are not as they should be, and the start."""

import json
import time

import pytest
from support.api import V1, assert_invalid, register
from support.broker import fetch, metrics, publish, queue_health
from support.jobs import JOBS, OVER, events_of, known, read, submit, wait_for
from support.rabbitmq import PASSWORD
from support.server import Server, wait_until


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

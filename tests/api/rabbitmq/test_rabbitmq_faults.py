"""RabbitMQ stopped, killed, paused and started again; its queues and messages lost."""

import json

import pytest
from support.api import register
from support.broker import fetch, metrics, queue_health
from support.faults import bounded
from support.jobs import (
    JOBS,
    OVER,
    events_of,
    finished_twice,
    known,
    read,
    submit,
    unfinished,
    wait_for,
)
from support.server import wait_until

FAULT_JOBS = bounded(400, 20000)


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

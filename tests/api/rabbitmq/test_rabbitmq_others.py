"""Programs in other languages that take part: external operations and answers to them."""

import json
import os
import re
import subprocess
import sys

import pytest
from support.broker import fetch, metrics, publish
from support.jobs import JOBS, OVER, events_of, read, submit, wait_for
from support.server import ROOT, wait_until


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

"""errand worker: jobs carried out apart from the server, programs as operations, and what happens to
jobs when workers are killed."""

import os
import secrets
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.api import V1, assert_error, assert_invalid, register
from support.faults import bounded
from support.jobs import JOBS, OVER, finished_twice, known, read, submit, unfinished, wait_for
from support.server import Server, wait_until
from support.worker import Worker

pytestmark = pytest.mark.jobs

FAULT_JOBS = bounded(1500, 20000)


@pytest.fixture
def server(start_server):
    return start_server(WORKERS="0", JOB_LEASE_SECONDS="2")


@pytest.fixture
def start_worker(server):
    with ExitStack() as stack:

        def start(*arguments, **options):
            worker = Worker(server, *arguments, **options)
            stack.callback(worker.close)
            return worker.start()

        yield start


@pytest.fixture
def program(tmp_path):
    """Writes a shell script and answers what --exec wants."""

    def write(name, text):
        path = tmp_path / f"{name}.sh"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return f"{name}={path}"

    return write


def test_a_worker_carries_out_the_servers_jobs(anna, start_worker):
    before = submit(anna)
    start_worker()
    after = submit(anna, "uppercase")
    assert wait_for(anna, before, *OVER)["result"] == "cba"
    assert wait_for(anna, after, *OVER)["result"] == "ABC"


def test_waiting_hears_of_another_process(anna, start_worker):
    start_worker()
    assert read(anna, submit(anna), wait=30)["status"] == "finished"


def test_a_program_is_an_operation(anna, start_worker, program):
    assert_invalid(anna.post(JOBS, json={"operation": "shout", "data": "x"}), V1, "operation")
    start_worker("--exec", program("shout", "tr a-z A-Z"))
    known(anna, "shout")
    done = wait_for(anna, submit(anna, "shout", "héllo $(id) `id` ;\n'\""), *OVER)
    assert done["result"] == "HéLLO $(ID) `ID` ;\n'\""


def test_a_program_knows_its_job_and_nothing_else(anna, start_worker, program):
    start_worker("--exec", program("show", "env; ls /proc/self/fd"), SECRET_KEY="hidden-secret")
    known(anna, "show")
    job = submit(anna, "show")
    result = wait_for(anna, job, *OVER)["result"]
    assert f"ERRAND_JOB_ID={job['id']}" in result
    assert "ERRAND_OPERATION=show" in result
    assert "hidden-secret" not in result
    assert "DATABASE" not in result
    descriptors = [line for line in result.splitlines() if line.isdigit()]
    assert set(descriptors) <= {"0", "1", "2", "3"}, "3 is the listing's own"


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("echo no such host >&2; exit 3", "failed", "exited with code 3: no such host"),
        ("echo bad data >&2; exit 65", "dead", "exited with code 65: bad data"),
        ("kill -SEGV $$", "failed", "ended by signal 11"),
        (r"printf '\377'", "dead", "not UTF-8"),
        (r"printf 'a\000b'", "dead", "not UTF-8"),
        ("exec cat /dev/zero", "dead", "too large"),
    ],
)
def test_how_a_program_ends_is_the_outcome(anna, start_worker, program, text, status, words):
    start_worker("--exec", program("end", text))
    known(anna, "end")
    found = wait_for(anna, submit(anna, "end"), status)
    assert words in found["error"]
    assert found["result"] is None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("exit 0", ""),
        ("echo one; exec 1>&-; sleep 0.2", "one\n"),
        ("sleep 31415 & echo started", "started\n"),
        ("cat > /dev/null; echo read", "read\n"),
        ("head -c 10", "aaaaaaaaaa"),
        ("tr a b | tail -c 3", "bbb"),
    ],
)
def test_programs_with_manners_of_their_own(anna, start_worker, program, text, result):
    nap = f"sleep 31415.{secrets.randbelow(10**9)}"  # nobody else's, whatever the machine runs
    start_worker("--exec", program("odd", text.replace("sleep 31415", nap)))
    known(anna, "odd")
    assert wait_for(anna, submit(anna, "odd", "a" * 300_000), *OVER)["result"] == result
    assert f"{nap}\n" not in os.popen("ps -eo args").read()


def test_a_failing_job_is_tried_again_until_it_is_dead(anna, start_worker, program, tmp_path):
    count = tmp_path / "count"
    start_worker("--exec", program("flaky", f"echo >> {count}; exit 1"))
    known(anna, "flaky")
    wait_until(count.exists, "the first run")
    count.unlink()
    job = submit(anna, "flaky", max_attempts=2)
    found = wait_for(anna, job, "dead")
    assert (found["attempts"], found["max_attempts"]) == (2, 2)


def test_a_job_that_works_the_second_time_is_finished(anna, start_worker, program, tmp_path):
    marker = tmp_path / "marker"
    start_worker(
        "--exec", program("second", f"test -e {marker} && echo ok && exit; touch {marker}; exit 75")
    )
    known(anna, "second")
    wait_until(marker.exists, "the first run")
    marker.unlink()
    found = wait_for(anna, submit(anna, "second"), "finished")
    assert (found["result"], found["attempts"], found["error"]) == ("ok\n", 2, None)


def test_a_running_job_is_cancelled(anna, start_worker, program, tmp_path):
    pid = tmp_path / "pid"
    start_worker("--exec", program("long", f"echo $$ > {pid}; exec sleep 1000"))
    known(anna, "long")
    job = next(iter(anna.get(JOBS).json()["jobs"]))
    wait_for(anna, job, "processing")
    wait_until(lambda: pid.exists() and pid.read_text().strip(), "the program to run")
    answer = anna.delete(f"{JOBS}/{job['id']}")
    assert answer.status_code == 202
    wait_for(anna, job, "cancelled")
    wait_until(lambda: not Path(f"/proc/{pid.read_text().strip()}").exists(), "its end")


def test_a_job_that_takes_too_long_is_stopped(anna, start_worker, program):
    start_worker("--exec", program("long", "trap '' TERM; sleep 1000"), JOB_TIME_LIMIT_SECONDS="1")
    known(anna, "long")
    job = submit(anna, "long", max_attempts=1)
    assert "longer than it may" in wait_for(anna, job, "dead")["error"]


def test_short_jobs_do_not_wait_behind_a_long_one(anna, start_worker, program):
    start_worker("--exec", program("long", "sleep 1000"), WORKERS="1", DRAIN_SECONDS="1")
    known(anna, "long")
    worker = start_worker(WORKERS="1")
    jobs = [submit(anna, data=str(number)) for number in range(50)]
    assert {wait_for(anna, job, *OVER)["status"] for job in jobs} == {"finished"}
    worker.close()


def test_a_worker_that_is_told_to_end_gives_back_what_runs(anna, start_worker, program):
    worker = start_worker("--exec", program("long", "sleep 1000"), DRAIN_SECONDS="1")
    known(anna, "long")
    job = next(iter(anna.get(JOBS).json()["jobs"]))
    wait_for(anna, job, "processing")
    assert worker.terminate() == 0
    found = read(anna, job)
    assert (found["status"], found["attempts"]) == ("queued", 0)


def test_a_worker_that_is_told_to_end_finishes_what_runs(anna, start_worker, program):
    worker = start_worker("--exec", program("short", "sleep 1; echo done"))
    known(anna, "short")
    job = next(iter(anna.get(JOBS).json()["jobs"]))
    wait_for(anna, job, "processing")
    assert worker.terminate() == 0
    assert read(anna, job)["result"] == "done\n"


@pytest.mark.faults
def test_a_job_whose_worker_is_killed_is_carried_out_by_another(anna, start_worker, program):
    slow = program("slow", "sleep 1; echo done")
    worker = start_worker("--exec", slow, WORKERS="1")
    known(anna, "slow")
    job = next(iter(anna.get(JOBS).json()["jobs"]))
    wait_for(anna, job, "processing")
    worker.kill()
    start_worker("--exec", slow)
    found = wait_for(anna, job, *OVER)
    assert (found["result"], found["attempts"]) == ("done\n", 1)


def test_the_lease_of_a_long_job_is_kept(anna, start_worker, program, tmp_path):
    runs = tmp_path / "runs"
    start_worker("--exec", program("slow", f"echo >> {runs}; sleep 5; echo done"))
    known(anna, "slow")
    job = next(iter(anna.get(JOBS).json()["jobs"]))
    found = wait_for(anna, job, *OVER)
    assert (found["result"], found["attempts"]) == ("done\n", 1)
    assert runs.read_text() == "\n", "longer than its lease, and run once"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["now"], 2, "--exec"),
        (["--exec"], 2, "--exec"),
        (["--exec", "shout"], 1, "NAME=PROGRAM"),
        (["--exec", "shout=/no/such/program"], 1, "no program"),
        (["--exec", "shout=/tmp"], 1, "no program"),
        (["--exec", "Shout=cat"], 1, "name"),
        (["--exec", "reverse=cat"], 1, "already"),
        (["--exec", "a=cat", "--exec", "a=tac"], 1, "already"),
    ],
)
def test_a_worker_with_bad_arguments_says_so(tmp_path, arguments, code, words):
    done = Server(tmp_path).run("worker", *arguments)
    assert done.returncode == code
    assert words in done.stderr


@pytest.mark.faults
def test_every_job_is_finished_once_though_workers_are_killed(anna, server, start_worker):
    workers = [start_worker() for _ in range(4)]
    jobs = []
    killed = time.monotonic()
    turn = 0
    while len(jobs) < FAULT_JOBS or turn < 3:
        jobs.append(submit(anna, data=f"{len(jobs)}!"))
        if time.monotonic() - killed > 1:
            workers[turn % 4].kill()
            workers[turn % 4] = start_worker()
            killed = time.monotonic()
            turn += 1
    wait_until(lambda: unfinished(server) == 0, "every job to be finished")
    assert finished_twice(server) == []
    for number in range(0, len(jobs), 50):
        assert read(anna, jobs[number])["result"] == f"!{str(number)[::-1]}"


@pytest.mark.faults
def test_every_job_is_finished_once_though_the_server_is_killed(start_server):
    server = start_server(JOB_LEASE_SECONDS="2")
    anna = register(server, "anna")
    jobs = []
    for _ in range(bounded(4, 20)):
        for _ in range(60):
            jobs.append(submit(anna, data=f"{len(jobs)}!"))
        server.kill()
        server.start()
        anna.server.http.base_url = server.url
    for number, job in enumerate(jobs):
        assert wait_for(anna, job, *OVER)["result"] == f"!{str(number)[::-1]}"
    assert finished_twice(server) == []
    assert_error(anna.delete(f"{JOBS}/{jobs[0]['id']}"), V1, 409)

"""Jobs on /api/v1/jobs: submitting, reading, waiting, listing, cancelling, and what becomes of them."""

import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from support.api import TIMESTAMP, UUID, V1, assert_error, assert_invalid, register
from support.jobs import JOBS, read, submit
from support.server import wait_until

pytestmark = pytest.mark.jobs

JOB_FIELDS = {
    "id",
    "operation",
    "status",
    "result",
    "error",
    "priority",
    "run_at",
    "unique_key",
    "attempts",
    "max_attempts",
    "progress",
    "user_id",
    "created_at",
    "started_at",
    "finished_at",
}


@pytest.fixture
def idle(start_server):
    """A server that carries out no jobs: what is submitted stays as it is."""
    return start_server(WORKERS="0")


@pytest.fixture
def waiting(idle):
    return register(idle, "anna")


def finish(caller, job):
    """The job once it is over."""

    def over():
        found = read(caller, job, wait=5)
        return found if found["status"] in ("finished", "dead", "cancelled") else None

    return wait_until(over, "the job to end")


def change_database(server, statement, *values):
    server.database.execute(statement, *values)


def test_a_job_is_carried_out(anna):
    answer = anna.post(JOBS, json={"operation": "reverse", "data": "abc"})
    assert answer.status_code == 202
    job = answer.json()
    assert set(job) == JOB_FIELDS
    assert UUID.fullmatch(job["id"])
    assert answer.headers["Location"] == f"{JOBS}/{job['id']}"
    assert (job["status"], job["result"], job["attempts"]) == ("queued", None, 0)
    assert TIMESTAMP.fullmatch(job["created_at"])
    done = finish(anna, job)
    assert (done["status"], done["result"], done["error"]) == ("finished", "cba", None)
    assert (done["attempts"], done["progress"]) == (1, 100)
    assert done["created_at"] <= done["started_at"] <= done["finished_at"]


@pytest.mark.parametrize(
    ("operation", "data", "result"),
    [
        ("reverse", "", ""),
        ("reverse", "e\u0301a", "ae\u0301"),
        ("reverse", "🇩🇪🇫🇷", "🇫🇷🇩🇪"),
        ("reverse", "a👨‍👩‍👧b", "b👨‍👩‍👧a"),
        ("reverse", "a\r\nb", "b\r\na"),
        ("uppercase", "straße ŉ", "STRASSE ʼN"),
        ("lowercase", "ΟΔΥΣΣΕΥΣ Σ", "οδυσσευς σ"),
        ("lowercase", "İ", "i\u0307"),
        ("count_words", " one\u00a0two\u3000three\n", "3"),
        ("count_words", " \t\n", "0"),
        ("count_letters", "aß1漢 🙂é_", "4"),
    ],
)
def test_operations_know_unicode(anna, operation, data, result):
    assert finish(anna, submit(anna, operation, data))["result"] == result


def test_waiting_for_a_job_answers_when_it_is_over(anna):
    jobs = [submit(anna, data=str(number)) for number in range(20)]
    assert [read(anna, job, wait=60)["status"] for job in jobs] == ["finished"] * 20


def test_waiting_in_vain_answers_the_job_as_it_is(waiting):
    job = submit(waiting)
    started = time.monotonic()
    assert read(waiting, job, wait=1)["status"] == "queued"
    assert time.monotonic() - started >= 0.9


def test_many_wait_for_one_job(waiting, idle):
    job = submit(waiting)
    with ThreadPoolExecutor(16) as pool:
        waits = [pool.submit(read, waiting, job, 60) for _ in range(16)]
        time.sleep(0.2)
        assert waiting.delete(f"{JOBS}/{job['id']}").json()["status"] == "cancelled"
        assert {wait.result()["status"] for wait in waits} == {"cancelled"}


@pytest.mark.parametrize("wait", ["-1", "61", "soon", ""])
def test_a_bad_wait_is_told(anna, wait):
    job = submit(anna)
    assert_invalid(anna.get(f"{JOBS}/{job['id']}?wait={wait}"), V1, "wait", place="query")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["operation", "data"]),
        ({"operation": "explode", "data": "x"}, ["operation"]),
        ({"operation": "background_task", "data": "x"}, ["operation"]),
        ({"operation": "sweep_jobs", "data": ""}, ["operation"]),
        ({"operation": "reverse", "data": 5}, ["data"]),
        ({"operation": "reverse", "data": None}, ["data"]),
        ({"operation": "reverse", "data": "x", "priority": "urgent"}, ["priority"]),
        ({"operation": "reverse", "data": "x", "max_attempts": 0}, ["max_attempts"]),
        ({"operation": "reverse", "data": "x", "max_attempts": 26}, ["max_attempts"]),
        ({"operation": "reverse", "data": "x", "run_at": "tomorrow"}, ["run_at"]),
        ({"operation": "reverse", "data": "x", "unique_key": ""}, ["unique_key"]),
        ({"operation": "reverse", "data": "x", "unique_key": "k" * 256}, ["unique_key"]),
    ],
)
def test_a_bad_submission_is_refused(anna, body, fields):
    assert_invalid(anna.post(JOBS, json=body), V1, *fields)


def test_what_the_server_decides_is_not_taken_from_a_submission(waiting):
    job = submit(waiting, status="finished", result="mine", attempts=7, user_id=1)
    assert (job["status"], job["result"], job["attempts"]) == ("queued", None, 0)
    assert job["user_id"] == waiting.id


def test_only_its_owner_and_administrators_see_a_job(anna, bert, admin, guest):
    job = submit(anna)
    path = f"{JOBS}/{job['id']}"
    assert_error(bert.get(path), V1, 404)
    assert_error(bert.delete(path), V1, 404)
    assert_error(guest.get(path), V1, 401)
    assert admin.get(path).status_code == 200


@pytest.mark.parametrize(
    "job_id", ["00000000-0000-4000-8000-000000000000", "7", "x' OR 1=1", "%00", "a" * 2000]
)
def test_an_unknown_job_is_404(anna, job_id):
    assert_error(anna.get(f"{JOBS}/{job_id}"), V1, 404)


def test_lists_are_ones_own_newest_first(anna, bert, admin):
    mine = [submit(anna, data=str(number))["id"] for number in range(5)]
    submit(bert)
    page = anna.get(JOBS, params={"limit": 2}).json()
    found = [job["id"] for job in page["jobs"]]
    while page["next_cursor"]:
        page = anna.get(JOBS, params={"limit": 2, "cursor": page["next_cursor"]}).json()
        found += [job["id"] for job in page["jobs"]]
    assert found == mine[::-1]
    assert_error(anna.get(JOBS, params={"all": "true"}), V1, 403)
    everything = admin.get(JOBS, params={"all": "true"}).json()["jobs"]
    assert {job["user_id"] for job in everything} >= {anna.id, bert.id}


def test_lists_are_filtered(waiting):
    first = submit(waiting, "reverse")
    second = submit(waiting, "uppercase")
    waiting.delete(f"{JOBS}/{second['id']}")

    def ids(**query):
        return [job["id"] for job in waiting.get(JOBS, params=query).json()["jobs"]]

    assert ids(operation="reverse") == ids(status="queued") == [first["id"]]
    assert ids(status="cancelled") == [second["id"]]
    assert ids(status="queued,cancelled") == [second["id"], first["id"]]
    assert ids(status="dead") == ids(operation="lowercase") == []
    assert_invalid(waiting.get(JOBS, params={"status": "lost"}), V1, "status", place="query")
    assert_invalid(waiting.get(JOBS, params={"cursor": "!"}), V1, "cursor", place="query")


def test_a_job_for_later_waits_for_its_time(anna):
    soon = datetime.now(UTC) + timedelta(seconds=1)
    job = submit(anna, run_at=soon.isoformat())
    assert job["status"] == "scheduled"
    done = finish(anna, job)
    assert done["status"] == "finished"
    assert datetime.fromisoformat(done["started_at"]) >= soon - timedelta(milliseconds=1)


def test_a_time_that_has_passed_is_now(anna):
    job = submit(anna, run_at="2001-01-01T00:00:00Z")
    assert job["status"] == "queued"
    assert finish(anna, job)["status"] == "finished"


def test_a_unique_key_has_one_job_at_a_time(waiting, idle):
    other = register(idle, "bert")
    body = {"operation": "reverse", "data": "abc", "unique_key": "nightly"}
    first = waiting.post(JOBS, json=body)
    again = waiting.post(JOBS, json=body | {"data": "other"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    assert other.post(JOBS, json=body).status_code == 202, "keys of others are their own"
    waiting.delete(f"{JOBS}/{first.json()['id']}")
    assert waiting.post(JOBS, json=body).status_code == 202, "it is over"


def test_concurrent_submissions_of_a_key_make_one_job(waiting):
    body = {"operation": "reverse", "data": "abc", "unique_key": "once"}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: waiting.post(JOBS, json=body), range(32)))
    assert sorted(answer.status_code for answer in answers) == [200] * 31 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_an_idempotency_key_submits_once(waiting):
    headers = {"Idempotency-Key": "k1"}
    body = {"operation": "reverse", "data": "abc"}
    first, again = (waiting.post(JOBS, json=body, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(waiting.get(JOBS).json()["jobs"]) == 1


def test_a_queued_job_is_cancelled_at_once(waiting):
    for fields in ({}, {"run_at": "2999-01-01T00:00:00Z"}):
        job = submit(waiting, **fields)
        answer = waiting.delete(f"{JOBS}/{job['id']}")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert answer.json()["finished_at"]
        assert_error(waiting.delete(f"{JOBS}/{job['id']}"), V1, 409)


def test_a_finished_job_cannot_be_cancelled(anna):
    job = submit(anna)
    finish(anna, job)
    assert_error(anna.delete(f"{JOBS}/{job['id']}"), V1, 409)


def test_a_full_queue_refuses_and_says_when_to_try_again(start_server):
    server = start_server(WORKERS="0", JOB_QUEUE_LIMIT="5")
    anna = register(server, "anna")
    accepted = 0
    refused = None
    # The schedule's own jobs stand in the queue too.
    while refused is None and accepted <= 5:
        answer = anna.post(JOBS, json={"operation": "reverse", "data": "abc"})
        refused = answer if answer.status_code == 503 else None
        accepted += refused is None
    assert refused is not None
    assert int(refused.headers["Retry-After"]) >= 1
    for path in ("/submit-task", "/async/background-task"):
        assert anna.post(path, json={"operation": "reverse", "data": "a"}).status_code == 503


def test_higher_priorities_go_first_and_low_ones_do_not_starve(start_server):
    # At a broker it is the order of publication that counts: rabbitmq/test_rabbitmq.py.
    server = start_server(WORKERS="0", RABBITMQ_URL="")
    anna = register(server, "anna")
    low, medium, high, old = (
        submit(anna, data=name, priority=priority)["id"]
        for name, priority in [("l", "low"), ("m", "medium"), ("h", "high"), ("o", "low")]
    )
    change_database(server, "UPDATE jobs SET turn = turn - 600000000 WHERE id = ?", old)
    server.stop()
    server.options["WORKERS"] = "1"
    server.start()
    anna.server.http.base_url = server.url
    done = [finish(anna, {"id": job_id}) for job_id in (low, medium, high, old)]
    order = [
        row[0]
        for row in server.database.query(
            "SELECT resource_id FROM events WHERE action = 'job.finished' ORDER BY seq"
        )
    ]
    numbers = dict(server.database.query("SELECT id, number FROM jobs"))
    assert [job["status"] for job in done] == ["finished"] * 4
    assert order == [numbers[job_id] for job_id in (old, high, medium, low)]


def test_the_end_of_a_job_is_in_the_log_of_changes(anna, admin):
    job = submit(anna)
    finish(anna, job)
    events = admin.get("/api/v1/audit", params={"action": "job.finished"}).json()["events"]
    assert [event["changes"]["id"] for event in events] == [[None, job["id"]]]
    assert events[0]["changes"]["status"] == [None, "finished"]
    assert events[0]["actor_id"] == anna.id


def test_jobs_of_a_deleted_user_go_with_them(waiting, idle):
    from support.api import log_in_admin

    job = submit(waiting)
    boss = log_in_admin(idle)
    assert boss.delete(f"/api/v1/users/{waiting.id}").status_code == 204
    assert_error(boss.get(f"{JOBS}/{job['id']}"), V1, 404)


def test_old_jobs_are_removed(start_server):
    server = start_server()
    anna = register(server, "anna")
    old, new = (finish(anna, submit(anna)) for _ in range(2))
    later = submit(anna, run_at="2999-01-01T00:00:00Z")
    server.stop()
    change_database(
        server,
        "UPDATE jobs SET created_at = created_at - 7200000000, finished_at = finished_at - "
        "7200000000 WHERE id = ?",
        old["id"],
    )
    change_database(server, "UPDATE schedule SET last_period = 0 WHERE job = 'sweep_jobs'")
    server.options["JOB_RESULT_TTL"] = "3600"
    server.start()
    anna.server.http.base_url = server.url
    wait_until(
        lambda: anna.get(f"{JOBS}/{old['id']}").status_code == 404, "the old job to be removed"
    )
    assert read(anna, new)["status"] == "finished"
    assert read(anna, later)["status"] == "scheduled"


def kill_jobs(server, *ids):
    """Make jobs dead, as they are when no attempt is left."""
    for job_id in ids:
        change_database(
            server,
            "UPDATE jobs SET status = 5, error = 'It broke', attempts = 5, finished_at = 1 "
            "WHERE id = ?",
            job_id,
        )


def test_dead_jobs_are_listed_retried_and_purged(waiting, idle):
    from support.api import log_in_admin

    boss = log_in_admin(idle)
    reverse, upper, third = (
        submit(waiting, operation)["id"] for operation in ("reverse", "uppercase", "reverse")
    )
    kill_jobs(idle, reverse, upper, third)
    dead = f"{JOBS}/dead"
    assert [job["id"] for job in boss.get(dead).json()["jobs"]] == [third, upper, reverse]
    assert [
        job["id"] for job in boss.get(dead, params={"operation": "uppercase"}).json()["jobs"]
    ] == [upper]
    for method, path in [
        ("GET", dead),
        ("DELETE", dead),
        ("POST", f"{dead}/retry"),
        ("POST", f"{JOBS}/{upper}/retry"),
        ("GET", f"{JOBS}/operations"),
        ("POST", f"{JOBS}/operations/reverse/pause"),
    ]:
        assert_error(waiting.request(method, path), V1, 403)
    again = boss.post(f"{JOBS}/{third}/retry").json()
    assert (again["status"], again["attempts"], again["error"]) == ("queued", 0, None)
    assert_error(boss.post(f"{JOBS}/{third}/retry"), V1, 409)
    assert_error(boss.post(f"{JOBS}/{uuid.uuid4()}/retry"), V1, 404)
    assert boss.post(f"{dead}/retry", params={"operation": "reverse"}).json() == {"count": 1}
    assert boss.delete(dead).json() == {"count": 1}
    assert boss.get(dead).json()["jobs"] == []
    assert_error(boss.get(f"{JOBS}/{upper}"), V1, 404)


def test_a_dead_job_whose_key_is_taken_stays_dead(waiting, idle):
    from support.api import log_in_admin

    boss = log_in_admin(idle)
    first = submit(waiting, unique_key="k")
    kill_jobs(idle, first["id"])
    submit(waiting, unique_key="k")
    assert_error(boss.post(f"{JOBS}/{first['id']}/retry"), V1, 409)
    assert boss.post(f"{JOBS}/dead/retry").json() == {"count": 0}
    assert read(waiting, first)["status"] == "dead"


def test_a_paused_operation_waits(anna, admin):
    pause = admin.post(f"{JOBS}/operations/reverse/pause").json()
    assert (pause["name"], pause["paused"]) == ("reverse", True)
    job = submit(anna)
    assert finish(anna, submit(anna, "uppercase"))["status"] == "finished"
    assert read(anna, job)["status"] == "queued"
    operations = admin.get(f"{JOBS}/operations").json()["operations"]
    queue = next(entry for entry in operations if entry["name"] == "reverse")
    assert (queue["queued"], queue["paused"]) == (1, True)
    assert queue["oldest_seconds"] >= 0
    assert admin.post(f"{JOBS}/operations/reverse/resume").json()["paused"] is False
    assert finish(anna, job)["status"] == "finished"
    assert_error(admin.post(f"{JOBS}/operations/explode/pause"), V1, 404)


@pytest.mark.faults
def test_a_job_of_a_worker_that_died_is_taken_over(start_server):
    server = start_server(WORKERS="0", JOB_LEASE_SECONDS="2")
    anna = register(server, "anna")
    job = submit(anna)
    change_database(
        server,
        "UPDATE jobs SET status = 2, fence = 1, attempts = 1, worker = 'gone', lease_until = 1 "
        "WHERE id = ?",
        job["id"],
    )
    found = wait_until(
        lambda: next((j for j in [read(anna, job)] if j["status"] == "queued"), None),
        "the takeover",
    )
    assert (found["attempts"], found["error"]) == (0, "The worker that ran it died")


@pytest.mark.faults
def test_a_job_that_kills_its_workers_is_dead_in_the_end(start_server):
    server = start_server(WORKERS="0")
    anna = register(server, "anna")
    job = submit(anna)
    for crash in range(5):
        change_database(
            server,
            "UPDATE jobs SET status = 2, attempts = 1, lease_until = 1 WHERE id = ?",
            job["id"],
        )
        found = wait_until(
            lambda: next((j for j in [read(anna, job)] if j["status"] != "processing"), None),
            "the takeover",
        )
        expected = {0: ("queued",), 4: ("dead",)}.get(crash, ("failed", "queued"))
        assert found["status"] in expected
    assert found["attempts"] == 0, "crashes are counted apart"


@pytest.mark.faults
def test_a_worker_that_lost_its_lease_changes_nothing(start_server):
    server = start_server(WORKERS="0")
    anna = register(server, "anna")
    job = submit(anna)
    change_database(
        server,
        "UPDATE jobs SET status = 2, fence = 7, lease_until = 9000000000000000 WHERE id = ?",
        job["id"],
    )
    time.sleep(0.5)
    assert read(anna, job)["status"] == "processing", "its lease holds"
    answer = anna.delete(f"{JOBS}/{job['id']}")
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")


def test_many_jobs_are_all_carried_out_once(anna, admin):
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda number: submit(anna, data=f"{number}!"), range(400)))
    for number, job in enumerate(jobs):
        done = finish(anna, job)
        assert (done["status"], done["result"]) == ("finished", f"!{str(number)[::-1]}")
    counted = admin.get("/api/v1/audit", params={"action": "job.finished", "limit": 100}).json()
    ids = [event["changes"]["id"][1] for event in counted["events"]]
    assert len(set(ids)) == len(ids)


def test_shutting_down_ends_the_waiting(waiting, idle):
    job = submit(waiting)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(read, waiting, job, 60)
        time.sleep(0.3)
        idle.signal(signal.SIGTERM)
        assert answer.result()["status"] == "queued"
    assert idle.wait() == 0


@pytest.mark.faults
def test_jobs_survive_a_kill(start_server):
    server = start_server(JOB_LEASE_SECONDS="2")
    anna = register(server, "anna")
    jobs = [submit(anna, data=str(number)) for number in range(50)]
    server.kill()
    server.start()
    anna.server.http.base_url = server.url
    assert [finish(anna, job)["status"] for job in jobs] == ["finished"] * 50

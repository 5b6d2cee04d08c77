"""Liveness and readiness, open to everybody."""

from support.api import Caller, log_in_admin


def test_health_answers_ok_without_a_token(guest):
    answer = guest.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_detailed_health_of_a_sound_server_is_healthy(guest):
    answer = guest.get("/health/detailed")
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "healthy"
    assert health["uptime_seconds"] >= 0


def test_detailed_health_measures_the_database(guest):
    database = guest.get("/health/detailed").json()["checks"]["database"]
    assert database["status"] in ("healthy", "ok")
    assert database["latency_ms"] >= 0


def test_detailed_health_names_the_version_that_the_program_prints(server, guest):
    version = guest.get("/health/detailed").json()["version"]
    assert version
    assert version in server.run("--version").stdout


def test_uptime_never_runs_backwards(guest):
    uptimes = [guest.get("/health/detailed").json()["uptime_seconds"] for _ in range(5)]
    assert uptimes == sorted(uptimes)


def test_detailed_health_has_the_queue_of_each_operation(start_server):
    server = start_server(WORKERS=0)
    admin = log_in_admin(server)
    for _ in range(2):
        admin.post("/api/v1/jobs", json={"operation": "reverse", "data": "x"})
    admin.post("/api/v1/jobs/operations/lowercase/pause")

    operations = Caller(server).get("/health/detailed").json()["operations"]
    queues = {operation.pop("name"): operation for operation in operations}
    assert queues["reverse"]["queued"] == 2
    assert queues["reverse"]["oldest_seconds"] >= 0
    assert queues["uppercase"]["queued"] == 0
    assert {name for name, queue in queues.items() if queue["paused"]} == {"lowercase"}

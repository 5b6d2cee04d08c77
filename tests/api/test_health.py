"""Liveness and readiness, open to everybody."""


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

"""The weather in the city of a task: asked when the task is made, and never in its way."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api import CLASSIC, TIMESTAMP, V1, assert_invalid, register
from support.flask import create_flask_task
from support.raw import RawConnection, request_bytes
from support.server import wait_until
from support.service import answer, break_off, hang, hold
from support.weather import TOO_OFTEN, UNKNOWN_CITY, WeatherService, weather

pytestmark = pytest.mark.shared

TOGETHER = 50


@pytest.fixture
def service():
    with WeatherService() as service:
        yield service


@pytest.fixture
def server(start_server, service):
    return start_server(THREADS=2, **service.options)


def create(caller, surface, city, **fields):
    answer = caller.post(surface.tasks, json={"title": "Prepare Report", "city": city, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def log_of(server, part):
    """Ends the server; the lines of its log that contain something."""
    assert server.stop() == 0
    return [line for line in server.stdout.splitlines() if part in line]


def test_a_task_with_a_city_gets_the_weather_there(anna, surface, service):
    task = create(anna, surface, "Moscow")
    assert set(task["weather"]) == {
        "temperature",
        "condition",
        "humidity",
        "wind_speed",
        "fetched_at",
    }
    assert task["weather"]["temperature"] == 15.5
    assert task["weather"]["condition"] == "Clouds"
    assert task["weather"]["humidity"] == 71
    assert task["weather"]["wind_speed"] == 4.12
    assert TIMESTAMP.fullmatch(task["weather"]["fetched_at"])
    assert anna.read_task(task["id"]) == task
    assert service.requests == [{"q": "Moscow", "units": "metric", "appid": service.key}]


def test_a_task_without_a_city_asks_for_nothing(anna, surface, service):
    assert create(anna, surface, None)["weather"] is None
    assert service.requests == []


def test_a_city_is_asked_once_whatever_its_case(anna, bert, surface, service):
    first = create(anna, surface, "Moscow")
    for city in ("moscow", "MOSCOW", " Moscow "):
        assert create(bert, surface, city)["weather"] == first["weather"]
    assert service.cities == ["Moscow"]


@pytest.mark.parametrize(
    "city",
    ["São Paulo", "東京", "Nowhere & Co?appid=1#x", "London,GB", "100%", "a+b c/d", "Straße", "🌍"],
)
def test_any_city_reaches_the_service_as_it_is(anna, service, city):
    assert create(anna, V1, city)["weather"]["temperature"] == 15.5
    assert service.requests == [{"q": city, "units": "metric", "appid": service.key}]


def test_folding_knows_more_than_ascii(anna, service):
    first = create(anna, V1, "Ærøskøbing")
    assert create(anna, V1, "ÆRØSKØBING")["weather"] == first["weather"]
    assert len(service.requests) == 1


def test_many_at_once_cost_one_request(anna, service):
    """All come while the one request is under way, on every loop; it waits for them."""
    service.usual = hold(service.usual)
    with ThreadPoolExecutor(TOGETHER) as pool:
        begun = [pool.submit(create, anna, CLASSIC, "Moscow") for _ in range(TOGETHER)]
        wait_until(lambda: service.requests, "the request to the service")
        # Others are served meanwhile, on the same loops.
        for _ in range(10):
            assert anna.get("/tasks").json()["total"] == 0
        service.usual.release()
        tasks = [future.result() for future in begun]
    assert len({json.dumps(task["weather"]) for task in tasks}) == 1
    assert tasks[0]["weather"]["temperature"] == 15.5
    assert len(service.requests) == 1


def test_cities_are_asked_at_the_same_time(anna, service):
    """No answer comes before all requests are there."""
    cities = [f"City {number}" for number in range(10)]
    service.usual = hold(service.usual)
    with ThreadPoolExecutor(len(cities)) as pool:
        begun = [pool.submit(create, anna, V1, city) for city in cities]
        wait_until(lambda: len(service.requests) == len(cities), "all requests")
        service.usual.release()
        assert all(future.result()["weather"] for future in begun)
    assert sorted(service.cities) == sorted(cities)


NONSENSE = {
    "no JSON": b"<html>It rains</html>",
    "cut": b'{"weather":[{"main":"Clouds"}],"main":{"temp":15.5',
    "empty": b"",
    "a list": [weather()],
    "null": None,
    "a text": "warm",
    "no temperature": weather(main={"humidity": 71}),
    "temperature as text": weather(temperature="15.5"),
    "no main": {"weather": [{"main": "Clouds"}]},
    "main is a list": weather(main=[15.5]),
    "no condition": weather(weather=[]),
    "condition is a number": weather(condition=7),
    "condition is empty": weather(condition="  "),
    "condition with NUL": weather(condition="Clo\0uds"),
    "weather is an object": weather(weather={"main": "Clouds"}),
    "not a number": b'{"weather":[{"main":"Clouds"}],"main":{"temp":NaN}}',
    "infinite": b'{"weather":[{"main":"Clouds"}],"main":{"temp":1e999}}',
    "too hot": weather(temperature=1e12),
    "kelvin": weather(temperature=288.65),
    "a huge integer": b'{"weather":[{"main":"Clouds"}],"main":{"temp":123456789012345678901234}}',
    "invalid UTF-8": b'{"weather":[{"main":"\xff\xfe"}],"main":{"temp":1}}',
    "too deep": b"[" * 100_000 + b"]" * 100_000,
    "too long": json.dumps(weather(padding="x" * 1_000_000)).encode(),
    "huge": b" " * 50_000_000,
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_an_answer_of_no_sense_brings_no_weather(server, anna, service, kind):
    service.usual = answer(NONSENSE[kind])
    assert create(anna, V1, "Moscow")["weather"] is None
    assert create(anna, V1, "Moscow")["weather"] is None
    assert len(service.requests) == 1, "a failure is remembered for a while"
    [line] = log_of(server, "no weather for")
    assert "Moscow" in line
    assert "WARNING" in line


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"humidity": "wet"}, {"humidity": None}),
        ({"humidity": 101}, {"humidity": None}),
        ({"wind": None}, {"wind_speed": None}),
        ({"wind": -1}, {"wind_speed": None}),
        ({"wind": 1e300}, {"wind_speed": None}),
        ({"temperature": -40}, {"temperature": -40}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"humidity": 0, "wind": 0.0}, {"humidity": 0, "wind_speed": 0}),
        ({"condition": ' "Rain"\\ '}, {"condition": '"Rain"\\'}),
        ({"condition": "☂" * 500}, {"condition": "☂" * 60}),
        ({"condition": "\u0001" * 60}, {"condition": "\u0001" * 60}),
    ],
)
def test_what_else_is_odd_is_null_or_cut(anna, service, change, expected):
    service.usual = answer(weather(**change))
    stored = create(anna, V1, "Moscow")["weather"]
    assert stored == {**stored, **expected}
    assert stored["fetched_at"]


FAILURES = {
    "unknown city": (answer(UNKNOWN_CITY, 404), "the service knows no such city"),
    "error": (answer({"message": "Internal error"}, 500), "the service answers 500"),
    "moved": (answer({}, 302), "the service answers 302"),
    "breaks off": (break_off, "no weather for"),
    "slow": (hang, "timed out"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_service_that_fails_costs_the_weather_only(server, anna, service, kind):
    send, reason = FAILURES[kind]
    service.answers["Moscow"] = send
    assert create(anna, V1, "Moscow")["weather"] is None
    for city in ("moscow", "Moscow", "MOSCOW"):
        assert create(anna, V1, city)["weather"] is None
    assert service.cities == ["Moscow"], "a failure is remembered for a while"
    assert create(anna, V1, "Paris")["weather"], "but for this city alone"
    [line] = log_of(server, "no weather for")
    assert reason in line
    assert "Moscow" in line


def test_a_service_out_of_reach_costs_the_weather_only(start_server):
    with WeatherService() as service:
        options = service.options
    server = start_server(**options)
    anna = register(server, "anna")
    assert create(anna, V1, "Moscow")["weather"] is None
    [line] = log_of(server, "no weather for")
    assert "127.0.0.1" in line


def test_a_flood_of_failures_does_not_fill_the_log(server, anna, service):
    service.usual = answer({}, 500)
    service.answers |= {f"Nowhere {number}": answer(UNKNOWN_CITY, 404) for number in range(20)}
    for number in range(20):
        assert create(anna, V1, f"Nowhere {number}")["weather"] is None
    for number in range(20):
        assert create(anna, V1, f"City {number}")["weather"] is None
    assert len(log_of(server, "no weather for")) <= 4


def test_a_service_that_fails_for_every_city_is_left_alone_for_a_while(server, anna, service):
    """So that not every task has to wait for it to fail once more."""
    for number in range(10):
        service.usual = answer({}, 500)
        assert create(anna, V1, f"City {number}")["weather"] is None
        service.usual = answer(weather())
        if number < 4:
            assert create(anna, V1, f"Good City {number}")["weather"], "no failure in a row"
    assert len(service.requests) == 4 + 4 + 5, "the tenth city is not asked for"
    assert "fails again and again" in "".join(log_of(server, "no weather for"))


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_refused_key_is_not_tried_again_at_once(server, anna, service, status):
    if status == 401:
        service.key = "another"
    else:
        service.usual = answer(TOO_OFTEN, status)
    for number in range(5):
        assert create(anna, V1, f"City {number}")["weather"] is None
    assert len(service.requests) == 1
    [line] = log_of(server, "no weather for")
    assert "key" in line.lower()
    assert "WARNING" in line


def test_without_a_key_nothing_is_asked(start_server, service):
    server = start_server(WEATHER_API_URL=service.weather_url)
    anna = register(server, "anna")
    for _ in range(5):
        assert create(anna, V1, "Moscow")["weather"] is None
    assert service.requests == []
    [line] = log_of(server, "no weather")
    assert "OPENWEATHER_API_KEY" in line


@pytest.mark.parametrize("status", [200, 404, 500])
def test_the_key_is_nowhere(start_server, service, status):
    """Even where the service repeats it in its answer."""
    server = start_server(LOG_LEVEL="debug", **service.options)
    anna = register(server, "anna")
    service.usual = answer(weather(message=f"appid={service.key}"), status)
    texts = [
        anna.post(V1.tasks, json={"title": "x", "city": "Moscow"}).text,
        anna.get(V1.tasks).text,
        anna.get("/metrics").text,
        anna.get("/openapi.json").text,
        anna.get("/health/detailed").text,
    ]
    service.answers["Paris"] = break_off
    texts.append(anna.post(V1.tasks, json={"title": "x", "city": "Paris"}).text)
    assert server.stop() == 0
    for table in ("tasks", "events"):
        texts += [str(row) for row in server.database.query(f"SELECT * FROM {table}")]
    assert len(service.requests) == 2
    assert service.key not in "\n".join([*texts, server.stdout, server.stderr])


def test_a_url_with_a_query_of_its_own_is_kept(start_server, service):
    options = {**service.options, "WEATHER_API_URL": service.weather_url + "?lang=en"}
    anna = register(start_server(**options), "anna")
    assert create(anna, V1, "Moscow")["weather"]
    [query] = service.requests
    assert query == {"lang": "en", "q": "Moscow", "units": "metric", "appid": service.key}


def test_a_key_with_odd_characters_arrives_as_it_is(start_server, service):
    service.key = "a&b=c %#+é"
    anna = register(start_server(**service.options), "anna")
    assert create(anna, V1, "Moscow")["weather"]


# Changes.


def test_a_change_of_the_city_brings_the_weather_there(anna, surface, service):
    task = create(anna, surface, "Moscow")
    service.answers["Paris"] = answer(weather(temperature=21, condition="Clear"))
    changed = anna.patch(surface.task(task["id"]), json={"city": "Paris"}).json()
    assert changed["weather"]["temperature"] == 21
    assert changed["weather"]["condition"] == "Clear"
    assert anna.read_task(task["id"]) == changed
    assert service.cities == ["Moscow", "Paris"]


def test_other_changes_leave_the_weather(anna, surface, service):
    task = create(anna, surface, "Moscow")
    for change in ({"title": "Other"}, {"city": "Moscow"}, {"city": "MOSCOW"}, {"status": "done"}):
        answer = anna.put(surface.task(task["id"]), json=change)
        assert answer.status_code == 200
        assert answer.json()["weather"] == task["weather"]
    assert service.cities == ["Moscow"]
    assert anna.read_task(task["id"])["city"] == "MOSCOW"


def test_a_task_never_has_the_weather_of_another_city(anna, surface, service):
    service.answers["Atlantis"] = answer(UNKNOWN_CITY, 404)
    for city in ("Atlantis", None):
        task = create(anna, surface, "Moscow")
        changed = anna.patch(surface.task(task["id"]), json={"city": city}).json()
        assert changed["city"] == city
        assert changed["weather"] is None
        assert anna.read_task(task["id"])["weather"] is None


def test_a_first_city_brings_its_weather(anna, surface):
    task = create(anna, surface, None)
    changed = anna.patch(surface.task(task["id"]), json={"city": "Moscow"}).json()
    assert changed["weather"]["temperature"] == 15.5


def test_a_bulk_change_asks_for_nothing(anna, surface, service):
    ids = [create(anna, surface, city)["id"] for city in ("Moscow", "Paris")]
    body = {"task_ids": ids, "updates": {"city": "Paris", "priority": "high"}}
    answer = anna.patch(surface.tasks + "/bulk", json=body)
    assert answer.status_code == 200
    [moved, stayed] = answer.json()
    assert moved["weather"] is None
    assert stayed["weather"]
    assert service.cities == ["Moscow", "Paris"]


def test_an_import_asks_for_nothing(anna, service):
    csv = "title,city\nPrepare Report,Moscow\n"
    answer = anna.post(V1.tasks + "/import", content=csv, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    [task] = anna.get(V1.tasks).json()["tasks"]
    assert task["city"] == "Moscow"
    assert task["weather"] is None
    assert service.requests == []


def test_the_flask_surface_knows_no_city(anna, service):
    create_flask_task(anna, city="Moscow")
    [task] = anna.get(V1.tasks).json()["tasks"]
    assert (task["city"], task["weather"]) == (None, None)
    assert service.requests == []


def test_strangers_cause_no_request(anna, bert, surface, service):
    task = create(anna, surface, None)
    assert bert.patch(surface.task(task["id"]), json={"city": "Paris"}).status_code == 403
    assert bert.patch(surface.task(999999), json={"city": "Paris"}).status_code == 404
    assert service.requests == []


def test_a_request_that_is_refused_asks_for_nothing(anna, guest, surface, service):
    assert_invalid(anna.post(surface.tasks, json={"city": "Moscow", "title": ""}), surface, "title")
    assert guest.post(surface.tasks, json={"city": "Moscow", "title": "x"}).status_code == 401
    assert service.requests == []


def test_clients_do_not_make_weather(anna, surface, service):
    task = create(anna, surface, "Moscow", weather={"temperature": 50})
    assert task["weather"]["temperature"] == 15.5
    anna.patch(surface.task(task["id"]), json={"weather": {"temperature": 50}})
    assert anna.read_task(task["id"])["weather"]["temperature"] == 15.5


def test_a_replayed_request_asks_for_nothing(start_server, service):
    """Also where nothing is kept any more: the server has been started anew."""
    server = start_server(**service.options)
    anna = register(server, "anna")
    create_request = {
        "json": {"title": "x", "city": "Moscow"},
        "headers": {"Idempotency-Key": "create"},
    }
    first = anna.post(V1.tasks, **create_request)
    change_request = {"json": {"city": "Paris"}, "headers": {"Idempotency-Key": "change"}}
    changed = anna.patch(V1.task(first.json()["id"]), **change_request)
    assert service.cities == ["Moscow", "Paris"]
    server.restart()
    again = anna.post(V1.tasks, **create_request)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert anna.patch(V1.task(first.json()["id"]), **change_request).json() == changed.json()
    assert service.cities == ["Moscow", "Paris"]


# Shutting down.


def begin_create(server, caller, city):
    """A create whose head the server is known to have read."""
    body = json.dumps({"title": "Made while leaving", "city": city}).encode()
    head = request_bytes(
        "POST",
        "/tasks",
        "Expect: 100-continue",
        f"Content-Length: {len(body)}",
        token=caller.token,
    )
    connection = RawConnection(server).send(head)
    assert connection.read_answer().status == 100
    return connection.send(body)


def test_a_request_that_waits_for_the_weather_is_finished(server, anna, service):
    service.usual = hold(service.usual)
    begun = [begin_create(server, anna, "Moscow") for _ in range(4)]
    wait_until(lambda: service.requests, "the request to the service")
    server.signal(signal.SIGTERM)
    server.await_log("draining")
    service.usual.release()
    for connection in begun:
        answer = connection.read_answer()
        assert answer.status == 201
        assert answer.json()["weather"]["temperature"] == 15.5
        connection.close()
    assert server.wait() == 0


def test_a_drain_that_is_over_cuts_the_weather_short(start_server, service):
    """The service holds on for longer than the drain: the task is stored without."""
    service.usual = hang
    server = start_server(DRAIN_SECONDS=0, **service.options)
    anna = register(server, "anna")
    connection = begin_create(server, anna, "Moscow")
    wait_until(lambda: service.requests, "the request to the service")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    connection.close()
    assert service.given_up.acquire(timeout=60)
    server.start()
    [task] = anna.get(V1.tasks).json()["tasks"]
    assert task["weather"] is None


def test_a_client_that_does_not_wait_leaves_a_task(server, anna, service):
    service.usual = hold(service.usual)
    connection = begin_create(server, anna, "Moscow")
    wait_until(lambda: service.requests, "the request to the service")
    connection.reset()
    service.usual.release()
    wait_until(lambda: anna.get(V1.tasks).json()["total"] == 1, "the task")
    assert anna.get(V1.tasks).json()["tasks"][0]["weather"]["temperature"] == 15.5

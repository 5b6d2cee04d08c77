"""GET /metrics: Prometheus text."""

import re

import pytest
from support.api import Caller

SAMPLE = re.compile(
    r"[a-zA-Z_:][a-zA-Z0-9_:]*"
    r'(\{([a-zA-Z_][a-zA-Z0-9_]*="(\\.|[^"\\\n])*",?)*\})?'
    r" (NaN|[+-]?Inf|[+-]?[0-9.]+([eE][+-]?[0-9]+)?)"
)


def scrape(caller):
    answer = caller.get("/metrics")
    assert answer.status_code == 200
    return answer.text


def samples(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def requests_counted(text):
    counters = [line for line in samples(text) if re.match(r"\w*requests\w*_total\b", line)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in counters)


def test_metrics_are_prometheus_text(guest):
    answer = guest.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.endswith("\n")
    assert samples(answer.text)
    for line in samples(answer.text):
        assert SAMPLE.fullmatch(line), line


def test_every_metric_says_what_it_is(guest):
    text = scrape(guest)
    described = set(re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE))
    typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    assert described == set(typed)
    assert set(typed.values()) <= {"counter", "gauge", "histogram", "summary", "untyped"}
    for line in samples(text):
        name = re.match(r"[\w:]+", line).group()
        assert name in typed or re.sub(r"_(bucket|sum|count)$", "", name) in typed


def test_a_series_is_listed_once(guest):
    series = [line.rsplit(" ", 1)[0] for line in samples(scrape(guest))]
    assert len(series) == len(set(series))


@pytest.mark.parametrize("path", ["/health", "/tasks", "/nope"])
def test_requests_are_counted(server, guest, path):
    before = requests_counted(scrape(guest))
    for _ in range(10):
        guest.get(path)
    assert requests_counted(scrape(guest)) >= before + 10


def test_addresses_that_clients_make_up_add_no_series(server, guest, anna):
    for caller in (guest, anna):
        caller.get("/tasks/1")
        caller.get("/nope")
    scrape(guest)  # is counted itself from here on
    before = len(samples(scrape(guest)))
    for number in range(50):
        guest.get(f"/nope/{number}")
        anna.get(f"/tasks/{number + 1000}")
        guest.get(f"/nope-{number}")
    text = scrape(guest)
    assert "/tasks/1007" not in text
    assert "/nope" not in text
    assert len(samples(text)) <= before + 5


def test_metrics_hold_no_names(server, anna):
    assert "anna" not in scrape(Caller(server))

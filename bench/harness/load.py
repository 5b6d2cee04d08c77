"""The load programs: wrk for rates, bench/probe.c for the time of one request at a time."""

import os
import statistics
import subprocess

from harness.server import Failure

CONNECTIONS = 64


class Rate:
    """What wrk saw, round by round."""

    def __init__(self):
        self.rounds = []

    def add(self, line):
        self.rounds.append([float(word) for word in line.split()[1:]])

    def median(self, column):
        return statistics.median(each[column] for each in self.rounds)

    @property
    def rate(self):
        return self.median(0)

    @property
    def p50(self):
        return self.median(1)

    @property
    def p99(self):
        return self.median(2)

    @property
    def failures(self):
        return int(sum(each[3] + each[4] for each in self.rounds))


def wrk(rig, rate, url, token, method="GET", body="", connections=CONNECTIONS):
    """One run of wrk, its figures added to `rate`."""
    words = {"BENCH_METHOD": method, "BENCH_TOKEN": token, "BENCH_BODY": body}
    done = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{rig.seconds}", "--timeout", "10s", "-s",
         rig.root / "bench/wrk.lua", url],
        env=os.environ | words,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("result ")]
    if done.returncode != 0 or len(lines) != 1:
        raise Failure(f"wrk failed: {done.stdout}{done.stderr}")
    rate.add(lines[0])


def request(server, user, path, method="GET", body=None, uncounted=False):
    """A request as bytes, for `probe`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    lines += [f"{name}: {value}" for name, value in server.headers(user).items()]
    if uncounted:
        lines.append("X-Uncounted: 1")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode()


def probe(rig, targets, seconds=None):
    """Ask several targets side by side: {name: (server, [request, ...])}. Their p50 and p99 in
    milliseconds, by name."""
    arguments = []
    for name, (server, requests) in targets.items():
        file = rig.work / f"requests-{name}"
        file.write_bytes(b"".join(requests))
        arguments += [name, str(server.port), str(file)]
    done = subprocess.run(
        [rig.tool("probe"), str(seconds or rig.seconds), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failure(f"probe failed: {done.stderr}")
    figures = {}
    for line in done.stdout.splitlines():
        name, p50, p99, _, bad = line.split()
        if bad != "0":
            raise Failure(f"{bad} requests of {name} were not answered well")
        figures[name] = (float(p50) / 1000, float(p99) / 1000)
    return figures

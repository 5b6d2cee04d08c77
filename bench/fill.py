#!/usr/bin/env python3
"""fill PORT COUNT: create COUNT tasks for the user of BENCH_TOKEN; print the id of one of them."""

import http.client
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

CONNECTIONS = 16
STATUSES = ("todo", "in_progress", "done")
PRIORITIES = ("low", "medium", "high")


def task(number):
    return {
        "title": f"Task number {number}",
        "description": f"What is to be done about {number}, and by when.",
        "status": STATUSES[number % 3],
        "priority": PRIORITIES[number % 7 % 3],
        "due_date": f"2027-{number % 12 + 1:02}-{number % 28 + 1:02}",
        "tags": [f"tag{number % 10}", "bench"],
    }


def create(port, numbers):
    headers = {
        "Authorization": f"Bearer {os.environ['BENCH_TOKEN']}",
        "Content-Type": "application/json",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    identifier = None
    for number in numbers:
        connection.request("POST", "/tasks", json.dumps(task(number)), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 201:
            sys.exit(f"POST /tasks answered {answer.status}: {body[:500]!r}")
        identifier = json.loads(body)["id"]
    connection.close()
    return identifier


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [range(i, count, CONNECTIONS) for i in range(CONNECTIONS)]
        print(list(pool.map(lambda share: create(port, share), shares))[count // 2 % CONNECTIONS])


main()

"""What the index of the search costs a create: two servers, one of them without its indexer."""

from harness.load import Rate, wrk

from measure.core import TASK

TITLE = "Creating with and without the index of the search"


def measure(rig):
    servers = {"with": rig.server("create-with"), "without": rig.server("create-without")}
    rates = {name: Rate() for name in servers}
    for server in servers.values():
        server.start()
        server.sign_up("writer")
        server.database.wait_for_followers()
        server.stop()
    servers["without"].database.without_search()
    for _ in range(rig.rounds):
        for name, server in servers.items():
            server.start()
            wrk(rig, rates[name], f"{server.url}/tasks", server.tokens["writer"], "POST", TASK)
            server.stop()
    rig.report.table(
        TITLE,
        ["what", "requests/s", "p50 ms", "p99 ms", "ratio", "non-2xx"],
        [[f"POST /tasks, {name}", r.rate, r.p50, r.p99, r.rate / rates["without"].rate, r.failures]
         for name, r in rates.items()],
    )  # fmt: skip
    rig.check_failures(rates.values())

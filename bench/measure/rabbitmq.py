"""The same as `jobs`, but carried to the server's workers by a RabbitMQ of ours."""

from contextlib import closing

from harness.server import of_tests

from measure import jobs

TITLE = "Jobs by way of RabbitMQ"


def measure(rig):
    folder = rig.work / "rabbitmq"
    folder.mkdir()
    with closing(of_tests("rabbitmq").RabbitMQ(folder).create()) as rabbitmq:
        rabbitmq.start()
        server = rig.server("jobs", RABBITMQ_URL=rabbitmq.next_url())
        server.start()
        server.wait_for_log("carries jobs", 0)
        jobs.measure_on(rig, server, TITLE)

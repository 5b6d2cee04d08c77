"""The same as `jobs`, but carried to the server's workers by a RabbitMQ of ours."""

import sys
from contextlib import closing

from measure import jobs

TITLE = "Jobs by way of RabbitMQ"


def measure(rig):
    sys.path.insert(0, str(rig.root / "tests/api"))
    from support.rabbitmq import RabbitMQ

    folder = rig.work / "rabbitmq"
    folder.mkdir()
    with closing(RabbitMQ(folder).create()) as rabbitmq:
        rabbitmq.start()
        server = rig.server("jobs", RABBITMQ_URL=rabbitmq.next_url())
        server.start()
        server.wait_for_log("carries jobs", 0)
        jobs.measure_on(rig, server, TITLE)

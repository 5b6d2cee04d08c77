"""Fixtures of the tests of RabbitMQ: a node that no other test uses, since these kill it.

All tests of this folder run in one process; see support/scheduling.py.
"""

from contextlib import ExitStack, closing

import pytest
from support.rabbitmq import RabbitMQ
from support.server import wait_until
from support.worker import Worker


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory):
    with closing(RabbitMQ(tmp_path_factory.mktemp("rabbitmq")).create()) as rabbitmq:
        yield rabbitmq.start()


@pytest.fixture
def url(rabbitmq):
    if rabbitmq.process.poll() is not None:
        rabbitmq.start()
    return rabbitmq.next_url()


@pytest.fixture
def server(start_server, url):
    """A server that leaves all jobs to workers."""
    server = start_server(
        WORKERS="0",
        JOB_LEASE_SECONDS="2",
        RABBITMQ_URL=url,
        JOB_EXTERNAL_OPERATIONS="translate, resize",
    )
    server.await_log("carries jobs")
    return server


@pytest.fixture
def start_worker(server):
    with ExitStack() as stack:

        def start(*arguments, **options):
            worker = Worker(server, *arguments, **options)
            stack.callback(worker.close)
            worker.start()
            wait_until(lambda: "carries jobs" in worker.output, "the worker to reach the broker")
            return worker

        yield start


@pytest.fixture
def channel(rabbitmq, url, server):
    with rabbitmq.channel(url) as channel:
        yield channel


@pytest.fixture
def restore(rabbitmq):
    """The broker runs again after the test."""
    yield
    if rabbitmq.process.poll() is not None:
        rabbitmq.start()

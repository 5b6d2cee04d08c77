"""Fixtures: servers, surfaces and the people who call them.

`server` is fresh for each test, with a database of its own; `start_server(OPTION=value)` starts more,
or one with other options. A module whose tests look at nothing but their own users' tasks makes
`server` the `shared_server`. `anna` and `bert` are new users of `server`, `admin` its first admin,
`guest` nobody. `surface` runs a test once for each surface that shares a rule.
"""

import os
from contextlib import ExitStack, closing

import pytest
from support import postgres, rabbitmq, redis, scheduling
from support.api import SURFACES, Caller, log_in_admin, register_next
from support.object_store import ObjectStore
from support.server import BINARY, Server


def pytest_report_header():
    backends = {"postgres": "PostgreSQL", "all": "PostgreSQL, Redis and RabbitMQ"}
    return f"errand: {BINARY}, with {backends.get(os.environ.get('ERRAND_BACKEND'), 'SQLite')}"


def pytest_configure(config):
    """Start what all workers share, in the process that starts the workers."""
    config.addinivalue_line("markers", "sqlite: about SQLite alone")
    config.addinivalue_line("markers", "postgres: about PostgreSQL alone")
    config.addinivalue_line("markers", "shared: about what Redis takes over where there is one")
    config.addinivalue_line("markers", "jobs: about jobs, whatever carries them")
    config.addinivalue_line("markers", "faults: kills what it talks to; longer in `make faults`")
    if hasattr(config, "workerinput"):
        return
    if postgres.is_wanted():
        config.add_cleanup(postgres.start_for_all(BINARY).remove)
    if redis.is_wanted():
        config.add_cleanup(redis.start_for_all())
    if rabbitmq.is_wanted():
        config.add_cleanup(rabbitmq.start_for_all())


def pytest_xdist_make_scheduler(config, log):
    return scheduling.Scheduling(config, log)


def pytest_collection_modifyitems(config, items):
    """Leave out what is about the other database."""
    other = "sqlite" if postgres.is_wanted() else "postgres"
    left_out = [item for item in items if item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def carrier(request):
    """Options of a server: what carries its jobs, where the run has that and the test is of `jobs`."""
    if not rabbitmq.is_wanted() or not request.node.get_closest_marker("jobs"):
        return {}
    return {"RABBITMQ_URL": rabbitmq.shared_url()}


@pytest.fixture
def start_server(tmp_path_factory, carrier):
    with ExitStack() as stack:

        def start(folder=None, **options):
            options = {**carrier, **options}
            server = Server(folder or tmp_path_factory.mktemp("server"), **options)
            stack.callback(server.close)
            return server.start()

        yield start


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    """One server for all tests of a module."""
    server = Server(tmp_path_factory.mktemp("shared"))
    with ExitStack() as stack:
        stack.callback(server.close)
        yield server.start()


@pytest.fixture(scope="session")
def object_store(tmp_path_factory):
    """An S3 store; each server of a test gets a bucket of its own."""
    with closing(ObjectStore(tmp_path_factory.mktemp("store"))) as store:
        yield store.start()


@pytest.fixture
def program(tmp_path):
    """The program in an empty folder, no server running: `program.run("migrate")`."""
    return Server(tmp_path, template=postgres.EMPTY)


@pytest.fixture(scope="module")
def cluster():
    """A server of its own, to be restarted."""
    own = postgres.Postgres().create().start()
    yield own
    own.remove()


@pytest.fixture
def over_network(cluster, start_server):
    """A server that signs in with a password."""
    return start_server(
        DATABASE_URL=f"postgres://{postgres.USER}:{postgres.PASSWORD}"
        f"@127.0.0.1:{cluster.port}/postgres?pool_size=3",
        SECRET_KEY="0123456789abcdef0123456789abcdef",
    )


@pytest.fixture(params=SURFACES, ids=lambda surface: surface.name)
def surface(request):
    return request.param


@pytest.fixture
def guest(server):
    return Caller(server)


@pytest.fixture
def anna(server):
    return register_next(server, "anna")


@pytest.fixture
def bert(server):
    return register_next(server, "bert")


@pytest.fixture
def admin(server):
    return log_in_admin(server)

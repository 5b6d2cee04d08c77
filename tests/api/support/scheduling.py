"""Which tests xdist gives to one worker.

Each test goes wherever there is room, except those of the modules and folders below: their servers take
longer to start than the tests to run, or a test kills what the next one needs.
"""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("test_nodes.py", "test_postgres.py", "test_postgres_faults.py", "rabbitmq/")


class Scheduling(LoadScopeScheduling):
    """The largest that stay together come first, so that no worker is left with one in the end."""

    def _split_scope(self, nodeid):
        module = nodeid.partition("::")[0]
        return next((name for name in TOGETHER if f"/{name}" in module), nodeid)

"""Which tests xdist gives to one worker.

Each test goes wherever there is room, except those of the modules below: their servers take longer to start
than the tests to run, or a test kills what the next one needs.
"""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("test_nodes.py", "test_postgres.py", "test_postgres_faults.py", "test_rabbitmq.py")


class Scheduling(LoadScopeScheduling):
    """The largest modules that stay together come first, so that no worker is left with one."""

    def _split_scope(self, nodeid):
        module = nodeid.partition("::")[0]
        return module if module.endswith(TOGETHER) else nodeid

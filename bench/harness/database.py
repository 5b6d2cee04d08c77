"""The database of a server, filled behind its back while it is stopped, and looked at.

The same statements suit both engines: `?` stands for a value.
"""

import os
import re
import sqlite3
import time

from harness.server import Failure, of_tests

# Of every task "report" is in the title; of one in a hundred thousand (or one in all, among fewer)
# "needle" in the description.
TASKS = """
    INSERT INTO tasks (user_id, title, description, status, priority, due_date, tags, created_at,
                       updated_at, completed_at, version)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
    SELECT {user}, 'Prepare report number ' || i,
           CASE WHEN i % {rare} = 0 THEN 'the needle of ' || i
                ELSE 'collect data, part ' || (i * CAST(7919 AS BIGINT) % 1000003) END,
           i % 3, i / 3 % 3, 20000 + i % 1000, '["tag' || (i % 10) || '","bench"]',
           1700000000000000 + i, 1700000000000000 + i,
           CASE WHEN i % 3 = 2 THEN 1700000000000000 + i END, 1
    FROM n
"""

# What goes with a task: the server writes it with the task.
COMPANIONS = (
    "INSERT INTO task_tags (task_id, tag) "
    "SELECT id, tag FROM (SELECT id, 'tag' || (id % 10) AS tag FROM tasks WHERE user_id = {user} "
    "UNION ALL SELECT id, 'bench' FROM tasks WHERE user_id = {user}) AS tags ORDER BY 1, 2",
    "INSERT INTO task_log (task_id, date_logged, active) "
    "SELECT id, created_at / 86400000000, CASE WHEN status = 2 THEN 0 ELSE 1 END FROM tasks "
    "WHERE user_id = {user} ORDER BY id",
    "INSERT INTO task_totals (user_id, status, priority, total, changes) "
    "SELECT user_id, status, priority, count(*), count(*) FROM tasks WHERE user_id = {user} "
    "GROUP BY user_id, status, priority",
    "INSERT INTO events (at, actor_id, action, resource_type, resource_id, changes) "
    "SELECT created_at, user_id, 'task.created', 'task', id, "
    '\'{{"title":[null,"\' || title || \'"],"description":[null,"\' || description || \'"]}}\' '
    "FROM tasks WHERE user_id = {user} ORDER BY id",
)

# What the server keeps on PostgreSQL only.
FOLDED = (
    "UPDATE tasks SET folded_text = lower(title) || U&'\\FFFF' || lower(description) "
    "WHERE user_id = {user}",
)


class Database:
    """What both engines share; `connect` and the name of a placeholder are theirs."""

    def __init__(self, url):
        self.url = url

    def query(self, statement):
        connection = self.connect()
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def run(self, *statements):
        connection = self.connect()
        try:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        finally:
            connection.close()

    def fill(self, user, count):
        """Give a user `count` tasks, with all that goes with them. No server may run."""
        rare = max(1, min(count, 1000000) // 10)
        statements = [TASKS, *self.more, *COMPANIONS]
        self.run(*(each.format(user=user, count=count, rare=rare) for each in statements))
        self.settle()

    def wait_for_followers(self):
        """Until the index and the seals have everything: they work beside what is measured."""
        wanted = {"seal", "search"} if self.indexes else {"seal"}
        end = time.monotonic() + 600
        while time.monotonic() < end:
            [(last,)] = self.query("SELECT max(seq) FROM events")
            positions = dict(self.query("SELECT name, position FROM followers"))
            if wanted <= {name for name, position in positions.items() if position >= last}:
                return
            time.sleep(0.2)
        raise Failure("the followers of the log do not catch up")


class SQLite(Database):
    engine = "sqlite"
    indexes = True
    more = ()

    def __init__(self, path):
        super().__init__(f"sqlite:///{path}")
        self.path = path

    def connect(self):
        return sqlite3.connect(self.path, timeout=60)

    def settle(self):
        pass

    def without_search(self):
        """The indexer believes that it has seen all there will ever be."""
        self.run(f"UPDATE followers SET position = {1 << 60} WHERE name = 'search'")

    def explain(self, statement, _):
        """The plan of a statement of the server's. Its own functions are not called for that."""
        connection = self.connect()
        for name in ("folded", "contains_folded", "trigram_query"):
            connection.create_function(name, -1, lambda *_: "x", deterministic=True)
        try:
            values = [1] * len(set(re.findall(r"\$\d+", statement)))
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        finally:
            connection.close()
        depth = {0: 0}
        for number, parent, _, _ in plan:
            depth[number] = depth[parent] + 1
        return ["  " * depth[row[1]] + row[3] for row in plan]


class PostgreSQL(Database):
    engine = "postgres"
    indexes = False
    more = FOLDED

    def __init__(self, cluster):
        self.cluster = cluster
        self.name = cluster.use_database(self, cluster.EMPTY)
        super().__init__(cluster.url_of(self.name))

    def connect(self):
        return self.cluster.connect(self.name)

    def location(self):
        """The folder of the server's socket and its port."""
        return os.environ[self.cluster.ADDRESS].split(":")

    def without_search(self):
        self.run("DROP INDEX tasks_search")

    def settle(self):
        connection = self.cluster.connect(self.name, autocommit=True)
        connection.execute("VACUUM (ANALYZE)")
        connection.close()

    def explain(self, statement, term):
        """The plan of a statement of the server's, with values like those it had: PostgreSQL plans
        for them."""
        [(user,)] = self.query("SELECT id FROM users WHERE username = 'reader'")
        for before, value in (
            ("user_id = ", str(user)),
            ("LIKE ", f"'%{term.lower()}%'"),
            ("LIMIT ", "21"),
            ("OFFSET ", "0"),
        ):
            statement = re.sub(rf"{before}\$\d+", before + value, statement)
        return [row[0] for row in self.query(f"EXPLAIN {statement}")]


def cluster():
    """A PostgreSQL server of our own, as the tests start it; its module is the way to it."""
    postgres = of_tests("postgres")
    server = postgres.Postgres().create().start()
    os.environ[postgres.ADDRESS] = server.address
    return server, postgres

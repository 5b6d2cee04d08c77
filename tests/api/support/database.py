"""The database of a server, looked at and changed behind its back.

    server.database.query("SELECT title FROM tasks WHERE id = ?", 7)    a list of tuples
    server.database.execute("UPDATE tasks SET ...", ...)                one statement, committed
    server.database.run((statement, values), ...)                       several, in one transaction

Speaks to SQLite and PostgreSQL alike: values stand for `?`.
"""

import sqlite3
from contextlib import closing

import psycopg

from support import postgres

INTEGRITY_ERRORS = (sqlite3.IntegrityError, psycopg.IntegrityError)


class Database:
    def __init__(self, server):
        self.server = server

    @property
    def is_postgres(self):
        return self.server.postgres is not None

    def connect(self):
        if self.is_postgres:
            return closing(postgres.connect(self.server.postgres))
        return closing(sqlite3.connect(self.server.folder / "errand.db", timeout=60))

    def _text(self, statement):
        if not self.is_postgres:
            return statement
        return statement.replace("%", "%%").replace("?", "%s")

    def query(self, statement, *values):
        with self.connect() as connection:
            return connection.execute(self._text(statement), values).fetchall()

    def run(self, *statements):
        with self.connect() as connection:
            for statement, values in statements:
                connection.execute(self._text(statement), values)
            connection.commit()

    def execute(self, statement, *values):
        self.run((statement, values))

    def numbers(self, count):
        """A table expression: a column i from 1 to count."""
        return (
            f"(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            "SELECT i FROM n) AS numbers"
        )

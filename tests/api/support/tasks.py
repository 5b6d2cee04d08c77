"""Many tasks at once, written beside the server into its database."""

import sqlite3


def add_tasks(server, user_id, count):
    """Add tasks of a user to the database of a running server."""
    connection = sqlite3.connect(server.folder / "errand.db", timeout=60)
    connection.execute(
        "INSERT INTO tasks (user_id, title, status, priority, tags, created_at, updated_at, version) "
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "SELECT ?, 'Task ' || i, 0, 1, '[]', i, i, 1 FROM n",
        (count, user_id),
    )
    connection.commit()
    connection.close()

#!/usr/bin/env python3
"""Give a user of a database a million tasks, straight into the tables, with their events.

    million.py DATABASE [USER [COUNT]]     while no server runs; the tables must be there

Every task has the word "report" in its title; one in a hundred thousand has "needle" in its
description. The server indexes and seals them when it is started.
"""

import sqlite3
import sys

database = sys.argv[1]
user = sys.argv[2] if len(sys.argv) > 2 else "owner"
count = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000

connection = sqlite3.connect(database)
connection.execute(
    "INSERT INTO users (username, username_folded, password_hash, role, is_active, created_at) "
    "VALUES (?, ?, '*', 0, 1, 0)",
    (user, user),
)
(owner,) = connection.execute("SELECT last_insert_rowid()").fetchone()
connection.execute(
    """
    INSERT INTO tasks (user_id, title, description, status, priority, tags, created_at, updated_at,
                       version)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    SELECT ?1, 'Prepare report number ' || i,
           CASE WHEN i % 100000 = 0 THEN 'the needle of ' || i
                ELSE 'collect data, part ' || (i * 7919 % 1000003) END,
           i % 3, i % 3, '[]', 1700000000000000 + i, 1700000000000000 + i, 1
    FROM n
    """,
    (owner, count),
)
connection.execute("INSERT INTO task_totals (user_id, total) VALUES (?, ?)", (owner, count))
connection.execute(
    """
    INSERT INTO events (at, actor_id, action, resource_type, resource_id, changes)
    SELECT created_at, user_id, 'task.created', 'task', id, '{}' FROM tasks WHERE user_id = ?
    ORDER BY id
    """,
    (owner,),
)
connection.commit()
print(f"{count} tasks for user {owner}")

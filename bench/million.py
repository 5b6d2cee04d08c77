#!/usr/bin/env python3
"""Give a user of a database a million tasks, straight into the tables, with all that goes with them.

    million.py DATABASE [USER [COUNT]]     while no server runs; the tables must be there

A user who is not there yet is made, without a password. Every task has the word "report" in its
title; one in a hundred thousand has "needle" in its description. The server indexes and seals the
tasks when it is started.
"""

import sqlite3
import sys

database = sys.argv[1]
user = sys.argv[2] if len(sys.argv) > 2 else "owner"
count = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000

connection = sqlite3.connect(database)
connection.execute(
    "INSERT INTO users (username, username_folded, password_hash, role, is_active, created_at) "
    "VALUES (?1, ?1, '*', 0, 1, 0) ON CONFLICT DO NOTHING",
    (user,),
)
(owner,) = connection.execute("SELECT id FROM users WHERE username = ?", (user,)).fetchone()
connection.execute(
    """
    INSERT INTO tasks (user_id, title, description, status, priority, due_date, tags, created_at,
                       updated_at, completed_at, version)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    SELECT ?1, 'Prepare report number ' || i,
           CASE WHEN i % 100000 = 0 THEN 'the needle of ' || i
                ELSE 'collect data, part ' || (i * 7919 % 1000003) END,
           i % 3, i / 3 % 3, 20000 + i % 1000, '["tag' || (i % 10) || '","bench"]',
           1700000000000000 + i, 1700000000000000 + i,
           CASE WHEN i % 3 = 2 THEN 1700000000000000 + i END, 1
    FROM n
    """,
    (owner, count),
)
for sql in (
    "INSERT INTO task_tags (task_id, tag) "
    "SELECT tasks.id, tag.value FROM tasks, json_each(tags) AS tag WHERE user_id = ? "
    "ORDER BY tasks.id, tag.value",
    "INSERT INTO task_log (task_id, date_logged, active) "
    "SELECT id, created_at / 86400000000, status <> 2 FROM tasks WHERE user_id = ? ORDER BY id",
    "INSERT INTO task_totals (user_id, status, priority, total, changes) "
    "SELECT user_id, status, priority, count(*), count(*) FROM tasks WHERE user_id = ? "
    "GROUP BY user_id, status, priority",
    """
    INSERT INTO events (at, actor_id, action, resource_type, resource_id, changes)
    SELECT created_at, user_id, 'task.created', 'task', id,
           json_object('title', json_array(NULL, title),
                       'description', json_array(NULL, description))
    FROM tasks WHERE user_id = ? ORDER BY id
    """,
):
    connection.execute(sql, (owner,))
connection.commit()
print(f"{count} tasks for user {user}")

"""Many tasks at once, written beside the server into its database."""


def add_tasks(server, user_id, count):
    """Add tasks of a user to the database of a running server."""
    insert_tasks(server, user_id, count, "Task ")


def insert_tasks(server, user_id, count, title):
    """Tasks called `title` and their number, as the program would write them."""
    database = server.database
    columns, values = "", ""
    if database.is_postgres:
        columns, values = ", folded_text", f", '{title.casefold()}' || i || '\uffff'"
    database.execute(
        "INSERT INTO tasks "
        f"(user_id, title, status, priority, tags, created_at, updated_at, version{columns}) "
        f"SELECT {user_id}, '{title}' || i, 0, 1, '[]', i, i, 1{values} "
        f"FROM {database.numbers(count)} ORDER BY i"
    )

"""What a task list must hold, computed the slow and obvious way from the tasks themselves.

`matching(tasks, query)` filters, `sorted_by(tasks, sort_by, order)` sorts. Tasks are the server's own
answers, so the model says nothing about a single task, only about which ones and in what order.
"""

from datetime import UTC, date, datetime

RANK = {
    "status": ["todo", "in_progress", "done"],
    "priority": ["low", "medium", "high"],
}


def today():
    return datetime.now(UTC).date().isoformat()


def as_boolean(text):
    return {"true": True, "false": False}[text]


def is_overdue(task):
    return task["due_date"] is not None and task["due_date"] < today() and not task["completed"]


def not_before(moment, limit):
    """Timestamps and dates share a prefix: a date means any moment of that day."""
    return moment is not None and moment[: len(limit)] >= limit


def not_after(moment, limit):
    return moment is not None and moment[: len(limit)] <= limit


def mentions(task, words):
    text = f"{task['title']}\n{task['description'] or ''}"
    return words.casefold() in text.casefold()


FILTERS = {
    "completed": lambda task, value: task["completed"] == as_boolean(value),
    "status": lambda task, value: task["status"] in value.split(","),
    "priority": lambda task, value: task["priority"] in value.split(","),
    "tags": lambda task, value: set(value.split(",")) <= set(task["tags"]),
    "overdue": lambda task, value: is_overdue(task) == as_boolean(value),
    "search": mentions,
    "city": lambda task, value: task["city"] == value,
    "created_after": lambda task, value: not_before(task["created_at"], value),
    "created_before": lambda task, value: not_after(task["created_at"], value),
    "due_after": lambda task, value: not_before(task["due_date"], value),
    "due_before": lambda task, value: not_after(task["due_date"], value),
}


def matching(tasks, query):
    return [task for task in tasks if all(FILTERS[name](task, query[name]) for name in query)]


def sorted_by(tasks, sort_by="id", order="asc"):
    """Nulls last whichever way; ties by id in the same direction."""
    rank = RANK.get(sort_by)

    def key(task):
        value = task[sort_by]
        return (rank.index(value) if rank else value, task["id"])

    known = [task for task in tasks if task[sort_by] is not None]
    unknown = [task for task in tasks if task[sort_by] is None]
    descending = order == "desc"
    return sorted(known, key=key, reverse=descending) + sorted(
        unknown, key=lambda task: task["id"], reverse=descending
    )


def days_from_today(days):
    return date.fromordinal(datetime.now(UTC).date().toordinal() + days).isoformat()

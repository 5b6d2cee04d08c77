"""The flask surface: its paths, errors and fields."""

FLASK_TASK_FIELDS = {
    "id",
    "task_logger_id",
    "task_name",
    "description",
    "status",
    "priority",
    "user_id",
    "assigned_user_id",
    "created_at",
    "updated_at",
}
ENTRY_FIELDS = {"id", "task_logger_id", "task_id", "date_logged", "status", "task"}


def assert_flask_error(answer, status, *words):
    """The answer is this status in the shape of the flask surface, its text holding these words."""
    assert answer.status_code == status, answer.text
    member = "message" if status == 404 else "error"
    assert set(answer.json()) == {member}
    for word in words:
        assert word in answer.json()[member]


def create_flask_task(caller, **fields):
    answer = caller.post("/api/task", json={"task_name": "New Task", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def list_entries(caller, **query):
    answer = caller.get("/api/tasks", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()

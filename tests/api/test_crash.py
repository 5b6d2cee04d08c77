"""kill -9 in the midst of writing: whatever was acknowledged is there after the next start."""

import threading

import httpx
import pytest
from support.api import CLASSIC, register
from support.faults import bounded
from support.server import wait_until

pytestmark = pytest.mark.faults

WRITERS = 6
ACKNOWLEDGED = 150  # at least so many answers before the server is killed


class Writer(threading.Thread):
    """Creates tasks until the server is gone; remembers what was acknowledged."""

    def __init__(self, caller, number):
        super().__init__()
        self.caller = caller
        self.number = number
        self.created = {}

    def run(self):
        count = 0
        while True:
            title = f"Writer {self.number}, task {count}"
            try:
                answer = self.caller.post(CLASSIC.tasks, json={"title": title, "tags": ["crash"]})
            except httpx.HTTPError:
                return
            assert answer.status_code == 201
            self.created[answer.json()["id"]] = title
            count += 1


def all_titles(caller):
    titles, query = {}, {"limit": 100}
    while True:
        page = caller.list_tasks(CLASSIC, **query)
        titles |= {task["id"]: task["title"] for task in page["tasks"]}
        assert all(task["tags"] == ["crash"] for task in page["tasks"])
        if page["next_cursor"] is None:
            assert page["total"] == len(titles)
            return titles
        query["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("attempt", range(bounded(4, 25)))
def test_every_acknowledged_task_outlives_kill_9(server, anna, attempt):
    writers = [Writer(anna, number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    enough = ACKNOWLEDGED * (attempt + 1)
    wait_until(lambda: sum(len(w.created) for w in writers) >= enough, "tasks to be acknowledged")
    server.process.kill()
    for writer in writers:
        writer.join()
    server.wait()
    server.start()

    acknowledged = {}
    for writer in writers:
        acknowledged |= writer.created
    assert len(acknowledged) >= enough
    found = all_titles(anna)
    assert acknowledged.items() <= found.items()
    # Besides, at most the one that each writer had on the way.
    assert len(found) <= len(acknowledged) + WRITERS


@pytest.mark.sqlite
def test_the_database_is_sound_after_repeated_kills(server, anna):
    for _ in range(3):
        writers = [Writer(anna, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        wait_until(lambda: all(len(w.created) > 5 for w in writers), "every writer to write")  # noqa: B023
        server.process.kill()
        for writer in writers:
            writer.join()
        server.wait()
        server.start()
    server.stop()
    assert server.database.query("PRAGMA integrity_check") == [("ok",)]
    assert server.database.query("PRAGMA foreign_key_check") == []


def test_an_acknowledged_registration_outlives_kill_9(server):
    carla = register(server, "carla")
    server.kill()
    server.start()
    assert carla.get("/api/v1/auth/me").json() == carla.user


def test_an_acknowledged_update_and_delete_outlive_kill_9(server, anna):
    kept, lost = anna.create_task(), anna.create_task()
    changed = anna.patch(CLASSIC.task(kept["id"]), json={"status": "done"}).json()
    anna.delete(CLASSIC.task(lost["id"]))
    server.kill()
    server.start()
    assert anna.list_tasks(CLASSIC)["tasks"] == [changed]

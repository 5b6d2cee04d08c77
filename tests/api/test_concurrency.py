"""Many at once: exactly one wins where only one may, and nothing is lost where all may."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api import PASSWORD, V1, register

CROWD = 16


def at_once(calls):
    """Run the calls in threads that start together; their statuses and answers in order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def statuses(answers):
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize("field", ["username", "email"])
def test_one_of_many_registrations_wins(guest, surface, field):
    def registration(number):
        body = {
            "username": f"user{number}",
            "password": PASSWORD,
            "email": f"u{number}@example.com",
        }
        same = "carla" if field == "username" else "carla@example.com"
        if field == "username":
            same = "".join(c.upper() if number >> i & 1 else c for i, c in enumerate(same))
        return {**body, field: same}

    answers = at_once(
        [
            lambda n=n: guest.post(surface.auth("register"), json=registration(n))
            for n in range(CROWD)
        ]
    )
    assert statuses(answers) == [201] + [409] * (CROWD - 1)


def test_one_of_many_updates_of_a_version_wins(anna, surface):
    task = anna.create_task()
    answers = at_once(
        [
            lambda n=n: anna.patch(
                surface.task(task["id"]), json={"title": f"Mine {n}"}, headers={"If-Match": '"1"'}
            )
            for n in range(CROWD)
        ]
    )
    assert statuses(answers) == [200] + [412] * (CROWD - 1)
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert anna.read_task(task["id"]) == winner.json()
    assert winner.json()["version"] == 2


def test_no_update_without_a_version_is_lost(anna, surface):
    task = anna.create_task()
    path = surface.task(task["id"])
    fields = ("title", "description", "city", "priority")
    values = {"title": "T", "description": "D", "city": "C", "priority": "high"}
    answers = at_once(
        [lambda f=fields[n % 4]: anna.patch(path, json={f: values[f]}) for n in range(CROWD)]
    )
    assert statuses(answers) == [200] * CROWD
    versions = [answer.json()["version"] for answer in answers]
    after = anna.read_task(task["id"])
    assert {field: after[field] for field in fields} == values
    assert after["version"] == max(versions)


def test_every_increment_of_the_version_is_seen_once(anna):
    task = anna.create_task()
    answers = at_once(
        [
            lambda n=n: anna.patch(V1.task(task["id"]), json={"title": f"Title {n}"})
            for n in range(CROWD)
        ]
    )
    versions = sorted(answer.json()["version"] for answer in answers)
    assert versions == list(range(2, CROWD + 2))


def test_creates_get_ids_of_their_own(anna, surface):
    answers = at_once(
        [lambda n=n: anna.post(surface.tasks, json={"title": f"Task {n}"}) for n in range(64)]
    )
    assert statuses(answers) == [201] * 64
    assert len({answer.json()["id"] for answer in answers}) == 64
    assert all(answer.json()["title"] == f"Task {n}" for n, answer in enumerate(answers))
    page = anna.list_tasks(surface, limit=100)
    assert page["total"] == 64
    assert {task["id"] for task in page["tasks"]} == {answer.json()["id"] for answer in answers}


def test_one_of_many_deletes_wins(anna, surface):
    task = anna.create_task()
    answers = at_once([lambda: anna.delete(surface.task(task["id"])) for _ in range(CROWD)])
    assert statuses(answers) == [204] + [404] * (CROWD - 1)


def test_admins_cannot_all_leave_at_once(server, admin):
    """Each takes the role from the next; one must be left to give it back."""
    admins = [admin] + [register(server, f"admin{number}") for number in range(3)]
    for other in admins[1:]:
        admin.patch(f"/api/v1/users/{other.id}", json={"role": "admin"})
    pairs = zip(admins, admins[1:] + admins[:1], strict=True)
    at_once(
        [
            lambda one=one, next_one=next_one: one.patch(
                f"/api/v1/users/{next_one.id}", json={"role": "user"}
            )
            for one, next_one in pairs
        ]
    )
    roles = [caller.get(V1.auth("me")).json()["role"] for caller in admins]
    assert "admin" in roles


def test_readers_never_see_half_a_change(anna):
    """Title and description change together; no reader sees one without the other."""
    task = anna.create_task(title="Version 0", description="Version 0")
    path = V1.task(task["id"])
    ended = threading.Event()
    torn = []

    def read():
        while not ended.is_set():
            seen = anna.read_task(task["id"])
            if seen["title"] != seen["description"]:
                torn.append(seen)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 60):
        body = {"title": f"Version {number}", "description": f"Version {number}"}
        assert anna.patch(path, json=body).status_code == 200
    ended.set()
    for reader in readers:
        reader.join()
    assert torn == []


def test_a_change_is_seen_by_the_next_read_on_any_connection(anna):
    """Every event loop reads what any of them has acknowledged."""
    task = anna.create_task()
    for number in range(30):
        title = f"Title {number}"
        assert anna.patch(V1.task(task["id"]), json={"title": title}).status_code == 200
        seen = at_once([lambda: anna.read_task(task["id"])["title"]] * 4)
        assert seen == [title] * 4

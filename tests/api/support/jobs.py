"""Jobs, as clients see them and as the database has them."""

from support.server import wait_until

JOBS = "/api/v1/jobs"
OVER = ("finished", "dead", "cancelled")


def submit(caller, operation="reverse", data="abc", **fields):
    answer = caller.post(JOBS, json={"operation": operation, "data": data, **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()


def read(caller, job, wait=0):
    answer = caller.get(f"{JOBS}/{job['id']}", params={"wait": wait})
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_for(caller, job, *statuses):
    def reached():
        found = read(caller, job)
        return found if found["status"] in statuses else None

    return wait_until(reached, f"the job to be {' or '.join(statuses)}")


def known(caller, operation):
    """Wait until the server takes jobs of an operation that a worker has brought along."""
    wait_until(
        lambda: caller.post(JOBS, json={"operation": operation, "data": ""}).status_code == 202,
        "the operation to be known",
    )


def finished_twice(server):
    """Jobs with more than one end in the log of changes."""
    return server.database.query(
        "SELECT resource_id FROM events WHERE action = 'job.finished' "
        "GROUP BY resource_id HAVING count(*) > 1"
    )


def unfinished(server):
    [(count,)] = server.database.query(
        "SELECT count(*) FROM jobs WHERE user_id IS NOT NULL AND status <> 3"
    )
    return count


def events_of(server, job):
    """How often the log of changes has the end of a job."""
    [(count,)] = server.database.query(
        "SELECT count(*) FROM events WHERE action = 'job.finished' AND resource_id = "
        "(SELECT number FROM jobs WHERE id = ?)",
        job["id"],
    )
    return count

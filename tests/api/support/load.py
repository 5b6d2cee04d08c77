"""Many requests at once."""

import threading
import time

from support.api import V1


def together(*calls):
    """What each of the calls answers, made at once."""
    answers = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(number, call):
        barrier.wait()
        answers[number] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class Writers:
    """Threads that create tasks until the block ends; what was answered, and how."""

    def __init__(self, caller, count=4):
        self.created, self.refused, self.odd = [], [], []
        self.stopping = False
        self.threads = [threading.Thread(target=self.write, args=(caller,)) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def write(self, caller):
        while not self.stopping:
            answer = caller.post(V1.tasks, json={"title": "x"})
            if answer.status_code == 201:
                self.created.append(answer.json()["id"])
            elif answer.status_code == 503 and "Retry-After" in answer.headers:
                self.refused.append(answer)
                time.sleep(0.05)
            else:
                self.odd.append(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()

"""The pictures of the README. They are taken when SCREENSHOTS names the folder they go to:

SCREENSHOTS=docs/screenshots scripts/browser build -k screenshots
"""

import datetime
import os
import random
from pathlib import Path

import pytest
from interface import go, sign_in
from playwright.sync_api import expect
from support.api import register
from support.server import ROOT

FOLDER = os.environ["SCREENSHOTS"]

TASKS = [
    ("Prepare the quarterly report", "high", ["work", "q4"], 3, "todo"),
    ("Call the plumber", "high", ["home"], -2, "todo"),
    ("Buy milk and bread", "medium", ["home"], 1, "todo"),
    ("Book train tickets to Vienna", "low", ["travel"], 12, "todo"),
    ("Plan the team offsite", "medium", ["work", "travel"], 20, "todo"),
    ("Read chapter 4", "low", ["reading"], None, "todo"),
    ("Write the release notes", "high", ["work"], 0, "in_progress"),
    ("Fix the leaking tap", "high", ["home"], 2, "in_progress"),
    ("Review the backup plan", "medium", ["work"], 5, "in_progress"),
    ("Renew the passport", "medium", ["travel"], -8, "done"),
    ("Water the plants", "low", ["home", "garden"], None, "done"),
    ("Clean the garage", "low", ["home"], None, "done"),
    ("Order printer paper", "medium", ["work"], -1, "done"),
    ("Answer Tom's letter", "medium", [], None, "done"),
]


def history_csv():
    """Tasks of the last month, so that there is something to count."""
    dice = random.Random(7)
    now = datetime.datetime.now(datetime.UTC)
    lines = ["title,status,priority,tags,created_at,completed_at"]
    for number in range(140):
        created = now - datetime.timedelta(days=dice.triangular(1, 29, 12), minutes=number)
        done = created + datetime.timedelta(days=dice.expovariate(0.4))
        is_done = done < now
        tag = dice.choice(["work", "home", "travel", "reading", "garden"])
        priority = dice.choice(["low", "medium", "medium", "high"])
        stamp = "%Y-%m-%dT%H:%M:%S.000Z"
        lines.append(
            f"Earlier task {number + 1},{'done' if is_done else 'todo'},{priority},{tag},"
            f"{created.strftime(stamp)},{done.strftime(stamp) if is_done else ''}"
        )
    return "\n".join(lines)


@pytest.fixture(scope="module")
def mara(server):
    mara = register(server, "mara", full_name="Mara Lindqvist")
    csv = {"Content-Type": "text/csv"}
    answer = mara.post("/api/v1/tasks/import", content=history_csv(), headers=csv)
    assert answer.json()["failed"] == 0, answer.text
    today = datetime.datetime.now(datetime.UTC).date()
    for title, priority, tags, days, status in reversed(TASKS):
        due = None if days is None else str(today + datetime.timedelta(days))
        mara.create_task(title=title, priority=priority, tags=tags, status=status, due_date=due)
    return mara


def shoot(page, name):
    expect(page.locator(".skeleton")).to_have_count(0)
    page.evaluate("document.activeElement?.blur()")
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    page.screenshot(path=Path(ROOT, FOLDER, f"{name}.png"))


def test_screenshots_of_the_board_and_a_task(open_window, mara):
    page = sign_in(open_window(width=1360), mara)
    shoot(page, "board")
    page.get_by_role("link", name="Fix the leaking tap").click()
    page.get_by_label("Description").fill("The one in the kitchen.\n\nGaskets are in the cellar.")
    page.get_by_label("Title").focus()
    page.get_by_role("button", name="Show").click()
    shoot(page, "task")


def test_screenshots_of_the_list_and_statistics(open_window, mara):
    page = sign_in(open_window(width=1360), mara)
    go(page, "list")
    page.get_by_label('Select "Call the plumber"').click()
    page.get_by_label('Select "Buy milk and bread"').click()
    shoot(page, "list")
    go(page, "statistics")
    shoot(page, "statistics")


def test_screenshots_in_the_dark(open_window, mara):
    page = sign_in(open_window(width=1360, color_scheme="dark"), mara)
    shoot(page, "dark")


def test_screenshots_on_a_phone(open_window, mara):
    page = sign_in(open_window(width=390, height=844, device_scale_factor=2), mara)
    shoot(page, "phone")


def test_screenshots_of_the_documentation(open_window):
    page = open_window(width=1360).open("/docs").page
    page.locator("#operations-tag-tasks").click()
    expect(page.locator("#operations-tasks-post_api_v1_tasks")).to_be_visible()
    page.locator("#operations-tag-tasks").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#operations-tag-tasks').scrollIntoView()")
    shoot(page, "docs")

"""Files of tasks, import and export."""

import json

from interface import card, go, open_task, sign_in, toast
from playwright.sync_api import expect
from support.api import register

CSV = b"""title,priority,status,due_date
Imported one,high,todo,2031-01-01
Imported two,low,done,
Broken,urgent,todo,
"""


def drop(page, selector, name, content, kind):
    """Drop a file as a mouse does."""
    transfer = page.evaluate_handle(
        """([name, content, kind]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([content], name, { type: kind }));
            return transfer;
        }""",
        [name, content, kind],
    )
    page.dispatch_event(selector, "dragover", {"dataTransfer": transfer})
    page.dispatch_event(selector, "drop", {"dataTransfer": transfer})


def test_a_file_is_dropped_downloaded_and_removed(window, server):
    anna = register(server, "fileanna")
    task = anna.create_task(title="With files")
    page = sign_in(window, anna)
    panel = open_task(page, "With files")
    drop(page, ".files", "notes.txt", "Some notes\n", "text/plain")
    link = panel.get_by_role("link", name="notes.txt")
    expect(link).to_be_visible()
    expect(panel.get_by_text("11 bytes")).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert download.value.path().read_text() == "Some notes\n"
    panel.get_by_role("button", name="Remove notes.txt").click()
    expect(link).to_be_hidden()
    assert anna.get(f"/api/v1/tasks/{task['id']}/files").json() == []


def test_a_file_of_another_type_is_refused_and_told(window, server):
    anna = register(server, "badfileanna")
    anna.create_task(title="No programs")
    page = sign_in(window, anna)
    panel = open_task(page, "No programs")
    panel.get_by_label("Files to upload").set_input_files(
        {"name": "tool.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"}
    )
    expect(toast(page, '"tool.exe" was not uploaded')).to_be_visible()


def test_a_large_file_shows_how_far_it_is(window, server):
    anna = register(server, "largeanna")
    anna.create_task(title="Large")
    page = sign_in(window, anna)
    panel = open_task(page, "Large")
    page.evaluate(
        """() => {
            window.seen = 0;
            new MutationObserver(() => {
                if (document.querySelector("progress[aria-label='Uploading large.txt']")) window.seen++;
            }).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    panel.get_by_label("Files to upload").set_input_files(
        {"name": "large.txt", "mimeType": "text/plain", "buffer": b"line\n" * 1_000_000}
    )
    expect(panel.get_by_role("link", name="large.txt")).to_be_visible()
    assert page.evaluate("window.seen") > 0


def test_an_import_is_looked_through_first(window, server):
    anna = register(server, "importanna")
    page = sign_in(window, anna)
    go(page, "transfer")
    page.get_by_label("CSV file to import").set_input_files(
        {"name": "tasks.csv", "mimeType": "text/csv", "buffer": CSV}
    )
    expect(page.get_by_text("2 of 3 rows are good.")).to_be_visible()
    expect(page.get_by_text("Line 4, priority")).to_be_visible()
    expect(page.get_by_role("cell", name="Imported one")).to_be_visible()
    assert anna.get("/api/v1/tasks").json()["total"] == 0
    page.get_by_role("button", name="Import 2 tasks").click()
    expect(toast(page, "Imported 2 tasks")).to_be_visible()
    go(page, "board")
    expect(card(page, "Imported one")).to_be_visible()
    assert anna.get("/api/v1/tasks").json()["total"] == 2


def test_an_import_that_is_cancelled_changes_nothing(window, server):
    anna = register(server, "cancelanna")
    page = sign_in(window, anna)
    go(page, "transfer")
    drop(page, ".card-form >> nth=0", "tasks.csv", CSV.decode(), "text/csv")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("rows are good")).to_be_hidden()
    assert anna.get("/api/v1/tasks").json()["total"] == 0


def test_exports_are_downloaded(window, server):
    anna = register(server, "exportanna")
    anna.create_task(title="To take along")
    page = sign_in(window, anna)
    go(page, "transfer")
    with page.expect_download() as csv:
        page.get_by_role("link", name="CSV").click()
    assert "To take along" in csv.value.path().read_text()
    with page.expect_download() as exported:
        page.get_by_role("link", name="JSON").click()
    (task,) = json.loads(exported.value.path().read_text())
    assert task["title"] == "To take along"

"""The life of a task on the board and in the list."""

import re

from interface import (
    caller,
    card,
    column,
    fill_in_sign_in,
    go,
    open_task,
    quick_add,
    sign_in,
    sign_up,
    toast,
)
from playwright.sync_api import expect
from support.api import register
from support.server import wait_until


def tasks_of(who):
    return who.get("/api/v1/tasks", params={"limit": 100}).json()["tasks"]


def test_from_sign_up_to_a_done_task(window, server):
    page = sign_up(window, "newcomer")
    expect(page.get_by_text("Nothing to do")).to_be_visible()
    quick_add(page, "Buy milk #home !high tomorrow")
    expect(column(page, "To do").get_by_text("Buy milk")).to_be_visible()
    expect(card(page, "Buy milk").get_by_text("tomorrow")).to_be_visible()

    page.get_by_role("button", name='Complete "Buy milk"').click()
    expect(column(page, "Done").get_by_text("Buy milk")).to_be_visible()
    expect(toast(page, "is done")).to_be_visible()

    (task,) = tasks_of(caller(server, "newcomer"))
    assert (task["title"], task["status"], task["priority"], task["tags"]) == (
        "Buy milk",
        "done",
        "high",
        ["home"],
    )
    assert task["due_date"]


def test_the_session_lasts_and_scripts_cannot_read_it(window, server):
    page = sign_up(window, "lasting")
    page.reload()
    expect(page.get_by_role("heading", name="Board", level=1)).to_be_visible()
    kept = page.evaluate(
        "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    )
    (cookie,) = window.context.cookies()
    assert cookie["httpOnly"] is True
    assert cookie["sameSite"] == "Strict"
    assert cookie["value"] not in kept

    go(page, "account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_wrong_password_is_told(window, server):
    page = fill_in_sign_in(window, "nobody", "Wr0ngPassword")
    expect(page.get_by_role("alert")).to_have_text("Incorrect username or password")


def test_a_bad_password_is_told_at_its_field(window):
    page = window.open("/").page
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("User name").fill("shortpassword")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")


def test_a_session_that_was_ended_elsewhere_asks_to_sign_in_again(window, server):
    anna = register(server, "endedanna")
    page = sign_in(window, anna)
    expect(page.get_by_role("img", name="Live")).to_be_visible()
    anna.post("/api/v1/auth/logout")
    expect(page.get_by_text("Your session has ended")).to_be_visible()


def test_a_change_after_the_end_of_the_session_asks_to_sign_in_again(window, server):
    # Without a connection, which would tell by itself: it waits for this answer.
    window.page.route("**/health", lambda route: None)
    anna = register(server, "lateanna")
    page = sign_in(window, anna)
    anna.post("/api/v1/auth/logout")
    quick_add(page, "Too late")
    expect(page.get_by_text("Your session has ended")).to_be_visible()


def test_a_card_is_dragged_to_another_column_and_back_by_undo(window, server):
    anna = register(server, "draganna")
    anna.create_task(title="Drag me")
    page = sign_in(window, anna)
    card(page, "Drag me").drag_to(page.get_by_role("region", name="In progress"))
    expect(column(page, "In progress").get_by_text("Drag me")).to_be_visible()
    toast(page, "in progress").get_by_role("button", name="Undo").click()
    expect(column(page, "To do").get_by_text("Drag me")).to_be_visible()
    wait_until(lambda: [task["status"] for task in tasks_of(anna)] == ["todo"], "it to be saved")


def test_everything_goes_by_keyboard(window, server):
    anna = register(server, "keysanna")
    page = sign_in(window, anna)
    page.keyboard.press("n")
    page.keyboard.type("First by keys")
    page.keyboard.press("Enter")
    expect(toast(page, "Added")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="First by keys")).to_be_focused()
    page.keyboard.press("]")
    expect(column(page, "In progress").get_by_text("First by keys")).to_be_visible()
    expect(page.get_by_role("link", name="First by keys")).to_be_focused()
    page.keyboard.press("p")
    expect(card(page, "First by keys").get_by_text("High")).to_be_visible()
    page.keyboard.press("d")
    expect(column(page, "Done").get_by_text("First by keys")).to_be_visible()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_text("move it on")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.get_by_role("heading", name="List", level=1)).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox").first).to_be_focused()


def test_a_refused_change_is_taken_back_and_told(window, server):
    anna = register(server, "refusedanna")
    task = anna.create_task(title="Contested", description="as it was")
    page = sign_in(window, anna)
    page.route("**/api/v1/tasks/*", lambda route: route.fulfill(status=500, body="{}"))
    page.get_by_role("button", name='Complete "Contested"').click()
    expect(toast(page, "was not changed")).to_be_visible()
    expect(column(page, "To do").get_by_text("Contested")).to_be_visible()
    assert anna.read_task(task["id"])["version"] == 1


def test_a_text_that_could_not_be_saved_stays_and_is_tried_again(window, server):
    anna = register(server, "unsavedanna")
    task = anna.create_task(title="Written", description="as it was")
    page = sign_in(window, anna)
    panel = open_task(page, "Written")
    description = panel.get_by_label("Description")
    page.route("**/api/v1/tasks/*", lambda route: route.fulfill(status=500, body="{}"))
    description.fill("as I want it")
    panel.get_by_label("Title").focus()
    expect(panel.get_by_text("Not saved")).to_be_visible()
    expect(description).to_have_value("as I want it")
    page.unroute("**/api/v1/tasks/*")
    description.focus()
    panel.get_by_label("Title").focus()
    expect(panel.get_by_text("Not saved")).to_be_hidden()
    assert anna.read_task(task["id"])["description"] == "as I want it"


def test_somebody_elses_change_of_the_same_field_is_not_overwritten(window, server):
    anna = register(server, "collideanna")
    task = anna.create_task(title="Shared", description="first")
    page = sign_in(window, anna)
    panel = open_task(page, "Shared")
    panel.get_by_label("Description").fill("mine")
    anna.patch(f"/api/v1/tasks/{task['id']}", json={"description": "theirs"})
    panel.get_by_label("Title").focus()
    expect(toast(page, "Somebody else changed this")).to_be_visible()
    expect(panel.get_by_label("Description")).to_have_value("mine")
    assert anna.read_task(task["id"])["description"] == "theirs"


def test_details_are_edited(window, server):
    anna = register(server, "detailanna")
    task = anna.create_task(title="Rough")
    page = sign_in(window, anna)
    panel = open_task(page, "Rough")
    panel.get_by_label("Title").fill("Polished")
    panel.get_by_label("Title").press("Enter")
    panel = page.get_by_role("dialog", name="Task: Polished")
    panel.get_by_label("Description").fill("Two\nlines")
    panel.get_by_label("Due date").fill("2031-05-01")
    panel.get_by_label("Tags", exact=True).fill("garden")
    panel.get_by_label("Tags", exact=True).press("Enter")
    expect(panel.get_by_role("button", name="Remove the tag garden")).to_be_visible()
    panel.get_by_role("radio", name="High").check()
    panel.get_by_role("radio", name="In progress").check()
    panel.get_by_role("button", name="Show").click()
    expect(panel.get_by_text("garden").last).to_be_visible()
    expect(column(page, "In progress").get_by_text("Polished")).to_be_visible()
    expected = {
        "description": "Two\nlines",
        "due_date": "2031-05-01",
        "tags": ["garden"],
        "priority": "high",
        "status": "in_progress",
    }
    wait_until(lambda: expected.items() <= anna.read_task(task["id"]).items(), "all to be saved")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_a_deleted_task_can_be_had_back_and_is_gone_after_leaving(window, server):
    anna = register(server, "deleteanna")
    kept = anna.create_task(title="Kept after all")["id"]
    gone = anna.create_task(title="Gone for good")["id"]
    page = sign_in(window, anna)
    open_task(page, "Kept after all").get_by_role("button", name="Delete", exact=True).click()
    expect(card(page, "Kept after all")).to_be_hidden()
    toast(page, "Deleted").get_by_role("button", name="Undo").click()
    expect(card(page, "Kept after all")).to_be_visible()

    open_task(page, "Gone for good").get_by_role("button", name="Delete", exact=True).click()
    expect(card(page, "Gone for good")).to_be_hidden()
    page.goto("about:blank")
    path = f"/api/v1/tasks/{gone}"
    wait_until(lambda: anna.get(path).status_code == 404, "the task to be deleted")
    window.open("/")
    expect(card(page, "Kept after all")).to_be_visible()
    expect(card(page, "Gone for good")).to_be_hidden()
    assert anna.read_task(kept)["title"] == "Kept after all"


def test_the_list_searches_filters_and_scrolls(window, server):
    anna = register(server, "listanna")
    for at in range(250):
        anna.create_task(title=f"Row {at:03}", tags=["even"] if at % 2 == 0 else [])
    page = sign_in(window, anna)
    go(page, "list?sort_by=title&sort_order=asc")
    expect(page.get_by_text("250 tasks")).to_be_visible()
    rows = page.get_by_role("list", name="Tasks")
    frame = page.locator(".rows-frame")
    for _ in range(8):
        frame.evaluate("element => element.scrollTo(0, element.scrollHeight)")
        page.wait_for_timeout(150)
    expect(rows.get_by_text("Row 249")).to_be_visible()
    assert rows.locator("li").count() < 100, "only what is on the screen is in the page"

    page.get_by_role("searchbox").fill("row 12")
    expect(page.get_by_text("10 tasks")).to_be_visible()
    page.get_by_label("Tags, separated by commas").fill("even")
    page.keyboard.press("Enter")
    expect(page.get_by_text("5 tasks")).to_be_visible()
    expect(rows.get_by_role("link")).to_have_text([f"Row {at}" for at in range(120, 130, 2)])
    assert "search=row+12" in page.url
    page.reload()
    expect(page.get_by_text("5 tasks")).to_be_visible()
    page.get_by_role("searchbox").fill("nothing like this")
    expect(page.get_by_text("No task is like this")).to_be_visible()


def test_many_are_changed_at_once(window, server):
    anna = register(server, "bulkanna")
    for at in range(5):
        anna.create_task(title=f"Bulk {at}")
    page = sign_in(window, anna)
    go(page, "list?sort_by=title&sort_order=asc")
    page.get_by_label('Select "Bulk 1"').click()
    page.get_by_label('Select "Bulk 3"').click(modifiers=["Shift"])
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.get_by_label("Set the status").select_option("done")
    expect(toast(page, "3 tasks set to done")).to_be_visible()
    chosen = {"Bulk 1", "Bulk 2", "Bulk 3"}
    wait_until(
        lambda: {task["title"] for task in tasks_of(anna) if task["completed"]} == chosen,
        "those that were chosen to be done",
    )
    toast(page, "3 tasks set to done").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("list", name="Tasks").get_by_text("To do")).to_have_count(5)
    wait_until(
        lambda: not any(task["completed"] for task in tasks_of(anna)), "all to be taken back"
    )


def test_text_of_others_is_text(window, server):
    """What would be a script in a page that trusted it."""
    anna = register(server, "hostileanna")
    title = '<img src=x onerror="document.title=1">'
    anna.create_task(title=title, description="<script>document.title = 2</script>", tags=["<b>t"])
    page = sign_in(window, anna)
    panel = open_task(page, title)
    expect(panel.get_by_label("Title")).to_have_value(title)
    expect(page).to_have_title(re.compile("errand"))

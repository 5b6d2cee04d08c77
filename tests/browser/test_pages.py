"""Statistics, jobs, the account and administration."""

from interface import fill_in_sign_in, go, sign_in, toast
from playwright.sync_api import expect
from support.api import PASSWORD, register


def test_statistics_count_what_is_there(window, server):
    anna = register(server, "statanna")
    anna.create_task(title="One", status="done", priority="high", tags=["home"])
    anna.create_task(title="Two", due_date="2020-01-01")
    page = sign_in(window, anna)
    go(page, "statistics")
    figures = page.locator(".figures")
    expect(figures).to_contain_text("Tasks2")
    expect(figures).to_contain_text("Overdue1")
    expect(figures).to_contain_text("Completion50 %")
    expect(page.get_by_role("row", name="home 1")).to_be_visible()
    expect(page.get_by_role("img", name="2 created and 1 completed in 30 days")).to_be_visible()


def test_a_job_is_submitted_and_its_result_appears(window, server):
    anna = register(server, "jobanna")
    page = sign_in(window, anna)
    go(page, "jobs")
    page.get_by_label("Text").fill("Grüße, 👨‍👩‍👧!")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("cell", name="!👨‍👩‍👧 ,eßürG")).to_be_visible()
    expect(page.get_by_role("cell", name="Finished")).to_be_visible()


def test_a_job_that_nobody_offers_is_told_at_its_field(window, server):
    page = sign_in(window, register(server, "badjobanna"))
    go(page, "jobs")
    page.get_by_label("Operation").fill("make_coffee")
    page.get_by_label("Text").fill("x")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_label("Operation")).to_have_attribute("aria-invalid", "true")


def test_a_job_is_cancelled_and_tried_again(window, server):
    page = sign_in(window, "admin", "Admin123")
    admin_task = {"operation": "reverse", "data": "later", "run_at": "2031-01-01T00:00:00Z"}
    sent = page.request.post(
        "/api/v1/jobs",
        data=admin_task,
        headers={"X-Requested-With": "errand", "Sec-Fetch-Site": "same-origin"},
    )
    assert sent.status == 202
    go(page, "jobs")
    row = page.get_by_role("row", name="Scheduled").first
    row.get_by_role("button", name="Cancel").click()
    page.get_by_role("row", name="Cancelled").first.get_by_role("button", name="Retry").click()
    expect(toast(page, "Queued again")).to_be_visible()
    expect(page.get_by_role("cell", name="retal")).to_be_visible()


def test_a_new_password_keeps_this_window_and_ends_the_others(open_window, server):
    anna = register(server, "accountanna")
    page = sign_in(open_window(), anna)
    other = sign_in(open_window(), anna)
    go(page, "account")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill("N3wPassword")
    page.get_by_role("button", name="Change the password").click()
    expect(toast(page, "Your password is changed")).to_be_visible()
    page.get_by_label("Full name").fill("Anna A.")
    page.get_by_role("button", name="Save").click()
    expect(toast(page, "Saved")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_administrator_disables_and_deletes_a_user(open_window, server):
    bert = register(server, "doomedbert")
    page = sign_in(open_window(), "admin", "Admin123")
    go(page, "admin/users")
    page.get_by_label("Search users").fill("doomed")
    page.get_by_role("checkbox", name="doomedbert is active").uncheck()
    expect(toast(page, "disabled")).to_be_visible()
    assert bert.get("/api/v1/tasks").status_code == 401
    refused = fill_in_sign_in(open_window(), "doomedbert")
    expect(refused.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Delete doomedbert").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nobody is called like this")).to_be_visible()


def test_the_audit_log_tells_who_did_what(window, server):
    anna = register(server, "auditanna")
    task = anna.create_task(title="Audited")
    anna.patch(f"/api/v1/tasks/{task['id']}", json={"status": "done"})
    page = sign_in(window, "admin", "Admin123")
    go(page, "admin/audit")
    page.get_by_label("Who (id or name)").fill("auditanna")
    page.get_by_label("What, like task:7").fill(f"task:{task['id']}")
    row = page.get_by_role("row", name="task.updated")
    expect(row).to_contain_text("done")
    expect(page.get_by_role("row")).to_have_count(3)


def test_health_and_dead_jobs_are_shown(window, server):
    page = sign_in(window, "admin", "Admin123")
    go(page, "admin/health")
    expect(page.get_by_text("database")).to_be_visible()
    go(page, "admin/jobs")
    expect(page.get_by_text("No dead jobs")).to_be_visible()


def test_administration_is_for_administrators(window, server):
    page = sign_in(window, register(server, "plainanna"))
    expect(page.get_by_text("Administration")).to_be_hidden()
    go(page, "admin/users")
    expect(page.get_by_role("heading", name="Board", level=1)).to_be_visible()


def test_the_first_load_is_small(window):
    sizes = []
    window.page.on(
        "response",
        lambda answer: sizes.append(int(answer.headers.get("content-length", 0))),
    )
    window.open("/")
    expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert len(sizes) >= 4
    assert sum(sizes) < 100_000

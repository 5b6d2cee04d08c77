"""/docs and /redoc in a browser."""

from playwright.sync_api import expect
from support.api import register


def test_docs_authorizes_and_tries_out(window, server):
    """What a newcomer does: sign in by the page itself, authorize with the token, create a task."""
    anna = register(server, "docsanna")
    page = window.open("/docs").page
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("auth-bearer-value").fill(anna.token)
    page.get_by_role("button", name="Apply credentials").first.click()
    page.get_by_role("button", name="Close").last.click()

    page.locator("#operations-tag-tasks").click()
    operation = page.locator("#operations-tasks-post_api_v1_tasks")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea").first.fill('{"title": "Made by Swagger UI"}')
    operation.get_by_role("button", name="Execute").click()
    expect(
        operation.locator(".live-responses-table tbody .response-col_status").first
    ).to_contain_text("201")

    listed = anna.get("/api/v1/tasks").json()["tasks"]
    assert [task["title"] for task in listed] == ["Made by Swagger UI"]


def test_docs_without_a_token_shows_the_refusal(window):
    page = window.open("/docs").page
    page.locator("#operations-tag-tasks").click()
    operation = page.locator("#operations-tasks-get_api_v1_tasks")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(
        operation.locator(".live-responses-table tbody .response-col_status").first
    ).to_contain_text("401")


def test_redoc_shows_every_operation(window, server):
    page = window.open("/redoc").page
    document = server.http.get("/openapi.json").json()
    summaries = {
        operation["summary"] for item in document["paths"].values() for operation in item.values()
    }
    expect(page.locator("h2", has_text="Create a task").first).to_be_attached()
    shown = {text.strip() for text in page.locator("h2").all_inner_texts()}
    assert summaries <= shown


def test_redoc_searches(window):
    page = window.open("/redoc").page
    page.get_by_placeholder("Search...").fill("login")
    expect(page.locator("[data-role='search:results'] li").first).to_be_visible()

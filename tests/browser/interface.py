"""The web interface as a person knows it: what is on the screen by name, what is done with it."""

from playwright.sync_api import expect
from support.api import PASSWORD, Caller, log_in


def fill_in_sign_in(window, username, password=PASSWORD):
    page = window.open("/").page
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    return page


def sign_in(window, caller_or_name, password=PASSWORD):
    name = caller_or_name.user["username"] if isinstance(caller_or_name, Caller) else caller_or_name
    page = fill_in_sign_in(window, name, password)
    expect(page.get_by_role("heading", name="Board", level=1)).to_be_visible()
    return page


def sign_up(window, username):
    page = window.open("/").page
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Board", level=1)).to_be_visible()
    return page


def caller(server, username, password=PASSWORD):
    """The same person with a token, to look at what the server has."""
    return log_in(server, username, password)


def go(page, view):
    page.evaluate("view => { location.hash = '#/' + view }", view)


def quick_add(page, line):
    page.get_by_role("textbox", name="Add a task").fill(line)
    page.keyboard.press("Enter")


def column(page, name):
    return page.get_by_role("list", name=name, exact=True)


def card(page, title):
    return page.locator("[data-task]", has=page.get_by_role("link", name=title, exact=True))


def open_task(page, title):
    page.get_by_role("link", name=title, exact=True).click()
    return page.get_by_role("dialog", name=f"Task: {title}")


def toast(page, text):
    return page.locator(".toast", has_text=text)

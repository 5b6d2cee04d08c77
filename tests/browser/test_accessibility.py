"""axe-core finds nothing serious on any page, in either theme, on a desk or in a hand."""

import pytest
from interface import go, sign_in
from playwright.sync_api import expect
from support.api import log_in_admin
from support.server import ROOT

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = [
    "board",
    "list",
    "list?search=nothing+like+this",
    "statistics",
    "jobs",
    "transfer",
    "account",
    "admin/users",
    "admin/audit",
    "admin/jobs",
    "admin/health",
    "board?task={task}",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def serious(page):
    """What axe finds of serious or critical impact, with the places."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """async tags => (await axe.run({ runOnly: { type: "tag", values: tags } })).violations""",
        WCAG,
    )
    return [
        f"{issue['id']}: {[node['html'][:160] for node in issue['nodes'][:3]]}"
        for issue in found
        if issue["impact"] in ("serious", "critical")
    ]


@pytest.fixture(scope="module")
def task(server):
    admin = log_in_admin(server)
    for title, status in (("Overdue", "todo"), ("Under way", "in_progress"), ("Ready", "done")):
        created = admin.create_task(
            title=title, status=status, priority="high", tags=["home"], due_date="2020-02-02"
        )
    admin.create_task(title="Unhurried", priority="low")
    admin.post("/api/v1/jobs", json={"operation": "reverse", "data": "abc"})
    return created


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_no_page_has_a_serious_problem(open_window, task, scheme, width):
    page = sign_in(open_window(width=width, color_scheme=scheme), "admin", "Admin123")
    problems = {}
    for view in VIEWS:
        go(page, view.format(task=task["id"]))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        problems[view] = serious(page)
    assert {view: found for view, found in problems.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_and_the_sheet_of_shortcuts_have_none_either(open_window, task, scheme):
    page = open_window(color_scheme=scheme).open("/").page
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name="Create an account").click()
    assert serious(page) == []
    page = sign_in(open_window(color_scheme=scheme), "admin", "Admin123")
    expect(page.get_by_text("Unhurried")).to_be_visible()  # keys are heard once the page is there
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_nothing_sticks_out_of_the_window(open_window, task, width):
    page = sign_in(open_window(width=width), "admin", "Admin123")
    for view in VIEWS:
        go(page, view.format(task=task["id"]))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view

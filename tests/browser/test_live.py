"""Two windows see each other's changes, and a window that was offline catches up."""

from interface import card, column, go, open_task, quick_add, sign_in
from playwright.sync_api import expect
from support.api import register

SOON = 20_000  # milliseconds


def test_two_windows_see_each_others_changes(open_window, server):
    anna = register(server, "liveanna")
    first = sign_in(open_window(), anna)
    second = sign_in(open_window(), anna)
    quick_add(first, "Seen by both #live")
    expect(card(second, "Seen by both")).to_be_visible(timeout=SOON)
    second.get_by_role("button", name='Complete "Seen by both"').click()
    expect(column(first, "Done").get_by_text("Seen by both")).to_be_visible(timeout=SOON)
    (task,) = anna.get("/api/v1/tasks").json()["tasks"]
    anna.delete(f"/api/v1/tasks/{task['id']}")
    for page in (first, second):
        expect(card(page, "Seen by both")).to_be_hidden(timeout=SOON)


def test_changes_come_over_the_websocket(open_window, server):
    """Not by asking now and then: with that out of the way they still come."""
    anna = register(server, "socketanna")
    page = sign_in(open_window(), anna)
    expect(page.get_by_role("img", name="Live")).to_be_visible()
    page.route("**/api/v1/tasks?*", lambda route: route.abort())
    task = anna.create_task(title="Pushed")
    expect(card(page, "Pushed")).to_be_visible()
    anna.patch(f"/api/v1/tasks/{task['id']}", json={"title": "Pushed again"})
    expect(card(page, "Pushed again")).to_be_visible()


def test_a_change_between_reading_and_the_connection_is_seen(open_window, server):
    anna = register(server, "earlyanna")
    window = open_window()
    held = []
    window.page.route(
        "**/health", lambda route: held.append(route)
    )  # asked before the WebSocket is opened
    page = sign_in(window, anna)
    expect(page.get_by_text("Nothing to do")).to_be_visible()
    anna.create_task(title="Early")
    while held:
        held.pop().continue_()
    window.page.unroute("**/health")
    expect(card(page, "Early")).to_be_visible(timeout=SOON)


def test_without_a_websocket_the_page_asks_now_and_then(open_window, server):
    anna = register(server, "pollanna")
    window = open_window()
    window.page.route_web_socket("**/ws*", lambda socket: socket.close())
    page = sign_in(window, anna)
    expect(page.get_by_role("img", name="Connected: changes appear after a while")).to_be_visible()
    anna.create_task(title="Asked for")
    expect(card(page, "Asked for")).to_be_visible(timeout=SOON)


def test_others_tasks_do_not_appear(open_window, server):
    """An administrator hears of everybody's changes; their board is still their own."""
    anna = register(server, "quietanna")
    page = sign_in(open_window(), "admin", "Admin123")
    anna.create_task(title="Of somebody else")
    quick_add(page, "My own")
    expect(card(page, "My own")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(card(page, "Of somebody else")).to_be_hidden()


def test_a_list_is_sorted_anew_by_what_happens_elsewhere(open_window, server):
    anna = register(server, "sortanna")
    for title in ("b", "d"):
        anna.create_task(title=title)
    page = sign_in(open_window(), anna)
    go(page, "list?sort_by=title&sort_order=asc")
    links = page.get_by_role("list", name="Tasks").get_by_role("link")
    expect(links).to_have_text(["b", "d"])
    anna.create_task(title="c")
    expect(links).to_have_text(["b", "c", "d"], timeout=SOON)


def test_offline_and_back(open_window, server):
    anna = register(server, "offanna")
    anna.create_task(title="Before")
    window = open_window()
    page = sign_in(window, anna)
    expect(card(page, "Before")).to_be_visible()
    window.context.set_offline(True)
    expect(page.get_by_text("You are offline")).to_be_visible()
    page.get_by_role("button", name='Complete "Before"').click()
    expect(page.locator(".toast", has_text="was not changed")).to_be_visible()
    expect(column(page, "To do").get_by_text("Before")).to_be_visible()
    anna.create_task(title="Meanwhile")
    window.context.set_offline(False)
    expect(page.get_by_text("You are offline")).to_be_hidden(timeout=SOON)
    expect(card(page, "Meanwhile")).to_be_visible(timeout=SOON)


def test_a_server_that_restarts_is_found_again(open_window, start_server):
    server = start_server()
    anna = register(server, "anna")
    page = sign_in(open_window(server=server), anna)
    port = server.port
    server.stop()
    expect(page.get_by_text("You are offline")).to_be_visible(timeout=SOON)
    server.options["PORT"] = str(port)
    server.start()
    expect(page.get_by_text("You are offline")).to_be_hidden(timeout=SOON)
    anna.create_task(title="After the restart")
    expect(card(page, "After the restart")).to_be_visible(timeout=SOON)


def test_a_task_is_handed_to_somebody_else(open_window, server):
    anna = register(server, "giveanna")
    bert = register(server, "takebert")
    anna.create_task(title="To be handed over")
    giver = sign_in(open_window(), anna)
    taker = sign_in(open_window(), bert)
    go(taker, "list?assigned_to=me")
    expect(taker.get_by_text("No task is like this")).to_be_visible()
    panel = open_task(giver, "To be handed over")
    panel.get_by_label("Assign to").fill("nobody at all")
    panel.get_by_role("button", name="Assign").click()
    expect(panel.get_by_text("Nobody is called like this")).to_be_visible()
    panel.get_by_label("Assign to").fill("takebert")
    panel.get_by_role("button", name="Assign").click()
    expect(panel.get_by_text("Assigned to takebert")).to_be_visible()
    taken = open_task(taker, "To be handed over")
    expect(taken.get_by_text("Owned by giveanna")).to_be_visible(timeout=SOON)
    expect(taken.get_by_role("button", name="Delete", exact=True)).to_be_hidden()

"""Fixtures of the browser tests: a server, and Debian's Chromium that visits it.

`open_window` opens one more window, with cookies and storage of its own. When a test ends every window
of it must have behaved: no script failed, nothing broke the Content-Security-Policy, nothing was asked of
another host.
"""

import os
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect, sync_playwright
from support.server import Server
from windows import PATIENCE, Window

# Taking the pictures of the README is no test.
collect_ignore = [] if "SCREENSHOTS" in os.environ else ["test_screenshots.py"]

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)


expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all tests of a module; each test has users of its own."""
    server = Server(tmp_path_factory.mktemp("shared"))
    with ExitStack() as stack:
        stack.callback(server.close)
        yield server.start()


@pytest.fixture
def start_server(tmp_path_factory):
    """Starts one more server, for a test that stops it or needs other options."""
    with ExitStack() as stack:

        def start(**options):
            server = Server(tmp_path_factory.mktemp("server"), **options)
            stack.callback(server.close)
            return server.start()

        yield start


@pytest.fixture
def open_window(chromium, server):
    windows = []
    shared = server

    def open_one(server=shared, **options):
        window = Window(chromium, server, **options)
        windows.append(window)
        return window

    yield open_one
    for window in windows:
        window.close()
    for window in windows:
        assert window.complaints == []


@pytest.fixture
def window(open_window):
    return open_window()

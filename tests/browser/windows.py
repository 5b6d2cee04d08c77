"""A window of the browser, and what it noticed."""

PATIENCE = 15_000  # milliseconds


class Window:
    """One window with its own cookies; `page` is Playwright's, `complaints` what went wrong in it."""

    def __init__(self, browser, server, width=1280, height=860, **options):
        self.server = server
        self.complaints = []
        size = {"width": width, "height": height}
        self.context = browser.new_context(base_url=server.url, viewport=size, **options)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, message):
        # A refused request also stands in the console; what the page makes of it is its own affair.
        expected = ("Failed to load resource", "WebSocket connection to")
        if message.type == "error" and not message.text.startswith(expected):
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request):
        own = (self.server.url, self.server.url.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(own):
            self.complaints.append(f"asked another host: {request.url}")

    def open(self, path="/"):
        self.page.goto(path)
        return self

    def close(self):
        self.context.close()

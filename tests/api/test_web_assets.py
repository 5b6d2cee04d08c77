"""The pages for people and what they load: names, encodings, caching, and what they may load."""

import re
import zlib

import pytest
from support.raw import exchange, request_bytes

PAGES = ["/", "/docs", "/redoc"]
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def server(shared_server):
    return shared_server


def open_page(server, path, **headers):
    return server.http.get(path, headers={**BROWSER, **headers})


def assets_of(page):
    return re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)


def policy_of(answer):
    """The Content-Security-Policy as {"script-src": {"'self'"}}."""
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {part[0]: set(part[1:]) for part in parts}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_html_that_loads_what_is_there(server, path):
    page = open_page(server, path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    loaded = assets_of(page)
    assert any(name.endswith(".js") for name in loaded)
    assert any(name.endswith(".css") for name in loaded)
    assert [server.http.get(name).status_code for name in loaded] == [200] * len(loaded)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_script_or_style_of_its_own_and_none_of_others(server, path):
    page = open_page(server, path)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page.text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page.text)
    assert not re.search(r'(?:src|href)="(?!/)', page.text)


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_of_a_page_lets_nothing_in_from_outside(server, path):
    policy = policy_of(open_page(server, path))
    assert policy["default-src"] == {"'none'"}
    assert policy["script-src"] == {"'self'"}
    assert policy["connect-src"] == {"'self'"}
    assert policy["frame-ancestors"] == {"'none'"}
    assert policy["base-uri"] == {"'none'"}
    styles = {"'self'", "'unsafe-inline'"} if path == "/redoc" else {"'self'"}
    assert policy["style-src"] == styles
    sources = set().union(*policy.values())
    assert sources <= {"'none'", "'self'", "'unsafe-inline'", "data:", "blob:", "'script'"}


def test_the_root_greets_who_is_no_browser(server):
    answer = server.http.get("/", headers={"Accept": "*/*"})
    assert answer.json() == {
        "message": "errand task manager",
        "status": "running",
        "docs": "/docs",
    }
    assert "Accept" in answer.headers["vary"]
    assert policy_of(answer)["default-src"] == {"'none'"}


def test_without_the_api_it_speaks_to_there_is_no_interface(start_server):
    server = start_server(API_SURFACES="classic")
    assert open_page(server, "/").json()["status"] == "running"
    assert open_page(server, "/docs").headers["content-type"].startswith("text/html")


def test_an_asset_may_be_kept_for_good_and_a_page_may_not(server):
    page = open_page(server, "/")
    assert page.headers["cache-control"] == "no-cache"
    for name in assets_of(page):
        kept = server.http.get(name)
        assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert kept.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in kept.headers


def raw_asset(server, name, accept_encoding):
    lines = ["Connection: close"]
    if accept_encoding is not None:
        lines.append(f"Accept-Encoding: {accept_encoding}")
    return exchange(server, request_bytes("GET", name, *lines))


ENCODINGS = [
    (None, None),
    ("", None),
    ("identity", None),
    ("zstd", None),
    ("gzip", "gzip"),
    ("gzip, deflate, br", "br"),
    ("GZIP", "gzip"),
    ("*", "br"),
    ("br;q=0, gzip;q=0.5", "gzip"),
    ("br;q=0.000, gzip ; q=0", None),
    (",;,=q gzipbr", None),
]


@pytest.mark.parametrize(("accepted", "encoding"), ENCODINGS)
def test_an_asset_comes_in_an_encoding_that_the_client_takes(server, accepted, encoding):
    name = next(name for name in assets_of(open_page(server, "/docs")) if "/docs-" in name)
    answer = raw_asset(server, name, accepted)
    assert answer.status == 200
    assert answer.headers.get("content-encoding") == encoding
    assert "Accept-Encoding" in answer.headers["vary"]
    if encoding is None:
        assert b"SwaggerUIBundle" in answer.body
    if encoding == "gzip":
        assert b"SwaggerUIBundle" in zlib.decompress(answer.body, 31)


def test_a_large_asset_is_the_same_in_every_encoding(server):
    name = next(name for name in assets_of(open_page(server, "/docs")) if "swagger-ui-" in name)
    plain = raw_asset(server, name, "identity").body
    packed = raw_asset(server, name, "gzip").body
    assert zlib.decompress(packed, 31) == plain
    assert len(packed) < len(plain) / 2


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_the_browser_has_is_not_sent_again(server, path):
    page = open_page(server, path)
    tag = page.headers["etag"]
    again = open_page(server, path, **{"If-None-Match": f'"other", W/{tag}'})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag
    assert again.headers["content-security-policy"] == page.headers["content-security-policy"]
    assert open_page(server, path, **{"If-None-Match": '"other"'}).status_code == 200


def test_each_encoding_has_a_tag_of_its_own(server):
    tags = {
        open_page(server, "/", **{"Accept-Encoding": encoding}).headers["etag"]
        for encoding in ("br", "gzip", "identity")
    }
    assert len(tags) == 3


def test_head_tells_the_length_and_sends_nothing(server):
    name = assets_of(open_page(server, "/"))[0]
    answer = server.http.head(name)
    full = server.http.get(name)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-length"] == full.headers["content-length"]


ABSENT_NAMES = [
    "app.js",
    "nothing-000000000000.js",
    "..%2Fassets.made",
    "%2e%2e%2fetc%2fpasswd",
    "app-",
    "%00",
    "a" * 3000,
    "{page}",
    "{asset}.br",
    "{asset}.gz",
    "{asset}%00",
]


@pytest.mark.parametrize("name", ABSENT_NAMES)
def test_there_is_no_other_name_for_a_file(server, name):
    page = open_page(server, "/")
    asset = assets_of(page)[0].removeprefix("/assets/")
    page_name = f"index-{page.headers['etag'].strip(chr(34)).split('-')[0]}.html"
    path = "/assets/" + name.replace("{asset}", asset).replace("{page}", page_name)
    assert server.http.get(path).status_code == 404


def test_assets_cannot_be_changed(server):
    name = assets_of(open_page(server, "/"))[0]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert server.http.request(method, name).status_code == 405


def test_loading_a_page_does_not_spend_the_limit_on_its_assets(start_server):
    server = start_server(RATE_LIMIT_PER_MINUTE=3)
    for name in assets_of(open_page(server, "/")) * 2:
        assert server.http.get(name).status_code == 200
    assert open_page(server, "/").status_code == 200

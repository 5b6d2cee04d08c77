"""The Dockerfile and compose.yaml: checked by tools that need no container engine, and the same
processes run side by side with the same environment and the same nginx."""

import re
import subprocess
from contextlib import ExitStack, closing

import httpx
import pytest
import yaml
from support import postgres
from support.api import CLASSIC, PASSWORD, V1, Caller
from support.live import EventStream, Listener
from support.nginx import TEMPLATE, Nginx
from support.ports import free_port
from support.rabbitmq import RabbitMQ
from support.redis import Redis
from support.server import BINARY, ROOT, Server, wait_until
from support.worker import Worker

SECRETS = {
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "ADMIN_PASSWORD": "An0therPassword",
    "COMPOSE_POSTGRES_PASSWORD": postgres.PASSWORD,
    "COMPOSE_REDIS_PASSWORD": "hunter22",
    "COMPOSE_RABBITMQ_PASSWORD": "hunter23",
}


def compose(folder, **secrets):
    """What Docker Compose makes of the file, with these secrets in .env."""
    env = folder / "env"
    env.write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))
    return subprocess.run(
        ["docker-compose", "--file", ROOT / "compose.yaml", "--env-file", env, "config"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def services(tmp_path):
    done = compose(tmp_path, **SECRETS)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)["services"]


@pytest.mark.sqlite
@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_compose_asks_for_every_secret(tmp_path, missing):
    done = compose(tmp_path, **{name: SECRETS[name] for name in SECRETS if name != missing})
    assert done.returncode != 0
    assert "see .env.example" in done.stderr


@pytest.mark.sqlite
def test_the_example_names_what_compose_reads():
    read = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    named = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named == read


def test_a_server_starts_beside_the_secrets_of_compose(start_server, tmp_path):
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text())
    start_server(folder=tmp_path, SECRET_KEY=SECRETS["SECRET_KEY"], ADMIN_PASSWORD=PASSWORD)


@pytest.mark.sqlite
def test_compose_sets_options_that_there_are(services):
    options = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    for name in ("server", "worker"):
        for option in services[name]["environment"]:
            assert re.search(rf"^\s*{option}\b", options, re.MULTILINE), option


@pytest.mark.sqlite
def test_compose_has_two_servers_a_worker_and_what_they_need(services):
    assert set(services) == {"server", "worker", "nginx", "postgres", "redis", "rabbitmq"}
    assert services["server"]["deploy"]["replicas"] == 2
    for name in ("postgres", "redis", "rabbitmq", "nginx"):
        assert "test" in services[name]["healthcheck"], name
    assert all("ports" not in services[name] for name in services if name != "nginx")


@pytest.mark.sqlite
def test_the_dockerfile_is_a_good_one():
    done = subprocess.run(
        [ROOT / "build/venv/bin/hadolint", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.sqlite
def test_the_image_has_every_library():
    """And the README names it. Of the libraries that the program itself needs; theirs come with them."""
    dynamic = subprocess.run(["readelf", "-d", BINARY], capture_output=True, text=True, check=True)
    libraries = re.findall(r"\(NEEDED\).*\[(.*?)\]", dynamic.stdout)
    assert libraries
    lists = [
        re.findall(r"[\w.+-]+", (ROOT / name).read_text()) for name in ("Dockerfile", "README.md")
    ]
    for library in libraries:
        if re.match(r"lib(c|m|asan|ubsan|gcc_s|gcov)\.", library):
            continue
        owner = subprocess.run(
            ["dpkg-query", "-S", f"*/{library}"], capture_output=True, text=True, check=True
        )
        package = owner.stdout.partition(":")[0]
        assert all(package in words for words in lists), package


# The same topology as processes.


class Topology:
    """What compose.yaml starts; an address of a service there is one of a process here."""

    def __init__(self, folder, services, stack):
        self.stack = stack
        self.folder = folder
        self.services = services
        (folder / "redis").mkdir()
        (folder / "rabbitmq").mkdir()
        (folder / "nginx").mkdir()
        self.postgres = postgres.Postgres().create().start()
        stack.callback(self.postgres.remove)
        self.postgres.run("createdb", "-h", self.postgres.folder, "-p", self.postgres.port,
                          "-U", postgres.USER, "errand")  # fmt: skip
        password = ("--requirepass", SECRETS["COMPOSE_REDIS_PASSWORD"])
        self.redis = stack.enter_context(closing(Redis(folder / "redis", *password)))
        self.redis.password = SECRETS["COMPOSE_REDIS_PASSWORD"]
        self.redis.start()
        self.rabbitmq = stack.enter_context(closing(RabbitMQ(folder / "rabbitmq").create()))
        self.rabbitmq.start()
        self.servers = [self.server(number) for number in range(2)]
        self.worker = Worker(self.servers[0], **self.environment("worker")).start()
        stack.callback(self.worker.close)
        self.nginx = self.start_nginx()

    def environment(self, service):
        addresses = {
            "@postgres:5432/": f"@127.0.0.1:{self.postgres.port}/",
            "@redis:6379": f"@127.0.0.1:{self.redis.port}",
        }
        environment = dict(self.services[service]["environment"])
        for name, value in environment.items():
            for there, here in addresses.items():
                value = str(value).replace(there, here)
            environment[name] = value
        environment["RABBITMQ_URL"] = self.rabbitmq.url_of("test-0")
        environment["TRUSTED_PROXIES"] += ",127.0.0.1"
        return environment | {
            "HOST": "127.0.0.1",
            "PORT": "0",
            "UPLOAD_DIR": str(self.folder / "uploads"),
        }

    def server(self, number):
        folder = self.folder / f"server-{number}"
        folder.mkdir()
        server = Server(folder, **self.environment("server"))
        self.stack.callback(server.close)
        return server.start()

    def start_nginx(self):
        self.port = free_port()
        servers = " ".join(f"server {server.host}:{server.port};" for server in self.servers)
        environment = self.services["nginx"]["environment"] | {
            "NGINX_LISTEN": f"127.0.0.1:{self.port}",
            "ERRAND_SERVERS": servers,
            "ERRAND_RESOLVER": "",
        }
        assert set(re.findall(r"\$\{(\w+)", TEMPLATE.read_text())) == set(environment)
        nginx = Nginx(self.folder / "nginx", environment)
        self.stack.callback(nginx.close)
        return nginx.start()

    host = "127.0.0.1"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def http(self):
        return httpx.Client(base_url=self.url, timeout=60)


@pytest.fixture
def topology(tmp_path, services):
    with ExitStack() as stack:
        yield Topology(tmp_path, services, stack)


def requests_of(server):
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    return sum(
        int(line.rpartition(" ")[2]) for line in lines if line.startswith("http_requests_total{")
    )


@pytest.mark.postgres
def test_the_topology_of_compose_serves(topology):
    with topology.http as http:
        account = {"username": "anna", "password": PASSWORD}
        token = http.post("/api/v1/auth/register", json=account).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        task = http.post(V1.tasks, json={"title": "Everywhere"}, headers=headers).json()
        for _ in range(10):
            assert http.get(CLASSIC.task(task["id"]), headers=headers).json() == task
        assert all(requests_of(server) > 1 for server in topology.servers)

        content = b"water\n" * 200_000
        file = http.post(
            V1.task(task["id"]) + "/files", files={"file": ("a.txt", content)}, headers=headers
        ).json()
        for server in topology.servers:
            there = Caller(server, token).get(f"/api/v1/files/{file['id']}")
            assert there.content == content

        job = http.post(
            "/api/v1/jobs", json={"operation": "reverse", "data": "abc"}, headers=headers
        ).json()
        done = http.get(f"/api/v1/jobs/{job['id']}?wait=30", headers=headers).json()
        assert done["result"] == "cba"

        health = http.get("/health/detailed").json()
        assert health["status"] == "healthy", health
        assert http.get("/metrics").status_code == 404

        # A listener of either server hears what was done through any.
        for listening in (Listener, EventStream):
            with listening(topology, token) as listener:
                made = http.post(V1.tasks, json={"title": "Heard"}, headers=headers).json()
                wait_until(lambda: made["title"] in str(listener.next()), "the news")  # noqa: B023

        # Nor does nginx keep the token that a browser signs in by.
        with Listener(topology, path=f"/ws?token={token}"):
            pass
        wait_until(lambda: '"GET /ws" 101' in topology.nginx.access_log, "the line of the listener")
        assert token not in topology.nginx.access_log

        # One of two is gone: nginx finds the other, and what was done is there.
        topology.servers[0].kill()
        for _ in range(10):
            assert http.get(V1.task(task["id"]), headers=headers).status_code == 200
        answer = http.post(V1.tasks, json={"title": "Still"}, headers=headers)
        assert answer.status_code == 201
        topology.servers[0].start()

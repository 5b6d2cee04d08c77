"""nginx with the configuration of deploy/, in the foreground and in a temporary folder."""

import subprocess
from pathlib import Path

from support.server import PATIENCE, ROOT, wait_until

TEMPLATE = ROOT / "deploy" / "nginx.conf.template"

# What the image of compose.yaml has around the template.
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/errand.conf;
}}
"""


class Nginx:
    """`environment` has the variables of the service `nginx` of compose.yaml."""

    def __init__(self, folder, environment):
        self.folder = Path(folder)
        self.environment = environment
        self.process = None

    def start(self):
        text = TEMPLATE.read_text()
        for name, value in self.environment.items():
            text = text.replace("${" + name + "}", value)
        (self.folder / "errand.conf").write_text(text)
        main = self.folder / "nginx.conf"
        main.write_text(MAIN.format(folder=self.folder))
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", self.folder, "-c", main, "-e", self.folder / "nginx.log"],
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "access.log").open("wb"),
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._is_ready, "nginx to listen")
        return self

    def _is_ready(self):
        assert self.process.poll() is None, self.log
        return (self.folder / "nginx.pid").exists()

    @property
    def log(self):
        path = self.folder / "nginx.log"
        return path.read_text() if path.exists() else ""

    @property
    def access_log(self):
        return (self.folder / "access.log").read_text()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)

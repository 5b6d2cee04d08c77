"""A worker of its own: `errand worker` in the folder, and with the options, of a server.

worker = Worker(server, "--exec", f"shout={program}").start()
worker.kill()             kill -9
worker.close()            SIGTERM; the exit code must be 0
"""

import subprocess

from support.server import BINARY, PATIENCE, SANITIZER_REPORT, wait_until


class Worker:
    def __init__(self, server, *arguments, **options):
        self.server = server
        self.arguments = [str(argument) for argument in arguments]
        self.options = {"WORKERS": "2", "LOG_FILE": "", **options}
        self.process = None
        self._output = None

    def start(self):
        number = len(list(self.server.folder.glob("worker.*.log")))
        self._output = self.server.folder / f"worker.{number}.log"
        with self._output.open("ab") as out:
            self.process = subprocess.Popen(
                [BINARY, "worker", *self.arguments],
                cwd=self.server.folder,
                env=self.server.environment | self.options,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        wait_until(self._is_working, "the worker to work")
        return self

    def _is_working(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the worker ended at once:\n{self.output}")
        return "working with" in self.output

    @property
    def output(self):
        return self._output.read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def terminate(self):
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def close(self):
        if self.process is None or self.process.poll() is not None:
            return
        code = self.terminate()
        assert code == 0, f"exit code {code}\n{self.output}"
        assert not SANITIZER_REPORT.search(self.output), self.output

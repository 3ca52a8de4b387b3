"""A running `wedlm serve` for tests: starts the program on a free port, waits until it is ready, ends it, and looks at
what it holds (memory, file descriptors, pages)."""

import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time

BINARY = os.environ.get("WEDLM_BINARY") or os.path.join(os.path.dirname(__file__), "../../build/release/wedlm")


def is_built_with_sanitizers():
    """AddressSanitizer keeps what was freed for a while, so that memory says less."""
    with open(BINARY, "rb") as program:
        return b"__asan_init" in program.read()


class Served:
    """Use as a context manager. `flags` are further words of the command line. The log goes to a file of its own, or to
    `log_path`."""

    def __init__(self, *flags, host=None, environment=None, log_path=None):
        self.log = tempfile.NamedTemporaryFile(mode="r", suffix=".log")
        self.log_path = log_path or self.log.name
        command = [BINARY, "serve", *(["--host", host] if host else ["--port", "0"]), *flags]
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(command, stderr=log, env={**os.environ, **(environment or {})})
        address = self.wait_for(r"Listening at (\S+)")
        match = re.match(r"(https?)://([^/]+):(\d+)/", address)
        self.address = address.rstrip("/")
        self.port = int(match.group(3)) if match else None
        self.wait_for(r"(Serving) .* at ")

    def wait_for(self, pattern, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log_text())
            if found:
                return found.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"no {pattern!r} in what the server said:\n{self.log_text()}")

    def log_text(self):
        with open(self.log_path) as log:
            return log.read()

    def request(self, method, path, body=None, headers=None):
        """The status, the headers and the body of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, response.headers, data

    def chat(self, text, **members):
        """The parsed answer to one user's message."""
        body = {"messages": [{"role": "user", "content": text}], **members}
        status, _, data = self.request("POST", "/v1/chat/completions", body)
        assert status == 200, data
        return json.loads(data)

    def metric(self, name):
        """The value of a metric, all its labels added up; None where there is none."""
        _, _, data = self.request("GET", "/metrics")
        found = [line for line in data.decode().splitlines() if re.match(re.escape(name) + r"[ {]", line)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found) if found else None

    def num_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def descriptors_text(self):
        """What they lead to, and the states of the connections, for a message."""
        folder = f"/proc/{self.process.pid}/fd"
        links = []
        for name in os.listdir(folder):
            try:
                links.append(os.readlink(f"{folder}/{name}"))
            except OSError:
                pass
        with open("/proc/net/tcp") as connections:
            lines = [line for line in connections if f":{self.port:04X} " in line]
        return "\n".join([*links, *lines])

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self, sign=signal.SIGTERM, seconds=60):
        """The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

"""nginx with the shipped configuration before servers of the tests, and clients that keep it busy."""

import http.client
import json
import os
import threading

import deployed

BODY = {"messages": [{"role": "user", "content": "Count from 1 to 20."}], "max_tokens": 60}


class Nginx(deployed.Daemon):
    """Before the servers at `ports`."""

    def __init__(self, *ports):
        port = deployed.free_port()
        text = deployed.replaced(deployed.text_of("nginx/wedlm.conf"), "listen 80;", f"listen 127.0.0.1:{port};")
        for shipped, one in zip((8081, 8082), ports, strict=True):
            text = deployed.replaced(text, f"127.0.0.1:{shipped} ", f"127.0.0.1:{one} ")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        around = "\n".join([
            "daemon off; worker_processes 2; pid nginx.pid; error_log stderr warn;",
            "user root;" if os.geteuid() == 0 else "",
            "events { worker_connections 512; }",
            "http { access_log off;",
            *(f"{kind}_temp_path {kind};" for kind in kinds),
            "include wedlm.conf; }"])
        super().__init__({"nginx.conf": around, "wedlm.conf": text},
                         lambda folder: ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], port)

    def send(self, method, path, body=None, headers=None):
        """The answer of http.client, whose body is not yet read, and its connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, None if body is None else json.dumps(body),
                           {"Content-Type": "application/json", **(headers or {})})
        return connection.getresponse(), connection

    def request(self, *what, **more):
        """The status, the headers and the body."""
        response, connection = self.send(*what, **more)
        data = response.read()
        connection.close()
        return response.status, response.headers, data


class Clients:
    """Threads that ask without a pause, every second one for streams. As a context manager: they stop at its end."""

    def __init__(self, nginx, count=12):
        self.nginx = nginx
        self.num_done = 0
        self.lost = []    # that had not begun, as text
        self.broken = []  # streams that broke off after they had begun
        self.mutex = threading.Lock()
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(i % 2 == 1,)) for i in range(count)]

    def ask(self, stream):
        while not self.is_over.is_set():
            begun = False
            connection = None
            try:
                response, connection = self.nginx.send("POST", "/v1/chat/completions", {**BODY, "stream": stream})
                begun = stream and response.status == 200
                data = response.read()
                is_whole = data.endswith(b"data: [DONE]\n\n") if stream else b'"finish_reason":' in data
                error = None if response.status == 200 and is_whole else f"{response.status}: {data[-200:]!r}"
            except (OSError, http.client.HTTPException) as failure:
                error = repr(failure)
            finally:
                if connection is not None:
                    connection.close()
            with self.mutex:
                self.num_done += error is None
                if error is not None:
                    (self.broken if begun else self.lost).append(error)

    def wait_for(self, more):
        """Until so many further answers have come."""
        target = self.num_done + more
        deployed.eventually(lambda: self.num_done >= target or self.lost, f"{more} answers")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

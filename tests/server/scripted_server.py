"""The page of a running server with other answers: chats are answered by a script of the test, so that they may be slow,
hold anything, or fail."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TIMINGS = {"queue_seconds": 0, "prompt_seconds": 0.1, "decode_seconds": 0.5, "tokens_per_second": 20,
           "prompt_tokens_per_second": 100, "decode_tokens_per_second": 24, "prompt_tokens": 10,
           "cached_prompt_tokens": 0, "completion_tokens": 12, "forwards": 4, "decode_forwards": 4,
           "tokens_per_forward": 3, "rows": 40, "seed": 7}


def step(content="", reasoning=None, window=(), rejected=(), ids=(1,)):
    """What a step of a stream brings."""
    delta = {"content": content, **({"reasoning": reasoning} if reasoning else {})}
    return {"delta": delta, "token_ids": list(ids), "rejected": list(rejected),
            "window": [{"text": text, "filled": text is not None} for text in window]}


def answer(*steps):
    """Events of a whole answer."""
    chunks = [{"choices": [{"index": 0, "finish_reason": None, **one}]} for one in steps]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "window": [], "rejected": []}],
           "timings": TIMINGS}
    return [*chunks, end]


class ScriptedServer:
    """Use as a context manager. `script(body)` gives a status and the events, each an object, seconds to wait, or None to
    break the connection off; with another status than 200 the message of an error."""

    def __init__(self, served):
        self.served = served
        self.script = lambda body: (200, answer(step("Yes.")))
        self.model_name = "scripted"
        self.bodies = []  # of the chats that were asked for
        self.num_gone = 0  # clients that left before the end
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                owner.give_page(self)

            def do_POST(self):
                owner.give_answer(self)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def give_page(self, to):
        headers = {"If-None-Match": to.headers["If-None-Match"]} if "If-None-Match" in to.headers else {}
        status, got, data = self.served.request("GET", to.path, headers=headers)
        if to.path == "/v1/models":
            models = json.loads(data)
            models["data"][0]["id"] = self.model_name
            data = json.dumps(models).encode()
        to.send_response(status)
        for name in ("Content-Type", "ETag", "Cache-Control", "Content-Security-Policy", "X-Content-Type-Options"):
            if name in got:
                to.send_header(name, got[name])
        if status != 304:
            to.send_header("Content-Length", str(len(data)))
        to.end_headers()
        to.wfile.write(data)

    def give_answer(self, to):
        body = json.loads(to.rfile.read(int(to.headers["Content-Length"])))
        self.bodies.append(body)
        status, events = self.script(body)
        to.close_connection = True
        to.send_response(status)
        to.send_header("Content-Type", "text/event-stream" if status == 200 else "application/json")
        to.end_headers()
        try:
            if status != 200:
                to.wfile.write(json.dumps({"error": {"message": events}}).encode())
                return
            for event in events:
                if event is None:
                    return
                if isinstance(event, (int, float)):
                    time.sleep(event)
                else:
                    to.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
                    to.wfile.flush()
            to.wfile.write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            self.num_gone += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

"""A server that stands in for OpenAI's interface and answers as a test wants it to: well, badly, slowly, or not at all.
It keeps what it was asked."""

import http.server
import json
import socketserver
import ssl
import threading
import time


def text_event(text):
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]})


USAGE_EVENT = json.dumps({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5,
                                                   "prompt_tokens_details": {"cached_tokens": 2}}})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_whole(200, {"data": [{"id": "stand-in"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            index = len(self.server.bodies)
            self.server.bodies.append(body)
            self.server.paths.append(self.path)
            self.server.num_running += 1
            self.server.max_running = max(self.server.max_running, self.server.num_running)
        try:
            self.server.answer(self, index)
        except OSError:
            self.close_connection = True  # the client left
        finally:
            with self.server.lock:
                self.server.num_running -= 1

    def send_whole(self, status, members, **headers):
        data = members if isinstance(members, bytes) else json.dumps(members).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send_bytes(self, data):
        """As one chunk."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def send_events(self, *events):
        for event in events:
            self.send_bytes(f"data: {event}\n\n".encode())

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    def break_off(self):
        self.close_connection = True


def answer_well(handler, _index):
    handler.begin_stream()
    handler.send_events(text_event("one "), text_event("two "), text_event("three"), USAGE_EVENT, "[DONE]")
    handler.end_stream()


class StandIn(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Use as a context manager. `answer(handler, index)` answers the request that is the index-th to come."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, answer=answer_well, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.lock = threading.Lock()
        self.bodies = []
        self.paths = []
        self.num_running = 0
        self.max_running = 0
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.address = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        pass  # clients that leave are what it is for

    def wait_for_requests(self, count, seconds=20):
        deadline = time.monotonic() + seconds
        while len(self.bodies) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.bodies) >= count, self.bodies

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

"""deploy/nginx before two servers: requests are spread over them, a server that is stopped or killed under load costs
none that had not begun, streams arrive event by event, and a client that leaves is noticed behind it."""

import http.client
import http.server
import json
import signal
import socketserver
import threading
import unittest

import deployed
from replicas import BODY, Clients, Nginx
from served import Served


def num_chats(replica):
    return replica.log_text().count("/chat/completions")


class Upstream(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A server that sees what nginx does with a stream: /handshake goes on only after its client has `seen` the event
    before, /flood sends until nobody takes it any more."""

    daemon_threads = True
    flood_bytes = 64 << 20

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.seen = threading.Semaphore(0)
        self.is_held_back = False
        self.flood_is_over = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def chunk(self, data):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            {"/handshake": self.handshake, "/flood": self.flood}[self.path]()

        def handshake(self):
            for number in range(5):
                self.chunk(b"data: %d\n\n" % number)
                if not self.server.seen.acquire(timeout=5):
                    break
            self.chunk(b"")

        def flood(self):
            self.connection.settimeout(1)
            try:
                for _ in range(self.server.flood_bytes >> 16):
                    self.chunk(b"x" * (1 << 16))
            except TimeoutError:
                self.server.is_held_back = True
            self.close_connection = True
            self.server.flood_is_over.set()

        def log_message(self, *_):
            pass


class NginxTest(unittest.TestCase):
    def test_a_server_is_stopped_under_load(self):
        with Served() as first, Served() as second, Nginx(first.port, second.port) as nginx, Clients(nginx) as clients:
            clients.wait_for(60)
            self.assertGreater(min(num_chats(first), num_chats(second)), 10)  # spread over both
            deployed.eventually(lambda: first.metric("vllm:num_requests_running"), "an answer at work")
            self.assertEqual(first.end(), 0)
            before = num_chats(second)
            clients.wait_for(60)
            self.assertGreaterEqual(num_chats(second) - before, 40)
            # It comes back, and is used again once fail_timeout is over.
            with Served("--port", str(first.port)) as back:
                deployed.eventually(lambda: num_chats(back) > 3, "the replica is used again")
                self.assertEqual(back.end(), 0)
        self.assertEqual((clients.lost, clients.broken), ([], []))

    def test_a_server_is_killed_under_load(self):
        with Served() as first, Served() as second, Nginx(first.port, second.port) as nginx:
            with Clients(nginx) as clients:
                clients.wait_for(40)
                self.assertEqual(clients.broken, [])
                deployed.eventually(lambda: first.metric("vllm:num_requests_running"), "an answer at work")
                self.assertEqual(first.end(signal.SIGKILL), -signal.SIGKILL)
                clients.wait_for(40)
            self.assertEqual(clients.lost, [])
            # Nobody is left: an error of the API, not nginx' page.
            second.end(signal.SIGKILL)
            status, headers, body = nginx.request("POST", "/v1/chat/completions", body=BODY)
            self.assertEqual((status, headers["Retry-After"]), (503, "2"))
            self.assertEqual(json.loads(body)["error"]["code"], "unavailable")

    def test_streams_are_not_buffered(self):
        with Upstream() as server, Nginx(server.server_port, deployed.free_port()) as nginx:
            response, connection = nginx.send("GET", "/handshake")
            for number in range(5):
                self.assertEqual(response.readline(), b"data: %d\n" % number)
                response.readline()
                server.seen.release()
            self.assertEqual(response.read(), b"")
            connection.close()
            # A client that does not read holds its server back, which leaves it then, and fills no files of nginx.
            response, connection = nginx.send("GET", "/flood")
            self.assertTrue(server.flood_is_over.wait(30))
            self.assertTrue(server.is_held_back)
            response.close()
            connection.close()
            server.shutdown()

    def test_what_passes(self):
        with Served() as replica, Nginx(replica.port, deployed.free_port()) as nginx:
            self.assertEqual(nginx.request("GET", "/ready")[0], 200)
            self.assertEqual(nginx.request("GET", "/metrics")[0], 404)
            self.assertEqual(nginx.request("GET", "/v1/metrics")[0], 404)
            self.assertEqual(nginx.request("GET", "/health", headers={"X-Request-Id": "mine"})[1]["X-Request-Id"], "mine")
            self.assertEqual(len(nginx.request("GET", "/health")[1]["X-Request-Id"]), 32)  # nginx made it
            # A body that the server refuses is refused in the server's words.
            long = {"messages": [{"role": "user", "content": "x" * (9 << 20)}]}
            status, _, body = nginx.request("POST", "/v1/chat/completions", body=long)
            self.assertEqual(status, 413)
            self.assertIn("--max-body", json.loads(body)["error"]["message"])

    def test_a_client_that_leaves_ends_its_request(self):
        with Served("--max-model-len", "2048") as replica, Nginx(replica.port, deployed.free_port()) as nginx:
            endless = {**BODY, "mode": "autoregressive", "n": 8, "ignore_eos": True, "max_tokens": 1900}
            for count, stream in enumerate((False, True), start=1):
                connection = http.client.HTTPConnection("127.0.0.1", nginx.port)
                connection.request("POST", "/v1/chat/completions", json.dumps({**endless, "stream": stream}),
                                   {"Content-Type": "application/json"})
                deployed.eventually(lambda: replica.metric("vllm:num_requests_running"), "it is at work")
                connection.close()
                deployed.eventually(lambda: replica.metric("vllm:num_requests_running") == 0, "nothing is at work")
                self.assertEqual(replica.metric("wedlm:aborted_requests_total"), count)


if __name__ == "__main__":
    deployed.main(nginx="nginx-light")

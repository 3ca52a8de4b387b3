"""What a server meets in the open: broken, slow, greedy and vanishing clients. Each gets the right status or a closed
connection, others are served meanwhile, and afterwards nothing is held."""

import contextlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

from served import BINARY, Served, is_built_with_sanitizers

QUICK = os.environ.get("WEDLM_ABUSE", "quick") != "full"
CHAT = "/v1/chat/completions"


def body_of(**members):
    return json.dumps({"messages": [{"role": "user", "content": "Count from 1 to 20."}], **members}).encode()


def post(body, *headers, path=CHAT):
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_all(connection, seconds=10):
    connection.settimeout(seconds)
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except (TimeoutError, ConnectionResetError):
        pass
    return data


def leave_rudely(connection):
    """Closes with a reset, as a process that was killed may."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class AbuseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served("--max-body", "1M", "--max-connections", "1500", "--max-model-len", "512")
        cls.served.chat("Count from 1 to 20.")

    @classmethod
    def tearDownClass(cls):
        cls.served.__exit__()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.served.port), timeout=10)

    def send(self, data, seconds=10):
        """What comes back until the server closes, or says nothing for so long."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_all(connection, seconds)

    def expect_status(self, data, status):
        answer = self.send(data, 3)
        self.assertTrue(answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200])
        return answer

    def expect_calm(self, descriptors):
        """Others are served, and nothing is held."""
        self.assertEqual(self.served.chat("Count from 1 to 20.")["choices"][0]["finish_reason"], "stop")
        held = None
        deadline = time.monotonic() + 20
        while held != (0, 0, 0) and time.monotonic() < deadline:
            time.sleep(0.05)  # the last connection of ours is noticed to be closed
            held = (max(0, self.served.num_descriptors() - descriptors),
                    self.served.metric("vllm:num_requests_running"), self.served.metric("wedlm:kv_pages_used"))
        self.assertEqual(held, (0, 0, 0), self.served.descriptors_text())

    def test_heads_that_are_too_large(self):
        self.expect_status(b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 17000 + b"\r\n\r\n", 431)
        many = "".join(f"X-{i}: 1\r\n" for i in range(101)).encode()
        self.expect_status(b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n", 431)
        self.expect_status(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431)

    def test_bodies_that_are_too_large(self):
        self.expect_status(post(b"", "Content-Length: 2000000"), 413)
        chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
        self.expect_status(post(b"", "Transfer-Encoding: chunked") + chunk * 17 + b"0\r\n\r\n", 413)

    def test_chunked_bodies_are_taken(self):
        body = body_of(max_tokens=4)
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:9], body[9:]))
        self.expect_status(post(b"", "Transfer-Encoding: chunked", "Connection: close") + chunks + b"0\r\n\r\n", 200)

    def test_a_body_is_asked_for(self):
        with self.connect() as connection:
            body = body_of(max_tokens=4)
            connection.sendall(post(b"", f"Content-Length: {len(body)}", "Expect: 100-continue", "Connection: close"))
            self.assertIn(b"100 Continue", connection.recv(100))
            connection.sendall(body)
            self.assertIn(b"200 OK", read_all(connection))

    def test_lengths_that_lie(self):
        body = body_of()
        self.expect_status(post(body, "Content-Length: -1"), 400)
        self.expect_status(post(body, "Content-Length: 99999999999999999999999"), 400)
        self.expect_status(post(body, "Content-Length: 5", "Transfer-Encoding: chunked"), 400)
        self.expect_status(post(b"zz\r\nabc\r\n", "Transfer-Encoding: chunked"), 400)
        # Too short: the rest is no request, and the connection ends.
        answer = self.send(post(body, f"Content-Length: {len(body) - 5}"))
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:200])
        # Too long: the server waits for the rest until the client gives up.
        with self.connect() as connection:
            connection.sendall(post(body, f"Content-Length: {len(body) + 5}"))
            connection.shutdown(socket.SHUT_WR)
            self.assertNotIn(b"200 OK", read_all(connection, 3))

    def test_what_is_no_http(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00", b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 500):
            answer = self.send(data + b"\r\n\r\n", 3)
            self.assertTrue(answer == b"" or b"HTTP/1.1 4" in answer, answer[:200])

    def test_hosts_of_others(self):
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080"):
            self.expect_status(f"GET /v1/models HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(), 403)
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1:8080", "127.9.9.9", "[::1]:80"):
            self.expect_status(f"GET /v1/models HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(), 200)

    def test_pipelining(self):
        get = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        last = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        answer = self.send(get * 50 + post(body_of(max_tokens=4)) + last)
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 52)
        self.assertIn(b"chat.completion", answer)

    def test_slow_clients_disturb_nobody(self):
        descriptors = self.served.num_descriptors()
        slow = [self.connect() for _ in range(50)]
        for i, connection in enumerate(slow):
            connection.sendall(post(body_of())[: 20 + 3 * i])
        start = time.monotonic()
        for _ in range(5):
            self.served.chat("Count from 1 to 20.")
        self.assertLess(time.monotonic() - start, 5)
        for connection in slow:
            connection.close()
        self.expect_calm(descriptors)

    def test_a_slow_header_ends(self):
        with self.connect() as connection:
            start = time.monotonic()
            connection.settimeout(1)
            connection.sendall(b"GET /health HTTP/1.1\r\n")
            closed = False
            while time.monotonic() - start < 25 and not closed:
                try:
                    connection.sendall(b"X: 1\r\n")
                    closed = connection.recv(100) == b""
                except TimeoutError:
                    pass
                except OSError:
                    closed = True
            self.assertTrue(closed)

    def test_half_open_connections(self):
        descriptors = self.served.num_descriptors()
        half_open = [self.connect() for _ in range(1000)]
        self.assertEqual(self.served.chat("What is 2 + 2?")["object"], "chat.completion")
        for connection in half_open:
            leave_rudely(connection)
        self.expect_calm(descriptors)

    def test_too_many_connections(self):
        descriptors = self.served.num_descriptors()
        many = [self.connect() for _ in range(1500)]
        deadline = time.monotonic() + 10
        while self.served.num_descriptors() < 1500 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertIn(b"503", self.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 3))
        for connection in many:
            connection.close()
        self.expect_calm(descriptors)

    def test_a_reader_that_does_not_read(self):
        descriptors = self.served.num_descriptors()
        with self.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(post(body_of(stream=True, ignore_eos=True, max_tokens=400, logprobs=True, top_logprobs=20)))
            memory = self.served.resident_bytes()
            for _ in range(3):
                self.served.chat("Count from 1 to 20.")
            self.assertLess(self.served.resident_bytes() - memory, (200 if is_built_with_sanitizers() else 20) << 20)
        self.expect_calm(descriptors)

    def test_random_disconnects(self):
        descriptors = self.served.num_descriptors()
        count = 1000 if QUICK else 10000
        seed = random.randrange(1 << 30)

        def disconnect(worker):
            rng = random.Random(seed + worker)
            for _ in range(count // 8):
                members = {"stream": rng.random() < 0.7, "max_tokens": rng.choice([1, 50, 400]), "ignore_eos": True,
                           "n": rng.choice([1, 1, 3])}
                data = post(body_of(**members))
                with self.connect() as connection:
                    cut = rng.random()
                    if cut < 0.3:
                        data = data[: rng.randrange(len(data))]
                    try:
                        connection.sendall(data)
                        if cut > 0.6:
                            connection.settimeout(0.05)
                            connection.recv(rng.choice([1, 100, 5000]))
                    except OSError:
                        pass
                    if rng.random() < 0.5:
                        leave_rudely(connection)

        threads = [threading.Thread(target=disconnect, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self.subTest(seed=seed):
            self.expect_calm(descriptors)

    def test_a_client_that_leaves_is_noticed(self):
        """Its pages are given back within a step, though nothing is written to it."""
        with self.connect() as connection:
            connection.sendall(post(body_of(ignore_eos=True, mode="autoregressive", max_tokens=450)))
            deadline = time.monotonic() + 5
            while self.served.metric("vllm:num_requests_running") != 1 and time.monotonic() < deadline:
                time.sleep(0.002)
        start = time.monotonic()
        while self.served.metric("vllm:num_requests_running") != 0:
            self.assertLess(time.monotonic() - start, 1)


class EndTest(unittest.TestCase):
    def test_a_signal_lets_running_requests_finish(self):
        with Served() as served:
            answers = []
            body = {"messages": [{"role": "user", "content": "Count from 1 to 20."}], "ignore_eos": True,
                    "mode": "autoregressive", "max_tokens": 1500}
            thread = threading.Thread(target=lambda: answers.append(served.request("POST", CHAT, body)))
            thread.start()
            time.sleep(0.2)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            self.assertEqual(served.request("GET", "/health")[0], 200)
            self.assertEqual(served.request("GET", "/ready")[0], 503)
            status, headers, _ = served.request("POST", CHAT, body)
            self.assertEqual(status, 503)
            self.assertIn("Retry-After", headers)
            thread.join()
            self.assertEqual(answers[0][0], 200)
            self.assertEqual(json.loads(answers[0][2])["usage"]["completion_tokens"], 1500)
            self.assertEqual(served.process.wait(10), 0)

    def test_a_slow_reader_gets_the_whole_answer(self):
        """It is computed and logged long before the client has read it."""
        with Served() as served, socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", served.port))
            connection.sendall(post(body_of(ignore_eos=True, max_tokens=400, n=8, logprobs=True, top_logprobs=20)))
            served.wait_for(r"(POST /v1/chat/completions 200)")
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            head, _, body = read_all(connection).partition(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self.assertGreater(length, 4 << 20)  # more than the kernel holds for it
            self.assertEqual(len(body), length)
            self.assertEqual(served.process.wait(10), 0)

    def test_what_is_not_done_in_time_is_ended(self):
        with Served("--drain-seconds", "0.2") as served:
            body = {"messages": [{"role": "user", "content": "Hello"}], "ignore_eos": True, "mode": "autoregressive",
                    "max_tokens": 2000, "n": 64}
            thread = threading.Thread(target=lambda: self.assertRaises(Exception, served.request, "POST", CHAT, body))
            thread.start()
            time.sleep(0.3)
            start = time.monotonic()
            self.assertEqual(served.end(), 0)
            self.assertLess(time.monotonic() - start, 5)
            thread.join()

    def test_a_second_signal_ends_at_once(self):
        with Served() as served:
            body = {"messages": [{"role": "user", "content": "Hello"}], "ignore_eos": True, "mode": "autoregressive",
                    "max_tokens": 2000, "n": 64}
            thread = threading.Thread(target=lambda: self.assertRaises(Exception, served.request, "POST", CHAT, body))
            thread.start()
            time.sleep(0.3)
            served.process.send_signal(signal.SIGINT)
            time.sleep(0.1)
            self.assertEqual(served.end(signal.SIGINT), 130)
            thread.join()

    def test_a_full_disk_for_the_log_loses_no_answer(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        with open("/dev/full", "w") as full:
            process = subprocess.Popen([BINARY, "serve", "--port", str(port)], stderr=full)

        def answer_to(data):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(data)
                return read_all(connection)

        try:
            answer = b""
            deadline = time.monotonic() + 30
            while not answer.startswith(b"HTTP/1.1 200 ") and time.monotonic() < deadline:
                time.sleep(0.02)
                with contextlib.suppress(OSError):  # it does not listen yet
                    answer = answer_to(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertIn(b"20.", answer_to(post(body_of(), "Connection: close")))
        finally:
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(10), 0)


class PlacesTest(unittest.TestCase):
    def test_a_socket_in_the_file_system(self):
        path = f"/tmp/wedlm_test_{os.getpid()}.sock"
        with Served(host=f"unix:{path}") as served:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                connection.sendall(post(body_of(max_tokens=5), "Connection: close"))
                self.assertIn(b"200 OK", read_all(connection))
            self.assertEqual(served.end(), 0)
            self.assertFalse(os.path.exists(path))

    def test_a_port_that_is_taken(self):
        with Served() as served:
            second = subprocess.run([served.process.args[0], "serve", "--port", str(served.port)], capture_output=True)
            self.assertEqual(second.returncode, 3)
            self.assertIn(b"Address already in use", second.stderr)

    def test_keys(self):
        with Served("--api-key", "s3cret", "--api-key", "other") as served:
            self.assertEqual(served.request("GET", "/health")[0], 200)
            self.assertEqual(served.request("GET", "/ready")[0], 200)
            for path in ("/", "/v1/models", "/version", "/metrics", "/nothing"):
                status, headers, _ = served.request("GET", path)
                self.assertEqual(status, 401, path)
                self.assertIn("Basic", headers["WWW-Authenticate"])
            good = [{"Authorization": "Bearer s3cret"}, {"authorization": "bearer other"}, {"X-Api-Key": "s3cret"},
                    {"Authorization": "Basic eDpzM2NyZXQ="}]
            bad = [{"Authorization": "Bearer s3cre"}, {"Authorization": "Bearer "}, {"X-Api-Key": ""},
                   {"Authorization": "Basic eDo="}, {"Authorization": "Basic !!!"}, {"Authorization": "s3cret"}]
            for headers in good:
                self.assertEqual(served.request("GET", "/v1/models", headers=headers)[0], 200, headers)
            for headers in bad:
                self.assertEqual(served.request("GET", "/v1/models", headers=headers)[0], 401, headers)

    def test_other_origins(self):
        with Served("--cors-origin", "https://good.example") as served:
            good = {"Origin": "https://good.example"}
            status, headers, _ = served.request("OPTIONS", CHAT, headers=good)
            self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (204, "https://good.example"))
            self.assertIn("POST", headers["Access-Control-Allow-Methods"])
            _, headers, _ = served.request("GET", "/v1/models", headers={"Origin": "https://evil.example"})
            self.assertNotIn("Access-Control-Allow-Origin", headers)

    def test_a_form_of_another_page_is_refused(self):
        with Served() as served:
            for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
                status, _, _ = served.request("POST", CHAT, body_of(), {"Content-Type": content_type})
                self.assertEqual(status, 415)

    def test_answers_that_take_too_long(self):
        with Served("--request-timeout", "0.3") as served:
            body = {"messages": [{"role": "user", "content": "Hello"}], "ignore_eos": True, "mode": "autoregressive",
                    "max_tokens": 2000, "n": 32}
            self.assertEqual(served.request("POST", CHAT, body)[0], 504)
            status, _, data = served.request("POST", CHAT, {**body, "stream": True})
            self.assertEqual(status, 200)
            self.assertIn(b"timeout", data)
            self.assertTrue(data.endswith(b"data: [DONE]\n\n"))

    def test_a_full_queue(self):
        with Served("--max-queue", "2", "--max-num-seqs", "1") as served:
            body = {"messages": [{"role": "user", "content": "Hello"}], "ignore_eos": True, "mode": "autoregressive",
                    "max_tokens": 500}
            statuses = []
            threads = [threading.Thread(target=lambda: statuses.append(served.request("POST", CHAT, body)))
                       for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            refused = [headers for status, headers, _ in statuses if status == 429]
            self.assertTrue(refused)
            self.assertTrue(all("Retry-After" in headers for headers in refused))
            self.assertEqual(len(refused) + sum(status == 200 for status, _, _ in statuses), 8)


if __name__ == "__main__":
    unittest.main()

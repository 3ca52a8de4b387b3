"""`wedlm load` as people run it: against a server of ours, whose answers it has to count as the server does, and against
one that answers badly, whose faults it has to tell apart."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from served import BINARY, Served
from stand_in import USAGE_EVENT, StandIn, answer_well, text_event

COUNT = "Count from 1 to 20."


def start_load(*words, environment=None):
    # A key of the person who runs the tests is no business of theirs.
    kept = {name: value for name, value in os.environ.items() if name not in ("OPENAI_API_KEY", "WEDLM_API_KEY")}
    return subprocess.Popen([BINARY, "load", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env={**kept, **(environment or {})})


def run_load(*words, environment=None):
    """Exit code, standard output, standard error."""
    process = start_load(*words, environment=environment)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def figures(*words, exit_code=0, **options):
    code, out, err = run_load(*words, "--json", **options)
    assert code == exit_code, (code, out, err)
    return json.loads(out)


def with_requests(*words, exit_code=0):
    """The figures, and the requests in the order in which they were sent."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "requests.jsonl")
        all_figures = figures(*words, "--save-requests", path, exit_code=exit_code)
        with open(path) as lines:
            return all_figures, sorted(map(json.loads, lines), key=lambda request: request["index"])


def user_text(body):
    return body["messages"][-1]["content"]


class OverServeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served("--max-queue", "4", "--max-num-seqs", "8", "--request-timeout", "30")
        cls.url = cls.served.address

    @classmethod
    def tearDownClass(cls):
        cls.served.__exit__()

    def test_counts_are_those_of_the_server(self):
        names = {"prompt_tokens": "vllm:prompt_tokens_total", "output_tokens": "vllm:generation_tokens_total"}
        before = {name: self.served.metric(metric) or 0 for name, metric in names.items()}
        run, requests = with_requests(self.url, "-c", "8", "--requests", "40", "-p", COUNT, "-p", "What is 17 + 25?",
                                      "-t", "0")
        self.assertEqual((run["succeeded"], run["failed"], run["cancelled"], run["unsent"]), (40, 0, 0, 0))
        self.assertEqual((run["model"], run["endpoint"], run["concurrency"]), ("nano", "chat", 8))
        self.assertEqual(run["tokens_from"], "usage")
        for name, metric in names.items():
            self.assertEqual(run[name], self.served.metric(metric) - before[name], name)
            self.assertEqual(run[name], sum(request[name] for request in requests), name)
        usage = [self.served.chat(text, temperature=0, max_tokens=128)["usage"] for text in (COUNT, "What is 17 + 25?")]
        self.assertEqual([request["index"] for request in requests], list(range(40)))
        for request in requests:
            self.assertEqual(request["output_tokens"], usage[request["index"] % 2]["completion_tokens"])
            self.assertEqual((request["ending"], request["finish_reason"]), ("success", "stop"))
            self.assertLessEqual(0, request["time_to_first_token"])
            self.assertLessEqual(request["time_to_first_token"], request["time_to_last_token"])
            self.assertLessEqual(request["time_to_last_token"], request["seconds"])
        self.assertAlmostEqual(run["output_tokens_per_second"] * run["seconds"], run["output_tokens"], 3)
        self.assertGreater(run["tokens_per_event"], 1)  # forwards of streaming mode bring several
        for name, member in (("time_to_first_token", "time_to_first_token"), ("end_to_end", "seconds")):
            values = sorted(request[member] for request in requests)
            self.assertAlmostEqual(run[name]["median"], (values[19] + values[20]) / 2, 6)
            self.assertAlmostEqual(run[name]["mean"], sum(values) / 40, 6)

    def test_whole_answers_and_texts(self):
        chat = figures(self.url, "-c", "2", "--requests", "4", "-p", COUNT, "--no-stream", "-t", "0")
        self.assertEqual((chat["succeeded"], chat["time_to_first_token"], chat["tokens_per_event"]), (4, None, 0))
        usage = self.served.chat(COUNT, temperature=0)["usage"]
        self.assertEqual(chat["output_tokens"], 4 * usage["completion_tokens"])
        text = figures(self.url + "/v1", "--completions", "-c", "2", "--requests", "4", "-p", "1, 2, 3,", "-n", "12",
                       "--ignore-eos")
        self.assertEqual((text["endpoint"], text["output_tokens"]), ("completions", 48))

    def test_made_prompts_share_what_they_shall(self):
        words = ["-c", "1", "--requests", "6", "--prompt-tokens", "100", "-n", "4"]
        self.assertEqual(figures(self.url, *words, "--seed", "1")["cached_prompt_tokens"], 0)
        self.assertGreater(figures(self.url, *words, "--seed", "2", "--shared-prefix", "50")["cached_prompt_tokens"], 0)

    def test_a_full_queue_is_told(self):
        run = figures(self.url, "-c", "32", "--requests", "64", "-p", COUNT, "-n", "100", "--ignore-eos")
        self.assertEqual(run["succeeded"] + run["failed"], 64)
        self.assertEqual([failure["kind"] for failure in run["failures"]], ["HTTP 429"])
        self.assertEqual(run["failures"][0]["count"], run["failed"])

    def test_a_table_for_people(self):
        code, out, err = run_load(self.url, "-c", "2", "--requests", "4", "-p", COUNT)
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^4 requests answered, 0 failed, in [\d.]+ s\n[\d.]+ requests/s, [\d.]+ output tokens/s")
        for name in ("time to first token", "time per token after it", "time between events", "whole request"):
            self.assertIn("\n" + name, out)
        self.assertIn(f"Asking nano at {self.url}/v1: 2 clients", err)

    def test_a_socket_in_the_file_system_and_a_key(self):
        with tempfile.TemporaryDirectory() as folder, \
                Served("--api-key", "s3cret", host=f"unix:{folder}/wedlm.sock") as served:
            words = [served.address, "-c", "2", "--requests", "4", "-p", COUNT]
            code, _, err = run_load(*words)
            self.assertEqual(code, 2)
            self.assertIn("another key (HTTP 401)", err)
            self.assertEqual(figures(*words, "--api-key", "s3cret")["succeeded"], 4)
            self.assertEqual(figures(*words, environment={"OPENAI_API_KEY": "s3cret"})["succeeded"], 4)
            denied = figures(*words, "--model", "nano", exit_code=3)
            self.assertEqual([failure["kind"] for failure in denied["failures"]], ["HTTP 401"])

    def test_ctrl_c_shows_what_was_measured(self):
        words = ["-c", "4", "--duration", "60", "-p", COUNT, "-n", "600", "--ignore-eos", "--json"]
        before = self.served.metric("vllm:request_success_total") or 0
        process = start_load(self.url, *words)
        deadline = time.monotonic() + 60
        # A client asks again when it has read an answer: of eight that were made it has four.
        while (self.served.metric("vllm:request_success_total") or 0) < before + 8 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130, err)
        run = json.loads(out)
        self.assertGreaterEqual(run["succeeded"], 4)
        self.assertEqual(run["failed"], 0)
        self.assertIn(run["cancelled"], range(1, 5))
        while self.served.metric("vllm:num_requests_running") and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.served.metric("vllm:num_requests_running"), 0)

    def test_a_server_that_dies_is_told(self):
        with Served() as served:
            process = start_load(served.address, "-c", "4", "--requests", "40", "-p", COUNT, "-n", "600",
                                 "--ignore-eos", "--json")
            deadline = time.monotonic() + 60
            while (served.metric("vllm:request_success_total") or 0) < 8 and time.monotonic() < deadline:
                time.sleep(0.02)
            served.process.kill()
            out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        run = json.loads(out)
        self.assertGreaterEqual(run["succeeded"], 4)
        self.assertEqual(run["succeeded"] + run["failed"], 40)
        kinds = {failure["kind"] for failure in run["failures"]}
        self.assertIn("connection", kinds)
        self.assertLessEqual(kinds, {"connection", "broken stream"})


class OverStandInTest(unittest.TestCase):
    def test_prompts_of_a_file_take_turns(self):
        prompts = [{"prompt": f"Question {i}"} for i in range(5)] + [
            {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Question 5"}]}]
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file, StandIn() as server:
            file.write("".join(json.dumps(prompt) + "\n" for prompt in prompts))
            file.flush()
            run = figures(server.address, "--file", file.name, "-c", "1")
            self.assertEqual(run["succeeded"], 6)
            self.assertEqual([user_text(body) for body in server.bodies], [f"Question {i}" for i in range(6)])
            self.assertEqual(server.bodies[5]["messages"], prompts[5]["messages"])
            server.bodies.clear()
            figures(server.address, "--file", file.name, "-c", "1", "--requests", "8", "--warmup", "0")
            self.assertEqual([user_text(body) for body in server.bodies[5:]], [f"Question {i}" for i in (5, 0, 1)])

    def test_what_a_request_says(self):
        with StandIn() as server:
            run = figures(server.address, "-c", "1", "--requests", "2", "-p", COUNT, "-s", "Be brief.", "-n", "9", "-t",
                          "0.5", "--seed", "3", "--ignore-eos", "--model", "m", "--warmup", "3", "--extra-body",
                          '{"mode": "exact", "max_tokens": 10}')
            self.assertEqual((run["succeeded"], len(server.bodies)), (2, 5))
            self.assertEqual(server.bodies[-1], {
                "model": "m", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": COUNT}],
                "max_tokens": 10, "temperature": 0.5, "seed": 4, "ignore_eos": True, "stream": True,
                "stream_options": {"include_usage": True}, "mode": "exact"})
            self.assertEqual(set(server.paths), {"/v1/chat/completions"})
            self.assertEqual((run["prompt_tokens"], run["cached_prompt_tokens"], run["output_tokens"]), (14, 4, 10))
            self.assertAlmostEqual(run["tokens_per_event"], 10 / 6)

    def test_made_prompts_have_their_length(self):
        with StandIn() as server:
            figures(server.address, "-c", "4", "--requests", "50", "--prompt-tokens", "30", "--shared-prefix", "20")
            texts = [user_text(body).split() for body in server.bodies]
            self.assertEqual({len(words) for words in texts}, {50})
            self.assertEqual(len({tuple(words[:20]) for words in texts}), 1)
            self.assertEqual(len({words[20] for words in texts}), 50)

    def arrivals(self, server, *words):
        """When the requests came in the run's own plan: what waited was sent later."""
        _, requests = with_requests(server.address, "--rate", "400", "--requests", "100", "-p", COUNT, *words)
        self.assertEqual(len(requests), 100)
        return [request["sent"] - request["wait"] for request in requests]

    def test_arrivals(self):
        with StandIn() as server:
            for index, time_of in enumerate(self.arrivals(server, "--arrivals", "even")):
                self.assertAlmostEqual(time_of, index / 400, 4)
            random = self.arrivals(server, "--seed", "1")
            for one, other in zip(random, self.arrivals(server, "--seed", "1")):
                self.assertAlmostEqual(one, other, 4)
            self.assertNotAlmostEqual(random[50], self.arrivals(server, "--seed", "2")[50], 4)
            gaps = [after - before for before, after in zip(random, random[1:])]
            # Exponentially distributed: 63 % lie under their mean, and their deviation is their mean.
            self.assertAlmostEqual(sum(gap < 1 / 400 for gap in gaps) / 99, 0.63, delta=0.15)

    def test_what_is_more_than_may_run_waits(self):
        def slowly(handler, index):
            time.sleep(0.05)
            answer_well(handler, index)

        with StandIn(slowly) as server:
            run = figures(server.address, "--rate", "1000", "--arrivals", "even", "--requests", "30", "-p", COUNT,
                          "--max-concurrency", "3")
            self.assertEqual((run["succeeded"], server.max_running), (30, 3))
            self.assertGreater(run["wait"]["p99"], 0)
            run = figures(server.address, "--rate", "1000", "--arrivals", "even", "--duration", "0.3", "-p", COUNT,
                          "--max-concurrency", "1")
            self.assertGreater(run["unsent"], 0)
            self.assertLessEqual(run["succeeded"], 6)

    def test_each_fault_has_its_name(self):
        def badly(handler, index):
            if index == 0:
                handler.send_whole(429, {"error": {"message": "come back later"}}, Retry_After="1")
            elif index == 1:
                handler.send_whole(500, b"<html>no JSON</html>")
            elif index == 2:
                handler.send_whole(200, {"choices": []})
            elif index == 3:
                handler.begin_stream()
                handler.send_events(text_event("one "))
                handler.break_off()
            elif index == 4:
                handler.begin_stream()
                handler.send_events(text_event("one "), json.dumps({"error": {"message": "out of pages"}}), "[DONE]")
                handler.end_stream()
            elif index == 5:
                handler.begin_stream()
                handler.send_events(text_event("one "), "{no JSON")
                handler.end_stream()
            elif index == 6:
                handler.begin_stream()
                handler.send_events(text_event("one "))
                handler.end_stream()  # as if all were well, but neither [DONE] nor a reason
            elif index == 7:
                handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
                handler.break_off()
            elif index == 8:
                handler.break_off()
            elif index == 9:
                handler.begin_stream()
                handler.send_events(text_event("one "))
                time.sleep(3)
            else:
                answer_well(handler, index)

        with StandIn(badly) as server:
            run, requests = with_requests(server.address, "-c", "1", "--requests", "12", "-p", COUNT, "--timeout", "1")
        self.assertEqual([request["ending"] for request in requests], [
            "HTTP 429", "HTTP 500", "broken stream", "broken stream", "broken stream", "broken stream", "broken stream",
            "connection", "connection", "timeout", "success", "success"])
        for index, message in ((0, "come back later"), (1, "<html>no JSON</html>"), (2, "application/json"),
                               (3, "after 1 events"), (4, "out of pages"), (5, "JSON"), (6, "without [DONE]")):
            self.assertIn(message, requests[index]["message"])
        self.assertEqual((run["succeeded"], run["failed"], run["output_tokens"]), (2, 10, 10))
        self.assertEqual({failure["kind"]: failure["count"] for failure in run["failures"]},
                         {"HTTP 429": 1, "HTTP 500": 1, "broken stream": 5, "connection": 2, "timeout": 1})

    def test_a_server_that_counts_no_tokens(self):
        def without_usage(handler, _index):
            handler.begin_stream()
            handler.send_events(text_event("one "), text_event("two"), "[DONE]")
            handler.end_stream()

        with StandIn(without_usage) as server:
            run = figures(server.address, "-c", "2", "--requests", "4", "-p", COUNT)
            self.assertEqual((run["tokens_from"], run["output_tokens"]), ("events", 8))
            self.assertIn("the server gave no usage", run_load(server.address, "--requests", "2", "-p", COUNT)[1])

    def test_events_in_any_pieces(self):
        def in_pieces(handler, _index):
            handler.begin_stream()
            stream = "\r\n\r\n".join([": hello"] + [f"data: {event}" for event in (
                text_event("na\u00efve "), text_event("\U0001f600"), USAGE_EVENT, "[DONE]")]) + "\r\n\r\n"
            for byte in stream.encode():
                handler.send_bytes(bytes([byte]))
            handler.end_stream()

        with StandIn(in_pieces) as server:
            _, requests = with_requests(server.address, "-c", "3", "--requests", "6", "-p", COUNT)
            self.assertEqual({(request["ending"], request["events"]) for request in requests}, {("success", 2)})

    def test_ctrl_c_does_not_wait_for_a_server_that_hangs(self):
        released = threading.Event()

        def hang(handler, index):
            if index > 2:
                released.wait(60)
            answer_well(handler, index)

        with StandIn(hang) as server:
            process = start_load(server.address, "-c", "8", "--requests", "20", "-p", COUNT, "--json")
            server.wait_for_requests(11)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=20)
            released.set()
        self.assertEqual(process.returncode, 130)
        run = json.loads(out)
        self.assertEqual((run["succeeded"], run["failed"], run["cancelled"]), (3, 0, 8))

    def test_nobody_there(self):
        with StandIn() as server:
            pass  # its port is free again
        code, out, err = run_load(server.address, "--requests", "3", "-p", COUNT)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("cannot connect to", err)
        self.assertEqual(run_load(server.address, "--requests", "3", "-p", COUNT, "--model", "m")[0], 3)

    def test_many_at_once(self):
        gate = threading.Barrier(200)

        def together(handler, index):
            gate.wait(60)  # answers come only when all are there
            answer_well(handler, index)

        with StandIn(together) as server:
            run = figures(server.address, "-c", "200", "--requests", "200", "-p", COUNT)
            self.assertEqual((run["succeeded"], server.max_running), (200, 200))

    @unittest.skipUnless(shutil.which("openssl"), "openssl makes the certificate")
    def test_certificates(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "both.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                            "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out",
                            path + ".certificate"], check=True, capture_output=True)
            with open(path, "a") as both, open(path + ".certificate") as certificate:
                both.write(certificate.read())
            with StandIn(certificate=path) as server:
                words = [server.address, "-c", "2", "--requests", "4", "-p", COUNT]
                code, _, err = run_load(*words)
                self.assertEqual(code, 3)
                self.assertIn("self-signed certificate", err)
                self.assertEqual(figures(*words, "--insecure")["succeeded"], 4)
                trusted = {"SSL_CERT_FILE": path + ".certificate"}
                self.assertEqual(figures(*words, environment=trusted)["succeeded"], 4)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Measures `wedlm serve` with `wedlm load`, in rounds in which what is compared takes turns; medians of the rounds as
Markdown, for docs/performance-details.md. Python's standard library is enough.

    tools/server_speed.py                        # streams against a batch, and the cost of an event
    tools/server_speed.py --peer build/bin/llama-server nano-bf16.gguf bf16
                                                 # and a llama.cpp server, on weights of `wedlm export --gguf`

--peer may be repeated. Load and server share the machine, as they do for a user who tries it.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
EXERCISES = os.path.join(ROOT, "tests/data/exercises/exercises.jsonl")
MODES = ("autoregressive", "exact", "streaming")
CLIENTS = ((1, 100), (8, 200), (32, 400))  # at once, and requests in all


class Server:
    """A process that answers at a port. Use as a context manager."""

    def __init__(self, name, port, *command):
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def __enter__(self):
        for _ in range(600):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(self.url + "/v1/models", timeout=5).status == 200:
                    return self
            if self.process.poll() is not None:
                self.log.seek(0)
                sys.exit(f"{self.name} has ended:\n{self.log.read().decode()}")
            time.sleep(0.1)
        sys.exit(f"{self.name} does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Bench:
    def __init__(self, arguments):
        self.wedlm = arguments.wedlm
        self.rounds = arguments.rounds
        self.threads = str(arguments.threads)
        self.folder = tempfile.TemporaryDirectory()
        with open(EXERCISES) as lines:
            self.prompts = [json.loads(line)["prompt"] for line in lines]

    def file_of(self, num_prompts):
        path = os.path.join(self.folder.name, f"{num_prompts}.jsonl")
        with open(path, "w") as file:
            file.write("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in self.prompts[:num_prompts]))
        return path

    def serve(self, port, *flags):
        return Server("wedlm serve", port, self.wedlm, "serve", "--port", str(port), "--threads", self.threads, *flags)

    def generate(self, *words):
        out = subprocess.run([self.wedlm, "generate", "--json", "--quiet", "--threads", self.threads, *words],
                             capture_output=True, check=True, text=True).stdout
        return [json.loads(line) for line in out.splitlines()]

    def benchmark(self, mode, *words):
        out = subprocess.run([self.wedlm, "benchmark", "--json", "--quiet", "--threads", self.threads, "--mode", mode,
                              *words], capture_output=True, check=True, text=True).stdout
        return json.loads(out)

    def load(self, server, *words):
        out = subprocess.run([self.wedlm, "load", server.url, "--json", "--quiet", *words], capture_output=True,
                             check=True, text=True).stdout
        figures = json.loads(out)
        if figures["failed"]:
            sys.exit(f"{server.name}: {figures['failures']}")
        return figures

    def medians(self, *measurements):
        """Of functions that take turns."""
        values = [[] for _ in measurements]
        for _ in range(self.rounds):
            for value, measure in zip(values, measurements):
                value.append(measure())
        return [statistics.median(value) for value in values]

    def batch_speed(self, *words):
        """Tokens a second, from the first request to the last answer, without loading."""
        answers = self.generate(*words)
        seconds = max(sum(answer["stats"][name] for name in ("queue_seconds", "prefill_seconds", "decode_seconds"))
                      for answer in answers)
        return sum(answer["stats"]["tokens"] for answer in answers) / seconds

    def streams_against_a_batch(self):
        print("| 32 streams | one batch, tokens/s | streams, tokens/s | share |\n|---|---|---|---|")
        file = self.file_of(32)
        for mode in MODES:
            sampling = ["-t", "0", "-n", "400", "--ignore-eos"]
            with self.serve(18501, "--mode", mode, "--no-prefix-cache") as server:
                batch, streams = self.medians(
                    lambda: self.batch_speed("--file", file, "--mode", mode, "--no-prefix-cache", *sampling),
                    lambda: self.load(server, "--file", file, "-c", "32", *sampling)["output_tokens_per_second"])
            print(f"| {mode} | {batch:.0f} | {streams:.0f} | {100 * streams / batch:.0f} % |", flush=True)

    def cost_of_an_event(self):
        """A client's time from sending to the end, over the engine's own for the same request in `wedlm benchmark`. Each
        forward that brings text is an event, but for those that the client gets together, because it or the server had
        to wait for a processor."""
        print("\n| one stream, a count to 60 | forwards | events | alone, ms | served, ms | more, ms a forward |\n"
              "|---|---|---|---|---|---|")
        # An answer that is text to its end: an end token, and what follows one, is no event.
        words = ["-p", "Count from 1 to 60.", "-t", "0", "-n", "400"]
        for mode in MODES[1:]:
            with self.serve(18501, "--no-prefix-cache") as server:
                alone = {name: [] for name in (mode, "autoregressive")}
                served = {name: [] for name in alone}
                for _ in range(self.rounds):
                    bench = self.benchmark(mode, *words)
                    for name in alone:
                        alone[name].append(1e3 * bench[name]["seconds"])
                        served[name].append(self.load(server, *words, "-c", "1", "--requests", "5", "--extra-body",
                                                      json.dumps({"mode": name})))
                for name in alone:
                    forwards = bench[name]["forwards"]
                    events = statistics.median(run["output_tokens"] / run["tokens_per_event"] / 5 for run in served[name])
                    one = statistics.median(alone[name])
                    other = 1e3 * statistics.median(run["end_to_end"]["median"] for run in served[name])
                    print(f"| {name} | {forwards} | {events:.0f} | {one:.1f} | {other:.1f} "
                          f"| {(other - one) / forwards:.3f} |", flush=True)

    def same_texts(self, server, num_prompts=100):
        """How many greedy answers are those of wedlm's own autoregressive decoding of the stored weights."""
        ours = self.generate("--file", self.file_of(num_prompts), "--mode", "autoregressive", "-t", "0", "-n", "128")
        same = 0
        for prompt, answer in zip(self.prompts, ours):
            body = {"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": 128}
            request = urllib.request.Request(server.url + "/v1/chat/completions", json.dumps(body).encode(),
                                             {"Content-Type": "application/json"})
            with urllib.request.urlopen(request) as response:
                same += json.load(response)["choices"][0]["message"]["content"] == answer["text"]
        return f"{same} of {num_prompts}"

    def llama_server(self, program, weights, name):
        # A context of 1024 tokens for each of 32 slots.
        return Server(name, 18502, program, "-m", weights, "-t", self.threads, "-tb", self.threads, "-np", "32", "-c",
                      str(32 * 1024), "--port", "18502", "--jinja")

    def beside_peers(self, peers):
        """Each server is alone while it is measured."""
        entries = {}
        for weights in ("stored", "int8"):
            for mode in MODES:
                entries[f"wedlm {weights}, {mode}"] = (
                    lambda weights=weights, mode=mode: self.serve(18501, "--weights", weights, "--mode", mode))
        for peer in peers:
            entries[f"llama.cpp {peer[2]}"] = lambda peer=peer: self.llama_server(*peer)
            with self.llama_server(*peer) as server:
                print(f"\nGreedy texts of llama.cpp {peer[2]} that are those of `wedlm generate --mode autoregressive`: "
                      f"{self.same_texts(server)}.")
        results = {}
        for _ in range(self.rounds):
            for name, start in entries.items():
                with start() as server:
                    for clients, requests in CLIENTS:
                        run = self.load(server, "--file", self.file_of(400), "-c", str(clients), "--requests",
                                        str(requests), "-n", "128", "-t", "0", "--warmup", str(2 * clients))
                        results.setdefault((clients, name), []).append(run)
                        print(f"{name}, {clients}: {run['output_tokens_per_second']:.0f} tokens/s", file=sys.stderr)
        for clients, _ in CLIENTS:
            self.print_table(clients, {name: results[clients, name] for name in entries})

    def print_table(self, clients, results):
        print(f"\n| {clients} client{'s' * (clients > 1)} | tokens/s | first token, ms | whole answer, ms | 99 %, ms |\n"
              "|---|---|---|---|---|")
        for name, runs in results.items():
            def median(get):
                return statistics.median(map(get, runs))
            print(f"| {name} | {median(lambda run: run['output_tokens_per_second']):.0f} "
                  f"| {1e3 * median(lambda run: run['time_to_first_token']['median']):.1f} "
                  f"| {1e3 * median(lambda run: run['end_to_end']['median']):.1f} "
                  f"| {1e3 * median(lambda run: run['end_to_end']['p99']):.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wedlm", default=os.path.join(ROOT, "build/release/wedlm"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", nargs=3, action="append", default=[], metavar=("PROGRAM", "GGUF", "NAME"),
                        help="a llama.cpp server and its weights")
    parser.add_argument("--only-peers", action="store_true")
    arguments = parser.parse_args()
    bench = Bench(arguments)
    if not arguments.only_peers:
        bench.streams_against_a_batch()
        bench.cost_of_an_event()
    if arguments.peer:
        bench.beside_peers(arguments.peer)


if __name__ == "__main__":
    main()

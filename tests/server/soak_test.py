"""A server under load for long: 512 streams at once, each of whose texts is known beforehand, while other clients leave,
are killed, and the disk of the log is full. Nothing may be lost, mixed up, or kept.

    python3 tests/server/soak_test.py                 # half a minute on a machine of its own, as ctest runs it
    python3 tests/server/soak_test.py --minutes 10    # prints figures once a minute
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from served import BINARY, Served
from stream_client import Refused, StreamClient

EXERCISES = os.path.join(os.path.dirname(__file__), "../data/exercises/exercises.jsonl")
NUM_STREAMS = 512
CACHE_BYTES = 96 << 20  # all of which is in use soon
WARM_UP_SECONDS = 6
WARM_UP_ANSWERS = 2 * NUM_STREAMS  # at least, however busy the machine is
SECONDS = 6
GROWTH = 0.01  # of the resident memory after a minute of warm-up
GROWTH_AT_ONCE = 0.04  # after seconds the heap still finds its size; a leak of 10 kB in an answer shows all the same
DISK_BYTES = 64 << 10
# What is asked, for 40 prompts each. Draws have a seed, so that all texts are known.
SETTINGS = (
    {"mode": "streaming", "temperature": 0, "max_tokens": 48},
    {"mode": "autoregressive", "temperature": 0.8, "seed": 11, "max_tokens": 48},
    {"mode": "exact", "temperature": 0.8, "seed": 12, "top_p": 0.9, "max_tokens": 64},
    {"mode": "gated", "temperature": 0.6, "seed": 13, "max_tokens": 48},
    {"mode": "autoregressive", "temperature": 0, "max_tokens": 64, "ignore_eos": True},
)
LAST_SETTINGS = {"mode": "autoregressive", "temperature": 0, "max_tokens": 600, "ignore_eos": True}
NUM_LAST = 16  # streams that are long enough to be ended in their middle


def flags_of(settings):
    names = {"max_tokens": "-n", "temperature": "-t", "ignore_eos": "--ignore-eos"}
    words = []
    for name, value in settings.items():
        words.append(names.get(name, "--" + name.replace("_", "-")))
        if value is not True:
            words.append(str(value))
    return words


def known_answers(settings, num_prompts):
    """A request's members, each with the text and the reason of its end that `wedlm generate` gives."""
    with open(EXERCISES) as lines:
        prompts = [json.loads(line)["prompt"] for line in lines][:num_prompts]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts))
        file.flush()
        out = subprocess.run([BINARY, "generate", "--file", file.name, "--json", "--quiet", *flags_of(settings)],
                             capture_output=True, check=True, text=True).stdout
    answers = [json.loads(line) for line in out.splitlines()]
    return [({**settings, "messages": [{"role": "user", "content": prompt}]}, (answer["text"], answer["finish_reason"]))
            for prompt, answer in zip(prompts, answers)]


@contextlib.contextmanager
def small_disk():
    """A folder on a file system that is nearly full at once; None where this user may mount none."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder],
                                 capture_output=True)
        if mounted.returncode != 0:
            yield None
            return
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)


class Load:
    """Clients in a loop until they are told to stop, and what became of their requests."""

    def __init__(self, served, requests, seed):
        self.served = served
        self.requests = requests
        self.rng = random.Random(seed)
        self.is_over = False
        self.num_answered = self.num_left = self.num_tokens = 0
        self.faults = []

    async def client(self):
        async with StreamClient(self.served.port) as client:
            await self.ask(client)

    async def ask(self, client):
        while not self.is_over:
            members, expected = self.rng.choice(self.requests)
            kind = self.rng.random()
            last_piece = self.rng.randrange(1, 8) if kind < 0.1 else None
            try:
                if kind > 0.9:
                    answer = await client.whole(members)
                else:
                    answer = await client.stream(members, lambda number: number != last_piece)
            except Exception as error:
                self.faults.append(f"{members}: {error!r}")
                return
            if answer is None:  # it left
                self.num_left += 1
                await client.drop(rudely=kind < 0.05)
            elif answer != expected:
                self.faults.append(f"{members}: {answer} instead of {expected}")
            else:
                self.num_answered += 1
                if kind > 0.8:
                    await client.drop()

    async def killed_clients(self):
        """Processes with 16 streams each, which end by kill -9 in the middle of them."""
        while not self.is_over:
            process = subprocess.Popen([BINARY, "load", self.served.address, "-c", "16", "--duration", "60", "-n", "500",
                                        "--ignore-eos", "--extra-body", '{"user": "killed"}'],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            await asyncio.sleep(self.rng.uniform(0.3, 1))
            process.kill()
            process.wait()

    async def run(self, seconds, min_answers, report):
        """Until both are reached. `report(load)`, if any, is called once a minute."""
        tasks = [asyncio.create_task(self.client()) for _ in range(NUM_STREAMS)]
        tasks.append(asyncio.create_task(self.killed_clients()))
        end = time.monotonic() + seconds
        while not self.faults and (time.monotonic() < end or self.num_answered < min_answers):
            await asyncio.sleep(min(60, max(1, end - time.monotonic())))
            if report is not None:
                report(self)
        self.is_over = True
        await asyncio.gather(*tasks)


class SoakTest(unittest.TestCase):
    warm_up_seconds = WARM_UP_SECONDS
    seconds = SECONDS
    growth = GROWTH_AT_ONCE
    report = None

    def setUp(self):
        self.requests = [request for settings in SETTINGS for request in known_answers(settings, 40)]
        self.seed = random.randrange(1 << 30)
        disks = contextlib.ExitStack()
        self.addCleanup(disks.close)
        self.disk = disks.enter_context(small_disk())
        # Without a disk of that size the log is where the test's is, and only this is not seen.
        log_path = os.path.join(self.disk, "wedlm.log") if self.disk else None
        self.served = Served("--max-num-seqs", str(NUM_STREAMS), "--max-connections", "2000", "--drain-seconds", "60",
                             "--cache-size", str(CACHE_BYTES), log_path=log_path)
        self.addCleanup(self.served.__exit__)

    def warm_up(self):
        """Afterwards each page of the cache has been used, and as much as can be has been under way."""
        subprocess.run([BINARY, "load", self.served.address, "-c", "8", "--requests", "32", "--prompt-tokens", "700", "-n",
                        "1", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        self.load(self.warm_up_seconds, WARM_UP_ANSWERS)

    def load(self, seconds, min_answers, report=None):
        load = Load(self.served, self.requests, self.seed)
        asyncio.run(load.run(seconds, min_answers, report))
        self.assertEqual(load.faults[:3], [], f"seed {self.seed}")
        return load

    def wait_until_calm(self, descriptors):
        """Until the last client that left is noticed."""
        held = None
        deadline = time.monotonic() + 30
        while held != (0, 0, 0, 0) and time.monotonic() < deadline:
            time.sleep(0.05)
            held = (max(0, self.served.num_descriptors() - descriptors), self.served.metric("vllm:num_requests_running"),
                    self.served.metric("vllm:num_requests_waiting"), self.served.metric("wedlm:kv_pages_used"))
        self.assertEqual(held, (0, 0, 0, 0), self.served.descriptors_text())

    def test_soak(self):
        self.served.chat("Count from 1 to 20.")
        descriptors = self.served.num_descriptors()
        self.warm_up()
        self.wait_until_calm(descriptors)
        memory = self.served.resident_bytes()
        before = self.served.metric("vllm:request_success_total")

        load = self.load(self.seconds, NUM_STREAMS, self.report)
        self.wait_until_calm(descriptors)
        grown = self.served.resident_bytes() - memory
        print(f"{load.num_answered} answers, {load.num_left} clients left; memory {memory / 1e6:.1f} MB and then "
              f"{grown / 1e3:+.0f} kB ({100 * grown / memory:+.2f} %)")
        self.assertGreaterEqual(self.served.metric("vllm:request_success_total") - before, load.num_answered)
        self.assertLess(grown, self.growth * memory)
        self.look_at_the_log()
        asyncio.run(self.end_under_load())

    def look_at_the_log(self):
        """The disk was full, and once it is not the log goes on."""
        if not self.disk:
            return
        self.assertEqual(os.statvfs(self.disk).f_bavail, 0)
        os.truncate(self.served.log_path, 0)
        self.served.chat("What is 2 + 2?")
        self.served.wait_for(r"(POST /v1/chat/completions 200)", 10)

    async def end_under_load(self):
        """SIGTERM while streams are under way: each comes to its end, and nobody else is let in."""
        requests = known_answers(LAST_SETTINGS, NUM_LAST)
        begun = [asyncio.Event() for _ in requests]

        async def ask(members, event=None):
            async with StreamClient(self.served.port) as client:
                return await client.stream(members, event and (lambda _: event.set()))

        tasks = [asyncio.create_task(ask(members, event)) for (members, _), event in zip(requests, begun)]
        await asyncio.gather(*(event.wait() for event in begun))
        self.served.process.send_signal(signal.SIGTERM)
        while (await asyncio.to_thread(self.served.request, "GET", "/ready"))[0] == 200:
            await asyncio.sleep(0.01)
        with self.assertRaises(Refused) as refused:
            await ask(requests[0][0])
        self.assertEqual(refused.exception.status, 503)
        self.assertFalse(any(task.done() for task in tasks))  # it was in their middle
        self.assertEqual(await asyncio.gather(*tasks), [expected for _, expected in requests])
        self.assertEqual(await asyncio.to_thread(self.served.process.wait, 30), 0)


def print_report(load):
    served = load.served
    print(f"{time.strftime('%H:%M:%S')}  {load.num_answered} answers, {load.num_left} left; memory "
          f"{served.resident_bytes() / 1e6:.1f} MB, {served.num_descriptors()} file descriptors", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="how long, after a minute of warm-up")
    arguments = parser.parse_args()
    if arguments.minutes:
        SoakTest.warm_up_seconds = 60
        SoakTest.growth = GROWTH
        SoakTest.seconds = 60 * arguments.minutes
        SoakTest.report = staticmethod(print_report)
    unittest.main(argv=[parser.prog])

#!/usr/bin/env python3
"""What Python adds to the engine's time: a batch beside the same batch of the command line, in turns, and the time of
Python's own thread for each token of a stream. The engine's threads are not in the second figure.

    PYTHONPATH=build/release/python bench/python_overhead.py [--rounds 7] [--prompts 32] [--inflate qwen3-0.6b]
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import tempfile
import time

from wedlm import LLM, SamplingParams
from wedlm.load import program


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--prompts", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--inflate", help="compute in this larger shape, as wedlm generate --inflate")
    return parser.parse_args()


def seconds_of_command_line(file, options):
    """From the first submission to the last answer, by the engine's own clock."""
    command = [program(), "generate", "--file", file, "--json", "-q", "-t", "0", "--ignore-eos",
               "-n", str(options.max_tokens)]
    if options.inflate:
        command += ["--inflate", options.inflate]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    stats = [json.loads(line)["stats"] for line in done.stdout.splitlines()]
    return max(one["time_to_first_token"] + one["decode_seconds"] for one in stats)


def seconds_of_python(llm, texts, params):
    start = time.perf_counter()
    llm.generate(texts, params)
    return time.perf_counter() - start


def microseconds_for_each_token(llm, params):
    start, count = time.thread_time(), 0
    for piece in llm.generate_stream("Count from 1 to 99.", params):
        count += len(piece.token_ids)
    return (time.thread_time() - start) / count * 1e6


def main():
    options = parse()
    texts = [f"Count from {i} to {i + 9}." for i in range(1, options.prompts + 1)]
    params = SamplingParams(temperature=0, max_tokens=options.max_tokens, ignore_eos=True)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "prompts.jsonl")
        with open(file, "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps({"prompt": text, "raw": True}) + "\n" for text in texts)
        pairs = []
        for _ in range(options.rounds):  # a new engine each, as the command line has
            with LLM(inflate=options.inflate) as llm:
                python = seconds_of_python(llm, texts, params)
            pairs.append((python, seconds_of_command_line(file, options)))
    python, command_line = (statistics.median(column) for column in zip(*pairs))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{options.prompts} prompts: Python {python * 1000:.1f} ms, command line {command_line * 1000:.1f} ms, "
          f"ratio {ratio:.3f} (median of {options.rounds})")
    with LLM(inflate=options.inflate) as llm:
        long = SamplingParams(temperature=0, max_tokens=400, ignore_eos=True)
        for mode in ("autoregressive", "streaming"):
            cost = statistics.median(microseconds_for_each_token(llm, dataclasses.replace(long, mode=mode))
                                     for _ in range(options.rounds))
            print(f"a streamed token, {mode}: {cost:.1f} microseconds of Python's thread")


if __name__ == "__main__":
    main()

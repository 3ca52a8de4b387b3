"""The command line's answers, which the package's are compared with."""

import json
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "../..")
NANO = os.path.join(SOURCE, "models/nano")
BINARY = os.environ["WEDLM_BINARY"]


def wedlm(*arguments):
    """Standard output of `wedlm`, which has to succeed."""
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=True).stdout


def failure(*arguments):
    """What `wedlm` says when it refuses, without its name."""
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True)
    assert done.returncode != 0, arguments
    return done.stderr.strip().splitlines()[-1].removeprefix("wedlm: ")


def generated(requests, *options):
    """The objects that `wedlm generate --json` prints for these lines."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(request) + "\n" for request in requests)
        file.flush()
        lines = wedlm("generate", "-m", NANO, "--file", file.name, "--json", "--quiet", *options)
    return [json.loads(line) for line in lines.splitlines()]


def prompts(count):
    """Different texts of the kind that the shipped model knows."""
    kinds = ["Count from {0} to {1}.", "What is {0} + {1}?", "Solve: {0}x + {1} = {2}", "{0}, {1}, {2},",
             "Tom has {0} apples and buys {1} more. How many has he now?"]
    return [kinds[i % len(kinds)].format(i % 17 + 1, i % 23 + i // 5 + 3, 7 * i + 40) for i in range(count)]

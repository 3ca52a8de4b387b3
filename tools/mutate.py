#!/usr/bin/env python3
"""Breaks the sources on purpose, one place at a time, and says which breaks no test notices.

  tools/mutate.py mutations.json --tree ../scratch [--only REGEX] [--jobs 2]

The file is a JSON array of
  {"file": "wedlm/decode/selection.cc",        of the tree
   "old": "adjusted < best", "new": "...",     a text that occurs there once, and what takes its place
   "tests": ["decode_tests", "trace_tests --gtest_filter=TraceTest.*"]}
                                               test programs, the quickest first: each is built and run until one fails
The tree is a checkout whose build/release is configured, and nobody else's: files are changed there and put back, also
after Ctrl-C. A file with changes that are not committed is refused. It prints for each break which test noticed it, and
ends with 1 where one survived or did not compile. Nothing but Python's standard library.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import time

FAILED_TEST = re.compile(r"^\[  FAILED  \] ([\w/.]+)", re.MULTILINE)
LONGEST_RUN_SECONDS = 600


def git_is_clean(tree, file):
    status = subprocess.run(["git", "status", "--porcelain", "--", file], cwd=tree, capture_output=True, check=True)
    return not status.stdout.strip()


def build(tree, program, jobs):
    command = ["cmake", "--build", "build/release", f"-j{jobs}", "--target", program]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True)


def run(tree, command):
    """The first test that fails, or None."""
    program, *options = command.split()
    try:
        ran = subprocess.run(
            [str(tree / "build/release" / program), "--gtest_fail_fast", "--gtest_brief=1", *options],
            cwd=tree,
            capture_output=True,
            timeout=LONGEST_RUN_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"{program} (it does not end)"
    if ran.returncode == 0:
        return None
    found = FAILED_TEST.search(ran.stdout.decode(errors="replace"))
    return f"{program}/{found[1]}" if found else f"{program} (it ends with {ran.returncode})"


def verdict(tree, mutation, jobs):
    """What became of one break, while it is in place."""
    for command in mutation["tests"]:
        built = build(tree, command.split()[0], jobs)
        if built.returncode != 0:
            return "does not compile", (built.stdout + built.stderr)[-2000:]
        noticed = run(tree, command)
        if noticed:
            return "caught", noticed
    return "SURVIVED", ""


def try_mutation(tree, mutation, jobs):
    path = tree / mutation["file"]
    source = path.read_text(encoding="utf-8")
    num_places = source.count(mutation["old"])
    if num_places != 1:
        return "not applied", f"the old text occurs {num_places} times"
    if not git_is_clean(tree, mutation["file"]):
        return "not applied", "the file has changes that are not committed"
    try:
        path.write_text(source.replace(mutation["old"], mutation["new"]), encoding="utf-8")
        return verdict(tree, mutation, jobs)
    finally:
        path.write_text(source, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Says which breaks of the sources no test notices.")
    parser.add_argument("mutations", type=pathlib.Path)
    parser.add_argument("--tree", type=pathlib.Path, required=True, help="a checkout that may be changed")
    parser.add_argument("--only", default="", help="those whose file and texts match this regular expression")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    tree = arguments.tree.resolve()
    count = {}
    for number, mutation in enumerate(json.loads(arguments.mutations.read_text(encoding="utf-8"))):
        what = f"{mutation['file']}: {mutation['old']} -> {mutation['new'] or '(nothing)'}"
        if not re.search(arguments.only, what):
            continue
        start = time.monotonic()
        outcome, detail = try_mutation(tree, mutation, arguments.jobs)
        count[outcome] = count.get(outcome, 0) + 1
        seconds = time.monotonic() - start
        print(f"{number:3} {outcome:12} {seconds:5.0f} s  {' '.join(what.split())}\n      {detail}", flush=True)
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items())))
    sys.exit(0 if set(count) <= {"caught"} else 1)


if __name__ == "__main__":
    main()

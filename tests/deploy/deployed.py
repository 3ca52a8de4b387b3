"""What the tests of deploy/ share: its files, ports, programs that run beside `wedlm serve`, and the check that a
program is there."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
DEPLOY = os.path.join(ROOT, "deploy")
sys.path.append(os.path.join(ROOT, "tests/server"))  # served.py


def text_of(name):
    """A file of deploy/."""
    with open(os.path.join(DEPLOY, name)) as file:
        return file.read()


def replaced(text, old, new):
    """With `old`, which has to be there once, replaced."""
    assert text.count(old) == 1, f"expected {old!r} once, found it {text.count(old)} times"
    return text.replace(old, new)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, what, seconds=30):
    """What `condition` returns once that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def options_of_serve(binary):
    """The long options that `wedlm serve --help` lists."""
    text = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"--[a-z][a-z0-9-]*", text))


class Daemon:
    """A program that listens at `port`, in a folder of its own. Use as a context manager."""

    def __init__(self, files, command, port):
        """`files`: their texts by name; `command` is called with the folder."""
        self.folder = tempfile.TemporaryDirectory()
        self.port = port
        for name, text in files.items():
            with open(os.path.join(self.folder.name, name), "w") as file:
                file.write(text)
        self.log = open(os.path.join(self.folder.name, "log"), "w+")
        self.process = subprocess.Popen(command(self.folder.name), stdout=self.log, stderr=subprocess.STDOUT)
        eventually(self.listens, f"listening at {port}")

    def listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended:\n{self.log_text()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log_text(self):
        with open(self.log.name) as log:
            return log.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
        self.folder.cleanup()


def main(**programs):
    """Runs the tests of the calling file, or says which program they lack, as in main(nginx="nginx-light")."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program, package in programs.items():
        program = program.replace("_", "-")
        if shutil.which(program) is None:
            print(f"SKIPPED: {program} was not found (Debian: {package})")
            sys.exit(0)
    unittest.main()

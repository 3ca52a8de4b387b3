"""A virtual environment with packages of PyPI for a test. It is made once (minutes), and again where the list of packages
has changed. Where it cannot be made, because there is no network or no Debian package python3-venv, the test is skipped and
says so."""

import fcntl
import os
import shutil
import subprocess
import sys


def enter(folder, requirements):
    """Goes on with the Python of the environment in that folder, or ends the program as skipped. `requirements` is the
    file that lists its packages."""
    folder = os.path.abspath(folder)
    python = os.path.join(folder, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(folder):
        return
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w") as lock:  # tests run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_made(folder, python, requirements):
            make(folder, python, requirements)
    os.execv(python, [python, *sys.argv])


def wanted(requirements):
    with open(requirements) as packages:
        return f"{sys.version}\n{packages.read()}"


def is_made(folder, python, requirements):
    try:
        with open(os.path.join(folder, "made_of")) as made_of:
            return made_of.read() == wanted(requirements) and os.path.exists(python)
    except OSError:
        return False


def make(folder, python, requirements):
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", folder], "a virtual environment could not be made (Debian: python3-venv)")
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements],
        f"the packages of {os.path.basename(requirements)} could not be installed from PyPI")
    with open(os.path.join(folder, "made_of"), "w") as made_of:
        made_of.write(wanted(requirements))


def run(command, what_failed):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        return
    print(f"SKIPPED: {what_failed}:\n{done.stdout[-2000:]}")
    sys.exit(0)

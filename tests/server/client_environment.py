"""The virtual environment with the packages of PyPI that tests of the server talk through: client_requirements.txt. It is
made once, under the build folder (a minute), and again where the list has changed. Where it cannot be made, because there
is no network or no Debian package python3-venv, the test is skipped and says so."""

import fcntl
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("WEDLM_CLIENT_ENVIRONMENT") or os.path.join(HERE, "../../build/client_environment")
REQUIREMENTS = os.path.join(HERE, "client_requirements.txt")


def enter():
    """Goes on with the environment's Python, or ends the program as skipped."""
    folder = os.path.abspath(FOLDER)
    python = os.path.join(folder, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(folder):
        return
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w") as lock:  # tests run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_made(folder, python):
            make(folder, python)
    os.execv(python, [python, *sys.argv])


def wanted():
    with open(REQUIREMENTS) as requirements:
        return f"{sys.version}\n{requirements.read()}"


def is_made(folder, python):
    try:
        with open(os.path.join(folder, "made_of")) as made_of:
            return made_of.read() == wanted() and os.path.exists(python)
    except OSError:
        return False


def make(folder, python):
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", folder], "a virtual environment could not be made (Debian: python3-venv)")
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS],
        "the clients could not be installed from PyPI")
    with open(os.path.join(folder, "made_of"), "w") as made_of:
        made_of.write(wanted())


def run(command, what_failed):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        return
    print(f"SKIPPED: {what_failed}:\n{done.stdout[-2000:]}")
    sys.exit(0)

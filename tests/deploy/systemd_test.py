"""deploy/systemd: the unit is one that systemd understands, it is closed to what the server does not need, and its times
and files fit `wedlm serve`."""

import os
import re
import subprocess
import tempfile
import unittest

import deployed
from served import BINARY, Served

UNIT = deployed.text_of("systemd/wedlm.service")
MAX_EXPOSURE = 15  # tenths, of systemd's scale from 0 to 100


def analyze(*words):
    """What systemd-analyze says of the unit, with the program that the tests have."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "wedlm.service")
        with open(path, "w") as unit:
            unit.write(deployed.replaced(UNIT, "ExecStart=/usr/local/bin/wedlm", "ExecStart=" + os.path.abspath(BINARY)))
        return subprocess.run(["systemd-analyze", *words, path], capture_output=True, text=True)


def option(name):
    return re.search(rf"^{name} = (.*)$", deployed.text_of("systemd/serve.conf"), re.MULTILINE).group(1)


def setting(name):
    return re.search(rf"^{name}=(.*)$", UNIT, re.MULTILINE).group(1)


class SystemdTest(unittest.TestCase):
    def test_the_unit_is_understood(self):
        verified = analyze("verify", "--man=no")
        self.assertEqual((verified.returncode, verified.stdout + verified.stderr), (0, ""))

    def test_the_unit_is_hardened(self):
        rated = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE}")
        self.assertEqual(rated.returncode, 0, rated.stdout + rated.stderr)

    def test_it_waits_longer_than_the_server_drains(self):
        self.assertGreater(float(setting("TimeoutStopSec")), float(option("drain-seconds")))

    def test_a_wrong_option_is_not_tried_again(self):
        ended = subprocess.run([BINARY, "serve", "--max-queue", "0"], capture_output=True)
        self.assertEqual(str(ended.returncode), setting("RestartPreventExitStatus"))

    def test_the_options_are_served(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
            config.write(deployed.text_of("systemd/serve.conf"))
            config.flush()
            with Served("--config", config.name) as served:
                self.assertEqual(served.request("GET", "/ready")[0], 200)
                self.assertEqual(served.end(), 0)


if __name__ == "__main__":
    deployed.main(systemd_analyze="systemd")

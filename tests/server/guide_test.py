"""docs/server.md: every curl line works as it is pasted."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import unittest

from served import Served

GUIDE = os.path.join(os.path.dirname(__file__), "../../docs/server.md")


class GuideTest(unittest.TestCase):
    def test_curl_lines(self):
        with open(GUIDE) as guide:
            lines = re.findall(r"^curl .*$", guide.read(), re.MULTILINE)
        self.assertGreater(len(lines), 12)
        with Served() as served:
            for line in lines:
                with self.subTest(line=line):
                    command = shlex.split(line.replace("http://127.0.0.1:8080", served.address))
                    answer = subprocess.run([*command, "--silent", "--fail-with-body"], capture_output=True, timeout=60)
                    self.assertEqual(answer.returncode, 0, answer.stdout)
                    self.assertTrue(answer.stdout)


if __name__ == "__main__":
    if shutil.which("curl") is None:
        print("SKIPPED: curl was not found (Debian: curl)")
        sys.exit(0)
    unittest.main()

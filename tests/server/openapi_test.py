"""docs/openapi.yaml is true: schemathesis, from an environment of PyPI's, asks each route for what the document allows and
forbids, and looks at each answer and event. 40 s; with --long ten minutes, and any further words go to schemathesis."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import client_environment
from served import Served

if __name__ == "__main__":
    client_environment.enter()

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(HERE, "../../docs/openapi.yaml")
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "negative_data_rejection", "unsupported_method", "events_conformance")
IS_LONG = "--long" in sys.argv
MORE = sys.argv[sys.argv.index("--long") + 1:] if IS_LONG else []


def document():
    with open(DOCUMENT) as file:
        return yaml.safe_load(file)


class DocumentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Short answers, and few of them, whatever is asked.
        cls.served = Served("--max-model-len", "96", "--limit", "n=4", "--max-queue", "1000")

    @classmethod
    def tearDownClass(cls):
        cls.served.__exit__()

    def test_every_answer_is_as_documented(self):
        amount = ["--max-time", "540"] if IS_LONG else ["--max-examples", "8", "--phases", "examples,coverage,fuzzing",
                                                         "--seed", "1"]
        command = [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", DOCUMENT, "--url",
                   self.served.address, "--checks", ",".join(CHECKS), "--request-timeout", "30", "--continue-on-failure",
                   "--suppress-health-check", "all", *amount, *MORE]
        with tempfile.TemporaryDirectory() as folder:  # for what it writes
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
                                  env={**os.environ, "SCHEMATHESIS_HOOKS": "openapi_checks", "PYTHONPATH": HERE})
        if IS_LONG or done.returncode != 0:
            print(done.stdout[-20000:])
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.served.metric("vllm:num_requests_running"), 0)
        self.assertEqual(self.served.metric("wedlm:kv_pages_used"), 0)

    def test_every_option_is_documented(self):
        defaults = json.loads(self.served.request("GET", "/v1/models")[2])["data"][0]["defaults"]
        known = document()["components"]["schemas"]["Sampling"]["properties"]
        self.assertEqual(set(defaults) - {"max_tokens", "logprobs"} - set(known), set())

    def test_every_documented_route_is_there(self):
        for path, methods in document()["paths"].items():
            for method in methods:
                for one in (path, path.removeprefix("/v1"), "/v1" + path.removeprefix("/v1")):
                    status, _, data = self.served.request(method.upper(), one.replace("{model}", "nano"),
                                                          {} if method == "post" else None)
                    self.assertIn(status, (200, 400), (one, data))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

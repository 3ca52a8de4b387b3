"""llama.cpp itself answers from what `wedlm export --gguf` writes as wedlm does autoregressively, also from a model inside
a larger shape. Its package (PyPI's xllamacpp, 100 MB on disk) is only fetched where WEDLM_LLAMACPP_ENVIRONMENT names a folder for
it. Half a minute, once it is there."""

import json
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("WEDLM_LLAMACPP_ENVIRONMENT")

sys.path.insert(0, os.path.join(HERE, "../support"))
import python_environment  # noqa: E402

if __name__ == "__main__":
    if not FOLDER:
        print("SKIPPED: WEDLM_LLAMACPP_ENVIRONMENT names no folder for the packages of llamacpp_requirements.txt")
        sys.exit(0)
    python_environment.enter(FOLDER, os.path.join(HERE, "llamacpp_requirements.txt"))

import xllamacpp  # noqa: E402
from exported import NANO, ROOT, SHAPE, wedlm  # noqa: E402

MAX_TOKENS, COUNT = 48, 25
ALLOWED = 2  # answers that rounding turned to another text, where a choice was a near tie


def prompts():
    """Every fourth of the exercises."""
    with open(os.path.join(ROOT, "tests/data/exercises/exercises.jsonl"), encoding="utf-8") as lines:
        return [json.loads(line)["prompt"] for line in lines][::4][:COUNT]


def answers_of_wedlm(asked, *options):
    words = [word for prompt in asked for word in ("-p", prompt)]
    out = wedlm("generate", "-q", "--json", "-t", "0", "-n", str(MAX_TOKENS), "--mode", "autoregressive", "-m", NANO,
                *options, *words)
    return [json.loads(line)["text"] for line in out.splitlines()]


def answers_of_llamacpp(path, asked):
    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers, parameters.warmup = 1024, 1, 0, False
    parameters.cpuparams.n_threads = 2
    server = xllamacpp.Server(parameters)
    texts = []
    for prompt in asked:
        answer = server.handle_chat_completions({"messages": [{"role": "user", "content": prompt}], "temperature": 0,
                                                 "max_tokens": MAX_TOKENS})
        answer = json.loads(answer) if isinstance(answer, (str, bytes)) else answer
        texts.append(answer["choices"][0]["message"]["content"])
    return texts


class LlamaCppTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.asked = prompts()

    def path(self, name):
        return os.path.join(self.temporary.name, name)

    def expect_same(self, expected, *options):
        path = self.path("x.gguf")
        wedlm("export", "-q", "--force", "-m", NANO, "--gguf", path, *options)
        found = answers_of_llamacpp(path, self.asked)
        different = [pair for pair in zip(found, expected) if pair[0] != pair[1]]
        self.assertLessEqual(len(different), ALLOWED, different)

    def test_answers_are_those_of_autoregressive_decoding(self):
        self.assertGreater(len(self.asked), 20)
        expected = answers_of_wedlm(self.asked)
        self.assertTrue(all(expected))
        for kind in ("bf16", "f16", "q8_0"):
            with self.subTest(kind):
                self.expect_same(expected, "--type", kind)

    def test_an_inflated_model_answers_the_same(self):
        with open(self.path("config.json"), "w", encoding="utf-8") as file:
            json.dump(SHAPE, file)
        expected = answers_of_wedlm(self.asked)
        for kind in ("bf16", "q8_0"):
            with self.subTest(kind):
                self.expect_same(expected, "--type", kind, "--inflate", self.path("config.json"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv)

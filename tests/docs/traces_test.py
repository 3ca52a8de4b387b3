"""docs/paper/worked-example.md: its traces are those of the recorded file and of the program."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import subprocess
import sys
import unittest
from typing import Any

import pages

sys.path.append(os.path.join(pages.ROOT, "tests/server"))  # served.py
from served import Served  # noqa: E402

PAGE = pages.sections(pages.text_of("paper/worked-example.md"))
MODEL = os.path.join(pages.ROOT, "models/nano")


def shown(text: str) -> str:
    return text.replace("<|im_end|>", "end").replace(" ", "␣").replace("\n", "⏎")


class RecordedTraceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.text = " ".join(PAGE["A recorded trace"].split())
        with open(os.path.join(pages.ROOT, "tests/data/traces/traces.json"), encoding="utf-8") as file:
            self.recorded = json.load(file)
        with open(os.path.join(pages.ROOT, "tests/data/traces/model/tokenizer.json"), encoding="utf-8") as file:
            vocabulary = json.load(file)["model"]["vocab"]
        self.tokens = {number: token.replace("Ġ", " ") for token, number in vocabulary.items()}
        prompt = re.search(r'asked "([^"]+)"', self.text)
        assert prompt is not None
        self.cases = next(case["wedlm"] for case in self.recorded["cases"] if prompt.group(1) in case["prompt"])

    def case(self, threshold: float) -> dict[str, Any]:
        wanted = (16, threshold, 0.02)
        names = ("window_size", "entropy_threshold", "pos_penalty_factor")
        return next(case for case in self.cases if tuple(case[name] for name in names) == wanted)

    def test_the_first_forward(self) -> None:
        self.assertIn(r"$W = 16$, $\tau = 0.4$, $\lambda = 0.02$", self.text)
        step = self.case(0.4)["steps"][0]
        (_, *lines), = pages.tables(PAGE["A recorded trace"])
        self.assertEqual([int(line[0]) for line in lines], step["positions"])
        for i, (line, entropy, token) in enumerate(zip(lines, step["mask_entropy"], step["window_after"])):
            is_filled = token != self.recorded["mask_token_id"]
            self.assertEqual(line[1], shown(self.tokens[token]) if is_filled else "")
            self.assertEqual(line[2:5], [f"{entropy:.5f}", str(i), f"{entropy + 0.02 * i:.5f}"])
            self.assertEqual(line[5], "yes" if is_filled else "no")
            self.assertEqual(is_filled, entropy + 0.02 * i < 0.4)
        self.assertNotIn(self.recorded["mask_token_id"], self.case(0.6)["steps"][0]["window_after"])

    def test_what_it_took(self) -> None:
        case = self.case(0.4)
        rows = [len(step["input_ids"]) for step in case["steps"]]
        tokens = len(case["token_ids"])
        self.assertEqual(sum(rows), case["rows"])
        self.assertIn(f"{case['steps'][1]['observed']} tokens of text and 16 masks, {rows[1]} rows, and the third "
                      f"{rows[2]}: the answer of {tokens} tokens takes {len(rows)} forwards and {sum(rows)} rows, a "
                      f"cacheability of {tokens / sum(rows):.2f}", self.text)


class ShippedModelTest(unittest.TestCase):
    """The portable kernels: their sums are those of no particular processor."""

    def setUp(self) -> None:
        self.section = PAGE["The window of the shipped model"]
        self.text = " ".join(self.section.split())

    def test_the_window(self) -> None:
        command = re.search(r"^curl .*?'$\n", self.section, re.MULTILINE | re.DOTALL)
        assert command is not None
        body = shlex.split(command.group(0))[-1]
        self.assertIn("wedlm serve -m models/nano\n", self.section)
        with Served("-m", MODEL, environment={"WEDLM_ISA": "portable"}) as served:
            connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
            connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            answer = connection.getresponse().read().decode()
            connection.close()
        events = [json.loads(line[6:])["choices"][0] for line in answer.splitlines() if line.startswith("data: {")]
        # The end of an answer comes in one or more events with nothing in them.
        steps = [event for event in events if event.get("window") or event["delta"].get("content")]
        (_, *lines, last), = pages.tables(self.section)
        self.assertEqual(last[1:], ["", ""])
        for i, (line, step) in enumerate(zip(lines, steps), start=1):
            window = ["·" if position["text"] is None else shown(position["text"]) for position in step["window"]]
            self.assertEqual(line, [str(i), shown(step["delta"].get("content") or ""), " ".join(window)])
        self.assertEqual(len(lines), len(steps))

    def generate(self, *flags: str) -> dict[str, Any]:
        command = re.search(r"`(wedlm generate [^`]+) --show-window`", self.text)
        assert command is not None
        words = shlex.split(command.group(1))[1:]
        answer = subprocess.run([pages.BINARY, *words, "-m", MODEL, "--json", *flags], capture_output=True, text=True,
                                check=True, env={**os.environ, "WEDLM_ISA": "portable"})
        result: dict[str, Any] = json.loads(answer.stdout)
        return result

    def test_what_it_took(self) -> None:
        answer = self.generate()
        stats = answer["stats"]
        self.assertIn(f"The answer of {stats['tokens']} tokens takes {stats['forwards']} forwards and "
                      f"{stats['decode_rows']} rows beside the prompt's: {stats['tokens_per_forward']:.2f} tokens a "
                      f"forward, a cacheability of {stats['cacheability']:.2f}.", self.text)
        (_, *lines), = pages.tables(self.section)
        self.assertEqual(len(lines), stats["forwards"])
        self.assertEqual("".join(line[1] for line in lines), shown(answer["text"]))
        self.assertIn("the answer says 23 + 14", self.text)
        self.assertTrue(answer["text"].startswith("23 + 14"))

    def test_the_modes_that_guess_nothing_for_good(self) -> None:
        for mode in ("autoregressive", "exact"):
            text = self.generate("--mode", mode)["text"]
            self.assertTrue(text.startswith("230 + 14 = 34"), text)
        self.assertIn("`230 + 14 = 34`", self.text)


if __name__ == "__main__":
    unittest.main()

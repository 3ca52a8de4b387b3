"""The same request has the same text: streamed, whole, alone, under load, and by `wedlm generate`."""

import json
import os
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from served import BINARY, Served

EXERCISES = os.path.join(os.path.dirname(__file__), "../data/exercises/exercises.jsonl")
NUM_PROMPTS = 200
MODES = ("streaming", "autoregressive", "exact", "gated")


def prompts():
    with open(EXERCISES) as lines:
        return [json.loads(line)["prompt"] for line in lines][:NUM_PROMPTS]


def settings(index):
    """Modes, temperatures, seeds and numbers of answers take turns."""
    return {"mode": MODES[index % 4], "temperature": (0, 0.8)[index // 4 % 2], "seed": 100 + index, "n": 1 + index % 3,
            "max_tokens": 48, "top_p": (1, 0.9)[index // 8 % 2]}


def events(data):
    """Those of a stream, without [DONE]."""
    texts = [line[6:] for line in data.decode().split("\n") if line.startswith("data: ")]
    assert texts[-1] == "[DONE]", texts[-1]
    return [json.loads(text) for text in texts[:-1]]


class AnswersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served()
        cls.prompts = prompts()

    @classmethod
    def tearDownClass(cls):
        cls.served.__exit__()

    def body(self, index, **members):
        return {"messages": [{"role": "user", "content": self.prompts[index]}], **settings(index), **members}

    def whole(self, index):
        status, _, data = self.served.request("POST", "/v1/chat/completions", self.body(index))
        self.assertEqual(status, 200, data)
        return [choice["message"]["content"] for choice in json.loads(data)["choices"]]

    def streamed(self, index):
        status, _, data = self.served.request("POST", "/v1/chat/completions", self.body(index, stream=True))
        self.assertEqual(status, 200, data)
        answers = [""] * settings(index)["n"]
        for event in events(data):
            for choice in event["choices"]:
                answers[choice["index"]] += choice["delta"].get("content") or ""
        return answers

    def generated(self, indices):
        """By the command line: indices to answers. Those with the same settings but the seed run as one call each."""
        answers = {}
        for index in indices:
            chosen = settings(index)
            with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
                file.write(json.dumps({"prompt": self.prompts[index]}))
                file.flush()
                out = subprocess.run(
                    [BINARY, "generate", "--file", file.name, "--json", "--quiet", "--mode", chosen["mode"], "-t",
                     str(chosen["temperature"]), "--seed", str(chosen["seed"]), "-n", str(chosen["max_tokens"]),
                     "--num-answers", str(chosen["n"]), "--top-p", str(chosen["top_p"])],
                    capture_output=True, check=True)
            answers[index] = [json.loads(line)["text"] for line in out.stdout.decode().splitlines()]
        return answers

    def test_streamed_and_whole_alone_and_under_load(self):
        indices = range(len(self.prompts))
        alone = {index: self.whole(index) for index in indices if index % 5 == 0}
        with ThreadPoolExecutor(32) as pool:
            streamed = dict(zip(indices, pool.map(self.streamed, indices)))
            whole = dict(zip(indices, pool.map(self.whole, indices)))
        self.assertEqual(len(streamed), NUM_PROMPTS)
        self.assertEqual(streamed, whole)
        for index, answers in alone.items():
            self.assertEqual(answers, whole[index], self.prompts[index])

    def test_they_are_those_of_the_command_line(self):
        indices = range(0, len(self.prompts), 7)
        generated = self.generated(indices)
        for index in indices:
            self.assertEqual(self.streamed(index), generated[index], self.prompts[index])

    def test_logprobs_of_exact_are_the_autoregressive_ones(self):
        for index in range(8):
            scores = []
            for mode in ("autoregressive", "exact"):
                answer = self.served.chat(self.prompts[index], mode=mode, temperature=0, logprobs=True, top_logprobs=3,
                                          max_tokens=48)
                scores.append(answer["choices"][0]["logprobs"]["content"])
            self.assertEqual(scores[0], scores[1])
            self.assertTrue(scores[0])

    def test_answers_to_one_prompt_share_it(self):
        text = "Sort these numbers: " + " ".join(str(i) for i in range(100))
        answer = self.served.chat(text, n=8, temperature=0.8, max_tokens=8)
        timings = answer["timings"]
        prompt = answer["usage"]["prompt_tokens"]
        self.assertEqual(timings["prompt_tokens"], 8 * prompt)
        self.assertEqual(timings["cached_prompt_tokens"], 7 * (prompt // 16 * 16))

    def test_events_hold_several_tokens_and_end_in_order(self):
        _, _, data = self.served.request("POST", "/v1/chat/completions",
                                         {"messages": [{"role": "user", "content": "Count from 1 to 20."}],
                                          "stream": True, "return_token_ids": True,
                                          "stream_options": {"include_usage": True}})
        chunks = events(data)
        self.assertEqual(chunks[0]["choices"][0]["delta"]["role"], "assistant")
        self.assertEqual(chunks[-1]["choices"], [])
        self.assertEqual(chunks[-2]["choices"][0]["finish_reason"], "stop")
        self.assertIn("timings", chunks[-2])
        ids = [len(chunk["choices"][0].get("token_ids", [])) for chunk in chunks[:-1]]
        self.assertGreater(max(ids), 1)
        self.assertEqual(sum(ids), chunks[-1]["usage"]["completion_tokens"])

    def test_each_step_of_a_shown_window_is_an_event(self):
        for mode in MODES:
            _, _, data = self.served.request("POST", "/v1/chat/completions",
                                             {"messages": [{"role": "user", "content": "Count from 1 to 20."}],
                                              "mode": mode, "temperature": 0, "stream": True,
                                              "return_token_ids": True, "stream_options": {"window": True}})
            chunks = events(data)
            steps = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0].get("token_ids")]
            self.assertEqual(len(steps), chunks[-1]["timings"]["decode_forwards"], mode)
            self.assertTrue(all("window" in step and "rejected" in step for step in steps), mode)

    def test_usage_comes_only_where_it_is_asked_for(self):
        _, _, data = self.served.request("POST", "/v1/chat/completions", self.body(1, stream=True))
        self.assertFalse(any(chunk.get("usage") for chunk in events(data)))
        with Served("--always-usage") as served:
            _, _, data = served.request("POST", "/v1/chat/completions", self.body(1, stream=True))
            self.assertTrue(events(data)[-1]["usage"]["total_tokens"])

    def test_a_prompt_that_is_too_long_is_the_callers(self):
        status, _, data = self.served.request("POST", "/v1/chat/completions",
                                              {"messages": [{"role": "user", "content": "word " * 5000}]})
        error = json.loads(data)["error"]
        self.assertEqual((status, error["code"]), (400, "context_length_exceeded"))
        self.assertRegex(error["message"], r"\d+ tokens.*2047")

    def test_thinking_ends_after_its_budget(self):
        """nano never thinks; a prompt that has opened the tag makes it, and it counts on."""
        template = ("<|im_start|>user\nCount from 1 to 20.<|im_end|>\n<|im_start|>assistant\n"
                    "{% for m in messages %}{{ m.content }}{% endfor %}<think>")
        with tempfile.NamedTemporaryFile("w", suffix=".jinja") as file:
            file.write(template)
            file.flush()
            with Served("--template", file.name) as served:
                body = {"ignore_eos": True, "mode": "exact", "temperature": 0, "max_tokens": 30}
                plain = served.chat("1, 2, 3,", **body)
                self.assertEqual(plain["choices"][0]["message"]["content"], "")
                self.assertTrue(plain["choices"][0]["message"]["reasoning_content"])
                cut = served.chat("1, 2, 3,", **body, thinking_budget=8)
                message = cut["choices"][0]["message"]
                self.assertTrue(plain["choices"][0]["message"]["reasoning"].startswith(message["reasoning"]))
                self.assertLess(len(message["reasoning"]), len(plain["choices"][0]["message"]["reasoning"]))
                self.assertTrue(message["content"])
                self.assertEqual(cut["usage"]["completion_tokens"], 30)
                self.assertEqual(cut["choices"][0]["finish_reason"], "length")
                _, _, data = served.request("POST", "/v1/chat/completions",
                                            {"messages": [{"role": "user", "content": "1, 2, 3,"}], **body,
                                             "thinking_budget": 8, "stream": True})
                deltas = [chunk["choices"][0]["delta"] for chunk in events(data) if chunk["choices"]]
                self.assertEqual("".join(delta.get("content") or "" for delta in deltas), message["content"])
                self.assertEqual("".join(delta.get("reasoning") or "" for delta in deltas), message["reasoning"])


if __name__ == "__main__":
    unittest.main()

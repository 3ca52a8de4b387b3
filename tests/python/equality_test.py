"""The package says what the command line says: texts and ids of 300 prompts in all modes, alone, as a batch and as
streams; log-probabilities, penalties and seeds; and logits to the last bit."""

import json
import os
import tempfile
import unittest

import numpy
from program import NANO, generated, prompts, wedlm
from wedlm import LLM, SamplingParams

MODES = ("streaming", "autoregressive", "exact", "gated")


class EqualityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.llm = LLM()

    @classmethod
    def tearDownClass(cls):
        cls.llm.close()

    def check(self, output, expected):
        self.assertEqual(output["text"], expected["text"])
        self.assertEqual(output["token_ids"], expected["token_ids"])
        self.assertEqual(output.finish_reason, expected["finish_reason"])

    def test_batches_and_streams_of_every_mode(self):
        texts = prompts(75)
        for mode in MODES:
            expected = generated([{"prompt": text, "raw": True} for text in texts], "--mode", mode, "-t", "0.7",
                                 "--seed", "11", "-n", "40", "-b", "16")
            params = SamplingParams(mode=mode, temperature=0.7, seed=11, max_tokens=40, wedlm_window_size=16)
            outputs = self.llm.generate(texts, params)
            self.assertEqual(len(outputs), 75)
            for output, answer in zip(outputs, expected):
                self.check(output, answer)
            for text, answer in list(zip(texts, expected))[::5]:
                with self.subTest(mode=mode, text=text):
                    stream = self.llm.generate_stream(text, params)
                    pieces = list(stream)
                    self.assertEqual("".join(map(str, pieces)), answer["text"])
                    self.assertEqual(sum((piece.token_ids for piece in pieces), []), answer["token_ids"])
                    self.check(stream.result, answer)
                    self.check(self.llm.generate(self.llm.tokenizer.encode(text), params), answer)

    def test_chats(self):
        texts = prompts(20)
        expected = generated([{"messages": [{"role": "user", "content": text}]} for text in texts], "-t", "0")
        params = SamplingParams(temperature=0, max_tokens=128)
        outputs = self.llm.chat([[{"role": "user", "content": text}] for text in texts], params)
        for output, answer in zip(outputs, expected):
            self.check(output, answer)
        for text, answer in list(zip(texts, expected))[:3]:
            self.check(self.llm.chat(text, params), answer)
            messages = [{"role": "user", "content": text}]
            ids = self.llm.tokenizer.apply_chat_template(messages, add_generation_prompt=True)
            self.check(self.llm.generate(ids, params), answer)
            rendered = self.llm.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            self.assertEqual(rendered, f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n")

    def test_several_answers_and_log_probabilities(self):
        options = ["-t", "1", "--seed", "5", "--logprobs", "2", "--num-answers", "3", "-n", "12",
                   "--repetition-penalty", "1.2", "--min-p", "0.05"]
        expected = generated([{"prompt": "Count from 1 to 9.", "raw": True}], *options)
        output = self.llm.generate("Count from 1 to 9.", SamplingParams(
            temperature=1, seed=5, logprobs=2, n=3, max_tokens=12, repetition_penalty=1.2, min_p=0.05))
        self.assertEqual(len(output.answers), 3)
        for one, answer in zip(output.answers, expected):
            self.check(one, answer)
            expected_scores = answer["logprobs"]
            self.assertEqual([score.logprob for score in one.logprobs], [score["logprob"] for score in expected_scores])
            self.assertEqual([dict(score.top) for score in one.logprobs],
                             [{top["token_id"]: top["logprob"] for top in score["top"]} for score in expected_scores])

    def test_the_original_keys_of_the_figures(self):
        output = self.llm.generate("Count from 1 to 9.", SamplingParams(temperature=0))
        expected, = generated([{"prompt": "Count from 1 to 9.", "raw": True}], "-t", "0", "-n", "64")
        stats = output["stats"]
        for key in ("decode_forwards", "tokens_per_forward"):
            self.assertEqual(stats[key], expected["stats"][key])
        self.assertEqual(stats["prefill_tokens"], expected["prompt_tokens"])
        self.assertEqual(stats["decode_tokens"], expected["stats"]["tokens"])
        self.assertGreater(stats["prefill_speed"], 0)
        self.assertGreater(stats["decode_speed"], 0)

    def test_logits_are_those_of_verify(self):
        for ids in ([5], [1, 2, 3, 4, 5, 6, 7], self.llm.tokenizer.encode("Count from 1 to 30, then back. " * 20)):
            logits = self.llm.logits(ids)
            self.assertEqual((logits.shape, logits.dtype), ((len(ids), self.llm.vocab_size), numpy.float32))
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "logits.json")
                with open(path, "w") as file:
                    json.dump([{"prompt_ids": ids, "prompt_last_logits": [float(value) for value in logits[-1]]}], file)
                found = wedlm("verify", "-m", NANO, "--logits", path, "--tolerance", "0")
            self.assertIn("largest error 0 of a row's range", found)
            numpy.testing.assert_array_equal(self.llm.logits(ids[:3]), logits[:3])

    def test_scores_are_what_the_logits_say(self):
        prompt = self.llm.tokenizer.encode("Count from 1 to 5. 1, 2,")
        continuations = [[69, 318, 220, 16], [11], self.llm.tokenizer.encode(" 3, 4, 5.")] * 60
        scores = self.llm.score(prompt, continuations)
        for ids, score in list(zip(continuations, scores))[:3] + list(zip(continuations, scores))[-3:]:
            rows = self.llm.logits(prompt + ids)[len(prompt) - 1:-1].astype(float)
            log_probs = rows - rows.max(axis=1, keepdims=True)
            log_probs -= numpy.log(numpy.exp(log_probs).sum(axis=1, keepdims=True))
            numpy.testing.assert_allclose(score.log_probs, log_probs[range(len(ids)), ids], rtol=1e-6, atol=1e-6)
            self.assertEqual(score.is_greedy, list(rows.argmax(axis=1)) == ids)
            self.assertEqual(score.token_ids, ids)

    def test_a_trace_is_the_answer_step_by_step(self):
        for mode in MODES:
            params = SamplingParams(mode=mode, temperature=0, max_tokens=40)
            trace = self.llm.trace("Count from 1 to 9.", params)
            steps = list(trace)
            self.assertEqual(sum((step.committed for step in steps), []), trace.result.token_ids)
            self.assertEqual("".join(step.text for step in steps), trace.result.text)
            self.assertEqual(trace.result.text, self.llm.generate("Count from 1 to 9.", params).text)
            self.assertEqual(len(steps), trace.result.stats["decode_forwards"])
            self.assertIn("</table>", trace._repr_html_())
            self.assertIn("</table>", steps[0]._repr_html_())
            for step in steps:
                self.assertEqual(len(step.window), len(step.entropies))
            if mode == "streaming":
                self.assertTrue(all(entropy >= 0 for step in steps for entropy in step.entropies if step.window))
                self.assertTrue(any(token is not None for step in steps for token in step.window))
            if mode == "autoregressive":
                self.assertFalse(any(step.window for step in steps))


if __name__ == "__main__":
    unittest.main()

"""POST /v1/completions, GET /v1/models and the routes of text and tokens, by the openai client."""

import json
import unittest

from clients.common import COUNTED, model, openai_client, server, valid


# Special tokens in a text count.
BEGUN = "<|im_start|>user\nCount from 1 to 20.<|im_end|>\n<|im_start|>assistant\n1, 2, 3,"


class CompletionsTest(unittest.TestCase):
    def setUp(self):
        self.client = openai_client(server())

    def complete(self, prompt=BEGUN, **members):
        return valid(self.client.completions.create(
            **{"model": model(), "prompt": prompt, "temperature": 0, "max_tokens": 12,
               "extra_body": {"ignore_eos": True}, **members}))

    def post(self, path, body):
        status, _, data = server().request("POST", path, body)
        self.assertEqual(status, 200, data)
        return json.loads(data)

    def test_prompts(self):
        ids = self.post("/tokenize", {"prompt": BEGUN, "add_special_tokens": False})["tokens"]
        one = self.complete()
        self.assertEqual(one.object, "text_completion")
        self.assertTrue(one.choices[0].text.startswith(" 4, 5,"))
        self.assertEqual(one.usage.completion_tokens, 12)
        self.assertEqual(one.choices[0].finish_reason, "length")
        for prompt in (ids, [ids], [BEGUN]):
            self.assertEqual(self.complete(prompt).choices[0].text, one.choices[0].text)
        self.assertEqual(one.choices[0].text[:6], self.complete(extra_body={}).choices[0].text[:6])
        several = self.complete([BEGUN, "7, 8, 9,"], n=2, seed=4, temperature=1)
        self.assertEqual([choice.index for choice in several.choices], [0, 1, 2, 3])
        self.assertEqual(several.choices[3].text, self.complete("7, 8, 9,", seed=5, temperature=1).choices[0].text)
        self.assertEqual(self.complete(max_tokens=None).usage.completion_tokens, 16)

    def test_members(self):
        answer = self.complete(echo=True, best_of=2, n=2, seed=1, stop=["zebra"], presence_penalty=0.1, top_p=0.9,
                               frequency_penalty=0.1, logit_bias={"5": -1}, user="u", temperature=0.5,
                               extra_body={"top_k": 9, "min_p": 0.1, "mode": "exact", "ignore_eos": True,
                                           "repetition_penalty": 1.1, "return_token_ids": True, "suffix": None})
        for choice in answer.choices:
            self.assertTrue(choice.text.startswith(BEGUN))
            self.assertEqual(len(choice.token_ids), 12)
        self.assertEqual(self.complete(stop="5").choices[0].stop_reason, "5")

    def test_logprobs(self):
        for count in (0, 3):
            choice = self.complete(logprobs=count).choices[0]
            scores = choice.logprobs
            self.assertEqual("".join(scores.tokens), choice.text)
            self.assertEqual(scores.text_offset, [len("".join(scores.tokens[:i])) for i in range(12)])
            self.assertEqual(len(scores.token_logprobs), 12)
            for token, log_prob, top in zip(scores.tokens, scores.token_logprobs, scores.top_logprobs):
                self.assertLessEqual(log_prob, 0)
                if count:
                    self.assertEqual(top[token], log_prob)
                    self.assertGreaterEqual(len(top), count)
        self.assertIsNone(self.complete().choices[0].logprobs)

    def test_a_stream_is_the_whole_answer(self):
        members = {"prompt": [BEGUN, "7, 8, 9,"], "n": 2, "seed": 4, "temperature": 1, "logprobs": 1,
                   "max_tokens": 20, "extra_body": {"ignore_eos": True}}
        whole = self.complete(**members)
        texts, tokens, offsets = [""] * 4, [[] for _ in range(4)], [[] for _ in range(4)]
        chunks = list(self.client.completions.create(model=model(), **members, stream=True,
                                                     stream_options={"include_usage": True}))
        for chunk in chunks:
            for part in chunk.choices:  # a type for streams there is not
                texts[part.index] += part.text
                if part.logprobs:
                    tokens[part.index] += part.logprobs.tokens
                    offsets[part.index] += part.logprobs.text_offset
        self.assertEqual(texts, [choice.text for choice in whole.choices])
        self.assertEqual(tokens, [choice.logprobs.tokens for choice in whole.choices])
        self.assertEqual(offsets, [choice.logprobs.text_offset for choice in whole.choices])
        self.assertEqual(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)

    def test_echo_in_a_stream(self):
        stream = self.client.completions.create(model=model(), prompt=BEGUN, echo=True, temperature=0, max_tokens=12,
                                                stream=True)
        self.assertEqual("".join(chunk.choices[0].text for chunk in stream), self.complete(echo=True).choices[0].text)

    def test_models(self):
        models = self.client.models.list()
        self.assertEqual(models.object, "list")
        entry = valid(models.data[0])
        self.assertEqual((entry.object, entry.owned_by), ("model", "wedlm"))
        self.assertEqual(valid(self.client.models.retrieve(entry.id)).to_dict(), entry.to_dict())
        self.assertGreater(entry.max_model_len, 100)
        self.assertEqual(entry.defaults["temperature"], 0)

    def test_text_and_tokens(self):
        for prefix in ("", "/v1"):
            whole = self.post(prefix + "/tokenize", {"prompt": COUNTED, "return_token_strs": True})
            self.assertEqual("".join(whole["token_strs"]), COUNTED)
            self.assertEqual(whole["count"], len(whole["tokens"]))
            self.assertEqual(self.post(prefix + "/detokenize", {"tokens": whole["tokens"]})["prompt"], COUNTED)
            messages = [{"role": "user", "content": "Hello"}]
            text = self.post(prefix + "/apply-template", {"messages": messages})["prompt"]
            self.assertEqual(self.post(prefix + "/tokenize", {"messages": messages})["tokens"],
                             self.post(prefix + "/tokenize", {"prompt": text, "add_special_tokens": False})["tokens"])
        for path, key in (("/health", "status"), ("/ready", "status"), ("/version", "version")):
            self.assertTrue(json.loads(server().request("GET", path)[2])[key])

"""Every member of a chat's request by the openai client: that it is taken, and that it does what it says."""

import json
import math
import unittest

from clients.common import COUNT, COUNTED, chat, model, openai_client, server, text_of


def body(**members):
    return {"extra_body": members}


def token_of(text):
    ids = server().request("POST", "/tokenize", {"prompt": text, "add_special_tokens": False})[2]
    return json.loads(ids)["tokens"][0]


class MembersTest(unittest.TestCase):
    def test_all_of_them_together(self):
        answer = chat(
            messages=[{"role": "system", "content": "You count."}, *COUNT], max_completion_tokens=24, top_p=0.9, n=2,
            seed=3, stop=["zebra"], logprobs=True, top_logprobs=1, presence_penalty=0.1, frequency_penalty=0.1,
            logit_bias={"5": -100}, user="somebody", metadata={"a": "b"}, store=False, service_tier="auto",
            reasoning_effort="low", parallel_tool_calls=False, tools=[], response_format={"type": "text"},
            modalities=["text"], safety_identifier="x", prompt_cache_key="y", verbosity="low",
            **body(top_k=20, min_p=0.01, repetition_penalty=1.01, stop_token_ids=[3], ignore_eos=True, priority=1,
                   chat_template_kwargs={"enable_thinking": False}, add_generation_prompt=True, mode="gated",
                   continue_final_message=False, window_size=8, entropy_threshold=0.4, pos_penalty=0.02, max_per_step=4,
                   draft_threshold=0.5, gate_epsilon=0.4, gate_delta=0.9, thinking_budget=100, return_token_ids=True))
        self.assertEqual(len(answer.choices), 2)
        self.assertEqual(answer.choices[1].finish_reason, "length")
        self.assertEqual(len(answer.choices[0].token_ids), 24)

    def test_members_that_are_null(self):
        names = ("max_tokens", "max_completion_tokens", "top_p", "top_k", "min_p", "n", "seed", "stop", "stop_token_ids",
                 "ignore_eos", "stream_options", "logprobs", "top_logprobs", "presence_penalty", "frequency_penalty",
                 "repetition_penalty", "logit_bias", "user", "metadata", "chat_template_kwargs", "tools", "tool_choice",
                 "add_generation_prompt", "continue_final_message", "mode", "window_size", "entropy_threshold",
                 "pos_penalty", "max_per_step", "draft_threshold", "gate_epsilon", "gate_delta", "response_format",
                 "thinking_budget", "stream", "best_of", "suffix", "echo", "functions", "function_call", "audio")
        answer = chat(**body(**{name: None for name in names}))
        self.assertEqual(text_of(answer), COUNTED + ".")
        streamed = openai_client(server()).chat.completions.create(
            model=model(), messages=COUNT, temperature=0, stream=True,
            stream_options={"include_usage": None, "continuous_usage_stats": None, "window": None})
        self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in streamed), COUNTED + ".")

    def test_logprobs(self):
        self.assertIsNone(chat().choices[0].logprobs)
        for count in (None, 0, 5, 20):
            answer = chat(logprobs=True, top_logprobs=count, max_tokens=12)
            content = answer.choices[0].logprobs.content
            self.assertEqual(len(content), answer.usage.completion_tokens)
            self.assertEqual("".join(entry.token for entry in content), text_of(answer))
            self.assertEqual(bytes(byte for entry in content for byte in entry.bytes).decode(), text_of(answer))
            for entry in content:
                self.assertLessEqual(entry.logprob, 0)
                top = [one.logprob for one in entry.top_logprobs]
                self.assertEqual(len(top), count or 0)
                self.assertEqual(top, sorted(top, reverse=True))
                self.assertLess(sum(math.exp(one) for one in top), 1.001)
                if top:
                    self.assertIn((entry.token, entry.logprob), [(one.token, one.logprob) for one in entry.top_logprobs])

    def test_seeds(self):
        members = {"temperature": 1.5, "max_tokens": 24}
        first = chat(**members, seed=11, n=3)
        self.assertEqual([choice.message.content for choice in first.choices],
                         [text_of(chat(**members, seed=11 + i)) for i in range(3)])
        self.assertEqual(first.timings["seed"], 11)
        drawn = chat(**members)
        self.assertEqual(text_of(chat(**members, seed=drawn.timings["seed"])), text_of(drawn))
        self.assertGreater(len({text_of(chat(**members, seed=i)) for i in range(8)}), 1)

    def test_stops(self):
        for stop in ("6", ["6"], ["zebra", "6", "9"]):
            answer = chat(stop=stop)
            self.assertEqual(text_of(answer), "1, 2, 3, 4, 5, ")
            self.assertEqual((answer.choices[0].finish_reason, answer.choices[0].stop_reason), ("stop", "6"))
        self.assertEqual(text_of(chat(stop=[])), COUNTED + ".")
        six = token_of("6")
        answer = chat(**body(stop_token_ids=[six]))
        self.assertEqual((answer.choices[0].finish_reason, answer.choices[0].stop_reason), ("stop", six))
        self.assertTrue(text_of(answer).startswith("1, 2, 3, 4, 5, "))

    def test_lengths(self):
        for members in ({"max_tokens": 7}, {"max_completion_tokens": 7}, {"max_tokens": 90, "max_completion_tokens": 7}):
            answer = chat(**members)
            self.assertEqual((answer.usage.completion_tokens, answer.choices[0].finish_reason), (7, "length"))
        answer = chat(max_tokens=80, **body(ignore_eos=True))
        self.assertEqual((answer.usage.completion_tokens, answer.choices[0].finish_reason), (80, "length"))

    def test_biases(self):
        two = token_of("2")
        banned = chat(logit_bias={str(two): -100}, **body(return_token_ids=True))
        self.assertNotIn(two, banned.choices[0].token_ids)
        forced = chat(logit_bias={str(two): 100}, max_tokens=6, **body(return_token_ids=True))
        self.assertEqual(forced.choices[0].token_ids, [two] * 6)

    def test_penalties(self):
        """An answer that has to go on repeats itself; each of them makes it use other tokens."""
        plain = chat(max_tokens=80, **body(return_token_ids=True, mode="autoregressive", ignore_eos=True))
        for members in ({"presence_penalty": 2, "frequency_penalty": 2}, body(repetition_penalty=5)):
            members = {**members, "extra_body": {"return_token_ids": True, "mode": "autoregressive",
                                                 "ignore_eos": True, **members.get("extra_body", {})}}
            ids = chat(max_tokens=80, **members).choices[0].token_ids
            self.assertNotEqual(ids, plain.choices[0].token_ids)
            self.assertGreater(len(set(ids)), len(set(plain.choices[0].token_ids)))

    def test_filters_that_leave_one_token(self):
        wanted = text_of(chat())
        for filters in ({"min_p": 1}, {"top_k": 1}, {"top_p": 1e-6}):
            for mode in ("autoregressive", "exact", "streaming"):
                self.assertEqual(text_of(chat(temperature=2, **body(**filters, mode=mode))),
                                 text_of(chat(**body(mode=mode))), (filters, mode))
        self.assertEqual(wanted, COUNTED + ".")

    def test_modes_take_fewer_forwards(self):
        plain = chat(**body(mode="autoregressive"))
        self.assertEqual(text_of(chat(**body(mode="exact"))), text_of(plain))
        self.assertGreater(plain.timings["forwards"], chat(**body(mode="exact")).timings["forwards"])
        wide = chat(**body(window_size=16, entropy_threshold=3)).timings["forwards"]
        self.assertGreater(chat(**body(window_size=16, max_per_step=1)).timings["forwards"], wide)
        self.assertGreater(chat(**body(window_size=2, entropy_threshold=3)).timings["forwards"], wide)

    def test_no_threshold_is_a_word(self):
        """null is "not given"; "none" asks for one position a forward."""
        given = chat(**body(window_size=8)).timings["forwards"]
        self.assertEqual(chat(**body(window_size=8, entropy_threshold=None)).timings["forwards"], given)
        one_each = chat(**body(window_size=8, entropy_threshold="none"))
        self.assertGreater(one_each.timings["forwards"], given)
        self.assertGreaterEqual(one_each.timings["decode_forwards"], one_each.usage.completion_tokens - 1)

    def test_roles_and_parts(self):
        parts = [{"type": "text", "text": "Count from "}, {"type": "text", "text": "1 to 20."}]
        self.assertEqual(text_of(chat(messages=[{"role": "user", "content": parts}])), COUNTED + ".")
        answer = chat(max_tokens=4, messages=[
            {"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "a", "content": "5"}, *COUNT])
        self.assertEqual(answer.usage.completion_tokens, 4)

    def test_tools_that_may_not_be_called(self):
        tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
        self.assertTrue(text_of(chat(tools=[tool], tool_choice="none")))

    def test_an_answer_that_goes_on(self):
        begun = [*COUNT, {"role": "assistant", "content": "1, 2, 3,"}]
        answer = chat(messages=begun, **body(continue_final_message=True, add_generation_prompt=False))
        self.assertEqual("1, 2, 3," + text_of(answer), COUNTED + ".")
        self.assertEqual(text_of(chat(messages=begun, **body(continue_final_message=True))), text_of(answer))

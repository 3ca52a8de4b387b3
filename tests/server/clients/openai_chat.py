"""POST /v1/chat/completions by the openai client: whole, streamed, many at once."""

import asyncio
import unittest

import openai

from clients.common import COUNT, COUNTED, chat, model, openai_client, server, text_of, thinking_server, valid


def put_together(chunks):
    """What a stream says of each choice, and the usage at its end."""
    choices, usage = {}, None
    for chunk in chunks:
        valid(chunk)
        usage = chunk.usage or usage
        for part in chunk.choices:
            grown = choices.setdefault(part.index, {"role": "", "text": "", "reasoning": "", "reason": None, "logprobs": []})
            grown["role"] += part.delta.role or ""
            grown["text"] += part.delta.content or ""
            grown["reasoning"] += getattr(part.delta, "reasoning_content", None) or ""
            assert grown["reason"] is None, "nothing follows the reason"
            grown["reason"] = part.finish_reason
            grown["logprobs"] += part.logprobs.content if part.logprobs else []
    return [choices[index] for index in sorted(choices)], usage


class ChatTest(unittest.TestCase):
    def setUp(self):
        self.client = openai_client(server())

    def stream(self, **members):
        return list(self.client.chat.completions.create(
            **{"model": model(), "messages": COUNT, "temperature": 0, "stream": True, **members}))

    def test_an_answer(self):
        answer = chat()
        self.assertEqual(text_of(answer), COUNTED + ".")
        self.assertEqual(answer.object, "chat.completion")
        self.assertEqual(answer.model, model())
        self.assertTrue(answer.id.startswith("chatcmpl-"))
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.choices[0].message.role, "assistant")
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        for name in ("queue_seconds", "prompt_seconds", "decode_seconds", "tokens_per_second", "forwards",
                     "tokens_per_forward", "rows", "cached_prompt_tokens"):
            self.assertGreaterEqual(answer.timings[name], 0, name)
        self.assertGreater(answer.timings["tokens_per_forward"], 1)

    def test_a_stream_is_the_whole_answer(self):
        members = {"n": 3, "seed": 7, "temperature": 0.8, "logprobs": True, "top_logprobs": 2}
        whole = chat(**members)
        choices, usage = put_together(self.stream(**members, stream_options={"include_usage": True}))
        self.assertEqual(len(choices), 3)
        for got, wanted in zip(choices, whole.choices):
            self.assertEqual(got["role"], "assistant")
            self.assertEqual(got["text"], wanted.message.content)
            self.assertEqual(got["reason"], wanted.finish_reason)
            self.assertEqual(got["logprobs"], wanted.logprobs.content)
        self.assertEqual(usage.completion_tokens, whole.usage.completion_tokens)
        self.assertEqual(usage.prompt_tokens, whole.usage.prompt_tokens)

    def test_the_order_of_chunks(self):
        chunks = self.stream(stream_options={"include_usage": True})
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertTrue(all(chunk.choices[0].delta.role is None for chunk in chunks[1:-1]))
        self.assertEqual(chunks[-2].choices[0].finish_reason, "stop")
        self.assertEqual(chunks[-1].choices, [])
        self.assertTrue(all(chunk.usage is None for chunk in chunks[:-1]))
        self.assertEqual(len({chunk.id for chunk in chunks}), 1)
        self.assertTrue(all(chunk.usage is None for chunk in self.stream()))

    def test_usage_in_every_chunk(self):
        chunks = self.stream(stream_options={"include_usage": True, "continuous_usage_stats": True})
        counts = [chunk.usage.completion_tokens for chunk in chunks]
        self.assertEqual(counts, sorted(counts))
        self.assertEqual(counts[0], 0)
        self.assertEqual(counts[-1], chat().usage.completion_tokens)
        self.assertEqual({chunk.usage.prompt_tokens for chunk in chunks}, {chunks[0].usage.prompt_tokens})

    def test_the_clients_own_accumulation(self):
        with self.client.chat.completions.stream(model=model(), messages=COUNT, temperature=0, logprobs=True,
                                                 stream_options={"include_usage": True}) as stream:
            kinds = {event.type for event in stream}
            final = stream.get_final_completion()
        self.assertLessEqual({"chunk", "content.delta", "content.done", "logprobs.content.delta"}, kinds)
        self.assertEqual(text_of(final), COUNTED + ".")
        self.assertEqual(final.usage.completion_tokens, len(final.choices[0].logprobs.content))

    def test_the_window(self):
        chunks = self.stream(stream_options={"window": True}, extra_body={"mode": "exact"})
        windows = [chunk.choices[0].window for chunk in chunks if hasattr(chunk.choices[0], "window")]
        self.assertTrue(any(position["filled"] and position["text"] for window in windows for position in window))
        self.assertTrue(any(not position["filled"] for window in windows for position in window))
        self.assertEqual(put_together(chunks)[0][0]["text"], COUNTED + ".")

    def test_thirty_two_at_once(self):
        lengths = [4 + i for i in range(32)]
        alone = [text_of(chat(max_tokens=length, seed=length, temperature=0.7)) for length in lengths]

        async def all_at_once():
            async with openai.AsyncOpenAI(base_url=server().address + "/v1", api_key="none", max_retries=0) as client:
                async def one(length):
                    stream = length % 2 == 0
                    answer = await client.chat.completions.create(
                        model=model(), messages=COUNT, max_tokens=length, seed=length, temperature=0.7, stream=stream)
                    if not stream:
                        return text_of(valid(answer))
                    return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])
                return await asyncio.gather(*[one(length) for length in lengths])

        self.assertEqual(asyncio.run(all_at_once()), alone)

    def test_a_base_address_without_version(self):
        for base in ("", "/", "/v1", "/v1/"):
            client = openai.OpenAI(base_url=server().address + base, api_key="none", max_retries=0)
            answer = client.chat.completions.create(model=model(), messages=COUNT, max_tokens=3)
            self.assertEqual(answer.usage.completion_tokens, 3, base)

    def test_thinking(self):
        client = openai_client(thinking_server())
        members = {"model": model(), "messages": [{"role": "user", "content": "1, 2, 3,"}], "temperature": 0,
                   "max_tokens": 30, "extra_body": {"ignore_eos": True, "thinking_budget": 8, "mode": "exact"}}
        answer = valid(client.chat.completions.create(**members))
        message = answer.choices[0].message
        self.assertTrue(message.content)
        self.assertTrue(message.reasoning_content)
        self.assertEqual(message.reasoning, message.reasoning_content)
        self.assertEqual(answer.usage.completion_tokens, 30)
        self.assertGreaterEqual(answer.usage.completion_tokens_details.reasoning_tokens, 8)
        self.assertLess(answer.usage.completion_tokens_details.reasoning_tokens, 30)
        choices, _ = put_together(client.chat.completions.create(**members, stream=True))
        self.assertEqual(choices[0]["text"], message.content)
        self.assertEqual(choices[0]["reasoning"], message.reasoning_content)

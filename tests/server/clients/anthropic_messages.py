"""POST /v1/messages and /v1/messages/count_tokens by the anthropic client."""

import asyncio
import unittest

import anthropic

from clients.common import COUNT, COUNTED, anthropic_client, model, server, thinking_server, valid


class MessagesTest(unittest.TestCase):
    def setUp(self):
        self.client = anthropic_client(server())

    def members(self, members):
        """With temperature 0, of which newer clients have no argument."""
        return {"model": model(), "max_tokens": 100, "messages": COUNT, **members,
                "extra_body": {"temperature": 0, **members.get("extra_body", {})}}

    def create(self, client=None, **members):
        return valid((client or self.client).messages.create(**self.members(members)))

    def streamed(self, client=None, **members):
        return [valid(event) for event in (client or self.client).messages.create(stream=True, **self.members(members))]

    def test_an_answer(self):
        answer = self.create()
        self.assertEqual((answer.type, answer.role, answer.model), ("message", "assistant", model()))
        self.assertEqual([block.type for block in answer.content], ["text"])
        self.assertEqual(answer.content[0].text, COUNTED + ".")
        self.assertEqual((answer.stop_reason, answer.stop_sequence), ("end_turn", None))
        self.assertGreater(answer.usage.output_tokens, 0)
        cached = self.create()
        self.assertEqual(cached.usage.input_tokens + cached.usage.cache_read_input_tokens,
                         self.client.messages.count_tokens(model=model(), messages=COUNT).input_tokens)

    def test_members(self):
        answer = self.create(system=[{"type": "text", "text": "You count."}], stop_sequences=["6"],
                             metadata={"user_id": "u"}, service_tier="auto", thinking={"type": "disabled"},
                             messages=[{"role": "user", "content": [
                                 {"type": "text", "text": COUNT[0]["content"], "cache_control": {"type": "ephemeral"}}]}],
                             extra_body={"top_k": 3, "top_p": 0.9, "mode": "exact", "window_size": 4, "seed": 5, "min_p": 0.1})
        self.assertEqual((answer.stop_reason, answer.stop_sequence), ("stop_sequence", "6"))
        self.assertEqual(answer.content[0].text, "1, 2, 3, 4, 5, ")
        self.assertEqual(self.create(max_tokens=3).stop_reason, "max_tokens")
        begun = [*COUNT, {"role": "assistant", "content": "1, 2, 3,"}]
        self.assertEqual("1, 2, 3," + self.create(messages=begun).content[0].text, COUNTED + ".")
        self.assertTrue(self.create(tool_choice={"type": "none"}, tools=[]).content[0].text)

    def test_the_order_of_events(self):
        events = self.streamed()
        types = [event.type for event in events]
        self.assertEqual(types[:2], ["message_start", "content_block_start"])
        self.assertEqual(set(types[2:-3]), {"content_block_delta"})
        self.assertEqual(types[-3:], ["content_block_stop", "message_delta", "message_stop"])
        self.assertEqual("".join(event.delta.text for event in events if event.type == "content_block_delta"),
                         COUNTED + ".")
        self.assertIsNone(events[0].message.stop_reason)
        self.assertEqual(events[-2].delta.stop_reason, "end_turn")
        self.assertEqual(events[-2].usage.output_tokens, self.create().usage.output_tokens)

    def test_the_clients_own_accumulation(self):
        with self.client.messages.stream(**self.members({})) as stream:
            self.assertEqual("".join(stream.text_stream), COUNTED + ".")
            message = stream.get_final_message()
        self.assertEqual(message.content[0].text, COUNTED + ".")
        self.assertEqual(message.stop_reason, "end_turn")
        beta = self.client.beta.messages.create(**self.members({"max_tokens": 3}), betas=["x"])
        self.assertEqual(beta.usage.output_tokens, 3)

    def test_thinking(self):
        client = anthropic_client(thinking_server())
        members = {"max_tokens": 30, "messages": [{"role": "user", "content": "1, 2, 3,"}],
                   "thinking": {"type": "enabled", "budget_tokens": 8}, "extra_body": {"ignore_eos": True, "mode": "exact"}}
        answer = self.create(client, **members)
        self.assertEqual([block.type for block in answer.content], ["thinking", "text"])
        self.assertTrue(answer.content[0].thinking and answer.content[1].text)
        events = self.streamed(client, **members)
        deltas = [event.delta for event in events if event.type == "content_block_delta"]
        self.assertEqual("".join(delta.thinking for delta in deltas if delta.type == "thinking_delta"),
                         answer.content[0].thinking)
        self.assertEqual("".join(delta.text for delta in deltas if delta.type == "text_delta"), answer.content[1].text)
        starts = [event for event in events if event.type == "content_block_start"]
        self.assertEqual([(event.index, event.content_block.type) for event in starts], [(0, "thinking"), (1, "text")])
        # What came may be sent back.
        again = [*members["messages"], {"role": "assistant", "content": [block.to_dict() for block in answer.content]},
                 {"role": "user", "content": "4, 5, 6,"}]
        self.assertTrue(self.create(client, **{**members, "messages": again}).content)

    def test_counting(self):
        count = self.client.messages.count_tokens(model=model(), messages=COUNT)
        with_system = valid(self.client.messages.count_tokens(model=model(), messages=COUNT, system="You count."))
        self.assertGreater(with_system.input_tokens, count.input_tokens)
        answer = self.create(system="You count.", max_tokens=1)
        self.assertEqual(answer.usage.input_tokens + answer.usage.cache_read_input_tokens, with_system.input_tokens)

    def test_models(self):
        entry = self.client.models.list().data[0]
        self.assertEqual((entry.id, entry.type), (model(), "model"))
        self.assertEqual(self.client.models.retrieve(model()).display_name, model())

    def test_thirty_two_at_once(self):
        async def all_at_once():
            async with anthropic.AsyncAnthropic(base_url=server().address, api_key="none", max_retries=0) as client:
                return await asyncio.gather(*[client.messages.create(**self.members({"max_tokens": 4 + i}))
                                              for i in range(32)])
        for i, answer in enumerate(asyncio.run(all_at_once())):
            self.assertEqual(answer.usage.output_tokens, 4 + i)
            self.assertTrue((COUNTED + ".").startswith(answer.content[0].text))

"""POST /v1/responses by the openai client."""

import unittest

import openai

from clients.common import COUNTED, model, openai_client, server, thinking_server, valid

QUESTION = "Count from 1 to 20."

# What a stream says around the growing text of one item.
ITEM = ("response.output_item.added", "response.content_part.added")
ITEM_END = ("response.content_part.done", "response.output_item.done")


def in_order(events):
    """Their types, one for a run of the same."""
    types = [event.type for event in events]
    return [one for i, one in enumerate(types) if i == 0 or types[i - 1] != one]


class ResponsesTest(unittest.TestCase):
    def setUp(self):
        self.client = openai_client(server())

    def respond(self, client=None, **members):
        return valid((client or self.client).responses.create(
            **{"model": model(), "input": QUESTION, "temperature": 0, **members}))

    def streamed(self, client=None, **members):
        return [valid(event) for event in (client or self.client).responses.create(
            **{"model": model(), "input": QUESTION, "temperature": 0, "stream": True, **members})]

    def test_an_answer(self):
        answer = self.respond(instructions="You count.", metadata={"a": "b"}, user="u", top_p=0.9, store=True)
        self.assertEqual((answer.object, answer.status), ("response", "completed"))
        self.assertTrue(answer.output_text.startswith("1, 2, 3,"))
        self.assertEqual(answer.instructions, "You count.")
        self.assertEqual(answer.metadata, {"a": "b"})
        self.assertEqual(answer.user, "u")
        self.assertEqual((answer.temperature, answer.top_p, answer.store), (0, 0.9, False))
        self.assertEqual(answer.usage.total_tokens, answer.usage.input_tokens + answer.usage.output_tokens)
        self.assertGreater(answer.usage.input_tokens, self.respond().usage.input_tokens)

    def test_an_answer_that_is_cut(self):
        answer = self.respond(max_output_tokens=5)
        self.assertEqual((answer.status, answer.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        self.assertEqual((answer.usage.output_tokens, answer.max_output_tokens), (5, 5))
        self.assertEqual(answer.output[0].status, "incomplete")
        events = self.streamed(max_output_tokens=5)
        self.assertEqual(events[-1].type, "response.incomplete")
        self.assertEqual([event.item.status for event in events if event.type == "response.output_item.done"],
                         [item.status for item in events[-1].response.output])

    def test_the_order_of_events(self):
        events = self.streamed()
        self.assertEqual(in_order(events), ["response.created", "response.in_progress", *ITEM,
                                            "response.output_text.delta", "response.output_text.done", *ITEM_END,
                                            "response.completed"])
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        self.assertEqual("".join(event.delta for event in events if event.type == "response.output_text.delta"),
                         COUNTED + ".")
        self.assertEqual(events[-1].response.output_text, COUNTED + ".")
        self.assertEqual(events[-1].response.usage.output_tokens, self.respond().usage.output_tokens)

    def test_the_clients_own_accumulation(self):
        with self.client.responses.stream(model=model(), input=QUESTION, temperature=0) as stream:
            snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
            self.assertEqual(stream.get_final_response().output_text, COUNTED + ".")
        self.assertEqual(snapshots[-1], COUNTED + ".")

    def test_thinking(self):
        client = openai_client(thinking_server())
        members = {"input": "1, 2, 3,", "max_output_tokens": 30,
                   "extra_body": {"ignore_eos": True, "thinking_budget": 8, "mode": "exact"}}
        answer = self.respond(client, **members)
        self.assertEqual([item.type for item in answer.output], ["reasoning", "message"])
        self.assertTrue(answer.output[0].content[0].text)
        self.assertGreaterEqual(answer.usage.output_tokens_details.reasoning_tokens, 8)
        events = self.streamed(client, **members)
        self.assertEqual(in_order(events), ["response.created", "response.in_progress",
                                            *ITEM, "response.reasoning_text.delta", "response.reasoning_text.done",
                                            *ITEM_END, *ITEM, "response.output_text.delta", "response.output_text.done",
                                            *ITEM_END, "response.incomplete"])
        for wanted, got in zip(answer.output, events[-1].response.output):
            self.assertEqual((got.content[0].text, got.status), (wanted.content[0].text, wanted.status))
        done = [event.item for event in events if event.type == "response.output_item.done"]
        self.assertEqual([item.to_dict() for item in done], [item.to_dict() for item in events[-1].response.output])

    def test_logprobs(self):
        self.assertEqual(self.respond().output[0].content[0].logprobs, [])
        for members in ({"top_logprobs": 3}, {"include": ["message.output_text.logprobs"]}):
            answer = self.respond(**members)
            scores = answer.output[0].content[0].logprobs
            self.assertEqual(len(scores), answer.usage.output_tokens)
            self.assertEqual(len(scores[0].top_logprobs), members.get("top_logprobs", 0))
            events = self.streamed(**members)
            grown = [one.token for event in events if event.type == "response.output_text.delta" for one in event.logprobs]
            done = next(event for event in events if event.type == "response.output_text.done")
            self.assertEqual([one.token for one in done.logprobs], [one.token for one in scores])
            self.assertEqual(grown, [one.token for one in scores][:len(grown)])
            self.assertGreaterEqual(len(grown), len(scores) - 1)  # a token that ends the answer has no text

    def test_items_of_a_conversation(self):
        first = self.respond()
        answer = self.respond(input=[{"role": "developer", "content": "Be brief."},
                                     {"role": "user", "content": [{"type": "input_text", "text": QUESTION}]},
                                     *[item.to_dict() for item in first.output],
                                     {"type": "message", "role": "user", "content": QUESTION}], max_output_tokens=8)
        self.assertEqual(answer.usage.output_tokens, 8)

    def test_what_is_not_built(self):
        tool = {"type": "function", "name": "f", "parameters": {}, "strict": True}
        for name, value in (("previous_response_id", "resp_1"), ("conversation", "c"), ("background", True),
                            ("tools", [tool]), ("prompt", {"id": "p"}),
                            ("text", {"format": {"type": "json_schema", "name": "x", "schema": {}}})):
            with self.assertRaises(openai.BadRequestError, msg=name) as caught:
                self.respond(**{name: value})
            self.assertTrue(caught.exception.param.startswith(name), caught.exception.param)

    def test_what_is_wrong_is_named_as_it_was_sent(self):
        for value, param in (([{"role": "poet", "content": "a"}], "input[0].role"), ([], "input"), (5, "input"),
                             ("word " * 5000, "input")):
            with self.assertRaises(openai.BadRequestError) as caught:
                self.respond(input=value)
            self.assertEqual(caught.exception.param, param)

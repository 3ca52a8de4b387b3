"""What goes wrong, as the clients' own exceptions: refusals, timeouts, answers that nobody waits for."""

import asyncio
import time
import unittest

import anthropic
import openai

from clients.common import COUNT, anthropic_client, chat, model, openai_client, server, started

LONG = {"ignore_eos": True, "mode": "autoregressive"}  # as extra_body, with max_tokens: an answer that takes its time


class RefusalsTest(unittest.TestCase):
    def refused(self, kind, **members):
        with self.assertRaises(kind, msg=members) as caught:
            chat(**members)
        return caught.exception

    def test_what_is_wrong_is_named(self):
        for param, value in (("temperature", -1), ("temperature", "warm"), ("top_p", 0), ("top_p", 2), ("max_tokens", 0),
                             ("max_tokens", 1.5), ("n", 0), ("n", 100000), ("seed", "x"), ("stop", 5), ("messages", []),
                             ("messages", "Hi"), ("logit_bias", {"x": 1}), ("logit_bias", {"5": 200}),
                             ("presence_penalty", 3), ("frequency_penalty", -3), ("stream_options", 5),
                             ("top_logprobs", 21), ("tools", [{"type": "function", "function": {"name": "f"}}]),
                             ("response_format", {"type": "json_object"})):
            error = self.refused(openai.BadRequestError, **{"logprobs": True, param: value})
            self.assertEqual((error.param, error.type), (param, "invalid_request_error"))
            self.assertIn(param, error.message)
        for param, value in (("min_p", 2), ("top_k", -5), ("mode", "fast"), ("window_size", 1000), ("gate_epsilon", 0),
                             ("entropy_threshold", "all"), ("entropy_threshold", -1), ("repetition_penalty", 0),
                             ("thinking_budget", -1), ("ignore_eos", 1)):
            self.assertEqual(self.refused(openai.BadRequestError, extra_body={param: value}).param, param)

    def test_messages_that_are_wrong(self):
        for message, param in (({"role": "wizard", "content": "Hi"}, "messages[0].role"), ({"content": "Hi"}, "messages[0]"),
                               ({"role": "user"}, "messages[0]"), ({"role": "user", "content": 5}, "messages[0].content"),
                               ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
                                "messages[0].content")):
            self.assertEqual(self.refused(openai.BadRequestError, messages=[message]).param, param)

    def test_a_prompt_that_is_too_long(self):
        error = self.refused(openai.BadRequestError, messages=[{"role": "user", "content": "word " * 5000}])
        self.assertEqual((error.code, error.param), ("context_length_exceeded", "messages"))
        self.assertRegex(error.message, r"\d+ tokens.*2047")
        with self.assertRaises(openai.BadRequestError) as caught:
            openai_client(server()).completions.create(model=model(), prompt="word " * 5000)
        self.assertEqual((caught.exception.code, caught.exception.param), ("context_length_exceeded", "prompt"))
        with self.assertRaises(anthropic.BadRequestError):
            anthropic_client(server()).messages.create(model=model(), max_tokens=5,
                                                       messages=[{"role": "user", "content": "word " * 5000}])

    def test_tokens_outside_the_vocabulary(self):
        for members in ({"logit_bias": {"99999999": 1}}, {"extra_body": {"stop_token_ids": [99999999]}}):
            self.refused(openai.UnprocessableEntityError, **members)

    def test_a_model_of_another_name(self):
        error = self.refused(openai.NotFoundError, model="gpt-4")
        self.assertEqual((error.code, error.param), ("model_not_found", "model"))
        with self.assertRaises(openai.NotFoundError):
            openai_client(server()).models.retrieve("gpt-4")
        with self.assertRaises(openai.NotFoundError):
            openai_client(server()).embeddings.create(model=model(), input="a")

    def test_bodies_that_are_too_large(self):
        large = [{"role": "user", "content": "a" * (9 << 20)}]
        with self.assertRaises(openai.APIStatusError) as caught:
            chat(messages=large)
        self.assertEqual(caught.exception.status_code, 413)
        with self.assertRaises(anthropic.RequestTooLargeError) as caught:
            anthropic_client(server()).messages.create(model=model(), max_tokens=5, messages=large)
        self.assertEqual(caught.exception.body["error"]["type"], "request_too_large")
        self.assertTrue(caught.exception.response.headers["x-request-id"])

    def test_keys(self):
        served = started("--api-key", "s3cret")
        with self.assertRaises(openai.AuthenticationError):
            openai_client(served).models.list()
        with self.assertRaises(anthropic.AuthenticationError) as caught:
            anthropic_client(served).messages.create(model="m", max_tokens=5, messages=COUNT)
        self.assertEqual(caught.exception.body["error"]["type"], "authentication_error")
        self.assertTrue(openai_client(served, api_key="s3cret").models.list().data)
        self.assertTrue(anthropic_client(served, api_key="s3cret").models.list().data)
        served.end()

    def test_a_full_queue(self):
        served = started("--max-queue", "1", "--max-num-seqs", "1")

        async def crowd():
            async with openai.AsyncOpenAI(base_url=served.address, api_key="none", max_retries=0) as client:
                calls = [client.chat.completions.create(model=model(), messages=COUNT, max_tokens=400, extra_body=LONG)
                         for _ in range(8)]
                return await asyncio.gather(*calls, return_exceptions=True)

        answers = asyncio.run(crowd())
        refused = [one for one in answers if isinstance(one, openai.RateLimitError)]
        self.assertTrue(refused)
        self.assertEqual(refused[0].code, "queue_full")
        self.assertTrue(all(int(one.response.headers["Retry-After"]) > 0 for one in refused))
        self.assertEqual(len(refused) + sum(not isinstance(one, Exception) for one in answers), 8)
        served.end()

    def test_anthropics_own_shape(self):
        client = anthropic_client(server())
        good = {"model": model(), "max_tokens": 5, "messages": COUNT}
        for members, kind, type_name in (
                ({"max_tokens": 0}, anthropic.BadRequestError, "invalid_request_error"),
                ({"messages": []}, anthropic.BadRequestError, "invalid_request_error"),
                ({"messages": [{"role": "poet", "content": "a"}]}, anthropic.BadRequestError, "invalid_request_error"),
                ({"extra_body": {"temperature": -1}}, anthropic.BadRequestError, "invalid_request_error"),
                ({"tools": [{"name": "f", "input_schema": {}}]}, anthropic.BadRequestError, "invalid_request_error"),
                ({"model": "claude"}, anthropic.NotFoundError, "not_found_error")):
            with self.assertRaises(kind, msg=members) as caught:
                client.messages.create(**{**good, **members})
            self.assertEqual(caught.exception.body["type"], "error")
            self.assertEqual(caught.exception.body["error"]["type"], type_name)


class LeavingTest(unittest.TestCase):
    """Clients that do not wait for their answers: afterwards nothing runs and no page is in use."""

    def expect_calm(self):
        deadline = time.monotonic() + 20
        held = None
        while held != (0, 0) and time.monotonic() < deadline:
            held = (server().metric("vllm:num_requests_running"), server().metric("wedlm:kv_pages_used"))
            time.sleep(0.01)
        self.assertEqual(held, (0, 0))

    def setUp(self):
        self.aborted = server().metric("wedlm:aborted_requests_total") or 0

    def num_aborted(self):
        return server().metric("wedlm:aborted_requests_total") - self.aborted

    def test_timeouts(self):
        with self.assertRaises(openai.APITimeoutError):
            openai_client(server(), timeout=0.1).chat.completions.create(
                model=model(), messages=COUNT, max_tokens=2000, n=8, extra_body=LONG)
        with self.assertRaises(anthropic.APITimeoutError):
            anthropic_client(server(), timeout=0.1).messages.create(
                model=model(), messages=[*COUNT] * 60, max_tokens=1500, extra_body=LONG)
        self.expect_calm()
        self.assertEqual(self.num_aborted(), 2)

    def test_streams_that_are_closed(self):
        client = openai_client(server())
        stream = client.chat.completions.create(model=model(), messages=COUNT, max_tokens=2000, stream=True, n=4,
                                                extra_body=LONG)
        self.assertTrue(next(iter(stream)).choices)
        stream.close()
        with anthropic_client(server()).messages.stream(model=model(), messages=COUNT, max_tokens=1900,
                                                        extra_body=LONG) as stream:
            next(iter(stream))
        events = client.responses.create(model=model(), input="Hi", stream=True, extra_body=LONG)
        self.assertEqual(next(iter(events)).type, "response.created")
        events.close()
        self.expect_calm()
        self.assertEqual(self.num_aborted(), 3)

    def test_tasks_that_are_cancelled(self):
        async def cancel_all():
            async with openai.AsyncOpenAI(base_url=server().address, api_key="none", max_retries=0) as client:
                tasks = [asyncio.create_task(client.chat.completions.create(
                    model=model(), messages=COUNT, max_tokens=2000, extra_body=LONG)) for _ in range(32)]
                await asyncio.sleep(0.3)
                for task in tasks:
                    task.cancel()
                return await asyncio.gather(*tasks, return_exceptions=True)

        answers = asyncio.run(cancel_all())
        self.assertTrue(all(isinstance(one, asyncio.CancelledError) for one in answers))
        self.expect_calm()

    def test_a_server_that_takes_too_long(self):
        served = started("--request-timeout", "0.2")
        members = {"model": model(), "messages": COUNT, "max_tokens": 2000, "n": 16, "extra_body": LONG}
        with self.assertRaises(openai.APIStatusError) as caught:
            openai_client(served).chat.completions.create(**members)
        self.assertEqual((caught.exception.status_code, caught.exception.code), (504, "timeout"))
        with self.assertRaises(openai.APIError) as caught:
            list(openai_client(served).chat.completions.create(**members, stream=True))
        self.assertIn("--request-timeout", caught.exception.message)
        with self.assertRaises(anthropic.APIStatusError):
            list(anthropic_client(served).messages.create(model=model(), messages=COUNT, max_tokens=2000, stream=True,
                                                          extra_body={**LONG, "mode": "autoregressive"}))
        served.end()

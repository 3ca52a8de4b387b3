"""AsyncLLM: streams for asyncio, many at once, which end with their task."""

import asyncio
import unittest

from program import NANO, prompts
from wedlm import LLM, AsyncLLM, InvalidInput, SamplingParams

PARAMS = SamplingParams(temperature=0, max_tokens=48)
LONG = SamplingParams(max_tokens=1900, ignore_eos=True, mode="autoregressive", temperature=1)


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.llm = LLM(NANO)

    def tearDown(self):
        self.llm.close()

    async def test_many_answers_are_those_of_a_batch(self):
        texts = prompts(100)
        expected = [answer.text for answer in self.llm.generate(texts, PARAMS)]
        several = AsyncLLM(self.llm)
        answers = await asyncio.gather(*[several.generate(text, PARAMS) for text in texts])
        self.assertEqual([answer.text for answer in answers], expected)

        async def read(text):
            stream = several.generate_stream(text, PARAMS)
            pieces = [piece async for piece in stream]
            self.assertEqual("".join(map(str, pieces)), stream.result.text)
            return stream.result.text

        self.assertEqual(await asyncio.gather(*[read(text) for text in texts]), expected)

    async def test_chats(self):
        several = AsyncLLM(self.llm)
        text = "Count from 1 to 9."
        expected = self.llm.chat(text, PARAMS).text
        self.assertEqual((await several.chat([{"role": "user", "content": text}], PARAMS)).text, expected)
        self.assertEqual("".join([str(piece) async for piece in several.chat_stream(text, PARAMS)]), expected)

    async def until_idle(self):
        for _ in range(1000):
            if self.llm.stats()["num_running"] == 0:
                return
            await asyncio.sleep(0.01)
        self.fail("a request runs that nobody reads")

    async def test_a_cancelled_task_ends_its_request(self):
        several = AsyncLLM(self.llm)
        tasks = [asyncio.create_task(several.generate("Count.", LONG)) for _ in range(8)]
        while self.llm.stats()["num_running"] < 8:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            self.assertIsInstance(outcome, asyncio.CancelledError)
        await self.until_idle()
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(several.generate("Count.", LONG), 0.05)
        await self.until_idle()
        self.assertLess(self.llm.stats()["generated_tokens"], 9 * 1900)
        self.assertEqual(several._places, {})

    async def test_a_stream_that_is_left_ends_its_request(self):
        several = AsyncLLM(self.llm)
        async for _ in several.generate_stream("Count.", LONG):
            break
        with self.assertRaises(ZeroDivisionError):
            async for _ in several.generate_stream("Count.", LONG):
                1 / 0
        await self.until_idle()

    async def test_what_is_wrong_is_said(self):
        several = AsyncLLM(self.llm)
        with self.assertRaises(InvalidInput):
            await several.generate("", PARAMS)
        with self.assertRaisesRegex(InvalidInput, "outside the vocabulary"):
            await several.generate([4000], PARAMS)
        stream = several.generate_stream("Count.", PARAMS)
        with self.assertRaises(RuntimeError):
            stream.result

    async def test_it_loads_and_closes_a_model_itself(self):
        async with AsyncLLM(NANO, max_num_seqs=2) as several:
            self.assertTrue((await several.generate("Count from 1 to 9.", PARAMS)).token_ids)
        with self.assertRaisesRegex(InvalidInput, "closed"):
            several.stats()


class LoopsTest(unittest.TestCase):
    def test_one_loop_after_the_other(self):
        with LLM(NANO) as llm:
            several = AsyncLLM(llm)
            texts = [asyncio.run(several_answer(several)) for _ in range(2)]
            self.assertEqual(texts[0], texts[1])


async def several_answer(several):
    return (await several.generate("Count from 1 to 9.", PARAMS)).text


if __name__ == "__main__":
    unittest.main()

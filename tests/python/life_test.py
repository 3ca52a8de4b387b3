"""How an LLM lives and ends: streams that are dropped, exceptions, many calls, the interpreter's end, Ctrl-C, fork,
many threads. What ends a process is tried in processes of their own."""

import gc
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
import unittest

from program import NANO, prompts
from wedlm import LLM, SamplingParams

LONG = SamplingParams(max_tokens=1900, ignore_eos=True, mode="autoregressive", temperature=1)
BEGIN = """
    import os, signal, sys, threading, time
    from wedlm import LLM, AsyncLLM, InvalidInput, SamplingParams
    LONG = SamplingParams(max_tokens=1900, ignore_eos=True, mode="autoregressive", temperature=1)
    """


def script(text):
    """Starts Python with this text."""
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(BEGIN) + textwrap.dedent(text)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


class LifeTest(unittest.TestCase):
    def wait_until_idle(self, llm):
        for _ in range(1000):
            stats = llm.stats()
            if stats["num_running"] + stats["num_waiting"] == 0:
                self.assertEqual(stats["num_free_blocks"], stats["num_blocks"])
                return
            time.sleep(0.01)
        self.fail(f"requests run that nobody reads: {stats}")

    def test_streams_that_are_dropped_end(self):
        with LLM(NANO) as llm:
            for _ in range(20):
                next(llm.generate_stream("Count from 1 to 99.", LONG))
            with llm.generate_stream("Count from 1 to 99.", LONG) as stream:
                next(stream)
            with self.assertRaises(ZeroDivisionError):
                for _ in llm.generate_stream("Count from 1 to 99.", LONG):
                    1 / 0
            next(llm.trace("Count from 1 to 99.", LONG))
            gc.collect()
            self.wait_until_idle(llm)
            self.assertLess(llm.stats()["generated_tokens"], 24 * 1900)

    def test_many_calls_need_no_more_memory(self):
        params = SamplingParams(max_tokens=2, temperature=0)
        with LLM(NANO) as llm:
            def ask(count):
                for i in range(count):
                    llm.generate([i % 2000 + 1, 5], params)
                    if i % 10 == 0:
                        next(llm.generate_stream("Count from 1 to 99.", LONG))
            ask(1000)  # what is made once, and the pages of the cache that are written for the first time
            gc.collect()
            before = resident_bytes()
            ask(10000)
            gc.collect()
            self.assertLess(resident_bytes() - before, 8 << 20)
            self.wait_until_idle(llm)

    def test_llms_that_are_dropped_give_their_memory_back(self):
        for count in (2, 8):
            for _ in range(count):
                next(LLM(NANO).generate_stream("Count from 1 to 99.", LONG))
            gc.collect()
            after = resident_bytes()
            if count == 2:
                before = after
        self.assertLess(after - before, 40 << 20)

    def test_two_engines_answer_as_one(self):
        params = SamplingParams(temperature=0)
        with LLM(NANO) as one, LLM(NANO) as other:
            answers = {}

            def ask(name, llm):
                answers[name] = [str(answer) for answer in llm.generate(prompts(30), params)]

            threads = [threading.Thread(target=ask, args=pair) for pair in (("one", one), ("other", other))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(answers["one"], answers["other"])
            self.assertEqual(answers["one"], [str(answer) for answer in one.generate(prompts(30), params)])

    def test_threads_stream_side_by_side(self):
        params = SamplingParams(temperature=0, max_tokens=48)
        texts = prompts(32)
        with LLM(NANO) as llm:
            expected = [answer.text for answer in llm.generate(texts, params)]
            steps = llm.stats()["steps"]
            found = [None] * len(texts)

            def read(index):
                found[index] = "".join(map(str, llm.generate_stream(texts[index], params)))

            threads = [threading.Thread(target=read, args=(index,)) for index in range(len(texts))]
            for thread in threads:
                thread.start()
            logits = [llm.logits([1, 2, 3])[0, 0] for _ in range(20)]  # beside the engine's forwards
            for thread in threads:
                thread.join()
            self.assertEqual(found, expected)
            self.assertEqual(len(set(logits)), 1)
            self.assertLess(llm.stats()["steps"] - steps, 32 * 24, "they run in forwards of many")

    def end_of(self, process, seconds=20):
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail(f"it hangs: {process.communicate()}")
        return out, err

    def test_the_interpreter_ends_while_an_answer_grows(self):
        for text in ("""
                stream = LLM().generate_stream("a", LONG)
                print(next(stream))
                """, """
                llm = LLM()
                def read():
                    for piece in llm.generate_stream("a", LONG): pass
                for _ in range(4): threading.Thread(target=read, daemon=True).start()
                time.sleep(0.1)
                """, """
                llm = LLM()
                threading.Thread(target=lambda: llm.generate(["a"] * 8, LONG), daemon=True).start()
                time.sleep(0.1)
                sys.exit(0)
                """, """
                import asyncio
                async def main():
                    async for piece in AsyncLLM(LLM()).generate_stream("a", LONG): break
                asyncio.run(main())
                """, """
                class Kept: pass
                kept = Kept(); kept.llm = LLM(); kept.stream = kept.llm.generate_stream("a", LONG); kept.self = kept
                import builtins; builtins.kept = kept
                """):
            with self.subTest(text=text):
                process = script(text)
                _, err = self.end_of(process)
                self.assertEqual((process.returncode, err), (0, ""))

    def test_ctrl_c_ends_the_answer_and_not_the_interpreter(self):
        for ask in ("llm.generate(['a'] * 64, LONG)", "[piece for piece in llm.generate_stream('a', LONG)]",
                    "list(llm.trace('a', LONG))", "llm.generate_stream('a', LONG).result"):
            with self.subTest(ask=ask):
                process = script(f"""
                    llm = LLM()
                    try:
                        print("ready", flush=True)
                        while True:
                            {ask}
                    except KeyboardInterrupt:
                        print("stopped")
                    while llm.stats()["num_running"]: time.sleep(0.01)
                    print(llm.generate("Count from 1 to 9.", SamplingParams(max_tokens=4)).finish_reason)
                    """)
                self.assertEqual(process.stdout.readline(), "ready\n")
                time.sleep(0.3)
                process.send_signal(signal.SIGINT)
                out, err = self.end_of(process)
                self.assertEqual((process.returncode, err), (0, ""))
                self.assertTrue(out.startswith("stopped\n"), out)

    def test_a_fork_says_that_it_has_no_engine(self):
        process = script("""
            llm = LLM()
            stream = llm.generate_stream("a", LONG)
            next(stream)
            child = os.fork()
            if child == 0:
                for ask in (lambda: llm.generate("a"), lambda: next(stream), lambda: llm.logits([1])):
                    try:
                        ask()
                        print("answered")
                    except InvalidInput as error:
                        print(error)
                print(LLM().generate("Count from 1 to 9.", SamplingParams(max_tokens=3, ignore_eos=True)).finish_reason)
                sys.exit(0)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            print(len(list(stream)) > 0)
            """)
        out, err = self.end_of(process, 40)
        lines = out.splitlines()
        self.assertEqual((process.returncode, err), (0, ""), out)
        self.assertEqual(len(lines), 6, out)
        for line in lines[:3]:
            self.assertIn("make the LLM after the fork", line)
        self.assertEqual(lines[3:], ["length", "0", "True"])


if __name__ == "__main__":
    unittest.main()

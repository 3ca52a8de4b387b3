"""Names, defaults and refusals: those of the original engine and of the command line."""

import dataclasses
import math
import os
import pickle
import unittest
import warnings

from program import NANO, failure
from wedlm import LLM, InvalidInput, ResourceError, SamplingParams, _engine
from wedlm.load import Arguments

# The engine's own options that have another name here, or no field: a preset is a class method.
OTHER_NAMES = {"window_size": "wedlm_window_size", "entropy_threshold": "wedlm_entropy_threshold",
               "position_penalty": "wedlm_pos_penalty_factor"}


class SamplingParamsTest(unittest.TestCase):
    def test_fields_are_the_engines_options(self):
        fields = {field.name for field in dataclasses.fields(SamplingParams)}
        options = {OTHER_NAMES.get(json, json) for json, _, _, _ in _engine.option_table()} - {"preset"}
        self.assertEqual(fields, options | {"n", "priority"})

    def test_defaults_are_the_engines(self):
        given = SamplingParams().settings()
        for json, _, default, _ in _engine.option_table():
            if json in given:
                expected = () if default == [] else default
                self.assertEqual(given[json], expected, json)
        original = {"temperature": 0.2, "top_p": 1.0, "top_k": 0, "max_tokens": 64, "wedlm_entropy_threshold": 0.4,
                    "wedlm_pos_penalty_factor": 0.02}
        self.assertEqual({name: getattr(SamplingParams(), name) for name in original}, original)

    def test_is_a_value(self):
        params = SamplingParams(temperature=0, stop=["a", "b"], stop_token_ids=[3], logit_bias={7: -1.5},
                                wedlm_entropy_threshold=None, mode="exact", seed=4)
        self.assertEqual(pickle.loads(pickle.dumps(params)), params)
        self.assertEqual(eval(repr(params)), params)
        self.assertEqual(hash(eval(repr(params))), hash(params))
        self.assertEqual(dataclasses.replace(params, seed=5).seed, 5)
        self.assertEqual(repr(SamplingParams()), "SamplingParams()")
        with self.assertRaises(dataclasses.FrozenInstanceError):
            params.temperature = 1

    def test_presets(self):
        for name in _engine.preset_names():
            self.assertEqual(SamplingParams.preset(name, temperature=0).temperature, 0)
        self.assertGreater(SamplingParams.preset("fast").wedlm_entropy_threshold, 0.4)
        with self.assertRaisesRegex(InvalidInput, "quality"):
            SamplingParams.preset("slow")

    def test_refuses_what_the_command_line_refuses_in_its_words(self):
        cases = [("temperature", "-1", -1), ("temperature", "101", 101), ("top-p", "0", 0), ("top-k", "-1", -1),
                 ("max-tokens", "0", 0), ("min-p", "2", 2), ("window-size", "257", 257), ("mode", "fast", "fast"),
                 ("entropy-threshold", "0", 0), ("seed", "-1", -1), ("logprobs", "21", 21), ("gate", "x", "x"),
                 ("presence-penalty", "3", 3), ("agreement", "1", 1)]
        for option, text, value in cases:
            with self.subTest(option=option):
                name = option.replace("-", "_")
                said = failure("generate", "-m", NANO, "-p", "a", f"--{option}={text}")
                reason = said.split(": ", 1)[1].splitlines()[0]
                with self.assertRaises(InvalidInput) as refused:
                    SamplingParams(**{OTHER_NAMES.get(name, name): value})
                self.assertIn(reason, str(refused.exception))
                self.assertIn(name, str(refused.exception))

    def test_refuses_other_kinds(self):
        for members in ({"temperature": math.nan}, {"temperature": "hot"}, {"temperature": math.inf},
                        {"temperature": []}, {"max_tokens": 1.5}, {"max_tokens": None, "top_k": "x"}, {"stop": 5},
                        {"stop_token_ids": ["a"]}, {"stop_token_ids": [-1]}, {"n": 0}, {"n": 1025},
                        {"ignore_eos": "yes"}, {"seed": 2**60}, {"seed": 10**40}, {"logit_bias": {"x": 1.0}},
                        {"logit_bias": {3: math.nan}}, {"stop": [object()]}):
            with self.subTest(members=members), self.assertRaises(ValueError):
                SamplingParams(**members)
        with self.assertRaisesRegex(TypeError, "temperature"):
            SamplingParams(temprature=0.1)


class LLMArgumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.llm = LLM(NANO)

    @classmethod
    def tearDownClass(cls):
        cls.llm.close()

    def test_defaults_are_the_originals(self):
        original = {"max_num_batched_tokens": 16384, "max_num_seqs": 512, "max_model_len": 4096,
                    "gpu_memory_utilization": 0.9, "tensor_parallel_size": 1, "enforce_eager": False,
                    "mask_token_id": None}
        self.assertEqual({name: getattr(Arguments(), name) for name in original}, original)
        self.assertEqual(self.llm.max_model_len, 2048, "the checkpoint's, which has no more")

    def test_an_unknown_name_has_the_nearest_named(self):
        with self.assertRaisesRegex(TypeError, r"'max_num_seq'.*max_num_seqs"):
            LLM(NANO, max_num_seq=4)
        with self.assertRaises(TypeError):
            LLM(NANO, nonsense=4)

    def test_what_has_no_meaning_is_said_once(self):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            for _ in range(2):
                LLM(NANO, tensor_parallel_size=2, gpu_memory_utilization=0.5, enforce_eager=True).close()
        self.assertEqual([str(one.message).split()[0] for one in said],
                         ["gpu_memory_utilization", "tensor_parallel_size", "enforce_eager"])

    def test_every_argument_is_taken(self):
        for arguments in ({"weights": "int8", "activations": 16}, {"weights": "int4", "group_size": 32, "head": "int8"},
                          {"kv_cache_type": "f32"}, {"backend": "reference"}, {"threads": 1, "pin_threads": True},
                          {"max_num_seqs": 2, "max_num_batched_tokens": 64, "kvcache_block_size": 32},
                          {"cache_bytes": 1 << 24, "enable_prefix_cache": False}, {"wedlm_window_size": 8},
                          {"chat_template": "{{ messages[0].content }}"}, {"mask_token_id": 2047},
                          {"max_model_len": 100}):
            with self.subTest(arguments=arguments), LLM(NANO, **arguments) as llm:
                self.assertTrue(llm.chat("Count from 1 to 3.", SamplingParams(temperature=0, max_tokens=8)).token_ids)

    def test_values_that_cannot_be(self):
        for arguments, message in (({"weights": "int5"}, "stored, bf16, int8, int4"), ({"backend": "tpu"}, "tpu"),
                                   ({"kv_cache_type": "int3"}, "int3"), ({"threads": -1}, "threads"),
                                   ({"max_num_seqs": 0}, "max_num_seqs"), ({"mask_token_id": -2}, "mask_token_id"),
                                   ({"group_size": 64}, "groups"), ({"wedlm_window_size": 0}, "window_size"),
                                   ({"activations": 9}, "activations"), ({"mask_token_id": 99999}, "99999")):
            with self.subTest(arguments=arguments), self.assertRaisesRegex(InvalidInput, message):
                LLM(NANO, **arguments)
        for arguments in ({"threads": "two"}, {"max_num_seqs": 1.5}, {"weights": 8}):
            with self.subTest(arguments=arguments), self.assertRaises(TypeError):
                LLM(NANO, **arguments)

    def test_models_that_are_not_there(self):
        for model in ("/nowhere/model", "nobody/nothing-of-that-name", os.path.join(NANO, "config.json"), ""):
            with self.subTest(model=model), self.assertRaises((ResourceError, InvalidInput)) as refused:
                LLM(model)
            said = failure("generate", "-m", model, "-p", "a") if model else str(refused.exception)
            self.assertIn(str(refused.exception), said)

    def test_prompts_that_cannot_be(self):
        llm = self.llm
        said = failure("generate", "-m", NANO, "--raw", "-p", "one two three " * 4000)
        with self.assertRaises(InvalidInput) as refused:
            llm.generate("one two three " * 4000)
        self.assertEqual(str(refused.exception), said)
        with self.assertRaisesRegex(InvalidInput, "max_model_len"):
            llm.generate("x" * 10_000_000)
        for prompt in ("", []):
            with self.assertRaisesRegex(InvalidInput, "expected a text, got an empty one"):
                llm.generate([prompt])
        self.assertEqual(llm.generate([]), [])
        for ids in ([99999], [2048]):
            reason = f"prompt: the prompt's token {ids[0]} is outside the vocabulary of 2048"
            with self.assertRaisesRegex(InvalidInput, reason):
                llm.generate(ids)
        with self.assertRaisesRegex(InvalidInput, "prompt 2: "):
            llm.generate(["a", ""])
        with self.assertRaises(InvalidInput):
            llm.generate([-1])
        for prompt in (None, 5, b"text", {"a": 1}, [None], [[1, "a"]], ["a", 1], [[1.5]], object()):
            with self.subTest(prompt=prompt), self.assertRaises(TypeError):
                llm.generate(prompt)
        for ids in ([], [4096], [-1], [1] * 3000):
            with self.subTest(ids=len(ids)), self.assertRaises(InvalidInput):
                llm.logits(ids)
            with self.subTest(ids=len(ids)), self.assertRaises(InvalidInput):
                llm.score([1, 2], [ids])

    def test_messages_that_cannot_be(self):
        for messages in ([{"content": "no role"}], [{"role": 5, "content": "a"}], [], [[]]):
            with self.subTest(messages=messages), self.assertRaises(InvalidInput):
                self.llm.chat(messages)
        for messages in (None, 5, [{"role": "user", "content": "a"}, 3], [{"role": "user", "content": object()}]):
            with self.subTest(messages=messages), self.assertRaises((TypeError, InvalidInput)):
                self.llm.chat(messages)

    def test_params_that_cannot_be(self):
        with self.assertRaises(TypeError):
            self.llm.generate("a", {"temperature": 0})
        with self.assertRaisesRegex(ValueError, "2 prompts, got 1"):
            self.llm.generate(["a", "b"], [SamplingParams()])
        with self.assertRaisesRegex(InvalidInput, "n: "):
            self.llm.generate_stream("a", SamplingParams(n=2))
        with self.assertRaisesRegex(InvalidInput, "logit_bias"):
            self.llm.generate("a", SamplingParams(logit_bias={5000: 1.0}))

    def test_each_prompt_may_have_its_own(self):
        outputs = self.llm.generate(["Count from 1 to 9."] * 2,
                                    [SamplingParams(max_tokens=3, ignore_eos=True),
                                     SamplingParams(max_tokens=5, ignore_eos=True)])
        self.assertEqual([len(output.token_ids) for output in outputs], [3, 5])

    def test_the_windows_size_of_the_llm_is_a_default(self):
        with LLM(NANO, wedlm_window_size=4) as llm:
            for asked, size in ((None, 4), (6, 6)):
                trace = llm.trace("Count from 1 to 9.", SamplingParams(temperature=0, wedlm_window_size=asked))
                step = next(trace)
                self.assertEqual(len(step.committed) + len(step.window), size)

    def test_a_closed_llm_says_so(self):
        llm = LLM(NANO)
        stream = llm.generate_stream("Count from 1 to 99.", SamplingParams(max_tokens=1000, ignore_eos=True))
        next(stream)
        llm.close()
        llm.close()
        self.assertEqual(repr(llm), "<wedlm.LLM, closed>")
        for ask in (lambda: llm.generate("a"), lambda: llm.logits([1]), llm.stats, lambda: llm.generate_stream("a")):
            with self.assertRaisesRegex(InvalidInput, "closed"):
                ask()
        list(stream)
        self.assertEqual(stream.result.finish_reason, "cancelled")
        self.assertEqual(llm.tokenizer.decode(llm.tokenizer.encode("still here")), "still here")


if __name__ == "__main__":
    unittest.main()

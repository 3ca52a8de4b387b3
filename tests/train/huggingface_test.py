"""Checkpoints, tokenizers and adapters between wedlm and Hugging Face's transformers and PEFT: what one writes, the other
loads, and both compute the same logits. The packages are some 6 GB, so that their environment is only made where
WEDLM_HUGGINGFACE_ENVIRONMENT names a folder for it. A minute, once it is there."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("WEDLM_HUGGINGFACE_ENVIRONMENT")

sys.path.insert(0, os.path.join(HERE, "../support"))
import python_environment  # noqa: E402

if __name__ == "__main__":
    if not FOLDER:
        print("SKIPPED: WEDLM_HUGGINGFACE_ENVIRONMENT names no folder for the packages of huggingface_requirements.txt")
        sys.exit(0)
    python_environment.enter(FOLDER, os.path.join(HERE, "huggingface_requirements.txt"))

import torch  # noqa: E402
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments  # noqa: E402

RECORD_LOGITS = os.path.join(HERE, "../../tools/record_logits.py")
TEXTS = ["One, two, three.", "<|im_start|>user\nSay 3.<|im_end|>\n<|im_start|>assistant\n",
         "  Été e\u0301t\u00e9 1984\t\u4e16\u754c \U0001F642\r\n\r\n x"]
SHAPE = {"intermediate_size": 96, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
         "torch_dtype": "float32", "initializer_range": 0.1}
SHAPES = {"qwen3": {**SHAPE, "model_type": "qwen3", "head_dim": 32, "tie_word_embeddings": True},
          "qwen2": {**SHAPE, "model_type": "qwen2", "tie_word_embeddings": False}}
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def wedlm(*words):
    done = subprocess.run([os.environ["WEDLM_BINARY"], *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise AssertionError(f"wedlm {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class HuggingFaceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.data = cls.path("data.jsonl")
        with open(cls.data, "w", encoding="utf-8") as file:
            for i in range(40):
                file.write(json.dumps({"prompt": f"Say {i}.", "completion": f"It is {7 * i}, \u00e9t\u00e9."}) + "\n")
        wedlm("train-tokenizer", "-d", cls.data, "-o", cls.path("tokenizer"))
        for name, shape in SHAPES.items():
            with open(cls.path(name + ".json"), "w", encoding="utf-8") as file:
                json.dump(shape, file)
            cls.train(name, "--shape", cls.path(name + ".json"), "--tokenizer", cls.path("tokenizer"))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.temporary.name, name)

    @classmethod
    def train(cls, name, *options):
        """A few steps; returns the folder of the result."""
        out = cls.path(name)
        wedlm("train", *options, "-d", cls.data, "-o", out, "--max-length", "64", "--accumulate", "1", "--max-steps", "4",
              "--learning-rate", "3e-3", "--precision", "float32", "--threads", "1")
        return os.path.join(out, "final")

    def base(self, name):
        return self.path(os.path.join(name, "final"))

    def expect_same_logits(self, there, here=None):
        """transformers' logits of the folder `there`, in prompts and windows, against wedlm's of `here`."""
        recorded = os.path.join(there, "logits.json")
        prompts = [word for text in TEXTS for word in ("--prompt", text)]
        subprocess.run([sys.executable, RECORD_LOGITS, there, recorded, "--window", "8", "--mask-token-id", "5", *prompts],
                       check=True, stdout=subprocess.DEVNULL)
        error = re.search(r"largest error (\S+) of a row's range", wedlm("verify", here or there, "--logits", recorded))
        self.assertLess(float(error[1]), 1e-5)

    def test_a_checkpoint_of_ours_computes_the_same_there(self):
        for name in SHAPES:
            with self.subTest(name):
                self.expect_same_logits(self.base(name))

    def test_a_tokenizer_of_ours_has_the_same_ids_there(self):
        folder = self.path("tokenizer")
        transformers, tokenizers = AutoTokenizer.from_pretrained(folder), Tokenizer.from_file(folder + "/tokenizer.json")
        self.assertEqual((transformers.eos_token, transformers.mask_token), ("<|im_end|>", "<|mask|>"))
        for text in TEXTS:
            ids = json.loads(wedlm("tokenize", "-m", folder, "-p", text, "--json"))["ids"]
            self.assertEqual(transformers(text)["input_ids"], ids)
            self.assertEqual(tokenizers.encode(text).ids, ids)
        chat = [{"role": "user", "content": "Say 3."}]
        self.assertEqual(transformers.apply_chat_template(chat, tokenize=False, add_generation_prompt=True), TEXTS[1])

    def test_a_checkpoint_that_was_tuned_there_loads_here(self):
        for name in SHAPES:
            with self.subTest(name):
                model = AutoModelForCausalLM.from_pretrained(self.base(name), dtype=torch.float32)
                tokenizer = AutoTokenizer.from_pretrained(self.base(name))
                samples = [tokenizer(f"Say {i}. It is {7 * i}.") for i in range(8)]
                for sample in samples:
                    sample["labels"] = sample["input_ids"]
                arguments = TrainingArguments(self.path("trainer"), max_steps=4, per_device_train_batch_size=1,
                                              learning_rate=1e-3, report_to=[], use_cpu=True, disable_tqdm=True)
                Trainer(model=model, args=arguments, train_dataset=samples).train()
                tuned = self.path(name + "-tuned")
                model.save_pretrained(tuned)
                tokenizer.save_pretrained(tuned)
                self.expect_same_logits(tuned)
                before, after = model.get_input_embeddings().weight, AutoModelForCausalLM.from_pretrained(self.base(name))
                self.assertGreater((before - after.get_input_embeddings().weight).abs().max().item(), 1e-4)
                self.expect_same_logits(self.train(name + "-again", "-m", tuned))

    def test_an_adapter_of_peft_merges_to_the_same_logits_here(self):
        forms = {"plain": {}, "rank-stabilised": {"use_rslora": True},
                 "patterns": {"rank_pattern": {"v_proj": 3}, "alpha_pattern": {"down_proj": 2}}}
        for form, options in forms.items():
            with self.subTest(form):
                base = AutoModelForCausalLM.from_pretrained(self.base("qwen3"), dtype=torch.float32)
                torch.manual_seed(1)
                model = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules=LINEAR, **options))
                for weight_name, weight in model.named_parameters():
                    if "lora_B" in weight_name:
                        torch.nn.init.normal_(weight, std=0.2)
                adapter, there, here = (self.path(f"peft-{form}-{part}") for part in ("adapter", "merged", "here"))
                model.save_pretrained(adapter)
                model.merge_and_unload().save_pretrained(there)
                AutoTokenizer.from_pretrained(self.base("qwen3")).save_pretrained(there)
                wedlm("merge", adapter, "-m", self.base("qwen3"), "-o", here)
                self.expect_same_logits(there, here)

    def test_an_adapter_of_ours_loads_in_peft(self):
        adapter = self.train("adapter", "-m", self.base("qwen3"), "--lora-rank", "4", "--lora-alpha", "64")
        base = AutoModelForCausalLM.from_pretrained(self.base("qwen3"), dtype=torch.float32)
        ids = torch.tensor([AutoTokenizer.from_pretrained(self.base("qwen3"))(TEXTS[1])["input_ids"]])
        before = base(ids).logits.detach().clone()
        model = PeftModel.from_pretrained(base, adapter).eval()
        after = model(ids).logits.detach().clone()
        self.assertGreater((after - before).abs().max().item(), 1e-2, "the adapter changes nothing")
        there, here = self.path("adapter-there"), self.path("adapter-here")
        merged = model.merge_and_unload()
        self.assertLess((merged(ids).logits - after).abs().max().item(), 1e-4)
        merged.save_pretrained(there)
        AutoTokenizer.from_pretrained(self.base("qwen3")).save_pretrained(there)
        wedlm("merge", adapter, "-m", self.base("qwen3"), "-o", here)
        self.expect_same_logits(there, here)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)

"""The package `gguf` of PyPI, which is llama.cpp's own, reads what `wedlm export --gguf` writes: its metadata is the
checkpoint's, and its tensors are, byte by byte, what the package itself makes of the checkpoint's weights."""

import json
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("WEDLM_GGUF_ENVIRONMENT") or os.path.join(HERE, "../../build/gguf_environment")

sys.path.insert(0, os.path.join(HERE, "../support"))
import python_environment  # noqa: E402

if __name__ == "__main__":
    python_environment.enter(FOLDER, os.path.join(HERE, "gguf_requirements.txt"))

import gguf  # noqa: E402
import numpy  # noqa: E402
from exported import NANO, SHAPE, wedlm  # noqa: E402

TYPES = {name: gguf.GGMLQuantizationType[name.upper()] for name in ("bf16", "f16", "q8_0", "q4_0", "f32")}
HIDDEN, HEAD_DIM = 256, 64  # of nano


def read_json(name):
    with open(os.path.join(NANO, name), encoding="utf-8") as file:
        return json.load(file)


def weights():
    """Names and values of nano's tensors, as float32."""
    with open(os.path.join(NANO, "model.safetensors"), "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        begin = file.tell()
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            file.seek(begin + entry["data_offsets"][0])
            data = numpy.frombuffer(file.read(entry["data_offsets"][1] - entry["data_offsets"][0]), "<u2")
            assert entry["dtype"] == "BF16", name
            yield name, (data.astype("<u4") << 16).view("<f4").reshape(entry["shape"])


class GgufPackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, 28)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def exported(self, *options):
        path = os.path.join(self.temporary.name, "x.gguf")
        wedlm("export", "-q", "--force", "-m", NANO, "--gguf", path, *options)
        return gguf.GGUFReader(path)

    def tensors(self, reader):
        return {tensor.name: tensor for tensor in reader.tensors}

    def name_of(self, weight):
        """By the package's own table of Hugging Face's names."""
        return self.names.get_name(weight, try_suffixes=(".weight", ".bias"))

    def test_tensors_are_what_the_package_makes_of_the_weights(self):
        for name, kind in TYPES.items():
            with self.subTest(name):
                found = self.tensors(self.exported("--type", name))
                for weight, values in weights():
                    tensor = found.pop(self.name_of(weight))
                    expected = kind if values.ndim == 2 else TYPES["f32"]
                    if name == "q4_0" and weight == "model.embed_tokens.weight":
                        expected = TYPES["q8_0"]
                    self.assertEqual(tensor.tensor_type, expected, weight)
                    self.assertEqual(list(tensor.shape), list(reversed(values.shape)), weight)
                    blocks = gguf.quants.quantize(values, expected)
                    self.assertEqual(blocks.tobytes(), tensor.data.tobytes(), weight)
                self.assertEqual(found, {})

    def test_values_are_near_the_weights(self):
        """Also where the package's conversion and ours had the same fault."""
        nearness = {"bf16": 0, "f32": 0, "f16": 1e-3, "q8_0": 0.01, "q4_0": 0.15}
        for name, limit in nearness.items():
            found = self.tensors(self.exported("--type", name))
            for weight, values in weights():
                tensor = found[self.name_of(weight)]
                read = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(values.shape)
                self.assertLessEqual(numpy.abs(read - values).max(), limit * numpy.abs(values).max(), (name, weight))

    def test_metadata_is_the_checkpoints(self):
        fields = {name: field.contents() for name, field in self.exported().fields.items()}
        config, settings, tokenizer = (read_json(name) for name in ("config.json", "tokenizer_config.json",
                                                                    "tokenizer.json"))
        keys = gguf.Keys
        sizes = {keys.LLM.CONTEXT_LENGTH: "max_position_embeddings", keys.LLM.EMBEDDING_LENGTH: "hidden_size",
                 keys.LLM.BLOCK_COUNT: "num_hidden_layers", keys.LLM.FEED_FORWARD_LENGTH: "intermediate_size",
                 keys.LLM.VOCAB_SIZE: "vocab_size", keys.Attention.HEAD_COUNT: "num_attention_heads",
                 keys.Attention.HEAD_COUNT_KV: "num_key_value_heads", keys.Attention.KEY_LENGTH: "head_dim",
                 keys.Attention.VALUE_LENGTH: "head_dim", keys.Rope.DIMENSION_COUNT: "head_dim",
                 keys.Rope.FREQ_BASE: "rope_theta"}
        for key, member in sizes.items():
            self.assertEqual(fields[key.format(arch="qwen3")], config[member], key)
        self.assertAlmostEqual(fields["qwen3.attention.layer_norm_rms_epsilon"], config["rms_norm_eps"], 12)
        self.assertEqual(fields[keys.General.ARCHITECTURE], "qwen3")
        self.assertEqual(fields[keys.General.FILE_TYPE], gguf.LlamaFileType.MOSTLY_BF16)
        added = {token["id"]: token["content"] for token in tokenizer["added_tokens"]}
        added.update({int(id): token["content"] for id, token in settings["added_tokens_decoder"].items()})
        texts = {id: text for text, id in tokenizer["model"]["vocab"].items()}
        texts.update(added)
        self.assertEqual(fields[keys.Tokenizer.LIST], [texts[id] for id in range(config["vocab_size"])])
        types = fields[keys.Tokenizer.TOKEN_TYPE]
        self.assertEqual({id for id, kind in enumerate(types) if kind == gguf.TokenType.CONTROL}, set(added))
        merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
        self.assertEqual(fields[keys.Tokenizer.MERGES], merges)
        self.assertEqual(texts[fields[keys.Tokenizer.EOS_ID]], settings["eos_token"])
        self.assertEqual(fields[keys.Tokenizer.MASK_ID], config["mask_token_id"])
        self.assertEqual(fields[keys.Tokenizer.CHAT_TEMPLATE], settings["chat_template"])

    def test_an_inflated_model_has_the_weights_in_its_corners(self):
        shape = os.path.join(self.temporary.name, "config.json")
        with open(shape, "w", encoding="utf-8") as file:
            json.dump(SHAPE, file)
        reader = self.exported("--type", "f32", "--inflate", shape)
        self.assertEqual(reader.fields["qwen3.embedding_length"].contents(), SHAPE["hidden_size"])
        self.assertEqual(len(reader.fields["tokenizer.ggml.tokens"].contents()), SHAPE["vocab_size"])
        self.assertAlmostEqual(reader.fields["qwen3.attention.layer_norm_rms_epsilon"].contents(), 0.25e-6, 12)
        found = self.tensors(reader)
        self.assertEqual(len(found), 11 * SHAPE["num_hidden_layers"] + 2)
        for weight, values in weights():
            large = found[self.name_of(weight)].data
            if weight.endswith(("gate_proj.weight", "up_proj.weight", "down_proj.weight", "embed_tokens.weight")):
                corner = large[:values.shape[0], :values.shape[1]]
                self.assertTrue(numpy.array_equal(corner, values), weight)
            elif weight.endswith("v_proj.weight"):
                heads = large.reshape(-1, SHAPE["head_dim"], SHAPE["hidden_size"])[:2, :HEAD_DIM, :HIDDEN]
                self.assertTrue(numpy.array_equal(heads.reshape(values.shape), values), weight)
            elif weight.endswith(("layernorm.weight", "model.norm.weight")):
                self.assertTrue(numpy.array_equal(large[:HIDDEN], values / 2), weight)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)

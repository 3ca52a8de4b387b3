#!/usr/bin/env python3
"""Writes a small Qwen3-shaped checkpoint, such as models/nano, as a GGUF file, so that llama.cpp can be measured beside
wedlm on the same weights (tools/server_speed.py). Needs numpy and gguf (PyPI).

    tools/write_gguf.py models/nano /tmp/nano-bf16.gguf --type bf16

What llama.cpp makes of it is plain autoregressive decoding: of the mask token it knows nothing.
"""

import argparse
import json
import os
import re

import gguf
import numpy

TYPES = {"f32": gguf.GGMLQuantizationType.F32, "f16": gguf.GGMLQuantizationType.F16,
         "bf16": gguf.GGMLQuantizationType.BF16, "q8_0": gguf.GGMLQuantizationType.Q8_0}
NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
    "input_layernorm.weight": "attn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.o_proj.weight": "attn_output.weight",
    "self_attn.q_norm.weight": "attn_q_norm.weight",
    "self_attn.k_norm.weight": "attn_k_norm.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
}


def read_json(folder, name):
    with open(os.path.join(folder, name)) as file:
        return json.load(file)


def tensors(folder):
    """Names and values, which are float32 whatever the file has."""
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        begin = file.tell()
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            first, last = entry["data_offsets"]
            file.seek(begin + first)
            data = file.read(last - first)
            if entry["dtype"] == "BF16":
                values = (numpy.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
            else:
                values = numpy.frombuffer(data, {"F32": "<f4", "F16": "<f2"}[entry["dtype"]]).astype("<f4")
            yield name, values.reshape(entry["shape"])


def gguf_name(name):
    layer = re.fullmatch(r"model\.layers\.(\d+)\.(.+)", name)
    return f"blk.{layer[1]}.{NAMES[layer[2]]}" if layer else NAMES[name]


def write_architecture(writer, config):
    if config.get("attention_bias") or not config.get("qk_norm", True):
        raise SystemExit("expected the shape of Qwen3: norms of queries and keys, no biases")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])


def write_tokenizer(writer, folder):
    tokenizer = read_json(folder, "tokenizer.json")
    settings = read_json(folder, "tokenizer_config.json")
    vocabulary = dict(tokenizer["model"]["vocab"])
    special = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    vocabulary.update(special)
    texts = sorted(vocabulary, key=vocabulary.get)
    if [vocabulary[text] for text in texts] != list(range(len(texts))):
        raise SystemExit("expected token ids without gaps")
    merges = tokenizer["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(texts)
    writer.add_token_types([gguf.TokenType.CONTROL if text in special else gguf.TokenType.NORMAL for text in texts])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_eos_token_id(special[settings["eos_token"]])
    writer.add_pad_token_id(special[settings["pad_token"]])
    writer.add_add_bos_token(False)
    writer.add_chat_template(settings["chat_template"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--type", choices=TYPES, default="bf16", help="of matrices; vectors are float32")
    arguments = parser.parse_args()

    writer = gguf.GGUFWriter(arguments.out, "qwen3")
    writer.add_name(os.path.basename(os.path.normpath(arguments.checkpoint)))
    write_architecture(writer, read_json(arguments.checkpoint, "config.json"))
    write_tokenizer(writer, arguments.checkpoint)
    for name, values in tensors(arguments.checkpoint):
        kind = TYPES["f32" if values.ndim == 1 else arguments.type]
        writer.add_tensor(gguf_name(name), gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()

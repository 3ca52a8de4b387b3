#!/usr/bin/env python3
"""Makes logits.json, the logits of the checkpoint qwen3-tied-f32-headdim32 with each kind of stretched rotation:

  tests/data/rope/make_logits.py

A forward in float64 over the whole sequence, written from the papers and from the published configurations, with no
cache, and checked first against the logits that PyTorch recorded for the plain rotation. Needs numpy and safetensors.
"""

import json
import math
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

HERE = Path(__file__).parent
CHECKPOINT = HERE.parent / "checkpoints" / "qwen3-tied-f32-headdim32"
CONFIG = json.loads((CHECKPOINT / "config.json").read_text())
WEIGHTS = {name: tensor.astype(np.float64) for name, tensor in load_file(CHECKPOINT / "model.safetensors").items()}
HEAD_DIM, THETA, TRAINED = CONFIG["head_dim"], CONFIG["rope_theta"], CONFIG["max_position_embeddings"]

SCALINGS = [
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128},
    {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64, "mscale": 1.0, "mscale_all_dim": 0.5,
     "beta_fast": 16, "truncate": False},
    {"rope_type": "linear", "factor": 2.5},
    {"rope_type": "dynamic", "factor": 3.0},
    {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
     "original_max_position_embeddings": 64},
]


def rotation(scaling, length):
    """Radians for each position, pair by pair, and the factor of cos and sin."""
    theta, factor = THETA, scaling.get("factor", 1.0)
    kind = scaling.get("rope_type", "default")
    if kind == "dynamic" and length > TRAINED:
        theta *= (factor * length / TRAINED - (factor - 1)) ** (HEAD_DIM / (HEAD_DIM - 2))
    speeds = theta ** (-np.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    if kind == "linear":
        return speeds / factor, 1.0
    before = scaling.get("original_max_position_embeddings", TRAINED)
    turns = before * speeds / (2 * math.pi)  # within the original context
    if kind == "llama3":
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        kept = np.clip((turns - low) / (high - low), 0, 1)
        return speeds * (kept + (1 - kept) / factor), 1.0
    if kind == "yarn":
        pair_of = lambda n: HEAD_DIM * math.log(before / (n * 2 * math.pi)) / (2 * math.log(THETA))
        low, high = pair_of(scaling.get("beta_fast", 32)), pair_of(scaling.get("beta_slow", 1))
        if scaling.get("truncate", True):
            low, high = math.floor(low), math.ceil(high)
        low, high = max(low, 0), min(high, HEAD_DIM - 1)
        kept = 1 - np.clip((np.arange(HEAD_DIM // 2) - low) / (high - low), 0, 1)
        scale = lambda m: 0.1 * m * math.log(factor) + 1
        attention = scale(scaling["mscale"]) / scale(scaling["mscale_all_dim"]) if "mscale" in scaling else scale(1)
        return speeds * (kept + (1 - kept) / factor), attention
    return speeds, 1.0


def norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + CONFIG["rms_norm_eps"]) * weight


def logits(ids, positions, scaling):
    """Of every row; each row attends to itself and to the rows before it, whatever their positions."""
    speeds, attention_factor = rotation(scaling, max(positions) + 1)
    angles = np.outer(positions, speeds)
    cos, sin = attention_factor * np.cos(angles), attention_factor * np.sin(angles)

    def rotated(x):  # [rows, heads, head_dim]
        a, b = np.split(x, 2, -1)
        return np.concatenate([a * cos[:, None] - b * sin[:, None], b * cos[:, None] + a * sin[:, None]], -1)

    hidden = WEIGHTS["model.embed_tokens.weight"][ids]
    causal = np.tril(np.ones((len(ids), len(ids)), bool))
    for layer in range(CONFIG["num_hidden_layers"]):
        w = lambda name: WEIGHTS[f"model.layers.{layer}.{name}.weight"]
        x = norm(hidden, w("input_layernorm"))
        q, k, v = ((x @ w(f"self_attn.{n}_proj").T).reshape(len(ids), -1, HEAD_DIM) for n in "qkv")
        q, k = rotated(norm(q, w("self_attn.q_norm"))), rotated(norm(k, w("self_attn.k_norm")))
        k, v = (np.repeat(t, q.shape[1] // t.shape[1], 1) for t in (k, v))
        scores = np.einsum("ihd,jhd->hij", q, k) / math.sqrt(HEAD_DIM)
        scores = np.where(causal, scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        hidden = hidden + np.einsum("hij,jhd->ihd", weights, v).reshape(len(ids), -1) @ w("self_attn.o_proj").T
        x = norm(hidden, w("post_attention_layernorm"))
        gate = x @ w("mlp.gate_proj").T
        hidden = hidden + (gate / (1 + np.exp(-gate)) * (x @ w("mlp.up_proj").T)) @ w("mlp.down_proj").T
    return norm(hidden, WEIGHTS["model.norm.weight"]) @ WEIGHTS["model.embed_tokens.weight"].T


def check_plain():
    for case in json.loads((CHECKPOINT / "logits.json").read_text()):
        prompt = case["prompt_ids"]
        ids = prompt + case["window_ids"]
        rows = logits(ids, list(range(len(prompt))) + case["window_positions"], {})
        expected = np.array([case["prompt_last_logits"]] + case["window_logits"])
        assert np.abs(rows[len(prompt) - 1:] - expected).max() < 1e-4, "not what PyTorch has"


def main():
    check_plain()
    rng = np.random.default_rng(20)
    records = []
    for scaling in SCALINGS:
        prompt = [int(id) for id in rng.integers(0, CONFIG["vocab_size"], 40)]
        window = [int(id) for id in rng.integers(0, CONFIG["vocab_size"], 3)]
        # Rows far behind the prompt, where a stretched rotation differs most. The dynamic one is made for the longest
        # sequence that there is, which here is prompt and window; see the two lengths.
        positions = [40, 41, 42] if scaling["rope_type"] == "dynamic" else [40, 300, 411]
        rows = logits(prompt + window, list(range(40)) + positions, scaling)[39:].round(6).tolist()
        records.append({"rope_scaling": scaling, "logits": {
            "prompt_ids": prompt, "prompt_last_logits": rows[0],
            "window_ids": window, "window_positions": positions, "window_logits": rows[1:]}})
    long = [int(id) for id in rng.integers(0, CONFIG["vocab_size"], 700)]  # longer than the trained positions
    rows = logits(long, list(range(700)), SCALINGS[3])[-1].round(6).tolist()
    records.append({"rope_scaling": SCALINGS[3], "logits": {"prompt_ids": long, "prompt_last_logits": rows}})
    (HERE / "logits.json").write_text(json.dumps(records) + "\n")


main()

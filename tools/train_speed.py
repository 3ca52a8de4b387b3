#!/usr/bin/env python3
"""Measures `wedlm train` beside a PyTorch loop over Hugging Face's model with the dense mask of the released
fine-tuning code: the same shape, the same rows a step in as many packs, all weights, AdamW, in processes that take turns. Prints tokens a
second, the share of what a product of matrices reaches here, and the most memory, by length, as Markdown.

    pip install torch transformers                                   # in an environment of their own
    tools/train_speed.py                                             # lengths 256, 512, 1024, 2048
    tools/train_speed.py --lengths 1024 --precision bfloat16
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BLOCK = 32
SIZES = {  # parameters: 4 million, as models/nano, and 21 million
    "nano": {"hidden_size": 256, "intermediate_size": 640, "num_hidden_layers": 5, "num_attention_heads": 4, "num_key_value_heads": 2},
    "small": {"hidden_size": 512, "intermediate_size": 1536, "num_hidden_layers": 6, "num_attention_heads": 8, "num_key_value_heads": 4},
}
SHAPE = {  # but for its size
    "model_type": "qwen3",
    "vocab_size": 2048,
    "head_dim": 64,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "tie_word_embeddings": True,
    "mask_token_id": 2047,
    "eos_token_id": 2046,
}


def parameters_of_products():
    """Of the layers' matrices: each takes a multiplication and an addition a row."""
    head_dim, hidden = SHAPE["head_dim"], SHAPE["hidden_size"]
    attention = hidden * head_dim * 2 * (SHAPE["num_attention_heads"] + SHAPE["num_key_value_heads"])
    return SHAPE["num_hidden_layers"] * (attention + 3 * hidden * SHAPE["intermediate_size"])


# ---------------------------------------------------------------------------------------------- the PyTorch loop


def rows_of(length, generator):
    """Memory stream and blocks: ids, positions, the block of each row (-1: memory), losses as (row, target, weight)."""
    tokens = [generator.randrange(2000) for _ in range(length)]
    ids, positions, blocks = list(tokens), list(range(length)), [-1] * length
    masked = []
    for begin in range(0, length, BLOCK):
        ratio = max(generator.random(), 1e-8)
        places = list(range(begin, min(begin + BLOCK, length)))
        hidden = sorted(generator.sample(places, round(len(places) * ratio)))
        for place in [p for p in places if p not in hidden] + hidden:
            if place in hidden:
                masked.append((len(ids), tokens[place], 1 / ratio))
            ids.append(SHAPE["mask_token_id"] if place in hidden else tokens[place])
            positions.append(place)
            blocks.append(begin)
    return tokens, ids, positions, blocks, masked


def torch_loop(length, accumulate, steps, precision):
    """Trains in this process; prints seconds a step as JSON."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(1)
    config = Qwen3Config(**{key: value for key, value in SHAPE.items() if key not in ("model_type", "mask_token_id")})
    model = Qwen3ForCausalLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01)
    generator, seconds = random.Random(1), []
    for _ in range(steps + 1):
        packs = [rows_of(length, generator) for _ in range(accumulate)]
        start = time.perf_counter()
        for tokens, ids, positions, blocks, masked in packs:
            # A row sees the memory before its block, or before itself, and its own block up to itself.
            block, row = torch.tensor(blocks), torch.arange(len(ids))
            is_memory = block < 0
            before = torch.where(is_memory, row + 1, block)
            sees = (is_memory[None, :] & (row[None, :] < before[:, None])) | (
                ~is_memory[None, :] & (block[None, :] == block[:, None]) & (row[None, :] <= row[:, None])
            )
            mask = torch.where(sees, 0.0, torch.finfo(torch.float32).min)[None, None]
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                logits = model(
                    input_ids=torch.tensor([ids]), position_ids=torch.tensor([positions]), attention_mask=mask, use_cache=False
                ).logits[0].float()
            cross = torch.nn.functional.cross_entropy
            places = torch.tensor([place for place, _, _ in masked])
            weights = torch.tensor([weight for _, _, weight in masked])
            hidden = cross(logits[places], torch.tensor([target for _, target, _ in masked]), reduction="none")
            following = cross(logits[: length - 1], torch.tensor(tokens[1:]))
            (((hidden * weights).sum() / weights.sum() + following) / 2 / accumulate).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": statistics.median(seconds[1:]), "bytes": peak}))


def torch_peak(precision):
    """Operations a second of a product of matrices, in this process."""
    import torch

    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    a, b = torch.randn(2048, 2048).to(kind), torch.randn(2048, 2048).to(kind)
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"rate": 2 * 2048**3 / min(seconds)}))


# ------------------------------------------------------------------------------------------------ `wedlm train`


def ours(wedlm, folder, length, accumulate, steps, precision):
    """Seconds of a step of so many packs of that many tokens."""
    shape, data, out = (os.path.join(folder, name) for name in ("shape.json", "data.txt", "out"))
    with open(shape, "w") as file:
        json.dump(SHAPE, file)
    generator = random.Random(2)
    with open(data, "w") as file:
        file.write(" ".join(str(generator.randrange(100000)) for _ in range(length * accumulate * 4)))
    command = [wedlm, "train", "--shape", shape, "--tokenizer", os.path.join(ROOT, "models/nano"), "--data", data]
    command += ["--out", out, "--max-length", str(length), "--accumulate", str(accumulate), "--max-steps", str(steps + 1)]
    command += ["--learning-rate", "1e-4", "--precision", precision]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, error = process.communicate()
    if process.returncode != 0:
        sys.exit(error.decode())
    with open(os.path.join(out, "metrics.jsonl")) as file:
        lines = [json.loads(line) for line in file]
    whole = [line for line in lines if line.get("tokens") == length * accumulate][1:]
    return statistics.median(line["seconds"] for line in whole)


def measured_child(arguments):
    """What this program prints as a child of its own, as JSON."""
    process = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True)
    return json.loads(process.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wedlm", default=os.path.join(ROOT, "build/release/wedlm"))
    parser.add_argument("--size", choices=SIZES, default="nano")
    parser.add_argument("--lengths", type=int, nargs="+", default=[256, 512, 1024, 2048], help="tokens of a pack")
    parser.add_argument("--accumulate", type=int, default=8, help="packs of a step")
    parser.add_argument("--steps", type=int, default=4, help="that count, after one that does not")
    parser.add_argument("--rounds", type=int, default=3, help="in which both take turns; medians are shown")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    SHAPE.update(SIZES[options.size])
    if options.child:
        if options.child[0] == "peak":
            torch_peak(options.precision)
        elif options.child[0] == "torch":
            torch_loop(int(options.child[1]), options.accumulate, options.steps, options.precision)
        else:
            with tempfile.TemporaryDirectory() as folder:
                seconds = ours(options.wedlm, folder, int(options.child[1]), options.accumulate, options.steps, options.precision)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
            print(json.dumps({"seconds": seconds, "bytes": peak}))
        return
    common = ["--wedlm", options.wedlm, "--size", options.size, "--accumulate", str(options.accumulate), "--steps", str(options.steps), "--precision", options.precision]
    rate = max(measured_child([*common, "--child", "peak"])["rate"] for _ in range(2))
    print(f"{options.precision}, products of 2048 x 2048 at {rate / 1e9:.0f} GFLOP/s\n")
    print("| length | wedlm, tokens/s | PyTorch, tokens/s | times | share of the product's rate | memory, wedlm | PyTorch |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for length in options.lengths:
        results = {"ours": [], "torch": []}
        for _ in range(options.rounds):
            for kind, found in results.items():
                found.append(measured_child([*common, "--child", kind, str(length)]))
        mine, other = (statistics.median(r["seconds"] for r in results[kind]) for kind in ("ours", "torch"))
        memory = [max(r["bytes"] for r in results[kind]) / 2**20 for kind in ("ours", "torch")]
        tokens = length * options.accumulate
        share = 6 * parameters_of_products() * 2 * tokens / mine / rate
        print(
            f"| {length} | {tokens / mine:.0f} | {tokens / other:.0f} | {other / mine:.1f} | {100 * share:.0f} % "
            f"| {memory[0]:.0f} MiB | {memory[1]:.0f} MiB |",
            flush=True,
        )


if __name__ == "__main__":
    main()

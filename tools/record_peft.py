#!/usr/bin/env python3
"""Writes an adapter with Hugging Face's PEFT, and the logits of its merged model, for the test of `wedlm merge`.

    python3 -m venv venv && venv/bin/pip install torch transformers peft
    venv/bin/python tools/record_peft.py tests/data/checkpoints/qwen3-tied-f32-headdim32 tests/data/adapters/peft

Its matrices are random. It has what PEFT's adapters may differ by from module to module: a rank and an alpha of their
own, and the scale of rank stabilisation.
"""
import json
import os
import sys

import torch
from peft import LoraConfig, get_peft_model
from record_logits import load, record_of

IDS = [[1, 17, 200, 45, 3, 99, 250, 8], [5]]
ROWS = 6  # of a window after each prompt
MASK = 7
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main():
    base, out = sys.argv[1:]
    torch.manual_seed(1)
    model, _ = load(base)
    adapted = get_peft_model(model, LoraConfig(r=3, lora_alpha=5, use_rslora=True, target_modules=TARGETS,
                                               rank_pattern={"v_proj": 2}, alpha_pattern={"down_proj": 2}))
    for name, weight in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.2)
    adapted.save_pretrained(out)
    os.remove(os.path.join(out, "README.md"))
    merged = adapted.merge_and_unload().eval()
    with open(os.path.join(out, "logits.json"), "w", encoding="utf-8") as file:
        json.dump([record_of(merged, ids, ROWS, MASK) for ids in IDS], file)


if __name__ == "__main__":
    main()

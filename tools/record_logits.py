#!/usr/bin/env python3
"""Records a checkpoint's logits with Hugging Face's transformers, in float32 on the CPU, for `wedlm verify --logits`.

    python3 -m venv venv && venv/bin/pip install torch transformers
    venv/bin/python tools/record_logits.py path/to/model logits.json --prompt "Hello" --window 8
    wedlm verify path/to/model --logits logits.json

Each prompt is a record: the logits of its last row, and with --window N those of N rows after the cached prompt, which
are known tokens and masks in turn at positions that do not ascend, as a decode window has them. A prompt is given to
the model as it is, without a chat template; --ids takes token ids where a checkpoint has no tokenizer.
"""
import argparse
import json


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="the checkpoint's folder: Qwen2 or Qwen3, or WeDLM of such a shape")
    parser.add_argument("out", help="the file to write")
    parser.add_argument("--prompt", action="append", default=[], help="a text; may be repeated")
    parser.add_argument("--ids", action="append", default=[], help="token ids, such as 1,2,3; may be repeated")
    parser.add_argument("--window", type=int, default=0, metavar="N", help="rows after the prompt (default: 0)")
    parser.add_argument("--mask-token-id", type=int, help="the mask's id (default: the configuration's)")
    arguments = parser.parse_args()
    if not arguments.prompt and not arguments.ids:
        parser.error("give at least one --prompt or --ids")
    return arguments


def load(folder):
    """The model in float32. A WeDLM checkpoint is a Qwen3 with norms of queries and keys, else a Qwen2."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with open(f"{folder}/config.json", encoding="utf-8") as file:
        members = json.load(file)
    options = {"torch_dtype": torch.float32}
    if members["model_type"] == "wedlm":
        members["model_type"] = "qwen3" if members.get("qk_norm") else "qwen2"
        for name in ("auto_map", "architectures"):
            members.pop(name, None)
        options["config"] = AutoConfig.for_model(**members)
    return AutoModelForCausalLM.from_pretrained(folder, **options).eval(), members


def window_of(prompt, num_rows, mask):
    """Known tokens in front, then masks, as a reordered window has them: each row sees those before it."""
    known = [prompt[i % len(prompt)] for i in range(num_rows // 2)]
    places = list(range(len(prompt), len(prompt) + num_rows))
    positions = places[::2][: len(known)]
    positions += [place for place in places if place not in positions]
    return known + [mask] * (num_rows - len(known)), positions


def record_of(model, prompt, num_rows, mask):
    import torch

    with torch.no_grad():
        answer = model(torch.tensor([prompt]), use_cache=True)
        record = {"prompt_ids": prompt, "prompt_last_logits": answer.logits[0, -1].tolist()}
        if num_rows > 0:
            ids, positions = window_of(prompt, num_rows, mask)
            rows = model(torch.tensor([ids]), position_ids=torch.tensor([positions]),
                         past_key_values=answer.past_key_values)
            record.update(window_ids=ids, window_positions=positions, window_logits=rows.logits[0].tolist())
    return record


def main():
    arguments = parsed_arguments()
    model, members = load(arguments.model)
    prompts = [[int(number) for number in ids.split(",")] for ids in arguments.ids]
    if arguments.prompt:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(arguments.model)
        prompts += [tokenizer(text)["input_ids"] for text in arguments.prompt]
    mask = arguments.mask_token_id if arguments.mask_token_id is not None else members.get("mask_token_id")
    if arguments.window > 0 and mask is None:
        raise SystemExit("record_logits.py: the configuration names no mask token; give --mask-token-id")
    records = [record_of(model, prompt, arguments.window, mask) for prompt in prompts]
    with open(arguments.out, "w", encoding="utf-8") as file:
        json.dump(records, file)
    print(f"{arguments.out}: {len(records)} records")


if __name__ == "__main__":
    main()

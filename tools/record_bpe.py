#!/usr/bin/env python3
"""Records what Hugging Face's tokenizers learns of small texts, for tests of `wedlm train-tokenizer`.

    python3 -m venv venv && venv/bin/pip install tokenizers
    venv/bin/python tools/record_bpe.py tests/data/tokenizers/bpe/recorded.json

Each case has texts, the size of the vocabulary, how often a pair has to occur, the merges by rank and the ids that the
texts then have. Its words are those of Qwen2's tokenizer. Random words over two or three letters are there for what
prose seldom has: ties, and runs of one letter. Each case is learned several times and left out where these differ.
"""
import json
import random
import sys

import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
RUNS = 12  # of each case, which have to agree

PROSE = """She sells sea shells by the sea shore; the shells she sells are sea shells, I'm sure.
If she sells sea shells on the sea shore, then I'm sure she sells sea shore shells.
It's 12,345.67 dollars: they've paid, we'll see. THE END.\n\n  "Where?" - "There!"\t(here) e\u0301t\u00e9, na\u00efve.\n"""
CODE = """def f(x):
    if x > 0:
        return x * f(x - 1)
    return 1


for i in range(100):
        print(i, f(i), "====================")
"""
MANY_SCRIPTS = "Привет, мир! 你好，世界。こんにちは世界 안녕하세요 세계 שלום עולם 👩‍👩‍👧 🙂🙂🙂 \u00a0x\u2003y Ω≈ç√∫\r\n" * 3


def random_words(seed, letters, longest, count):
    draw = random.Random(seed)
    words = ["".join(draw.choice(letters) for _ in range(draw.randint(1, longest))) for _ in range(count // 4)]
    return " ".join(draw.choice(words) for _ in range(count))


def cases():
    yield [PROSE], 400, 0
    yield [PROSE, CODE, PROSE], 330, 2
    yield [PROSE], 1000, 3
    yield [CODE * 2, "    \n" * 5], 320, 2
    yield [MANY_SCRIPTS], 420, 2
    yield [PROSE, CODE, MANY_SCRIPTS], 256, 0
    yield ["a" * length for length in range(1, 40)], 290, 2
    for seed in range(40):
        yield [random_words(seed, "ab" if seed % 2 else "abc", 9 + seed % 12, 60 + 10 * seed)], 290 + seed, seed % 3


def learned(texts, vocab_size, min_frequency):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORDS), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=vocab_size, min_frequency=min_frequency, special_tokens=[], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    model = json.loads(tokenizer.to_str())["model"]
    return {"num_tokens": len(model["vocab"]),
            "merges": model["merges"],
            "ids": [tokenizer.encode(text).ids for text in texts]}


def main():
    recorded, num_left_out = [], 0
    for texts, vocab_size, min_frequency in cases():
        runs = [learned(texts, vocab_size, min_frequency) for _ in range(RUNS)]
        if any(run != runs[0] for run in runs):
            num_left_out += 1
            continue
        recorded.append({"texts": texts, "vocab_size": vocab_size, "min_frequency": min_frequency, **runs[0]})
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump({"tokenizers": tokenizers.__version__, "cases": recorded}, out, ensure_ascii=True,
                  separators=(",", ":"))
        out.write("\n")
    print(f"{len(recorded)} cases, {num_left_out} left out", file=sys.stderr)


if __name__ == "__main__":
    main()

"""What a model is trained on, from conversations and texts: token ids, and which of them have a loss. A sample is a
dictionary with `input_ids` and `labels`, as transformers' own Trainer takes it; a label is its token's id, or -100 where
nothing is learned. Both are lists of as many integers as there are tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from transformers import PreTrainedTokenizerBase

NOT_LEARNED = -100  # transformers' and PyTorch's


class Sample(TypedDict):
    input_ids: list[int]
    labels: list[int]


def conversation_sample(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Mapping[str, Any]], *,
                        num_end_tokens: int = 8, max_length: int = 2048) -> Sample:
    """A conversation by the tokenizer's chat template, of which the last answer is learned.

    It ends with `num_end_tokens` end tokens, that of the template among them, so that a window which reaches past the
    end of an answer fills with them. What is longer than `max_length` tokens is cut. Raises ValueError for a length
    that leaves no room beside the end tokens, and for a tokenizer that names no end token."""
    num_more = max(0, num_end_tokens - 1)
    if max_length <= num_end_tokens:
        raise ValueError(f"max_length: expected more than the {num_end_tokens} end tokens, got {max_length}")
    ids = _encoded(tokenizer, messages, False)
    prompt = _encoded(tokenizer, messages[:-1], True) if len(messages) > 1 else ids
    num_known = next((i for i, (a, b) in enumerate(zip(ids, prompt)) if a != b), min(len(ids), len(prompt)))
    labels = [NOT_LEARNED] * num_known + ids[num_known:]
    ends = [_end_token(tokenizer, "<|im_end|>")] * num_more
    return {"input_ids": ids[:max_length - num_more] + ends, "labels": labels[:max_length - num_more] + ends}


def text_sample(tokenizer: PreTrainedTokenizerBase, text: str, *, max_length: int = 2048) -> Sample:
    """A text of which everything is learned, and the token that ends a text. What is longer is cut."""
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    ids = (ids + [_end_token(tokenizer, "<|endoftext|>")])[:max_length]
    return {"input_ids": ids, "labels": list(ids)}


def _encoded(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Mapping[str, Any]], asks: bool) -> list[int]:
    text = tokenizer.apply_chat_template([dict(message) for message in messages], tokenize=False,
                                         add_generation_prompt=asks)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _end_token(tokenizer: PreTrainedTokenizerBase, usual: str) -> int:
    if usual in tokenizer.get_vocab():
        return int(tokenizer.get_vocab()[usual])
    if tokenizer.eos_token_id is None:
        raise ValueError("the tokenizer names no end token (eos_token), which answers have to end with")
    return int(tokenizer.eos_token_id)

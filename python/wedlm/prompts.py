"""What may be asked: one prompt or many, with one set of parameters or one each."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Union, cast

from .sampling_params import SamplingParams

Prompt = Union[str, Sequence[int]]
Prompts = Union[Prompt, Sequence[str], Sequence[Sequence[int]]]
Messages = Union[str, Sequence[Mapping[str, Any]]]
Params = Union[SamplingParams, Sequence[SamplingParams], None]


def _is_integer(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool) and getattr(value, "ndim", 0) == 0


def _is_ids(value: object) -> bool:
    """A list of numbers is one prompt. An empty one is a batch of none."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)) and (
        len(cast(Sequence[object], value)) > 0 and all(_is_integer(one) for one in value))


def as_batch(prompts: Prompts) -> tuple[list[Prompt], bool]:
    """The prompts, and whether one was given and not a list of them."""
    if isinstance(prompts, str) or _is_ids(prompts):
        return [cast(Prompt, prompts)], True
    if isinstance(prompts, (bytes, Mapping)) or not isinstance(prompts, Iterable):
        raise TypeError(f"prompt: expected a text, token ids or a list of them, got a {type(prompts).__name__}")
    return [cast(Prompt, prompt) for prompt in prompts], False


def text_request(prompt: Prompt) -> dict[str, Any]:
    """The members of a request in JSON for a prompt that is given to the model as it is."""
    if isinstance(prompt, str):
        return {"prompt": prompt, "raw": True}
    return {"prompt": token_ids_of(prompt) or "", "raw": True}  # none are refused as any empty prompt


def token_ids_of(prompt: Prompt) -> list[int]:
    """What is no text has to be these."""
    if _is_ids(prompt):
        return [operator.index(cast(int, token)) for token in prompt]
    if isinstance(prompt, (list, tuple)) and len(prompt) == 0:
        return []
    raise TypeError(f"prompt: expected a text or token ids, got {_shown(prompt)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"a {type(value).__name__}"


def as_conversations(messages: Messages | Sequence[Messages]) -> tuple[list[Messages], bool]:
    """The conversations, and whether one was given and not a list of them."""
    if isinstance(messages, str):
        return [messages], True
    if not isinstance(messages, (list, tuple)):
        raise TypeError(f"messages: expected a list of messages or a text, got a {type(messages).__name__}")
    if not messages or isinstance(messages[0], Mapping):
        for message in messages:
            if not isinstance(message, Mapping):
                raise TypeError(f"messages: expected each to have role and content, got {_shown(message)}")
        return [cast(Messages, messages)], True
    return [cast(Messages, conversation) for conversation in messages], False


def params_of(params: Params, count: int) -> list[SamplingParams]:
    """One for each of `count` prompts."""
    if params is None:
        params = SamplingParams()
    if isinstance(params, SamplingParams):
        return [params] * count
    if not isinstance(params, (list, tuple)) or not all(isinstance(one, SamplingParams) for one in params):
        raise TypeError(f"sampling_params: expected SamplingParams or a list of them, got {_shown(params)}")
    if len(params) != count:
        raise ValueError(f"sampling_params: expected one for each of {count} prompts, got {len(params)}")
    return list(params)

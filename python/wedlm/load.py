"""From the arguments of LLM to a loaded model and an engine over it."""

from __future__ import annotations

import dataclasses
import operator
import os
import warnings
from pathlib import Path

from . import _engine

_MAX_INT = 2**31 - 1
_said: set[str] = set()


@dataclasses.dataclass
class Arguments:
    """What LLM takes besides the model, with its defaults; LLM says what each means."""

    max_num_batched_tokens: int = 16384
    max_num_seqs: int = 512
    max_model_len: int = 4096
    gpu_memory_utilization: float = 0.9
    tensor_parallel_size: int = 1
    enforce_eager: bool = False
    kvcache_block_size: int = 16
    wedlm_window_size: int | None = None
    mask_token_id: int | None = None
    weights: str | None = None
    group_size: int | None = None
    head: str | None = None
    kv_cache_type: str = "bf16"
    cache_bytes: int = 0
    enable_prefix_cache: bool = True
    backend: str = "cpu"
    threads: int = 0
    pin_threads: bool = False
    activations: int = 8
    chat_template: str | None = None
    inflate: str | None = None


def say_once(text: str) -> None:
    """Warns, the first time in this process."""
    if text not in _said:
        _said.add(text)
        warnings.warn(text, UserWarning, stacklevel=4)


def say_what_is_without_meaning(arguments: Arguments) -> None:
    defaults = Arguments()
    for name in ("gpu_memory_utilization", "tensor_parallel_size", "enforce_eager"):
        if getattr(arguments, name) != getattr(defaults, name):
            say_once(f"{name} has no meaning on the backend {arguments.backend!r} and changes nothing")


def model_folder(model: str | os.PathLike[str] | None) -> str:
    """The folder of a model by path or by name in the Hugging Face cache; None is the shipped one."""
    if model is not None:
        return _engine.resolve_model(os.fspath(model))
    folder = _engine.shipped_model(str(program()))
    if folder is None:
        raise _engine.ResourceError(f"the model that ships with wedlm was not found beside {program()}; name one")
    return folder


def program() -> Path:
    """The command line's binary, which ships in the package."""
    return Path(__file__).parent / "bin" / "wedlm"


def _integer(name: str, value: object, least: int, most: int = _MAX_INT) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name}: expected an integer, got {value!r}") from None
    if isinstance(value, bool):
        raise TypeError(f"{name}: expected an integer, got {value!r}")
    if not least <= number <= most:
        raise _engine.InvalidInput(f"{name}: expected {least} to {most}, got {number}")
    return number


def _optional(name: str, value: object, least: int) -> int | None:
    return None if value is None else _integer(name, value, least)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a text, got {value!r}")
    return value


def load_options(arguments: Arguments) -> _engine.LoadOptions:
    options = _engine.LoadOptions()
    options.backend = _text("backend", arguments.backend)
    options.threads = _integer("threads", arguments.threads, 0)
    options.pin_threads = bool(arguments.pin_threads)
    options.activations = _integer("activations", arguments.activations, 0)
    options.mask_token_id = _optional("mask_token_id", arguments.mask_token_id, 0)
    options.set_formats(
        None if arguments.weights is None else _text("weights", arguments.weights),
        _optional("group_size", arguments.group_size, 0),
        None if arguments.head is None else _text("head", arguments.head))
    if arguments.chat_template is not None:
        options.set_chat_template(_text("chat_template", arguments.chat_template))
    if arguments.inflate is not None:
        options.set_inflate(_text("inflate", arguments.inflate))
    return options


def engine_options(arguments: Arguments) -> _engine.EngineOptions:
    options = _engine.EngineOptions()
    options.max_num_seqs = _integer("max_num_seqs", arguments.max_num_seqs, 1)
    options.max_num_batched_tokens = _integer("max_num_batched_tokens", arguments.max_num_batched_tokens, 1)
    options.max_waiting = _MAX_INT  # a list of prompts may have any length; what waits is theirs
    options.max_model_len = _integer("max_model_len", arguments.max_model_len, 1)
    options.block_size = _integer("kvcache_block_size", arguments.kvcache_block_size, 1)
    options.kv_cache_type = _text("kv_cache_type", arguments.kv_cache_type)
    options.cache_bytes = _integer("cache_bytes", arguments.cache_bytes, 0, 2**62)
    options.enable_prefix_cache = bool(arguments.enable_prefix_cache)
    return options

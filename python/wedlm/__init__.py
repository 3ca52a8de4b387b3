"""wedlm: WeDLM diffusion language models, computed by the C++ engine.

    from wedlm import LLM, SamplingParams
    llm = LLM()  # the shipped model; or a folder, or organisation/name in the Hugging Face cache
    print(llm.generate("Count from 1 to 10.", SamplingParams(max_tokens=40)))

The guide is docs/python.md. `wedlm.hf` (PyTorch, transformers) needs nothing of the compiled engine, which is why
that is only loaded when something of it is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._engine import InternalError, InvalidInput, ResourceError, __version__
    from .async_llm import AsyncLLM, AsyncTextStream
    from .llm import LLM
    from .outputs import ContinuationScore, GenerationOutput, StreamPiece, TokenLogprob
    from .sampling_params import SamplingParams
    from .streams import TextStream
    from .tokenizer import Tokenizer
    from .trace import Trace, TraceStep

__all__ = [
    "LLM", "AsyncLLM", "AsyncTextStream", "ContinuationScore", "GenerationOutput", "InternalError", "InvalidInput",
    "ResourceError", "SamplingParams", "StreamPiece", "TextStream", "TokenLogprob", "Tokenizer", "Trace", "TraceStep",
    "__version__",
]

_MODULES = {
    "_engine": ("InternalError", "InvalidInput", "ResourceError", "__version__"),
    "async_llm": ("AsyncLLM", "AsyncTextStream"),
    "llm": ("LLM",),
    "outputs": ("ContinuationScore", "GenerationOutput", "StreamPiece", "TokenLogprob"),
    "sampling_params": ("SamplingParams",),
    "streams": ("TextStream",),
    "tokenizer": ("Tokenizer",),
    "trace": ("Trace", "TraceStep"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""The engine's face: a model that is loaded and answers."""

from __future__ import annotations

import atexit
import itertools
import os
import time
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

from . import _engine
from .load import Arguments, engine_options, load_options, model_folder, say_once, say_what_is_without_meaning
from .outputs import ContinuationScore, GenerationOutput
from .prompts import (Messages, Params, Prompt, Prompts, as_batch, as_conversations, params_of, text_request,
                      token_ids_of)
from .sampling_params import check_names
from .streams import SLICE_SECONDS, TextStream
from .tokenizer import Tokenizer, chat_request
from .progress import make_bar

if TYPE_CHECKING:
    import numpy

    from .trace import Trace

_open: weakref.WeakSet[LLM] = weakref.WeakSet()


class LLM:
    """A WeDLM, Qwen2.5 or Qwen3 checkpoint, ready to answer. Any number of threads may ask it at once.

    model: a folder, or organisation/name in the Hugging Face cache; None is the model that ships with wedlm.
    max_num_batched_tokens (16384): rows in one forward.
    max_num_seqs (512): sequences in one forward.
    max_model_len (4096): prompt and answer together, at most as much as the checkpoint has.
    kvcache_block_size (16): tokens in a page of the K/V cache.
    kv_cache_type: "f32", "bf16" or "int8".
    cache_bytes: of all pages; 0 is what is needed, at most a quarter of the memory.
    enable_prefix_cache: beginnings that were computed before are not computed again.
    wedlm_window_size: positions guessed at once where SamplingParams does not say; None is 16 for streaming, and
        what pays for the modes that verify.
    mask_token_id: instead of the checkpoint's.
    chat_template: Jinja, instead of the checkpoint's.
    weights, head: "stored", "bf16", "int8" or "int4", with a group_size of 32, 64 or 128: rounded while loaded.
    activations: 8 or 16 bits where rows meet integer weights.
    inflate: a larger shape to compute in.
    backend: "cpu" or "reference".
    threads: 0 is one for each processor; pin_threads keeps them there.
    gpu_memory_utilization, tensor_parallel_size, enforce_eager: taken for the original's sake; without a meaning here.

    Raises TypeError for an argument that is unknown, InvalidInput (a ValueError) for a value that cannot be, and
    ResourceError (an OSError) for a model that is not there.
    """

    def __init__(self, model: str | os.PathLike[str] | None = None, **arguments: Any) -> None:
        check_names("LLM", arguments, ["model", *Arguments.__dataclass_fields__])
        chosen = Arguments(**arguments)
        say_what_is_without_meaning(chosen)
        engine = engine_options(chosen)
        self._window_size = chosen.wedlm_window_size
        if self._window_size is not None:
            _engine.check_settings({"window_size": self._window_size})
        self._model = _engine.Model(model_folder(model), load_options(chosen))
        engine.max_model_len = min(engine.max_model_len, self._model.max_length)
        self._engine = _engine.Engine(self._model, engine)
        inner = self._model.tokenizer()
        self._tokenizer = None if inner is None else Tokenizer(inner)
        for note in self._model.notes():
            say_once(note)
        if self._model.mask_token_id is None:
            say_once(f"{self._model.folder} names no mask token, so its answers are decoded autoregressively; "
                     "mask_token_id names one for the other modes")
        _open.add(self)

    # Answers

    @overload
    def generate(self, prompts: Prompt,  # type: ignore[overload-overlap]  # a text is a sequence of texts to mypy
                 sampling_params: Params = None, *, use_tqdm: bool = False) -> GenerationOutput: ...

    @overload
    def generate(self, prompts: Sequence[str] | Sequence[Sequence[int]], sampling_params: Params = None, *,
                 use_tqdm: bool = False) -> list[GenerationOutput]: ...

    def generate(self, prompts: Prompts, sampling_params: Params = None, *,
                 use_tqdm: bool = False) -> GenerationOutput | list[GenerationOutput]:
        """The answers to prompts that are given to the model as they are: a text (special tokens in it count) or token
        ids gives one answer, a list of them a list. All run as one batch. `sampling_params` are for all, or one each.
        Ctrl-C ends it."""
        batch, is_one = as_batch(prompts)
        outputs = self._answers([text_request(prompt) for prompt in batch], sampling_params, use_tqdm)
        return outputs[0] if is_one else outputs

    @overload
    def chat(self, messages: Messages, sampling_params: Params = None, *, use_tqdm: bool = False,
             **template: Any) -> GenerationOutput: ...

    @overload
    def chat(self, messages: Sequence[Messages], sampling_params: Params = None, *, use_tqdm: bool = False,
             **template: Any) -> list[GenerationOutput]: ...

    def chat(self, messages: Messages | Sequence[Messages], sampling_params: Params = None, *, use_tqdm: bool = False,
             **template: Any) -> GenerationOutput | list[GenerationOutput]:
        """The answer to a conversation by the checkpoint's chat template: a list of messages with role and content, or
        the text of a user; a list of conversations has a list of answers. `template`: tools, documents,
        add_generation_prompt, continue_final_message, and template_arguments, a dict of whatever else it knows."""
        conversations, is_one = as_conversations(messages)
        requests = [chat_request(conversation, **template) for conversation in conversations]
        outputs = self._answers(requests, sampling_params, use_tqdm)
        return outputs[0] if is_one else outputs

    def generate_stream(self, prompt: Prompt, sampling_params: Params = None) -> TextStream:
        """The pieces of an answer as they are committed; each is complete UTF-8, and str() its text."""
        return self._stream(text_request(prompt), sampling_params)

    def chat_stream(self, messages: Messages, sampling_params: Params = None, **template: Any) -> TextStream:
        """As chat(), piece by piece."""
        return self._stream(chat_request(messages, **template), sampling_params)

    def trace(self, prompt: Prompt, sampling_params: Params = None) -> Trace:
        """An answer step by step, with the window as each forward left it; drawn where a notebook shows it."""
        from .trace import Trace

        (prepared,) = self._requests([text_request(prompt)], sampling_params)
        return Trace(self._submit(prepared[0], "prompt", watched=True), self.tokenizer, self)

    def _stream(self, request: dict[str, Any], sampling_params: Params) -> TextStream:
        (prepared,) = self._requests([request], sampling_params)
        if len(prepared) != 1:
            raise _engine.InvalidInput(f"n: a stream has one answer, got {len(prepared)}")
        return TextStream(self._submit(prepared[0], "prompt"), "prompt", self)

    def _requests(self, requests: list[dict[str, Any]], sampling_params: Params) -> list[list[_engine.Request]]:
        """What the engine takes, one for each answer of each prompt. What is wrong is told before anything runs."""
        prepared = []
        for index, (request, params) in enumerate(zip(requests, params_of(sampling_params, len(requests)))):
            settings = params.settings()
            if self._window_size is not None:
                settings.setdefault("window_size", self._window_size)
            prepared.append(self._model.requests({**request, **settings}, _source(index, len(requests))))
        return prepared

    def _submit(self, request: _engine.Request, source: str, watched: bool = False) -> _engine.Stream:
        try:
            return self._engine.submit_watched(request, 1 << 20) if watched else self._engine.submit(request)
        except _engine.InvalidInput as error:
            raise _engine.InvalidInput(f"{source}: {error}") from None

    def _answers(self, requests: list[dict[str, Any]], sampling_params: Params,
                 use_tqdm: bool) -> list[GenerationOutput]:
        prepared = self._requests(requests, sampling_params)
        streams: list[list[_engine.Stream]] = []
        bar = make_bar(sum(map(len, prepared)), use_tqdm)
        try:
            for index, wanted in enumerate(prepared):
                streams.append([self._submit(one, _source(index, len(requests))) for one in wanted])
            _wait(list(itertools.chain(*streams)), bar.update)
        except BaseException:
            for stream in itertools.chain(*streams):
                stream.cancel()
            raise
        finally:
            bar.close()
        outputs = []
        for index, answers in enumerate(streams):
            results = [stream.result(_source(index, len(requests))) for stream in answers]
            others = tuple(GenerationOutput(result) for result in results[1:])
            outputs.append(GenerationOutput(results[0], others))
        return outputs

    # What the model says about given texts

    def logits(self, prompt: Prompt) -> numpy.ndarray[Any, numpy.dtype[numpy.float32]]:
        """float32 [tokens, vocabulary]: row i says what follows the tokens up to i. Keys and values are float32."""
        return self._model.logits(self._ids(prompt))

    def score(self, prompt: Prompt, continuations: Sequence[Prompt]) -> list[ContinuationScore]:
        """How likely each continuation is after the prompt, which is computed once. Texts are encoded on their own."""
        ids = [self._ids(continuation, add_special_tokens=False) for continuation in continuations]
        scores = self._model.score(self._ids(prompt), ids)
        return [ContinuationScore(tokens, log_probs, is_greedy) for tokens, (log_probs, is_greedy) in zip(ids, scores)]

    def _ids(self, prompt: Prompt, add_special_tokens: bool = True) -> list[int]:
        if isinstance(prompt, str):
            return self.tokenizer.encode(prompt, add_special_tokens)
        return token_ids_of(prompt)

    # The model and the engine

    @property
    def tokenizer(self) -> Tokenizer:
        if self._tokenizer is None:
            raise _engine.InvalidInput(f"{self._model.folder}: this checkpoint has no tokenizer: give token ids")
        return self._tokenizer

    @property
    def folder(self) -> str:
        return self._model.folder

    @property
    def vocab_size(self) -> int:
        return self._model.vocab_size

    @property
    def mask_token_id(self) -> int | None:
        return self._model.mask_token_id

    @property
    def eos_token_ids(self) -> list[int]:
        """The tokens that end an answer."""
        return self._model.eos_token_ids

    @property
    def max_model_len(self) -> int:
        return self._engine.options.max_model_len

    def stats(self) -> dict[str, Any]:
        """What the engine has done since it began, and how it stands: counts of steps, rows, tokens and pages."""
        return self._engine.stats()

    def close(self) -> None:
        """Ends what runs and gives the memory back. Afterwards nothing can be asked."""
        self._engine.close()
        self._model.close()
        _open.discard(self)

    def __enter__(self) -> LLM:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        if not self._engine.is_open:
            return "<wedlm.LLM, closed>"
        return f"<wedlm.LLM {self.folder} on {self._model.backend}>"


def _source(index: int, count: int) -> str:
    """What messages call a prompt, as the command line does."""
    return f"prompt {index + 1}" if count > 1 else "prompt"


def _wait(streams: Sequence[_engine.Stream], update: Any) -> None:
    """Until all have ended; says every now and then how many more did, and looks for Ctrl-C in between."""
    waiting = list(streams)
    while waiting:
        end = time.monotonic() + SLICE_SECONDS
        first = 0
        while first < len(waiting) and waiting[first].wait_for(max(0.0, end - time.monotonic())):
            first += 1
        left = [stream for stream in waiting[first:] if not stream.wait_for(0)]
        update(len(waiting) - len(left))
        waiting = left


@atexit.register
def _close_all() -> None:
    """Before the interpreter goes: no thread may wait for the engine then."""
    for llm in list(_open):
        llm.close()

"""Answers for asyncio: no thread waits. The engine tells by a file descriptor which streams have something to take, so
that its thread never needs Python's lock."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

from . import _engine
from .llm import LLM
from .outputs import GenerationOutput, StreamPiece
from .prompts import Messages, Params, Prompt, text_request
from .streams import piece_of
from .tokenizer import Tokenizer, chat_request


class AsyncTextStream(AsyncIterator[StreamPiece]):
    """The pieces of an answer. It ends with the task that reads it: a cancelled one cancels the request. After the last
    piece `result` is the whole answer."""

    def __init__(self, stream: _engine.Stream, waiting: _Waiting, owner: object) -> None:
        self._stream = stream
        self._owner = owner  # the LLM, which ends when nobody has it
        self._waiting = waiting
        self._result: GenerationOutput | None = None

    def __aiter__(self) -> AsyncTextStream:
        return self

    async def __anext__(self) -> StreamPiece:
        try:
            while True:
                self._waiting.is_ready.clear()
                event = self._stream.try_next()
                if event is not None:
                    return piece_of(event)
                if self._stream.is_finished:
                    break
                await self._waiting.is_ready.wait()
        except BaseException:
            self.cancel()
            raise
        self._waiting.forget()
        if self._result is None:
            self._result = GenerationOutput(self._stream.result("prompt"))
        raise StopAsyncIteration

    def cancel(self) -> None:
        """Ends the request at the next forward."""
        self._stream.cancel()
        self._waiting.forget()

    @property
    def result(self) -> GenerationOutput:
        if self._result is None:
            raise RuntimeError("the stream has not ended: its result is there after the last piece")
        return self._result


class _Waiting:
    """The place of a stream among those of a loop."""

    def __init__(self, places: dict[int, asyncio.Event], key: int) -> None:
        self.is_ready = asyncio.Event()
        self._places = places
        self._key = key
        places[key] = self.is_ready

    def forget(self) -> None:
        self._places.pop(self._key, None)

    def __del__(self) -> None:
        self.forget()


class AsyncLLM:
    """An LLM for asyncio, of one event loop. It takes what LLM takes, or an LLM that is loaded already.

    An async iterator that is dropped, or whose task is cancelled, ends its request at the next forward.
    """

    def __init__(self, model: Any = None, **arguments: Any) -> None:
        self.llm = model if isinstance(model, LLM) else LLM(model, **arguments)
        self._queue = _engine.ReadyQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places: dict[int, asyncio.Event] = {}
        self._keys = itertools.count()

    def generate_stream(self, prompt: Prompt, sampling_params: Params = None) -> AsyncTextStream:
        """As LLM.generate_stream(), for `async for`. Called where an event loop runs."""
        return self._stream(text_request(prompt), sampling_params)

    def chat_stream(self, messages: Messages, sampling_params: Params = None, **template: Any) -> AsyncTextStream:
        """As LLM.chat_stream(), for `async for`."""
        return self._stream(chat_request(messages, **template), sampling_params)

    async def generate(self, prompt: Prompt, sampling_params: Params = None) -> GenerationOutput:
        """The answer to one prompt; asyncio.gather() has many run as one batch."""
        return await self._whole(self.generate_stream(prompt, sampling_params))

    async def chat(self, messages: Messages, sampling_params: Params = None, **template: Any) -> GenerationOutput:
        return await self._whole(self.chat_stream(messages, sampling_params, **template))

    @property
    def tokenizer(self) -> Tokenizer:
        return self.llm.tokenizer

    def stats(self) -> dict[str, Any]:
        return self.llm.stats()

    def close(self) -> None:
        """Ends what runs and gives the memory back."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._queue.descriptor)
        self._loop = None
        self.llm.close()

    async def __aenter__(self) -> AsyncLLM:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.close()

    async def _whole(self, stream: AsyncTextStream) -> GenerationOutput:
        async for _ in stream:
            pass
        return stream.result

    def _stream(self, request: dict[str, Any], sampling_params: Params) -> AsyncTextStream:
        self._watch(asyncio.get_running_loop())
        (prepared,) = self.llm._requests([request], sampling_params)
        if len(prepared) != 1:
            raise _engine.InvalidInput(f"n: a stream has one answer, got {len(prepared)}")
        key = next(self._keys)
        waiting = _Waiting(self._places, key)
        try:
            stream = self.llm._engine.submit_to(prepared[0], self._queue, key)
        except _engine.InvalidInput as error:
            raise _engine.InvalidInput(f"prompt: {error}") from None
        return AsyncTextStream(stream, waiting, self)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Waits at the descriptor in this loop; one that was closed is left."""
        if self._loop is loop:
            return
        if self._loop is not None and not self._loop.is_closed():
            raise RuntimeError("this AsyncLLM belongs to another event loop, which still runs")
        self._loop = loop
        loop.add_reader(self._queue.descriptor, self._tell)

    def _tell(self) -> None:
        for key in self._queue.take():
            place = self._places.get(key)
            if place is not None:
                place.set()

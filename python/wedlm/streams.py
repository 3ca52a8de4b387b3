"""Answers read while they grow, with a thread that waits."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from . import _engine
from .outputs import GenerationOutput, StreamPiece, TokenLogprob

SLICE_SECONDS = 0.1  # of waiting, between which Python looks for Ctrl-C


def piece_of(event: _engine.Event) -> StreamPiece:
    scores = [TokenLogprob(logprob, tuple(top)) for logprob, top in event.scores]
    return StreamPiece(event.text, event.token_ids, scores or None)


class TextStream(Iterator[StreamPiece]):
    """The pieces of an answer as they are committed. A stream that is dropped, closed or left by an exception ends the
    request at the next forward. After the last piece `result` is the whole answer."""

    def __init__(self, stream: _engine.Stream, source: str, owner: object) -> None:
        self._stream = stream
        self._source = source
        self._owner = owner  # the LLM, which ends when nobody has it
        self._result: GenerationOutput | None = None

    def __iter__(self) -> TextStream:
        return self

    def __next__(self) -> StreamPiece:
        try:
            while True:
                event = self._stream.next_for(SLICE_SECONDS)
                if event is not None:
                    return piece_of(event)
                if self._stream.is_finished:
                    break
        except BaseException:
            self.cancel()
            raise
        self._finish()
        raise StopIteration

    def _finish(self) -> GenerationOutput:
        if self._result is None:
            self._result = GenerationOutput(self._stream.result(self._source))
        return self._result

    def cancel(self) -> None:
        """Ends the request at the next forward; what was committed stays."""
        self._stream.cancel()

    @property
    def result(self) -> GenerationOutput:
        """The whole answer; waits for its end."""
        try:
            while not self._stream.wait_for(SLICE_SECONDS):
                pass
        except BaseException:
            self.cancel()
            raise
        return self._finish()

    def __enter__(self) -> TextStream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.cancel()

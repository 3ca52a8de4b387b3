"""The window for those who want to look: what each forward committed, guessed and refused."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterator

from . import _engine
from .outputs import GenerationOutput
from .streams import SLICE_SECONDS
from .tokenizer import Tokenizer

_STYLE = (
    "<style>.wedlm{font:13px/1.7 ui-monospace,monospace}.wedlm td{padding:0 .6em;text-align:left;vertical-align:top}"
    ".wedlm b{font-weight:600;background:#2a78}"
    ".wedlm i{font-style:normal;background:#e902;border-radius:3px;padding:0 2px}"
    ".wedlm u{text-decoration:none;opacity:.45}.wedlm s{opacity:.5}</style>")


@dataclasses.dataclass(frozen=True)
class TraceStep:
    """What one forward did.

    committed: token ids that became text.        text: and as text.
    window: [positions] the positions after the text as it left them: a token id where one is guessed, else None.
    entropies: [positions] nats, as the forward found that looked at a position last; None where none has. Empty for
        a mode without a window.
    rejected: guesses that it refused, in the modes that verify.
    """

    index: int
    committed: list[int]
    text: str
    window: list[int | None]
    entropies: list[float | None]
    rejected: list[int]
    window_texts: list[str | None]
    rejected_texts: list[str]

    def _row(self) -> str:
        cells = []
        for text, entropy in zip(self.window_texts, self.entropies or [None] * len(self.window_texts)):
            title = "" if entropy is None else f' title="{entropy:.3f} nats"'
            cells.append(f"<u{title}>·</u>" if text is None else f"<i{title}>{_shown(text)}</i>")
        refused = "".join(f"<s>{_shown(text)}</s> " for text in self.rejected_texts)
        return (f"<tr><td>{self.index + 1}</td><td><b>{_shown(self.text)}</b> {refused}</td>"
                f"<td>{' '.join(cells)}</td></tr>")

    def _repr_html_(self) -> str:
        return _table([self])


class Trace(Iterator[TraceStep]):
    """The steps of an answer as they happen. In a notebook it is drawn, to its end. Afterwards `steps` has them all and
    `result` the answer."""

    def __init__(self, stream: _engine.Stream, tokenizer: Tokenizer, owner: object) -> None:
        self._stream = stream
        self._owner = owner  # the LLM, which ends when nobody has it
        self._tokenizer = tokenizer
        self._result: GenerationOutput | None = None
        self.steps: list[TraceStep] = []

    def __iter__(self) -> Trace:
        return self

    def __next__(self) -> TraceStep:
        try:
            event = self._stream.next_for(SLICE_SECONDS)
            while event is None and not self._stream.is_finished:
                event = self._stream.next_for(SLICE_SECONDS)
        except BaseException:
            self._stream.cancel()
            raise
        if event is None:
            raise StopIteration
        step = self._step(event)
        self.steps.append(step)
        return step

    @property
    def result(self) -> GenerationOutput:
        for _ in self:
            pass
        if self._result is None:
            self._result = GenerationOutput(self._stream.result("prompt"))
        return self._result

    def _step(self, event: _engine.Event) -> TraceStep:
        decode = self._tokenizer.decode
        return TraceStep(
            index=len(self.steps), committed=event.token_ids, text=event.text, window=event.window,
            entropies=event.entropies, rejected=event.rejected,
            window_texts=[None if token is None else decode(token) for token in event.window],
            rejected_texts=[decode(token) for token in event.rejected])

    def _repr_html_(self) -> str:
        text = html.escape(self.result.text)
        return f"{_table(self.steps)}<p>{len(self.steps)} forwards: {text}</p>"


def _shown(text: str) -> str:
    return html.escape(text).replace("\n", "⏎").replace(" ", "&nbsp;")


def _table(steps: list[TraceStep]) -> str:
    rows = "".join(step._row() for step in steps)
    return (f'{_STYLE}<table class="wedlm"><tr><th>forward</th><th>committed</th><th>window</th></tr>'
            f"{rows}</table>")

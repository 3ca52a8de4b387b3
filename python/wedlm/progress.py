"""A bar for a batch: tqdm's where it is installed (also in a notebook), else a plain one on standard error."""

from __future__ import annotations

import importlib
import sys
from typing import Protocol


class Bar(Protocol):
    def update(self, n: int) -> object: ...

    def close(self) -> object: ...


class PlainBar:
    """"Answers: 3 of 32", on one line of a terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._is_shown = sys.stderr.isatty()
        self.update(0)

    def update(self, n: int) -> None:
        self._done += n
        if self._is_shown:
            sys.stderr.write(f"\rAnswers: {self._done} of {self._total}")
            sys.stderr.flush()

    def close(self) -> None:
        if self._is_shown:
            sys.stderr.write("\n")


class NoBar:
    def update(self, n: int) -> None:
        pass

    def close(self) -> None:
        pass


def make_bar(total: int, use_tqdm: bool) -> Bar:
    if not use_tqdm:
        return NoBar()
    try:
        auto = importlib.import_module("tqdm.auto")
    except ImportError:
        return PlainBar(total)
    bar: Bar = auto.tqdm(total=total, desc="Answers", dynamic_ncols=True)
    return bar

"""What comes back: an answer, a piece of one while it grows, and scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class TokenLogprob:
    """Natural logarithms of raw probabilities, before penalties, temperature and filters."""

    logprob: float
    top: tuple[tuple[int, float], ...] = ()  # the likeliest tokens and theirs, best first


class GenerationOutput(Mapping[str, Any]):
    """An answer: a mapping with "text", "token_ids", "stats" and the others below, each an attribute too. str() and
    print() show the text.

    text: without special tokens.        token_ids: with the token that ended it, if one did.
    stats: prefill_speed and decode_speed (tokens a second), prefill_tokens, decode_tokens, decode_forwards,
        tokens_per_forward, and what `wedlm generate --json` has besides.
    finish_reason: "stop", "length" or "cancelled".        seed: the one that was used.
    logprobs: a TokenLogprob for each token where they were asked for, else None.
    answers: all answers to the prompt, this first: more than one where SamplingParams(n=...) asked for them.
    """

    def __init__(self, members: dict[str, Any], answers: tuple[GenerationOutput, ...] = ()) -> None:
        stats = dict(members["stats"])
        stats["prefill_tokens"] = members["prompt_tokens"]
        stats["decode_tokens"] = stats.pop("tokens")
        scores = members.get("logprobs")
        self._members: dict[str, Any] = {
            "text": members["text"],
            "token_ids": members["token_ids"],
            "stats": stats,
            "finish_reason": members["finish_reason"],
            "stop_text": members.get("stop_text"),
            "seed": members["seed"],
            "logprobs": None if scores is None else [_score(one) for one in scores],
        }
        self._others = answers

    def __getitem__(self, key: str) -> Any:
        return self._members[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"GenerationOutput(text={self.text!r}, finish_reason={self.finish_reason!r})"

    def _repr_markdown_(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        return str(self._members["text"])

    @property
    def token_ids(self) -> list[int]:
        ids: list[int] = self._members["token_ids"]
        return ids

    @property
    def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = self._members["stats"]
        return stats

    @property
    def finish_reason(self) -> str:
        return str(self._members["finish_reason"])

    @property
    def stop_text(self) -> str | None:
        text: str | None = self._members["stop_text"]
        return text

    @property
    def seed(self) -> int:
        return int(self._members["seed"])

    @property
    def logprobs(self) -> list[TokenLogprob] | None:
        scores: list[TokenLogprob] | None = self._members["logprobs"]
        return scores

    @property
    def answers(self) -> tuple[GenerationOutput, ...]:
        return (self, *self._others)


def _score(json: dict[str, Any]) -> TokenLogprob:
    top = tuple((one["token_id"], _logprob(one["logprob"])) for one in json["top"])
    return TokenLogprob(_logprob(json["logprob"]), top)


def _logprob(value: float | None) -> float:
    """JSON has no word for minus infinity."""
    return float("-inf") if value is None else value


@dataclasses.dataclass(frozen=True)
class StreamPiece:
    """What an answer grew by: complete UTF-8 and final tokens. str() is the text."""

    text: str
    token_ids: list[int]
    logprobs: list[TokenLogprob] | None = None

    def __str__(self) -> str:
        return self.text


@dataclasses.dataclass(frozen=True)
class ContinuationScore:
    """How likely a continuation is after its prompt.

    token_ids: [tokens].        log_probs: [tokens] natural, each after the prompt and the tokens before it.
    is_greedy: each of the tokens is the likeliest there.
    """

    token_ids: list[int]
    log_probs: list[float]
    is_greedy: bool

    @property
    def log_prob(self) -> float:
        """Of the whole continuation."""
        return sum(self.log_probs)

"""What is asked of sampling and decoding: the original engine's names and defaults, and this engine's others. What each
means, and its range, stands in the engine's table of options (`wedlm generate --help`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from . import _engine

# By the engine's names in JSON, which these fields do not have.
_JSON_NAMES = {
    "wedlm_window_size": "window_size",
    "wedlm_entropy_threshold": "entropy_threshold",
    "wedlm_pos_penalty_factor": "position_penalty",
}


@dataclasses.dataclass(frozen=True, repr=False)
class SamplingParams:
    """Immutable; equal, printable and picklable by value. Fields that are None are left to the checkpoint's
    generation_config.json, else to the engine. Raises InvalidInput (a ValueError) for a value out of range.

    temperature: 0 takes the likeliest token, up to 100.        top_p: (0, 1].        top_k: 0 keeps all.
    max_tokens: most tokens of the answer.        stop: texts that end it.        stop_token_ids: and tokens that do.
    wedlm_entropy_threshold: nats below which a position is filled; None fills one position a forward.
    wedlm_pos_penalty_factor: nats added for each position of distance.
    wedlm_window_size: positions guessed at once, 1 to 256; None takes the LLM's.
    mode: streaming, autoregressive, exact or gated; None is streaming where the checkpoint has a mask token.
    n: answers to each prompt.        seed: the same gives the same text.
    logprobs: log-probabilities of each token, with so many alternatives (0 to 20).
    """

    temperature: float = 0.2
    top_p: float = 1.0
    top_k: int = 0
    max_tokens: int = 64
    stop: str | Sequence[str] = ()
    stop_token_ids: Sequence[int] = ()
    wedlm_entropy_threshold: float | None = 0.4
    wedlm_pos_penalty_factor: float = 0.02
    wedlm_window_size: int | None = None
    mode: str | None = None
    seed: int | None = None
    n: int = 1
    logprobs: int | None = None
    ignore_eos: bool = False
    min_p: float | None = None
    filter_order: str | None = None
    repetition_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    no_repeat_ngram_size: int | None = None
    logit_bias: Mapping[int, float] | None = None
    suppress_tokens: Sequence[int] | None = None
    max_per_step: int | None = None
    fallback: str | None = None
    refill: str | None = None
    draft_threshold: float | None = None
    prompt_lookup: bool | None = None
    gate: str | None = None
    gate_epsilon: float | None = None
    gate_delta: float | None = None
    joint_entropy: float | None = None
    agreement: float | None = None
    priority: int = 0

    def __new__(cls, *_values: object, **named: object) -> SamplingParams:
        check_names("SamplingParams", named, [field.name for field in dataclasses.fields(cls)])
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name in ("stop", "stop_token_ids", "suppress_tokens"):
            value = getattr(self, name)
            if value is None or isinstance(value, str):
                value = value if value is None else (value,)
            elif isinstance(value, (list, tuple)):
                value = tuple(value)
            if value is None and name != "suppress_tokens":
                value = ()
            object.__setattr__(self, name, value)
        if isinstance(self.logit_bias, Mapping):
            object.__setattr__(self, "logit_bias", dict(self.logit_bias))
        _engine.check_settings(self.settings())

    @classmethod
    def preset(cls, name: str, **changes: Any) -> SamplingParams:
        """The window's parameters of `quality`, `balanced` or `fast`, with the changes on top."""
        fields = {json: field for field, json in _JSON_NAMES.items()}
        values = {fields.get(key, key): value for key, value in _engine.preset(name).items()}
        if values.get("wedlm_entropy_threshold") == "none":
            values["wedlm_entropy_threshold"] = None
        return cls(**{**values, **changes})

    def settings(self) -> dict[str, Any]:
        """The members of a request in JSON that ask for this; what is None is not among them."""
        members: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None and field.name == "wedlm_entropy_threshold":
                value = "none"
            if value is not None:
                members[_JSON_NAMES.get(field.name, field.name)] = value
        return members

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        changed = [f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self)
                   if getattr(self, field.name) != field.default]
        return f"SamplingParams({', '.join(changed)})"


def check_names(what: str, named: Mapping[str, object], known: Sequence[str]) -> None:
    """Raises a TypeError that names the nearest for a name that is unknown."""
    for name in named:
        if name not in known:
            raise TypeError(f"{what}: unknown argument {name!r}{_engine.did_you_mean(name, list(known))}")

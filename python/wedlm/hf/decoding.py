"""WeDLM's decoding written down as plainly as it can be, to be read and to be compared with: every step computes the
whole sequence again, without a cache. The engine gives the same greedy ids many times faster.

A step of the mode `streaming` is one causal forward over

    [known tokens] [filled positions of the window] [masks, one for each empty position]

in which every row has the rotary position of its place in the text. A mask predicts its own position. Those of low
entropy are filled for good; the leading filled run becomes known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from .model import WeDLMForCausalLM

MODES = ("streaming", "autoregressive")


@dataclass(frozen=True)
class DecodingStep:
    """One forward. `entropies` holds, by its place in the window, the entropy in nats of each position that was empty;
    `filled` the tokens that the step put there; `committed` those that became known; `window` is what stands in the
    window after that, None where it is empty."""

    entropies: dict[int, float]
    filled: dict[int, int]
    committed: list[int]
    window: list[int | None]


@dataclass(frozen=True)
class WeDLMGeneration:
    """What `generate_wedlm` returns. `token_ids` is the answer alone, with the end token that closed it; each element
    of `steps` is a forward."""

    token_ids: list[int]
    steps: list[DecodingStep]

    @property
    def tokens_per_forward(self) -> float:
        return len(self.token_ids) / len(self.steps)


@torch.no_grad()
def generate_wedlm(model: WeDLMForCausalLM, input_ids: Sequence[int] | torch.Tensor, *, mode: str = "streaming",
                   max_new_tokens: int = 64, temperature: float = 0.0, window_size: int = 16,
                   entropy_threshold: float | None = 0.4, position_penalty: float = 0.02, max_per_step: int = 0,
                   stop_token_ids: Sequence[int] | None = None,
                   generator: torch.Generator | None = None) -> WeDLMGeneration:
    """Decodes one sequence.

    - `input_ids`: the prompt, as a list or as a tensor [tokens] or [1, tokens].
    - `temperature`: 0 takes the most likely token; else tokens are drawn, by `generator`.
    - `window_size`: positions after the known tokens that are guessed at once.
    - `entropy_threshold`: positions are filled whose entropy in nats, plus `position_penalty` for each position of
      distance from the first empty one, is below it; where there is none, the one with the lowest. None fills one.
    - `max_per_step`: most positions filled in one forward, the leftmost of them; 0 for no limit.
    - `stop_token_ids`: what ends the answer; by default the end tokens of the model's generation configuration.

    Raises ValueError, naming the argument, for a value that has no meaning.
    """
    known = [int(token) for token in torch.as_tensor(input_ids).flatten()]
    _check(model, known, mode)
    for name, value, least in (("max_new_tokens", max_new_tokens, 1), ("window_size", window_size, 1),
                               ("temperature", temperature, 0), ("position_penalty", position_penalty, 0),
                               ("max_per_step", max_per_step, 0)):
        if not value >= least:
            raise ValueError(f"{name}: expected {least} or more, got {value}")
    rule = _Rule(entropy_threshold, position_penalty, max_per_step)
    choose = _Chooser(model.config.effective_mask_token_id(), temperature, generator)
    stops = set(_end_tokens(model) if stop_token_ids is None else stop_token_ids)
    num_prompt = len(known)
    window: list[int | None] = []
    steps: list[DecodingStep] = []
    while len(known) - num_prompt < max_new_tokens and (len(known) == num_prompt or known[-1] not in stops):
        if mode == "autoregressive":
            logits = _logits(model, known, list(range(len(known))), 1)
            step = DecodingStep({}, {}, [choose(logits[0])], [])
        else:
            window += [None] * (window_size - len(window))
            step = _streaming_step(model, known, window, rule, choose)
            window = step.window
        steps.append(step)
        for token in step.committed:
            known.append(token)
            if token in stops or len(known) - num_prompt == max_new_tokens:
                break
    return WeDLMGeneration(known[num_prompt:], steps)


@dataclass(frozen=True)
class _Rule:
    """Which empty positions are certain enough."""

    threshold: float | None
    penalty: float
    max_per_step: int

    def selected(self, places: list[int], entropies: torch.Tensor) -> list[int]:
        """Indices into `places`, the empty positions in ascending order. Sums are float32, as the engine's are."""
        distances = torch.tensor([place - places[0] for place in places], dtype=torch.float32)
        adjusted = (entropies + torch.tensor(self.penalty, dtype=torch.float32) * distances).tolist()
        threshold = -torch.inf if self.threshold is None else float(torch.tensor(self.threshold, dtype=torch.float32))
        chosen = [i for i, entropy in enumerate(adjusted) if entropy < threshold]
        chosen = chosen or [min(range(len(adjusted)), key=adjusted.__getitem__)]
        return chosen[:self.max_per_step] if self.max_per_step > 0 else chosen


@dataclass(frozen=True)
class _Chooser:
    """Takes a token from a row of logits [vocab_size]; never the mask."""

    mask: int | None
    temperature: float
    generator: torch.Generator | None

    def __call__(self, logits: torch.Tensor) -> int:
        if self.mask is not None:
            logits = logits.clone()
            logits[self.mask] = -torch.inf
        if self.temperature == 0:
            return int(logits.argmax())
        return int(torch.multinomial((logits / self.temperature).softmax(-1), 1, generator=self.generator))


def _streaming_step(model: WeDLMForCausalLM, known: list[int], window: list[int | None], rule: _Rule,
                    choose: _Chooser) -> DecodingStep:
    empty = [place for place, token in enumerate(window) if token is None]
    taken = [place for place, token in enumerate(window) if token is not None]
    ids = known + [window[place] for place in taken] + [choose.mask] * len(empty)
    positions = list(range(len(known))) + [len(known) + place for place in taken + empty]
    logits = _logits(model, ids, positions, len(empty))
    log_probabilities = logits.log_softmax(-1)
    entropies = -(log_probabilities.exp() * log_probabilities).sum(-1).cpu()
    filled = {empty[i]: choose(logits[i]) for i in rule.selected(empty, entropies)}
    after = [filled.get(place, token) for place, token in enumerate(window)]
    run = next((place for place, token in enumerate(after) if token is None), len(after))
    return DecodingStep(dict(zip(empty, entropies.tolist())), filled, after[:run], after[run:])


def _logits(model: WeDLMForCausalLM, ids: list[int], positions: list[int], num_rows: int) -> torch.Tensor:
    """The logits of the last rows, [num_rows, vocab_size] in float32. Each row sees itself and those before it,
    whatever their positions: the mask is given, since transformers would take it from ascending positions."""
    device = model.device
    hidden = torch.full((1, 1, len(ids), len(ids)), torch.finfo(model.dtype).min, dtype=model.dtype, device=device)
    answer = model(input_ids=torch.tensor([ids], device=device), position_ids=torch.tensor([positions], device=device),
                   attention_mask=hidden.triu(1), use_cache=False, logits_to_keep=num_rows)
    return answer.logits[0].float()


def _end_tokens(model: WeDLMForCausalLM) -> list[int]:
    named = model.generation_config.eos_token_id
    named = model.config.eos_token_id if named is None else named
    return [] if named is None else [named] if isinstance(named, int) else list(named)


def _check(model: WeDLMForCausalLM, prompt: list[int], mode: str) -> None:
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {mode!r}")
    if mode == "streaming" and model.config.effective_mask_token_id() is None:
        raise ValueError("mode streaming: the model's configuration names no mask token (mask_token_id)")
    if not prompt:
        raise ValueError("input_ids: expected at least one token")
    outside = [token for token in prompt if not 0 <= token < model.config.vocab_size]
    if outside:
        raise ValueError(f"input_ids: the vocabulary has {model.config.vocab_size} tokens, got {outside[0]}")

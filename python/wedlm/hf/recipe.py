"""How WeDLM is trained: what a run's batches and losses go by, with the defaults of the released fine-tuning code
(docs/training.md has the same words)."""

from __future__ import annotations

from dataclasses import dataclass

MASK_PATTERNS = ("random", "suffix", "mixed", "window")
LOSS_WEIGHTINGS = ("weighted", "uniform")


@dataclass(frozen=True)
class Recipe:
    """- `block_size`: tokens of a prediction block; no window of decoding should be longer.
    - `mask_pattern`: which of a block's learned tokens are masked, as many as a ratio drawn from U(0, 1) says: any of
      them (`random`), the last ones (`suffix`), one or the other (`mixed`), or any, but the i-th with weight i
      (`window`).
    - `random_offset`: the first block of a sample has a random length, so that blocks begin anywhere.
    - `loss_weighting`: `weighted` counts a mask by 1 / ratio, so that blocks count alike; `uniform` by 1.
    - `next_token_weight`: of the next-token loss beside the masked one; the sum is divided by 1 + it.

    Raises ValueError, naming the member, for a value that has no meaning."""

    block_size: int = 32
    mask_pattern: str = "random"
    random_offset: bool = False
    loss_weighting: str = "weighted"
    next_token_weight: float = 1.0

    def __post_init__(self) -> None:
        if self.block_size < 1:
            raise ValueError(f"block_size: expected at least 1, got {self.block_size}")
        if not self.next_token_weight >= 0:
            raise ValueError(f"next_token_weight: expected 0 or more, got {self.next_token_weight}")
        for name, value, known in (("mask_pattern", self.mask_pattern, MASK_PATTERNS),
                                   ("loss_weighting", self.loss_weighting, LOSS_WEIGHTINGS)):
            if value not in known:
                raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")

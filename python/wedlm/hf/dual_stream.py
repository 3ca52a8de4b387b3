"""The rows of a forward of training (WeDLM, section 4.2): for each sample its memory stream, the tokens as they are, and
after it the prediction blocks, each a copy of some of its tokens with masks, observed tokens first.

    tokens a b c d, one block of four, b and d masked

    row        0 1 2 3   4 5 6 7
    token      a b c d   a c M M
    position   0 1 2 3   0 2 1 3

A row of the memory sees the memory up to itself; a row of a block sees the memory before its block, and its block up to
itself. So a mask sees what a mask of a decoding window sees.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from .recipe import Recipe
from .samples import Sample

LEAST_RATIO = 1e-8  # of the released code, which also adds it to a ratio before it divides by it


@dataclass(frozen=True)
class MaskedBlock:
    """Tokens [begin, end) of a sample, the ratio that was drawn for them, and which are masked: positions in the
    sample, ascending."""

    begin: int
    end: int
    ratio: float
    masked: list[int]


def draw_masks(sample: Sample, recipe: Recipe, draws: random.Random) -> list[MaskedBlock]:
    """The blocks of a sample in order. Of n learned tokens the ratio r masks round(n r), halves to even."""
    length = len(sample["input_ids"])
    blocks = []
    begin, end = 0, draws.randint(1, recipe.block_size) if recipe.random_offset else recipe.block_size
    while begin < length:
        end = min(end, length)
        ratio = max(draws.random(), LEAST_RATIO)
        learned = [i for i in range(begin, end) if sample["labels"][i] >= 0]
        order = _drawn_order(learned, recipe.mask_pattern, draws)
        blocks.append(MaskedBlock(begin, end, ratio, sorted(order[len(order) - round(len(order) * ratio):])))
        begin, end = end, end + recipe.block_size
    return blocks


def _drawn_order(learned: list[int], pattern: str, draws: random.Random) -> list[int]:
    """An order whose last elements are masked, however many."""
    if pattern == "mixed":
        pattern = draws.choice(("suffix", "random"))
    if pattern == "random":
        return draws.sample(learned, len(learned))
    if pattern == "window":  # the i-th with weight i: the largest u^(1 / weight) (Efraimidis and Spirakis 2006)
        return [place for _, place in sorted((draws.random() ** (1 / (i + 1)), place)
                                             for i, place in enumerate(learned))]
    return learned


@dataclass
class DualStream:
    """Rows of one or more samples. Lists of rows have `len(ids)` elements; those of losses have one for each row whose
    prediction is judged, the masks first."""

    ids: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)  # what stands there in the sample
    positions: list[int] = field(default_factory=list)  # in the sample
    segments: list[tuple[range, range]] = field(default_factory=list)  # rows, and those before them that they all see
    masked_rows: list[int] = field(default_factory=list)
    masked_ratios: list[float] = field(default_factory=list)  # of the block of each mask
    next_rows: list[int] = field(default_factory=list)  # memory rows that a learned token follows

    def visible(self) -> torch.Tensor:
        """Which rows each row sees: bool [rows, rows], dense."""
        visible = torch.zeros(len(self.ids), len(self.ids), dtype=torch.bool)
        for rows, prefix in self.segments:
            visible[rows.start:rows.stop, prefix.start:prefix.stop] = True
            visible[rows.start:rows.stop, rows.start:rows.stop] = torch.ones(len(rows), len(rows)).tril().bool()
        return visible

    def targets(self) -> list[int]:
        """Of each loss: the token that the mask hides, and the token that follows the memory's row."""
        return [self.tokens[row] for row in self.masked_rows] + [self.tokens[row + 1] for row in self.next_rows]

    def weights(self, loss_weighting: str) -> list[float]:
        """Of each loss; those of a kind add up to 1."""
        by_ratio = loss_weighting == "weighted"
        raw = [1 / (ratio + LEAST_RATIO) if by_ratio else 1.0 for ratio in self.masked_ratios]
        return [weight / sum(raw) for weight in raw] + [1 / len(self.next_rows)] * len(self.next_rows)


def dual_stream(samples: Sequence[Sample], blocks: Sequence[Sequence[MaskedBlock]], mask_token_id: int) -> DualStream:
    """Lays samples out one after the other, each with its blocks."""
    stream = DualStream()
    for sample, its_blocks in zip(samples, blocks, strict=True):
        ids, labels = sample["input_ids"], sample["labels"]
        memory = len(stream.ids)
        stream.next_rows += [memory + i for i in range(len(ids) - 1) if labels[i + 1] >= 0]
        _add(stream, sample, range(len(ids)), ids, range(0))
        for block in its_blocks:
            masked = set(block.masked)
            observed = [i for i in range(block.begin, block.end) if i not in masked]
            first_mask = len(stream.ids) + len(observed)
            stream.masked_rows += range(first_mask, first_mask + len(masked))
            stream.masked_ratios += [block.ratio] * len(masked)
            _add(stream, sample, observed + block.masked, [ids[i] for i in observed] + [mask_token_id] * len(masked),
                 range(memory, memory + block.begin))
    return stream


def _add(stream: DualStream, sample: Sample, positions: Sequence[int], ids: Sequence[int], prefix: range) -> None:
    first = len(stream.ids)
    stream.ids += ids
    stream.tokens += [sample["input_ids"][position] for position in positions]
    stream.positions += positions
    stream.segments.append((range(first, first + len(ids)), prefix))

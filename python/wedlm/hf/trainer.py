"""transformers' Trainer with WeDLM's losses: the masked one over dual-stream rows, and the next-token one beside it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, Trainer

from .dual_stream import DualStream, draw_masks, dual_stream
from .recipe import Recipe
from .samples import Sample


class DualStreamCollator:
    """Makes one row of a batch of all samples that it gets, packed one after the other.

    Masks are drawn with `seed`, so that two collators of one seed draw the same, or without one by PyTorch's own
    generator, which Trainer seeds and restores."""

    def __init__(self, mask_token_id: int, recipe: Recipe = Recipe(), seed: int | None = None) -> None:
        self.mask_token_id = mask_token_id
        self.recipe = recipe
        self._draws = None if seed is None else random.Random(seed)

    def __call__(self, samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
        draws = self._draws or random.Random(int(torch.randint(2**62, (1,))))
        blocks = [draw_masks(sample, self.recipe, draws) for sample in samples]
        return stream_batch(dual_stream(samples, blocks, self.mask_token_id), self.recipe)


def stream_batch(stream: DualStream, recipe: Recipe) -> dict[str, torch.Tensor]:
    """What the model and the losses take: `input_ids` and `position_ids` [1, rows], `attention_mask` bool [1, 1, rows,
    rows], and of each row that is judged, masks first, its place `logits_to_keep`, its target and its weight in the
    mean of its kind; `num_masked` of them are masks."""
    return {"input_ids": torch.tensor([stream.ids]), "position_ids": torch.tensor([stream.positions]),
            "attention_mask": stream.visible()[None, None],
            "logits_to_keep": torch.tensor(stream.masked_rows + stream.next_rows, dtype=torch.long),
            "loss_targets": torch.tensor(stream.targets(), dtype=torch.long),
            "loss_weights": torch.tensor(stream.weights(recipe.loss_weighting), dtype=torch.float32),
            "num_masked": torch.tensor(len(stream.masked_rows))}


class WeDLMTrainer(Trainer):
    """A Trainer for samples with `input_ids` and `labels` (`conversation_sample`, `text_sample`, or your own).

    The samples of a device's batch are packed into one row, and a step's loss is the mean over its rows, as `wedlm
    train` has it over packs. Logs have `masked_loss` and `next_token_loss` in nats beside Trainer's own; evaluations
    always draw the same masks. The model is a WeDLM model, or one with its mask named by `mask_token_id`."""

    def __init__(self, model: PreTrainedModel | torch.nn.Module, *arguments: Any, recipe: Recipe = Recipe(),
                 mask_token_id: int | None = None, **options: Any) -> None:
        if mask_token_id is None:
            find = getattr(model.config, "effective_mask_token_id", None)
            mask_token_id = find() if find else None
        if mask_token_id is None:
            raise ValueError("WeDLMTrainer: the model's configuration names no mask token: give mask_token_id")
        self.recipe = recipe
        self.mask_token_id = mask_token_id
        self._sums: dict[str, list[float]] = {}
        options.setdefault("data_collator", DualStreamCollator(mask_token_id, recipe))
        super().__init__(model, *arguments, **options)
        self.model_accepts_loss_kwargs = False  # the loss is a mean, which Trainer divides by the accumulated batches

    def compute_loss(self, model: torch.nn.Module, inputs: dict[str, Any], return_outputs: bool = False,
                     num_items_in_batch: torch.Tensor | int | None = None) -> Any:
        """(masked + next_token_weight x next-token) / (1 + next_token_weight), each a weighted mean of cross
        entropies; a kind of which there is no row counts 0."""
        inputs = dict(inputs)
        targets, weights = inputs.pop("loss_targets"), inputs.pop("loss_weights")
        num_masked = int(inputs.pop("num_masked"))
        visible = inputs.pop("attention_mask")
        dtype = next(model.parameters()).dtype
        hidden = torch.zeros(visible.shape, dtype=dtype, device=visible.device)
        hidden.masked_fill_(~visible, torch.finfo(dtype).min)
        outputs = model(**inputs, attention_mask=hidden, use_cache=False)
        entropies = torch.nn.functional.cross_entropy(outputs.logits[0].float(), targets, reduction="none") * weights
        masked, next_token = entropies[:num_masked].sum(), entropies[num_masked:].sum()
        weight = self.recipe.next_token_weight
        kind = "" if model.training else "eval_"
        for name, value in (("masked_loss", masked), ("next_token_loss", next_token)):
            self._sums.setdefault(kind + name, []).append(float(value.detach()))
        loss = (masked + weight * next_token) / (1 + weight)
        return (loss, outputs) if return_outputs else loss

    def prediction_step(self, model: torch.nn.Module, inputs: dict[str, Any], prediction_loss_only: bool,
                        ignore_keys: list[str] | None = None) -> tuple[torch.Tensor, None, None]:
        """The loss of a batch of an evaluation; there are no logits of labels, since rows are no batch of samples."""
        with torch.no_grad():
            return self.compute_loss(model, self._prepare_inputs(inputs)).detach(), None, None

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader:
        training = self.data_collator
        if isinstance(training, DualStreamCollator):
            self.data_collator = DualStreamCollator(self.mask_token_id, self.recipe, seed=0)
        try:
            return super().get_eval_dataloader(eval_dataset)
        finally:
            self.data_collator = training

    def log(self, logs: dict[str, float], *arguments: Any, **options: Any) -> None:
        kind = "eval_" if any(name.startswith("eval_") for name in logs) else ""
        for name in (kind + "masked_loss", kind + "next_token_loss"):
            values = self._sums.pop(name, [])
            if values:
                logs[name] = sum(values) / len(values)
        super().log(logs, *arguments, **options)

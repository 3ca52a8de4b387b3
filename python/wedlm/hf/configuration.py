"""What config.json of a WeDLM checkpoint says, with the engine's defaults for what it does not say (docs of
wedlm/model/model_config.h): a Qwen3 decoder where `qk_norm` is true, a Qwen2 decoder where not."""

from __future__ import annotations

from typing import Any

from transformers import Qwen3Config

USUAL_MASK_TOKEN_ID = 151665  # of the released models: the first id after Qwen's own special tokens


class WeDLMConfig(Qwen3Config):
    """Qwen3's members and three of WeDLM's own.

    - `qk_norm`: each head of queries and keys has an RMS norm before the rotation.
    - `attention_bias`: q, k and v have a bias; by default where there is no `qk_norm`. The output projection has none.
    - `mask_token_id`: the token that stands for an empty position.
    """

    model_type = "wedlm"

    num_key_value_heads: int | None = None  # as many as num_attention_heads
    head_dim: int | None = None  # type: ignore[assignment]  # hidden_size / num_attention_heads
    attention_bias: bool | None = None  # type: ignore[assignment]
    qk_norm: bool = False
    mask_token_id: int | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        if self.head_dim is None:
            if self.hidden_size % self.num_attention_heads != 0:
                raise ValueError(f"config.json: num_attention_heads: expected a divisor of hidden_size, "
                                 f"{self.hidden_size}, got {self.num_attention_heads}")
            self.head_dim = self.hidden_size // self.num_attention_heads
        if self.attention_bias is None:
            self.attention_bias = not self.qk_norm
        if self.mask_token_id is not None and not 0 <= self.mask_token_id < self.vocab_size:
            raise ValueError(f"mask_token_id: the vocabulary has {self.vocab_size} tokens, got {self.mask_token_id}")
        super().__post_init__(**kwargs)

    def effective_mask_token_id(self) -> int | None:
        """`mask_token_id`, else that of the released models where the vocabulary has it, else None."""
        if self.mask_token_id is not None:
            return self.mask_token_id
        return USUAL_MASK_TOKEN_ID if USUAL_MASK_TOKEN_ID < self.vocab_size else None

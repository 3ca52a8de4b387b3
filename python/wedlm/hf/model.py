"""The model: transformers' own Qwen2 or Qwen3 decoder under the name WeDLM. Nothing of a forward is written here."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel, Qwen2ForCausalLM, Qwen2Model, Qwen3ForCausalLM, Qwen3Model

from .configuration import WeDLMConfig
from .decoding import generate_wedlm


class WeDLMForCausalLM(Qwen3ForCausalLM):
    """Takes and gives what `Qwen3ForCausalLM` does: logits of shape [batch, rows, vocab_size], the next-token loss
    with `labels`, `generate()`. Its weights have the names that the engine reads."""

    config_class = WeDLMConfig
    _no_split_modules = ["Qwen2DecoderLayer", "Qwen3DecoderLayer"]

    def __init__(self, config: WeDLMConfig) -> None:
        PreTrainedModel.__init__(self, config)
        self.model = (Qwen3Model if config.qk_norm else Qwen2Model)(config)
        self.vocab_size = config.vocab_size
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        for layer in self.model.layers:
            _set_biases(layer.self_attn, bool(config.attention_bias))
        self.post_init()

    generate_wedlm = generate_wedlm


def _set_biases(attention: nn.Module, has_bias: bool) -> None:
    """Qwen2's q, k and v always have a bias, and Qwen3's o has one wherever they have."""
    for name in ("q_proj", "k_proj", "v_proj"):
        if not has_bias:
            getattr(attention, name).register_parameter("bias", None)
    attention.o_proj.register_parameter("bias", None)


def as_wedlm(model: PreTrainedModel, mask_token_id: int) -> WeDLMForCausalLM:
    """A WeDLM model that has the weights of a Qwen2 or Qwen3 and computes the same until it is trained further: where
    training begins. The weights are shared, not copied. Raises ValueError for a model of another kind, and for a mask
    outside the vocabulary."""
    if not isinstance(model, (Qwen2ForCausalLM, Qwen3ForCausalLM)):
        raise ValueError(f"as_wedlm: expected a Qwen2ForCausalLM or Qwen3ForCausalLM, got {type(model).__name__}")
    members = model.config.to_dict()
    is_qwen3 = isinstance(model, Qwen3ForCausalLM)
    if is_qwen3 and members.get("attention_bias"):
        raise ValueError("as_wedlm: a WeDLM model has no bias on its output projection, this Qwen3 has (attention_bias)")
    for name in ("architectures", "model_type", "auto_map", "attention_bias", "qk_norm", "mask_token_id"):
        members.pop(name, None)
    config = WeDLMConfig(**members, qk_norm=is_qwen3, mask_token_id=mask_token_id)
    wedlm = WeDLMForCausalLM(config)
    wedlm.load_state_dict(model.state_dict(keep_vars=True), assign=True)
    wedlm.tie_weights()
    wedlm.generation_config = model.generation_config
    return wedlm.train(model.training)

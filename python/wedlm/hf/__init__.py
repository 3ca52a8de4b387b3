"""WeDLM checkpoints in Hugging Face's transformers.

Importing this registers `model_type: wedlm` with the Auto classes, so that `AutoModelForCausalLM.from_pretrained(folder)`,
`AutoTokenizer`, `Trainer` and PEFT take such a checkpoint like any other. What they save loads in `wedlm.LLM`, and back.
It needs PyTorch and transformers and nothing of the compiled engine.
"""

try:
    import torch as _torch  # noqa: F401
    import transformers as _transformers
except ImportError as error:
    raise ImportError(f"wedlm.hf needs PyTorch and transformers ({error}): pip install wedlm[hf]") from error

from .configuration import WeDLMConfig
from .decoding import DecodingStep, WeDLMGeneration, generate_wedlm
from .model import WeDLMForCausalLM, as_wedlm
from .recipe import Recipe
from .samples import Sample, conversation_sample, text_sample
from .trainer import DualStreamCollator, WeDLMTrainer

_transformers.AutoConfig.register("wedlm", WeDLMConfig, exist_ok=True)
_transformers.AutoModelForCausalLM.register(WeDLMConfig, WeDLMForCausalLM, exist_ok=True)
_transformers.AutoTokenizer.register(WeDLMConfig, fast_tokenizer_class=_transformers.PreTrainedTokenizerFast,
                                     exist_ok=True)

__all__ = ["DecodingStep", "DualStreamCollator", "Recipe", "Sample", "WeDLMConfig", "WeDLMForCausalLM",
           "WeDLMGeneration", "WeDLMTrainer", "as_wedlm", "conversation_sample", "generate_wedlm", "text_sample"]

"""Runs `wedlm` for the tests of what it exports."""

import os
import subprocess

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
NANO = os.path.join(ROOT, "models/nano")

# Larger than nano in everything, and of a width whose ratio is a power of 4.
SHAPE = {"model_type": "qwen3", "vocab_size": 2304, "hidden_size": 1024, "head_dim": 128, "intermediate_size": 768,
         "num_hidden_layers": 6, "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 512,
         "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": True}


def wedlm(*words):
    done = subprocess.run([os.environ["WEDLM_BINARY"], *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise AssertionError(f"wedlm {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout

"""From a name on the hub, a folder or a loaded module to a model of structfill."""

from __future__ import annotations

import os
from typing import Any

from ...errors import ModelError
from ...versions import require
from ...vocab import Vocab
from ..protocol import BaseModel
from .causal import Causal
from .diffusion_gemma import DiffusionGemma

SUPPORTED = "5.23", "6"
REMOTE_CODE = "its code is not part of transformers; to run the code that comes with the weights, pass " \
              "trust_remote_code=True"


def load_pretrained(name: str | os.PathLike[str], *, trust_remote_code: bool = False, **options: Any) -> BaseModel:
    """The model `name`, a repository of the hub or a folder.

    `options` go to `from_pretrained` as they are: `dtype`, `device_map`, `quantization_config`, `revision`,
    `attn_implementation`, ... Code that comes with weights runs only with ``trust_remote_code=True``. Raises
    `ModelError`.
    """
    require("transformers", *SUPPORTED, extra="transformers")
    import transformers

    shared = {key: options[key] for key in ("revision", "token", "cache_dir", "local_files_only", "subfolder")
              if key in options}
    try:
        config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=trust_remote_code, **shared)
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=trust_remote_code, **shared)
        module = _class_for(config).from_pretrained(name, trust_remote_code=trust_remote_code,
                                                    **{"dtype": "auto", **options})
    except (OSError, ValueError, ImportError, KeyError) as error:
        hint = f" ({REMOTE_CODE})" if "trust_remote_code" in str(error) else ""
        raise ModelError(f"cannot load the model {os.fspath(name)!r}: {error}{hint}") from error
    return wrap(module, tokenizer)


def _class_for(config: Any) -> Any:
    import transformers

    if config.model_type == "diffusion_gemma":
        return transformers.DiffusionGemmaForBlockDiffusion
    return transformers.AutoModelForCausalLM


def wrap(module: Any, tokenizer: Any) -> BaseModel:
    """A loaded model and its tokenizer behind the protocol that fits it. Raises `ModelError`, `SpecError`, or
    `VocabMismatch` where the tokenizer is not the model's."""
    config = module.config
    if config.model_type == "diffusion_gemma":
        return DiffusionGemma(module, tokenizer, _vocab(module, tokenizer))
    if hasattr(module, "lm_head") or module.can_generate():
        return Causal(module, tokenizer, _vocab(module, tokenizer))
    raise ModelError(f"structfill does not know how to decode {type(module).__name__}")


def _vocab(module: Any, tokenizer: Any) -> Vocab:
    """The tokenizer's vocabulary, with the end-of-text and padding tokens of the model's generation config."""
    generation = getattr(module, "generation_config", None)
    ends = getattr(generation, "eos_token_id", None)
    ends = [ends] if isinstance(ends, int) else ends
    vocab = Vocab.of(tokenizer, eos=ends or None, pad=getattr(generation, "pad_token_id", None))
    vocab.check_width(module.config.get_text_config().vocab_size)
    return vocab

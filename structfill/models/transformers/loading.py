"""From a name on the hub, a folder or a loaded module to a model of structfill."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ...errors import ModelError, SpecError, VocabMismatch
from ...versions import require
from ...vocab import Vocab
from ..protocol import BaseModel
from .absorbing import AbsorbingModel
from .causal import Causal
from .diffusion_gemma import DiffusionGemma
from .families import family_of

SUPPORTED = "5.23", "6"
REMOTE_CODE = "its code is not part of transformers; to run the code that comes with the weights, pass " \
              "trust_remote_code=True"


def load_pretrained(name: str | os.PathLike[str], /, *, trust_remote_code: bool = False, **options: Any) -> BaseModel:
    """The model `name`, a repository of the hub or a folder.

    `options` go to `from_pretrained` as they are: `dtype`, `device_map`, `quantization_config`, `revision`,
    `attn_implementation`, ... Code that comes with weights runs only with ``trust_remote_code=True``.

    Raises `ModelError` for whatever goes wrong in reading, but for a lack of memory, also where the weights lack a part
    of the model, which transformers would fill at random (not known of code that comes with weights); and as `wrap`
    does.
    """
    if not isinstance(trust_remote_code, bool):
        raise SpecError(f"trust_remote_code must be True or False, not {trust_remote_code!r:.80}")
    require("transformers", *SUPPORTED, extra="transformers")
    import transformers

    shared = {key: options[key] for key in ("revision", "token", "cache_dir", "local_files_only", "subfolder")
              if key in options}
    with _reading(name, "its configuration"):
        config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=trust_remote_code, **shared)
    with _reading(name, "its tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=trust_remote_code, **shared)
    kind = _class_for(config)
    with _reading(name, "its weights: look whether they are whole and fit the configuration, and at the options"):
        module = _weighted(kind, name, own_code=trust_remote_code and bool(getattr(config, "auto_map", None)),
                           trust_remote_code=trust_remote_code, **{"dtype": "auto", **options})
    return wrap(module, tokenizer)


def _weighted(kind: Any, name: str | os.PathLike[str], own_code: bool, **options: Any) -> Any:
    """The module with its weights, each of which has to be there. Own code may alter `from_pretrained`, as Dream's
    does, and is not asked."""
    if own_code:
        return kind.from_pretrained(name, **options)
    module, report = kind.from_pretrained(name, **{**options, "output_loading_info": True})
    if missing := sorted(report["missing_keys"]):
        raise ValueError(f"no weights for {', '.join(missing[:3])}{' and others' if len(missing) > 3 else ''}")
    return module


@contextmanager
def _reading(name: str | os.PathLike[str], part: str) -> Iterator[None]:
    """What goes wrong while a part of a model is read, as `ModelError`; but not a lack of memory."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # the one boundary: what the library raises, and what it stands on
        hint = REMOTE_CODE if "trust_remote_code" in str(error) else f"while reading {part}"
        raise ModelError(f"cannot load the model {str(name)!r}: {type(error).__name__}: {error} ({hint})") from error


def _class_for(config: Any) -> Any:
    import transformers

    if config.model_type == "diffusion_gemma":
        return transformers.DiffusionGemmaForBlockDiffusion
    named = getattr(config, "auto_map", None) or {}
    if family_of(config) is not None and "AutoModel" in named and "AutoModelForCausalLM" not in named:
        return transformers.AutoModel  # Dream names its class, head and all, under this one only
    return transformers.AutoModelForCausalLM


def wrap(module: Any, tokenizer: Any) -> BaseModel:
    """A loaded model and its tokenizer behind the protocol that fits it. Raises `ModelError`, `SpecError`, or
    `VocabMismatch` where the tokenizer is not the model's."""
    config: Any = getattr(module, "config", None)
    if not hasattr(config, "model_type"):
        raise ModelError(f"expected a module of transformers with its configuration, not {type(module).__name__}")
    if config.model_type == "diffusion_gemma":
        return DiffusionGemma(module, tokenizer, _vocab(module, tokenizer))
    family = family_of(config)
    if family is not None:
        return AbsorbingModel(module, tokenizer, family)
    if hasattr(module, "lm_head") or module.can_generate():
        return Causal(module, tokenizer, _vocab(module, tokenizer))
    raise ModelError(f"structfill does not know how to decode {type(module).__name__}")


def _vocab(module: Any, tokenizer: Any) -> Vocab:
    """The tokenizer's vocabulary, with the end-of-text and padding tokens of the model's generation config.

    Raises `VocabMismatch` where these, or the size, are not those of the tokenizer.
    """
    ends, pads = _named(module, "eos_token_id"), _named(module, "pad_token_id")
    try:
        vocab = Vocab.of(tokenizer, eos=ends or None, pad=pads[0] if pads else None)
    except SpecError as error:
        size = len(Vocab.of(tokenizer))  # raises where the tokenizer itself is at fault
        if outside := [i for i in (*ends, *pads) if not 0 <= i < size]:
            raise VocabMismatch(f"the tokenizer has {size} tokens, and the generation config of the model names token "
                                f"{outside[0]} as end or padding of a text: they do not belong together") from error
        raise
    vocab.check_width(module.config.get_text_config().vocab_size)
    return vocab


def _named(module: Any, name: str) -> list[int]:
    """The token ids, one, several or none, that a module's generation config has under `name`."""
    found = getattr(getattr(module, "generation_config", None), name, None)
    ids = list(found) if isinstance(found, list | tuple) else [] if found is None else [found]
    if not all(isinstance(i, int) and not isinstance(i, bool) for i in ids):
        raise ModelError(f"the model's generation config gives {name} = {found!r:.80}; expected token ids")
    return ids

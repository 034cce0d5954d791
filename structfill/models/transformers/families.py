"""Absorbing diffusion models of the hub: what their checkpoints expect, in one table.

A figure that a checkpoint's own configuration names (mask, end-of-text, block length, ...) goes before the table's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ...errors import ModelError
from ...samplers.options import SamplerOptions

Attention = Literal["keys", "bool", "additive", "own"]


@dataclass(frozen=True)
class Family:
    """How models of one kind are run.

    Attributes:
        name: what it is called in messages.
        model_type: `config.model_type`, in small letters.
        architectures: classes in `config.architectures`; a checkpoint that names others is of another family.
        mask_id, eos_ids, pad_id: token ids.
        source: where the figures come from.
        shift: is the token of a position predicted at the position before, as by causal models?
        block: positions that are written together, each block seeing itself and those before; None for models that
            see all of the canvas and were trained to.
        attention: the mask that `forward` takes: "keys" int64 [B, T], which columns are text; "bool" [B, 1, Q, K], True
            where a query may look; "additive" float [B, 1, Q, K], 0 there and -inf elsewhere; "own", none: it builds
            its own from `block_size`, so rows of different length cannot share a call.
        positions: does `forward` take `position_ids`?
        cached: does `forward` take `past_key_values`, and do finished blocks not depend on later ones?
        store: the keyword of `forward` that says whether a call writes to the cache; None where every call does.
        expand_id, delete_id: tokens that grow and shrink a hole, None where it has none.
        options: how its canvases are filled unless the caller says otherwise.
    """

    name: str
    model_type: str
    architectures: tuple[str, ...]
    mask_id: int
    eos_ids: tuple[int, ...]
    pad_id: int
    source: str
    shift: bool = False
    block: int | None = None
    attention: Attention = "keys"
    positions: bool = True
    cached: bool = False
    store: str | None = None
    expand_id: int | None = None
    delete_id: int | None = None
    options: SamplerOptions = field(default_factory=SamplerOptions)

    def __post_init__(self) -> None:
        if self.block is not None and (not isinstance(self.block, int) or self.block < 1):
            raise ModelError(f"{self.name}: the block length must be a positive integer, not {self.block!r}")
        if self.mask_id in (*self.eos_ids, self.pad_id):
            raise ModelError(f"{self.name}: token {self.mask_id} cannot be the mask and end or pad the text as well")


# The settings of the models' own loops; the defaults of `SamplerOptions` are tuned on the embedded model only.
_WHOLE = SamplerOptions(passes=64, window=32, threshold=0.9, horizon=None, fade=1.0)
_DREAM = replace(_WHOLE, rule="entropy")

_LLADA = Family(
    "LLaDA", "llada", ("LLaDAModelLM",), mask_id=126336, eos_ids=(126081, 126348), pad_id=126081, positions=False,
    options=_WHOLE, source="ML-GSAI/LLaDA generate.py: mask, <|endoftext|> and <|eot_id|>, blocks of 32 in its README; "
    "NVlabs/Fast-dLLM: threshold 0.9")
_LLADA2 = Family(
    "LLaDA2", "llada2_moe", ("LLaDA2MoeModelLM",), mask_id=156895, eos_ids=(156892,), pad_id=156892, block=32,
    attention="additive", cached=True, options=replace(_WHOLE, passes=32, window=None, threshold=0.95),
    source="inclusionAI/LLaDA2.0-mini modeling_llada2_moe.py generate(): mask, end, block 32, 32 steps, threshold "
    "0.95, a mask of 0 and -inf; 2.1 alike; InDel variants name delete_token_id and split_token_id in config.json")
_SDAR = Family(
    "SDAR", "sdar", ("SDARForCausalLM",), mask_id=151669, eos_ids=(151643, 151645), pad_id=151643, block=4,
    attention="bool", cached=True, store="store_kv", options=replace(_WHOLE, passes=4, window=None),
    source="JetAstra/SDAR generate.py: mask, store_kv, low_confidence_dynamic at 0.9; SGLang DllmConfig: block 4")
_DREAM_7B = Family(
    "Dream", "dream", ("DreamModel",), mask_id=151666, eos_ids=(151643, 151645), pad_id=151643, shift=True,
    attention="bool", options=_DREAM,
    source="Dream-org generation_utils.py: shift cat([l[:, :1], l[:, :-1]]), entropy; Qwen2.5 ids; Dream-Coder and "
    "DiffuCoder are the same code with the same ids")

FAMILIES: tuple[Family, ...] = (
    _LLADA, _LLADA2, _SDAR,
    replace(_SDAR, name="SDAR-MoE", model_type="sdar_moe", architectures=("SDARMoeForCausalLM",)),
    replace(_DREAM_7B, name="DreamOn", expand_id=151667, delete_id=151643,
            source="Dream-org/DreamOn-v0-7B: expand token 151667; the end-of-text token is the delete token "
            "(DreamLM/DreamOn issue 1)"),
    _DREAM_7B,
    Family("Fast-dLLM v2", "fast_dllm_qwen", ("Fast_dLLM_QwenForCausalLM",), mask_id=151665, eos_ids=(151645,),
           pad_id=151645, shift=True, block=32, attention="own", cached=True, store="update_past_key_values",
           options=replace(_WHOLE, passes=32, window=8),
           source="Efficient-Large-Model/Fast_dLLM_v2_7B modeling.py: mask, stop token, shift, bd_size 32, sub-blocks "
           "of 8, update_past_key_values"),
)  # fmt: skip

# config field -> field of `Family`; the first that a configuration has counts
_FIELDS = (("mask_token_id", "mask_id"), ("pad_token_id", "pad_id"), ("expand_token_id", "expand_id"),
           ("split_token_id", "expand_id"), ("delete_token_id", "delete_id"), ("block_size", "block"),
           ("bd_size", "block"))


def family_of(config: Any, name: str = "") -> Family | None:
    """The family of a Hugging Face configuration (an object or a mapping), with the figures that it names itself; None
    for a model of another kind.

    `name`, by default `config._name_or_path`, tells DreamOn from Dream where the configuration names no expand token.
    Raises `ModelError` for figures that cannot be.
    """
    found = _match(config, (name or str(_get(config, "_name_or_path") or "")).lower())
    if found is None:
        return None
    known: dict[str, Any] = {}
    for theirs, ours in _FIELDS:
        value = _get(config, theirs)
        if value is not None and ours not in known and (ours != "block" or found.block is not None):
            known[ours] = value
    eos = _get(config, "eos_token_id")
    if eos is not None:
        listed = tuple(eos) if isinstance(eos, (list, tuple)) else (eos,)
        same_vocabulary = known.get("mask_id", found.mask_id) == found.mask_id
        known["eos_ids"] = tuple(dict.fromkeys((*listed, *(found.eos_ids if same_vocabulary else ()))))
    return _of_config(found, known)


def _of_config(found: Family, known: Mapping[str, Any]) -> Family:
    for name, value in known.items():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, bool) or not isinstance(item, int) or item < 0:
                raise ModelError(f"{found.name}: the model's configuration gives {name} = {value!r:.80}; expected "
                                 "integers of 0 or more")
    return replace(found, **known)


def _match(config: Any, name: str) -> Family | None:
    kind = str(_get(config, "model_type") or "").lower()
    classes = _get(config, "architectures") or ()
    for family in FAMILIES:
        if family.model_type != kind or (classes and not set(classes) & set(family.architectures)):
            continue
        if family.expand_id is None or "dreamon" in name or _get(config, "expand_token_id") is not None:
            return family
    return None


def _get(config: Any, name: str) -> Any:
    return config.get(name) if isinstance(config, Mapping) else getattr(config, name, None)

"""Models whose code comes with their weights: loaded only if told to, and then through the family of their config."""

from __future__ import annotations

import json

import pytest
import torch

import structfill as sf
from structfill.errors import ModelError
from tests.tiny_absorbing import COLUMNS, EOS, MASK, PAD, TOKENIZER, LladaLike, SdarLike

from structfill.models.transformers import wrap  # isort: skip  # after the skip
from structfill.models.transformers.absorbing import AbsorbingModel  # isort: skip

CONFIGURATION = """
from transformers import PretrainedConfig

class TinyConfig(PretrainedConfig):
    model_type = "llada"
"""
MODELING = """
import torch
from types import SimpleNamespace
from transformers import PreTrainedModel
from .configuration_tiny import TinyConfig

class LLaDAModelLM(PreTrainedModel):
    config_class = TinyConfig

    def __init__(self, config):
        super().__init__(config)
        self.embed = torch.nn.Embedding(config.vocab_size, 16)
        self.lm_head = torch.nn.Linear(16, config.vocab_size, bias=False)
        self.post_init()

    def forward(self, input_ids, attention_mask=None, use_cache=None):
        seen = self.embed(input_ids) * attention_mask[..., None]
        return SimpleNamespace(logits=self.lm_head(self.embed(input_ids) + seen.sum(1, keepdim=True) / 8))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A checkpoint that names its class under `AutoModel` only, as Dream's do."""
    from safetensors.torch import save_file
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    place = tmp_path / "tiny-llada"
    TOKENIZER.save_pretrained(place)
    (place / "configuration_tiny.py").write_text(CONFIGURATION)
    (place / "modeling_tiny.py").write_text(MODELING)
    (place / "config.json").write_text(json.dumps({
        "model_type": "llada", "architectures": ["LLaDAModelLM"], "vocab_size": COLUMNS, "mask_token_id": MASK,
        "eos_token_id": EOS, "pad_token_id": PAD, "auto_map": {"AutoConfig": "configuration_tiny.TinyConfig",
                                                               "AutoModel": "modeling_tiny.LLaDAModelLM"}}))
    weights = torch.Generator().manual_seed(0)
    save_file({name: torch.randn(COLUMNS, 16, generator=weights) for name in ("embed.weight", "lm_head.weight")},
              place / "model.safetensors", metadata={"format": "pt"})
    return place


def test_code_of_others_runs_only_if_told_to(folder):
    with pytest.raises(ModelError, match="trust_remote_code=True"):
        sf.load(folder)
    model = sf.load(folder, trust_remote_code=True, dtype=torch.float32)
    assert isinstance(model, AbsorbingModel) and model.family.name == "LLaDA"
    assert (model.vocab.mask_id, model.vocab.eos_ids, model.vocab.pad_id) == (MASK, (EOS,), PAD)
    got = sf.Generator({"enum": ["yes", "no"]}, model=model, max_tokens=16, cache=None).batch(["?", "longer"])
    assert all(result.value in ("yes", "no") for result in got)


@pytest.mark.parametrize("kind", [LladaLike, SdarLike])
def test_loaded_modules_are_wrapped_by_family(kind):
    model = wrap(kind(), TOKENIZER)
    assert isinstance(model, AbsorbingModel) and model.default_options == model.family.options

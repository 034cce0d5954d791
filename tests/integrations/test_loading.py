"""Models of transformers that cannot be loaded, or do not fit: every cause by name, as an error of structfill."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import structfill as sf
from structfill.errors import ModelError, SpecError, VocabMismatch
from tests.tiny_models import EOS, PAD, causal, diffusion_gemma, tokenizer, transformers

from structfill.models.transformers import load_pretrained, wrap  # isort: skip  # after the skip


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    place = tmp_path_factory.mktemp("models") / "good"
    causal().save_pretrained(place)
    tokenizer().save_pretrained(place)
    return place


@pytest.fixture
def folder(good, tmp_path):
    return shutil.copytree(good, tmp_path / "a-model")


def _cut(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:20_000])


def _without(part):
    def change(folder):
        weights = load_file(folder / "model.safetensors")
        kept = {key: value for key, value in weights.items() if part not in key}
        assert len(kept) < len(weights)
        save_file(kept, folder / "model.safetensors", {"format": "pt"})
    return change


def _configure(**values):
    def change(folder):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))
    return change


BROKEN = {
    "weights that break off": (_cut, "SafetensorError.*weights: look whether they are whole"),
    "weights that are none": (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 40), "SafetensorError"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "model.safetensors"),
    "weights of another size": (_configure(hidden_size=64), "RuntimeError.*fit the configuration"),
    "weights of too few layers": (_configure(num_hidden_layers=9), r"ValueError.*no weights for model\.layers.*others"),
    "weights without a part": (_without("layers.0.mlp.up"), r"no weights for model\.layers\.0\.mlp\.up_proj\.weight "),
    "weights of another model": (_configure(model_type="qwen2"), r"no weights for .*k_proj\.bias.*others"),
    "a size of letters": (_configure(hidden_size="x"), "hidden_size.*configuration"),
    "no heads": (_configure(num_attention_heads=0), "ZeroDivisionError.*configuration"),
    "padding beyond": (_configure(vocab_size=200), "AssertionError"),
    "no tokens": (lambda folder: (folder / "tokenizer.json").write_text("{}"), "KeyError.*tokenizer"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(folder, name):
    change, cause = BROKEN[name]
    change(folder)
    with pytest.raises(ModelError, match=f"(?s)cannot load the model '{folder}': .*{cause}") as caught:
        sf.load(folder)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(("options", "cause"), [
    ({"foo": 1}, "TypeError.*foo.*options"), ({"name": 1}, "TypeError.*name.*options"),
    ({"dtype": "floaty"}, "AttributeError.*floaty.*options"), ({"quantization_config": 5}, "AttributeError.*options"),
])
def test_wrong_options_are_named(good, options, cause):
    with pytest.raises(ModelError, match=f"cannot load the model '{good}': .*{cause}"):
        sf.load(good, **options)


@pytest.mark.parametrize("value", ["no", 1, None])
def test_trust_is_not_read_into_other_values(good, value):
    with pytest.raises(SpecError, match="trust_remote_code must be True or False"):
        sf.load(good, trust_remote_code=value)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, torch.OutOfMemoryError])
@pytest.mark.parametrize("part", ["AutoConfig", "AutoTokenizer", "AutoModelForCausalLM"])
def test_the_machines_own_troubles_stay_what_they_are(good, monkeypatch, part, kind):
    def fail(*_, **__):
        raise kind("no room")

    monkeypatch.setattr(getattr(transformers, part), "from_pretrained", fail)
    with pytest.raises(kind, match="no room"):
        load_pretrained(good)


def test_the_command_line_tells_it_without_a_traceback(folder):
    _cut(folder)
    (folder / "schema.json").write_text('{"type": "integer"}')
    command = [sys.executable, "-m", "structfill", "generate", "-s", "schema.json", "-p", "x", "--model", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == 2 and "cannot load the model" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("make", [causal, diffusion_gemma])
@pytest.mark.parametrize(("name", "ids", "wrong"), [("eos_token_id", 4000, 4000), ("eos_token_id", [EOS, 259], 259),
                                                    ("pad_token_id", 999, 999), ("pad_token_id", -1, -1)])
def test_ends_that_the_tokenizer_does_not_have(make, name, ids, wrong):
    module = make()
    setattr(module.generation_config, name, ids)
    with pytest.raises(VocabMismatch, match=f"tokenizer has 259 tokens, and .*model names token {wrong} .*not belong"):
        wrap(module, tokenizer())


@pytest.mark.parametrize("ids", [1.5, [1.5], "abc", True, [[EOS]], {"a": 1}])
def test_ends_that_are_no_ids(ids):
    module = causal()
    module.generation_config.eos_token_id = ids
    with pytest.raises(ModelError, match="generation config gives eos_token_id = .*; expected token ids"):
        wrap(module, tokenizer())


def test_a_tokenizer_at_fault_is_told_as_such():
    made = tokenizer()
    made.backend_tokenizer.decoder = None
    made.backend_tokenizer.pre_tokenizer = None
    with pytest.raises(SpecError, match="decoder is not supported"):
        wrap(causal(), made)


def test_ends_of_the_generation_config_count():
    module = causal()
    module.generation_config.eos_token_id, module.generation_config.pad_token_id = [EOS, 10], PAD
    vocab = wrap(module, tokenizer()).vocab
    assert (vocab.eos_ids, vocab.pad_id) == ((10, EOS), PAD)


@pytest.mark.parametrize("chat", [True, False])
def test_a_lone_surrogate_in_the_prompt_is_told(chat):
    model = wrap(causal(), tokenizer(chat))
    generator = sf.Generator({"type": "integer"}, model=model, max_tokens=5, cache=None)
    with pytest.raises(SpecError, match=r"'a\\ud800' ends in a lone surrogate.*errors=\"replace\""):
        generator("a\ud800b")
    assert isinstance(generator("\N{GRINNING FACE}").value, int)


def test_a_bare_module_is_told_of_wrap():
    for use in (sf.load, lambda module: sf.Generator({"type": "integer"}, model=module)):
        with pytest.raises(ModelError, match=r"LlamaForCausalLM .*structfill.models.transformers.wrap\(model, tok"):
            use(causal())
    with pytest.raises(ModelError, match="there is no model <class .*LlamaForCausalLM"):
        sf.load(transformers.LlamaForCausalLM)


def test_arrays_are_no_models():
    for given in (np.zeros(2), np.array("default"), torch.zeros(2)):
        with pytest.raises(ModelError, match="there is no model"):
            sf.load(given)


@pytest.mark.parametrize("module", [5, torch.nn.Linear(1, 1)])
def test_what_is_no_model_of_transformers(module):
    with pytest.raises(ModelError, match="module of transformers with its configuration, not (int|Linear)"):
        wrap(module, tokenizer())

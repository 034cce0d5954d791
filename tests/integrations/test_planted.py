"""A model whose unconstrained answer is almost valid: the constrained answer changes only what must change, and needs
no more passes. The stock loop of transformers runs; only the network's logits are planted."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch

import structfill as sf
from tests.planted import ALMOST, CANVAS, SCHEMA
from tests.tiny_models import COLUMNS, EOS, PAD, VOCAB, diffusion_gemma, prompts, tokenizer, transformers

from structfill.integrations.transformers import ConstraintProcessor  # isort: skip  # after the skip
from structfill.models.transformers import wrap  # isort: skip

CASES = ALMOST | {"a key is another": ('{"mane": "Ada", "tags": ["x", "y"], "age": 36}', 2)}  # substitutions


def planted_logits(text, scale=12.0):
    """float32 [N, COLUMNS]: sure of `text`, end-of-text and padding; other tokens differ a little."""
    tokens = [*text.encode(), EOS]
    tokens += [PAD] * (CANVAS - len(tokens))
    noise = torch.rand(CANVAS, COLUMNS, generator=torch.Generator().manual_seed(1))
    return noise.scatter(1, torch.tensor(tokens)[:, None], scale)


def planted(text):
    """DiffusionGemma whose decoder always answers `text`, and the list of its calls."""
    model, calls, logits = diffusion_gemma(CANVAS), [], planted_logits(text)

    def forward(decoder_input_ids=None, cache=None, **_):
        calls.append(decoder_input_ids)
        return SimpleNamespace(logits=logits.expand(len(decoder_input_ids), -1, -1).clone())

    model.forward = forward
    return model, calls


def written(model, processors):
    ids, attention = prompts("who?")
    out = model.generate(ids, attention_mask=attention, max_new_tokens=CANVAS, logits_processor=processors).sequences
    row = out[0, ids.shape[1]:].tolist()
    return VOCAB.decode(row[: row.index(EOS) if EOS in row else None])


@pytest.mark.parametrize("case", CASES)
def test_only_what_must_change_changes(case):
    text, least = CASES[case]
    model, calls = planted(text)
    assert written(model, transformers.LogitsProcessorList()) == text
    free = len(calls)
    graph = sf.compile(sf.json_schema(SCHEMA), VOCAB)
    got = written(model, transformers.LogitsProcessorList([ConstraintProcessor(graph)]))
    json.loads(got)
    assert sf.json_schema(SCHEMA).accepts(got)
    changed = sum(a != b for a, b in zip(got.ljust(CANVAS), text.ljust(CANVAS), strict=True))
    print(f"{case}: {changed} of {len(text)} characters changed, {len(calls) - free} passes, {free} unconstrained")
    assert changed == least, got
    assert len(calls) - free <= free


@pytest.mark.parametrize("case", CASES)
def test_the_renoising_loop_of_ours_agrees(case):
    text, least = CASES[case]
    network, calls = planted(text)
    result = sf.Generator(SCHEMA, model=wrap(network, tokenizer()), max_tokens=CANVAS, cache=None)("who?")
    assert sum(a != b for a, b in zip(result.text.ljust(CANVAS), text.ljust(CANVAS), strict=True)) == least
    assert result.passes == len(calls) <= 2

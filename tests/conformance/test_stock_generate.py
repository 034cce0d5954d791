"""The stock `generate()` of transformers on public schemas: every output valid, within the budget, fixed tokens in
place. Real architectures, random weights; validity is judged by jsonschema."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from tests.data import MANY, many
from tests.schemas import VOCAB, Case, sample
from tests.tiny_models import EOS, PAD, causal, diffusion_gemma, prompts, transformers

from structfill.integrations.transformers import ConstraintProcessor  # isort: skip  # after the skip

CANVAS = 64
pytestmark = pytest.mark.slow


@cache
def cases() -> list[Case]:
    return sample(MANY, 2 * CANVAS)


def write(model, group: list[Case], budget: int, fixed=None, **arguments):
    """The tokens [B, M] that `generate` writes under the constraints of `group`, and their texts."""
    ids, attention = prompts(*[f"prompt {i} " + "x" * i for i in range(len(group))])
    processor = ConstraintProcessor([case.graph for case in group], budget, fixed)
    found = model.generate(ids, attention_mask=attention, max_new_tokens=budget,
                           logits_processor=transformers.LogitsProcessorList([processor]), **arguments)
    rows = found if isinstance(found, torch.Tensor) else found.sequences
    return rows[:, ids.shape[1]:], processor.texts(rows)


def judge(group: list[Case], rows, texts, budget: int) -> None:
    for case, row, text in zip(group, rows, texts, strict=True):
        case.check(text)
        assert len(text.encode()) <= budget and set(row[budget:].tolist()) <= {EOS, PAD}


@pytest.mark.parametrize("steps", [1, 4, 48])
@pytest.mark.parametrize("budget", [CANVAS, 2 * CANVAS + 21])
def test_diffusion_gemma_in_batches_of_four(steps, budget):
    """One canvas, and three of which the last is not full."""
    model = diffusion_gemma(CANVAS)
    fitting = [case for case in cases() if case.graph.shortest[0] <= budget]
    count = 0
    for first in range(0, min(len(fitting), many(steps)) - 3, 4):
        group = fitting[first : first + 4]
        judge(group, *write(model, group, budget, max_denoising_steps=steps), budget)
        count += len(group)
    assert count >= 4


@pytest.mark.parametrize("steps", [1, 4, 48])
def test_diffusion_gemma_alone(steps):
    model = diffusion_gemma(CANVAS)
    for case in cases()[:many(steps)]:
        judge([case], *write(model, [case], 2 * CANVAS, max_denoising_steps=steps), 2 * CANVAS)


def test_unconstrained_beside_it():
    """The same model without a constraint writes nothing valid."""
    model, valid = diffusion_gemma(CANVAS), 0
    ids, attention = prompts("prompt")
    for seed, case in enumerate(cases()):
        torch.manual_seed(seed)
        row = model.generate(ids, attention_mask=attention, max_new_tokens=CANVAS, max_denoising_steps=4).sequences
        tokens = row[0, ids.shape[1]:].tolist()
        valid += case.is_valid(VOCAB.decode([t for t in tokens if t < len(VOCAB)]))
    assert valid == 0


def test_fixed_segments_keep_their_places():
    """A valid text is written, half of its tokens are given, the rest is written anew."""
    model, generator = diffusion_gemma(CANVAS), torch.Generator().manual_seed(0)
    budget = 2 * CANVAS
    for case in cases()[::2]:
        rows, _ = write(model, [case], budget, max_denoising_steps=1)
        given = {i: int(t) for i, t in enumerate(rows[0]) if torch.rand((), generator=generator) < 0.5}
        again, texts = write(model, [case], budget, fixed=given, max_denoising_steps=2)
        judge([case], again, texts, budget)
        ended = (again[0] == EOS).nonzero()
        last = int(ended[0]) if len(ended) else budget
        assert all(int(again[0, i]) == t for i, t in given.items() if i <= last or t not in (EOS, PAD))


@pytest.mark.parametrize("how", [{}, {"do_sample": True}, {"num_beams": 2}, {"assistant": True}])
def test_causal_models(how):
    model, budget, how = causal(), 2 * CANVAS, dict(how)
    if how.pop("assistant", False):
        how["assistant_model"] = causal(seed=1, hidden=16)
    for case in cases()[::3]:
        judge([case], *write(model, [case], budget, **how), budget)

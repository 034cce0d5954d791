"""Unique items over an endless language, in the loops of other libraries."""

from __future__ import annotations

import pytest

import structfill as sf
from structfill.serving import Compiler, Draft
from tests.integrations.checks import VOCAB

SCHEMA = {"type": "array", "items": {"type": "string", "maxLength": 2}, "uniqueItems": True, "minItems": 3}
CONSTRAINT = sf.json_schema(SCHEMA)


@pytest.mark.parametrize("steps", [1, 4])
def test_diffusion_gemma_of_transformers(steps):
    from structfill.integrations.transformers import ConstraintProcessor
    from tests.tiny_models import diffusion_gemma, prompts, transformers

    model, (ids, attention) = diffusion_gemma(), prompts("short", "a longer prompt")
    graph = sf.compile_or_explore(CONSTRAINT, VOCAB)

    def texts(budget):
        processor = ConstraintProcessor(graph, max_new_tokens=budget)
        out = model.generate(ids, attention_mask=attention, max_new_tokens=budget, max_denoising_steps=steps,
                             logits_processor=transformers.LogitsProcessorList([processor])).sequences
        return processor.texts(out)

    for budget in (16, 32, 75):
        for text in texts(budget):
            assert CONSTRAINT.accepts(text) and len(text.encode()) <= budget


def test_drafts_of_servers():
    import json

    import torch

    graph = Compiler(VOCAB)(json.dumps({"json_schema": SCHEMA}))
    draft = Draft(graph, 32)
    draft.begin(32)
    for seed in range(4):
        logits = torch.randn(32, 272, generator=torch.Generator().manual_seed(seed))
        logits[:, ord("a")] += 4
        chosen = draft.constrain(logits).argmax(1)
        assert torch.equal(chosen, draft.path) and CONSTRAINT.accepts(draft.trellis.text(chosen)) and draft.complete

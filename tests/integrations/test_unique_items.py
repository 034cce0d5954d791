"""Unique items over endless languages, and over more than a few values, with every kind of model and loop."""

from __future__ import annotations

import json

import pytest
import torch

import structfill as sf
from structfill.errors import UnsupportedFeature
from structfill.serving import Compiler, Draft
from tests.integrations.checks import VOCAB, assert_valid, text_of

UNIQUE = {"type": "array", "uniqueItems": True}
SCHEMAS = [
    {**UNIQUE, "items": {"type": "string", "maxLength": 2}, "minItems": 3},
    {**UNIQUE, "items": {"enum": list(range(14))}, "minItems": 9},
    {"type": "object", "additionalProperties": False, "required": ["a", "b"], "properties": {
        "a": {**UNIQUE, "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 5}, "b": {"enum": [1]}}},
]
CONSTRAINTS = [sf.json_schema(schema) for schema in SCHEMAS]
GRAPHS = [sf.compile_or_explore(constraint, VOCAB) for constraint in CONSTRAINTS]


@pytest.mark.parametrize(("steps", "budget"), [(1, 30), (4, 32), (4, 75)])
def test_diffusion_gemma_of_transformers(steps, budget):
    from structfill.integrations.transformers import ConstraintProcessor
    from tests.tiny_models import diffusion_gemma, prompts, transformers

    model, (ids, attention) = diffusion_gemma(), prompts("short", "a longer prompt", "x")
    processor = ConstraintProcessor(GRAPHS, max_new_tokens=budget)
    out = model.generate(ids, attention_mask=attention, max_new_tokens=budget, max_denoising_steps=steps,
                         logits_processor=transformers.LogitsProcessorList([processor])).sequences
    for i, (text, row) in enumerate(zip(processor.texts(out), out[:, ids.shape[1]:].tolist(), strict=True)):
        assert_valid(CONSTRAINTS[i], budget, row)
        assert text == text_of(row)[0]


@pytest.mark.parametrize("how", range(4))
def test_causal_models_of_transformers(how):
    from tests.tiny_models import WAYS, causally_written

    for i, graph in enumerate(GRAPHS):
        for row in causally_written(graph, 40, WAYS[how]):
            assert_valid(CONSTRAINTS[i], 40, row)


@pytest.mark.parametrize("kind", ["diffusion_gemma", "causal"])
def test_generators_on_real_architectures(kind):
    from structfill.models.transformers import wrap
    from tests import tiny_models

    model = wrap(getattr(tiny_models, kind)(), tiny_models.tokenizer())
    options = sf.RenoiseOptions(passes=4) if kind == "diffusion_gemma" else None
    for i, constraint in enumerate(CONSTRAINTS):
        generator = sf.Generator(constraint=constraint, model=model, max_tokens=75, canvas_length=32, options=options)
        for result in generator.batch(["some prompt", "another that is longer"]):
            assert_valid(CONSTRAINTS[i], 75, result.tokens)
            assert not result.exact and result.value == json.loads(result.text)
    with pytest.raises(UnsupportedFeature, match="fixed behind the first canvas"):
        sf.Blocks(GRAPHS[0], 64, {40: 65}).trellis(32)


def test_schedulers_of_diffusers():
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    from structfill.integrations import diffusers as ours
    from tests.integrations.test_diffusers import gemma_pipe
    from tests.tiny_models import diffusion_gemma

    scheduler = ours.ConstrainedBlockRefinementScheduler().constrain(GRAPHS, max_tokens=70)
    run = gemma_pipe(diffusion_gemma(), scheduler)(prompt=["abc"] * 3, gen_length=70, num_inference_steps=4,
                                                   output_type="seq")
    assert all(scheduler.complete)
    for i, row in enumerate(run.sequences):
        assert_valid(CONSTRAINTS[i], 70, row)


def test_drafts_of_servers():
    """Canvas after canvas, with a budget that is no multiple."""
    graph, noise = Compiler(VOCAB)(json.dumps({"json_schema": SCHEMAS[1]})), torch.Generator().manual_seed(0)
    for budget in (24, 40, 75):
        draft, written = Draft(graph, budget), []
        while draft.blocks.left and not draft.blocks.ended:
            draft.begin(32)
            logits = torch.randn(32, 272, generator=noise) * 6
            logits[:, ord("1")] += 6
            assert torch.equal(draft.constrain(logits, 0.7).argmax(-1), draft.path)
            written += draft.path.tolist()
            draft.finish()
        assert_valid(CONSTRAINTS[1], budget, written)

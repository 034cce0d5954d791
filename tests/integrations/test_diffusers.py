"""The schedulers in the real pipelines of diffusers, with tiny random models: every output is valid."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

import structfill as sf
from structfill.errors import BudgetTooSmall, SpecError, UnsupportedFeature
from tests.data import many
from tests.integrations.checks import EOS, MASK, VOCAB, assert_valid, random_constraints

diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from structfill.integrations.diffusers import (  # noqa: E402
    ConstrainedBlockRefinementScheduler,
    ConstrainedEntropyBoundScheduler,
)

CANVAS = 32
WIDTH = 272  # columns of the logits, more than the vocabulary has


class Processor:
    """Bytes in, token ids out."""

    eos_token_id = EOS

    def apply_chat_template(self, messages, **_):
        rows = [m[0]["content"] for m in messages] if isinstance(messages[0], list) else [messages[0]["content"]]
        ids = torch.tensor([list(r.encode()) for r in rows])
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    def batch_decode(self, rows, **_):
        return [VOCAB.decode([i for i in row.tolist() if i < len(VOCAB)]) for row in rows]


@pytest.fixture(scope="module")
def gemma():
    """The real architecture, 2 layers of 32."""
    from transformers.models.diffusion_gemma import configuration_diffusion_gemma as c
    from transformers.models.gemma4.configuration_gemma4 import Gemma4VisionConfig

    text = c.DiffusionGemmaTextConfig(
        vocab_size=WIDTH, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, global_head_dim=16, num_experts=4, top_k_experts=2,
        moe_intermediate_size=16, sliding_window=32, layer_types=["sliding_attention", "full_attention"],
        use_bidirectional_attention="vision", pad_token_id=257, eos_token_id=256, bos_token_id=259)
    vision = Gemma4VisionConfig(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                                num_key_value_heads=2, head_dim=16)
    config = c.DiffusionGemmaConfig(text_config=text, vision_config=vision, canvas_length=CANVAS, image_token_id=260,
                                    boi_token_id=261, eoi_token_id=262)
    torch.manual_seed(0)
    return transformers.DiffusionGemmaForBlockDiffusion(config).eval()


def gemma_pipe(model, scheduler):
    pipe = diffusers.DiffusionGemmaPipeline(model=model, scheduler=scheduler, processor=Processor())
    pipe.set_progress_bar_config(disable=True)
    return pipe


class NoisyModel(torch.nn.Module):
    """As LLaDA2 shows itself to its pipeline; the logits are noise that depends on the input."""

    dtype, device = torch.float32, torch.device("cpu")

    def __init__(self, scale: float = 3.0) -> None:
        super().__init__()
        self.scale = scale
        self.calls = 0

    def forward(self, input_ids, attention_mask=None, position_ids=None):
        self.calls += 1
        generator = torch.Generator().manual_seed(int(input_ids.sum()) + self.calls)
        return SimpleNamespace(logits=self.scale * torch.randn(*input_ids.shape, WIDTH, generator=generator))


def llada_pipe(scheduler, model=None):
    pipe = diffusers.LLaDA2Pipeline(model=model or NoisyModel(), scheduler=scheduler, tokenizer=None)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def batches(cases, size):
    return [cases[i : i + size] for i in range(0, len(cases) - size + 1, size)]


def run_gemma(model, scheduler, cases, steps, **options):
    pipe = gemma_pipe(model, scheduler)
    budget = max(budget for _, _, budget in cases)
    out = []
    for size in (1, 4):
        for batch in batches(cases[: 40 if size == 1 else None], size):
            scheduler.constrain([graph for _, graph, _ in batch], max_tokens=budget)
            run = pipe(prompt=["abc"] * size, gen_length=budget, num_inference_steps=steps, output_type="seq",
                       generator=torch.Generator().manual_seed(len(out)), **options)
            assert all(scheduler.complete)
            out += [(constraint, budget, ids) for (constraint, _, _), ids in zip(batch, run.sequences, strict=True)]
    return out


@pytest.mark.parametrize("steps", [1, 4, 48])
@pytest.mark.parametrize("kind", [ConstrainedEntropyBoundScheduler, ConstrainedBlockRefinementScheduler])
def test_diffusion_gemma_is_valid_at_any_number_of_steps(gemma, kind, steps):
    cases = random_constraints(4 if steps == 48 else 12)
    for constraint, budget, ids in run_gemma(gemma, kind(), cases, steps):
        assert_valid(constraint, budget, ids)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 4, 48])
@pytest.mark.parametrize("kind", [ConstrainedEntropyBoundScheduler, ConstrainedBlockRefinementScheduler])
def test_many_schemas(gemma, kind, steps):
    for constraint, budget, ids in run_gemma(gemma, kind(), random_constraints(many(steps), seed=7), steps):
        assert_valid(constraint, budget, ids)


def test_the_stock_scheduler_is_never_valid(gemma):
    pipe = gemma_pipe(gemma, diffusers.EntropyBoundScheduler())
    for constraint, _, _budget in random_constraints(12):
        ids = pipe(prompt=["abc"], gen_length=64, num_inference_steps=4, output_type="seq").sequences[0]
        with pytest.raises((AssertionError, sf.VocabMismatch)):
            assert_valid(constraint, 64, ids)


def test_a_row_that_the_pipeline_has_frozen_goes_on_from_what_was_frozen(gemma):
    """Row 0 wants a's twice in a row, freezes, and wants b's then; row 1 never rests."""
    calls, plain = [], gemma.forward

    def fickle(*args, **options):
        out = plain(*args, **options)
        logits, step = torch.zeros_like(out.logits), len(calls) % 6
        logits[0, :, ord("a") if step < 3 else ord("b")] = 60.0
        logits[1, :, ord("c") + step] = 0.5
        calls.append(step)
        return SimpleNamespace(logits=logits)

    gemma.forward = fickle
    try:
        words = sf.regex("a{40}|b{40}"), sf.regex("[c-h]{40}")
        scheduler = ConstrainedEntropyBoundScheduler()
        scheduler.constrain([sf.compile(word, VOCAB) for word in words], max_tokens=40)
        out = gemma_pipe(gemma, scheduler)(prompt=["ab", "cd"], gen_length=40, num_inference_steps=6, output_type="seq")
    finally:
        del gemma.forward
    assert len(calls) == 12
    assert VOCAB.decode(out.sequences[0].tolist()) == "a" * 40
    assert_valid(words[1], 40, out.sequences[1])


def test_a_row_without_a_constraint_and_fixed_tokens(gemma):
    graph = sf.compile(sf.regex("[a-z]{8}=[0-9]{40}"), VOCAB)
    scheduler = ConstrainedEntropyBoundScheduler()
    scheduler.constrain([graph, None], max_tokens=60, fixed=[{2: ord("q"), 45: ord("7")}, None])
    out = gemma_pipe(gemma, scheduler)(prompt=["ab", "cd"], gen_length=60, num_inference_steps=3, output_type="seq")
    ids = out.sequences[0].tolist()
    assert_valid(sf.regex("[a-z]{2}q[a-z]{5}=[0-9]{36}7[0-9]{3}"), 60, ids)
    assert len(set(out.sequences[1].tolist())) > 20


def run_llada(scheduler, cases, steps, prompt, **options):
    budget = max(budget for _, _, budget in cases)
    for size in (1, 4):
        for batch in batches(cases[: 40 if size == 1 else None], size):
            scheduler.constrain([graph for _, graph, _ in batch], max_tokens=budget)
            run = llada_pipe(scheduler)(
                input_ids=torch.randint(0, 200, (size, prompt)), gen_length=budget, block_length=CANVAS,
                num_inference_steps=steps, mask_token_id=MASK, eos_token_id=EOS, output_type="seq",
                generator=torch.Generator().manual_seed(size), **options)
            for (constraint, _, _), ids in zip(batch, run.sequences, strict=True):
                assert_valid(constraint, budget, ids)


@pytest.mark.parametrize("steps", [1, 4, 48])
@pytest.mark.parametrize("prompt", [0, 9, 32, 45])
@pytest.mark.parametrize("options", [{}, {"temperature": 1.0, "editing_threshold": 0.05}, {"editing_threshold": None}])
def test_llada2_is_valid_with_and_without_edits(prompt, steps, options):
    run_llada(ConstrainedBlockRefinementScheduler(), random_constraints(4, seed=prompt), steps, prompt, **options)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 4, 48])
@pytest.mark.parametrize("options", [{}, {"temperature": 1.0}])
def test_many_schemas_in_llada2(steps, options):
    run_llada(ConstrainedBlockRefinementScheduler(), random_constraints(many(steps), seed=8), steps, 13, **options)


def test_llada2_edits_what_it_committed():
    """A model that changes its mind: the edit is made, and the text stays valid."""

    class Fickle(NoisyModel):
        def forward(self, input_ids, **_):
            self.calls += 1
            logits = torch.zeros(*input_ids.shape, WIDTH)
            logits[..., ord("a") if self.calls < 6 else ord("b")] = 9.0
            return SimpleNamespace(logits=logits)

    scheduler = ConstrainedBlockRefinementScheduler()
    scheduler.constrain(sf.compile(sf.regex("x[ab]{30}y"), VOCAB), max_tokens=32)
    out = llada_pipe(scheduler, Fickle())(
        input_ids=torch.zeros(1, 0, dtype=torch.long), gen_length=32, block_length=32, num_inference_steps=8,
        mask_token_id=MASK, eos_token_id=EOS, output_type="seq", threshold=2.0, editing_threshold=0.5)
    assert VOCAB.decode(out.sequences[0].tolist()) == "x" + "b" * 30 + "y"


def test_candidates_are_exact_draws():
    """At a temperature, one step over the whole block draws from the posterior."""
    constraint = sf.choice(["aa", "ab", "bb"])
    scheduler = ConstrainedBlockRefinementScheduler()
    scheduler.constrain(sf.compile(constraint, VOCAB), max_tokens=2)
    counts = {"aa": 0, "ab": 0, "bb": 0}
    generator = torch.Generator().manual_seed(0)
    for _ in range(600):
        scheduler.set_timesteps(2, block_length=2)
        out = scheduler.step(torch.zeros(1, 2, WIDTH), 0, torch.full((1, 2), MASK), mask_token_id=MASK,
                             temperature=1.0, generator=generator)
        counts[VOCAB.decode(out.sampled_tokens[0].tolist())] += 1
    assert min(counts.values()) > 150


def test_wrong_use_is_told():
    graph = sf.compile(sf.regex("[a-z]{50}"), VOCAB)
    scheduler = ConstrainedEntropyBoundScheduler()
    logits, sample = torch.zeros(1, 16, WIDTH), torch.zeros(1, 16, dtype=torch.long)
    with pytest.raises(SpecError, match="constrain"):
        scheduler.step(logits, 0, sample)
    with pytest.raises(BudgetTooSmall, match="50"):
        scheduler.constrain(graph).step(logits, 0, sample)
    with pytest.raises(SpecError, match="1 rows"):
        scheduler.constrain([graph, graph], max_tokens=60).step(logits, 0, sample)
    with pytest.raises(sf.VocabMismatch):
        scheduler.constrain(graph, max_tokens=60).step(logits[..., :200], 0, sample)
    blocks = ConstrainedBlockRefinementScheduler().constrain(graph, max_tokens=60)
    with pytest.raises(UnsupportedFeature, match="top_p"):
        blocks.step(logits, 0, sample, mask_token_id=MASK, temperature=1.0, top_p=0.5)
    short = ConstrainedEntropyBoundScheduler().constrain(graph, max_tokens=60)
    short.set_timesteps(1)
    short.step(logits, 0, sample)
    assert short.complete == [False]


def test_return_as_tuple_and_from_config():
    scheduler = ConstrainedEntropyBoundScheduler.from_config(diffusers.EntropyBoundScheduler(t_max=0.9).config)
    assert scheduler.config.t_max == 0.9
    scheduler.constrain(sf.compile(sf.regex("[a-z]{5}"), VOCAB))
    scheduler.set_timesteps(1)
    out = scheduler.step(torch.randn(1, 8, WIDTH), 0, torch.zeros(1, 8, dtype=torch.long), return_dict=False)
    assert_valid(sf.regex("[a-z]{5}"), 8, out[0][0])
    assert torch.equal(out[0], out[4].argmax(-1))

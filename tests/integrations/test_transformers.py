"""The stock `generate()` of transformers under `ConstraintProcessor`: real architectures, random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.errors import BudgetTooSmall, EmptyLanguage, ModelError, SpecError, VocabMismatch
from tests.tiny_models import COLUMNS, EOS, PAD, VOCAB, causal, diffusion_gemma, prompts, transformers

from structfill.integrations.transformers import ConstraintProcessor  # isort: skip  # after the skip

SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}}, "required": ["a"]},
    {"type": "array", "items": {"enum": ["x", "yy", 3]}, "minItems": 2},
    {"type": "string", "maxLength": 9},
    {"type": ["number", "null"]},
    {"type": "object", "properties": {"s": {"type": "array", "items": {"type": "string"}}}, "required": ["s"],
     "additionalProperties": False},
]
CONSTRAINTS = [sf.json_schema(schema) for schema in SCHEMAS] + [sf.regex("[a-z ]{10,23}"), sf.choice(["yes", "no"])]
GRAPHS = [sf.compile(constraint, VOCAB) for constraint in CONSTRAINTS]


def generate(model, processor, ids, attention, **arguments):
    """The whole rows that `generate` gives."""
    processors = transformers.LogitsProcessorList([processor])
    found = model.generate(ids, attention_mask=attention, logits_processor=processors, **arguments)
    return found if isinstance(found, torch.Tensor) else found.sequences


@pytest.mark.parametrize(("steps", "budget"), [(1, 24), (1, 32), (1, 70), (4, 32), (4, 70), (48, 70)])
def test_diffusion_gemma_with_another_constraint_in_every_row(steps, budget):
    model, (ids, attention) = diffusion_gemma(), prompts("short", "a longer prompt", "", "x")
    for first in range(0, len(GRAPHS), 4):
        chosen = [(first + i) % len(GRAPHS) for i in range(4)]
        processor = ConstraintProcessor([GRAPHS[i] for i in chosen], max_new_tokens=budget)
        out = generate(model, processor, ids, attention, max_new_tokens=budget, max_denoising_steps=steps)
        for i, text, row in zip(chosen, processor.texts(out), out[:, ids.shape[1]:], strict=True):
            assert CONSTRAINTS[i].accepts(text), (SCHEMAS[i : i + 1], text)
            assert set(row[budget:].tolist()) <= {EOS, PAD}
            assert len(text.encode()) <= budget


def test_unconstrained_beside_it_is_never_valid():
    model, (ids, attention) = diffusion_gemma(), prompts("short", "a longer prompt")
    out = model.generate(ids, attention_mask=attention, max_new_tokens=32, max_denoising_steps=4).sequences
    for row in out[:, ids.shape[1]:].tolist():
        text = VOCAB.decode(t for t in row[: row.index(EOS) if EOS in row else None] if t < len(VOCAB))
        assert not any(constraint.accepts(text) for constraint in CONSTRAINTS)


def test_every_draft_that_is_shown_is_valid():
    class Drafts(transformers.generation.streamers.BaseStreamer):
        shown: list[list[int]] = []

        def put(self, value):
            pass

        def put_draft(self, value):
            self.shown.append(value[0].tolist())

        def end(self):
            pass

    model, (ids, attention) = diffusion_gemma(), prompts("short")
    processor, drafts = ConstraintProcessor(GRAPHS[0]), Drafts()
    generate(model, processor, ids, attention, max_new_tokens=32, max_denoising_steps=8, streamer=drafts)
    assert drafts.shown
    for tokens in drafts.shown:
        text = VOCAB.decode(tokens[: tokens.index(EOS)] if EOS in tokens else tokens)
        assert CONSTRAINTS[0].accepts(text), text


def test_fixed_segments_stay_in_place_over_canvases():
    model, (ids, attention) = diffusion_gemma(), prompts("short", "and long")
    graph = sf.compile(sf.regex("[a-z ]{70}!"), VOCAB)
    left, right = {i: ord(c) for i, c in enumerate("dear ")}, {50 + i: ord(c) for i, c in enumerate("the end")}
    processor = ConstraintProcessor(graph, 80, fixed=[left | right, right])
    out = generate(model, processor, ids, attention, max_new_tokens=80, max_denoising_steps=3)
    first, second = processor.texts(out)
    assert first.startswith("dear ") and first[50:57] == second[50:57] == "the end"
    assert len(first) == len(second) == 71
    with pytest.raises(EmptyLanguage, match="position 2"):
        generate(model, ConstraintProcessor(graph, 80, fixed={2: 65}), ids, attention, max_new_tokens=80)


def test_free_rows_stay_free_and_a_processor_serves_again():
    model, (ids, attention) = diffusion_gemma(), prompts("short", "and long")
    processor = ConstraintProcessor([None, GRAPHS[5]], 40)
    for _ in range(2):
        out = generate(model, processor, ids, attention, max_new_tokens=40, max_denoising_steps=2)
        assert CONSTRAINTS[5].accepts(processor.texts(out)[1])
    raw = torch.randn(2, 32, COLUMNS)
    got = processor(ids, raw)
    assert torch.equal(got[0], raw[0]) and not torch.equal(got[1], raw[1])


def test_half_precision_logits():
    model, (ids, attention) = diffusion_gemma().to(torch.bfloat16), prompts("short")
    processor = ConstraintProcessor(GRAPHS[0])
    out = generate(model, processor, ids, attention, max_new_tokens=32, max_denoising_steps=4)
    assert CONSTRAINTS[0].accepts(processor.texts(out)[0])
    for rows in (GRAPHS[0], [None], [GRAPHS[0], None]):
        got = ConstraintProcessor(rows)(ids.expand(2, -1), torch.randn(2, 32, COLUMNS).half())
        assert got.dtype == torch.float32


@pytest.mark.parametrize("how", [{}, {"do_sample": True}, {"num_beams": 3}, {"num_beams": 2, "do_sample": True}])
def test_causal_models(how):
    model, (ids, attention) = causal(), prompts("short", "a longer prompt")
    for i in range(len(GRAPHS)):
        j = (i + 1) % len(GRAPHS)
        processor = ConstraintProcessor([GRAPHS[i], GRAPHS[j]], max_new_tokens=40)
        out = generate(model, processor, ids, attention, max_new_tokens=40, **how)
        texts = processor.texts(out)
        assert CONSTRAINTS[i].accepts(texts[0]) and CONSTRAINTS[j].accepts(texts[1]), texts


@pytest.mark.parametrize("how", ["assistant", "lookup"])
@pytest.mark.parametrize("sampled", [False, True])
def test_assisted_generation_gives_what_plain_generation_gives(how, sampled):
    model, (ids, attention) = causal(), prompts('{"a": 12, "b": true}')
    drafts = {"assistant_model": causal(seed=1, hidden=16)} if how == "assistant" else {"prompt_lookup_num_tokens": 4}
    for i in range(len(GRAPHS)):
        processor = ConstraintProcessor(GRAPHS[i], max_new_tokens=40, assisted=True)
        out = generate(model, processor, ids, attention, max_new_tokens=40, do_sample=sampled, **drafts)
        assert CONSTRAINTS[i].accepts(processor.texts(out)[0])
        if not sampled:
            plain = ConstraintProcessor(GRAPHS[i], max_new_tokens=40)
            expected = generate(model, plain, ids, attention, max_new_tokens=40, do_sample=False)
            assert processor.texts(out) == plain.texts(expected)


def test_a_causal_budget_is_exact():
    model, (ids, attention) = causal(), prompts("short")
    graph = sf.compile(sf.regex("[a-z]+;"), VOCAB)
    for budget in (2, 3, 17):
        processor = ConstraintProcessor(graph, max_new_tokens=budget)
        out = generate(model, processor, ids, attention, max_new_tokens=budget, do_sample=True)
        assert processor.texts(out)[0].endswith(";") and out.shape[1] - ids.shape[1] <= budget
    with pytest.raises(BudgetTooSmall) as error:
        generate(model, ConstraintProcessor(graph, max_new_tokens=1), ids, attention, max_new_tokens=1)
    assert error.value.needed == 2 and "max_new_tokens=2" in str(error.value)


def test_wrong_use_is_told():
    model, (ids, attention) = diffusion_gemma(), prompts("short")
    with pytest.raises(BudgetTooSmall) as short:
        processor = ConstraintProcessor(sf.compile(sf.regex("[a-z]{40}"), VOCAB))
        generate(model, processor, ids, attention, max_new_tokens=32)
    assert short.value.needed == 40 and "max_new_tokens=40" in str(short.value)
    with pytest.raises(SpecError, match="structfill.compile"):
        ConstraintProcessor(CONSTRAINTS[0])
    with pytest.raises(SpecError, match="2 constraints for a batch of 3"):
        ConstraintProcessor(GRAPHS[:2])(torch.zeros(3, 4, dtype=torch.int64), torch.zeros(3, 32, COLUMNS))
    with pytest.raises(SpecError, match="template"):
        ConstraintProcessor(GRAPHS[0], fixed={0: 1})(ids, torch.zeros(1, COLUMNS))
    with pytest.raises(VocabMismatch, match="100 columns"):
        ConstraintProcessor(GRAPHS[0])(ids, torch.zeros(1, 32, 100))
    with pytest.raises(VocabMismatch, match="100 columns"):
        ConstraintProcessor(GRAPHS[0])(ids, torch.zeros(1, 100))
    for scores in (torch.zeros(COLUMNS), torch.zeros(2, COLUMNS), torch.zeros(1, 1, 32, COLUMNS)):
        with pytest.raises(SpecError, match=r"scores must be \[B, V\]"):
            ConstraintProcessor(GRAPHS[0])(ids, scores)
    with pytest.raises(ModelError, match="no generation"):
        ConstraintProcessor(GRAPHS[0]).texts(ids)


@pytest.mark.parametrize("wrong", ["700", 0, -1, True, 1.5, 1 << 31])
def test_wrong_budgets_are_told_at_once(wrong):
    with pytest.raises(SpecError, match="max_new_tokens must be an integer in 1"):
        ConstraintProcessor(GRAPHS[0], wrong)
    assert ConstraintProcessor(GRAPHS[0], np.int64(9)).max_new_tokens == 9


@pytest.mark.parametrize("number", [int, np.int64, torch.tensor])
def test_fixed_tokens_of_all_rows_or_of_each(number):
    graph, (ids, _) = sf.compile(sf.regex("[a-z]{5,9};"), VOCAB), prompts("ab", "cd")
    logits = torch.randn(2, 32, COLUMNS, generator=torch.Generator().manual_seed(0))
    a, b = number(97), number(98)
    for fixed, begins in [([a, -1], "aa"), ((a,), "aa"), ({0: a}, "aa"), (np.array([97, -1]), "aa"),
                          ([[a], [b]], "ab"), ([{0: a}, {0: b}], "ab"), (np.array([[97], [98]]), "ab"),
                          ([None, {0: b}], ".b")]:
        processor = ConstraintProcessor(graph, fixed=fixed)
        texts = processor.texts(torch.cat([ids, processor(ids, logits).argmax(-1)], 1))
        assert all(want in (".", text[0]) for want, text in zip(begins, texts, strict=True)), (fixed, texts)
    for wrong in ("abc", 5, b"a", number(97)):
        with pytest.raises(SpecError, match="fixed must be"):
            ConstraintProcessor(graph, fixed=wrong)
    with pytest.raises(SpecError, match="for 3 rows in a batch of 2"):
        ConstraintProcessor(graph, fixed=[{0: a}] * 3)(ids, logits)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_causal_logits_can_always_be_sampled(dtype):
    graph, (ids, _) = sf.compile(sf.regex("[a-z]{5,9};"), VOCAB), prompts("ab", "cd", "ef")
    for value, only in ((torch.nan, None), (torch.inf, 97), (-torch.inf, None)):
        given = torch.zeros(3, COLUMNS, dtype=dtype)
        given[0, 97], given[1], given[2, 5] = value, value, value
        kept = given.clone()
        out = ConstraintProcessor([graph, graph, None], 20)(ids, given)
        assert out.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        torch.testing.assert_close(given, kept, equal_nan=True)
        torch.testing.assert_close(out[2], given[2].to(out.dtype), equal_nan=True)  # a free row is as it was
        drawn = torch.multinomial((out[:2] / 1e-3).softmax(-1), 50, replacement=True)
        assert bool(((drawn >= 97) & (drawn <= 122)).all())
        assert bool((drawn[0] == 97).all()) if only else not bool((drawn[0] == 97).any())


def test_tokens_changed_behind_its_back_are_told():
    model, (ids, attention) = causal(), prompts("short")

    class Meddler(transformers.LogitsProcessor):
        def __call__(self, input_ids, scores):
            return torch.zeros_like(scores).index_fill_(1, torch.tensor([63]), 9.0)

    both = transformers.LogitsProcessorList([ConstraintProcessor(GRAPHS[0]), Meddler()])
    with pytest.raises(ModelError, match="changed them"):
        model.generate(ids, attention_mask=attention, logits_processor=both, max_new_tokens=20, do_sample=False)
    processor = ConstraintProcessor(GRAPHS[0])
    cut = generate(model, processor, ids, attention, max_new_tokens=3, do_sample=False)
    with pytest.raises(ModelError, match="row 0 is not finished"):
        processor.texts(cut)
    canvas = torch.cat([ids, torch.full((1, 32), ord("?"))], 1)
    processor = ConstraintProcessor(GRAPHS[0], 64)
    processor(ids, torch.zeros(1, 32, COLUMNS))
    with pytest.raises(ModelError, match="position 0"):
        processor(canvas, torch.zeros(1, 32, COLUMNS))

"""SQL and a nesting grammar, which are explored lazily, with every kind of model and loop: all texts valid."""

from __future__ import annotations

import sqlite3

import pytest
import torch

import structfill as sf
from structfill.errors import BudgetTooSmall, SpecError, UnsupportedFeature
from structfill.serving import Compiler, Draft, parse
from tests.integrations.checks import EOS, MASK, VOCAB, text_of

TABLES = {"users": {"id": "int", "name": "text"}, "orders": {"id": "int", "user_id": "int"}}
QUERY = sf.sql("sqlite", TABLES)
NESTED = sf.lark('start: "(" start* ")" | /[a-z]+/ | "[" start "]"', engine="lazy")
CONSTRAINTS = [QUERY, NESTED, sf.regex("[a-z ]{5,20}")]
GRAPHS = [sf.compile_or_explore(constraint, VOCAB) for constraint in CONSTRAINTS]
COLUMNS = 272


def checked(i, tokens, budget):
    """The text is in the language and within the budget; SQLite prepares it."""
    text, used = text_of(tokens)
    assert CONSTRAINTS[i].accepts(text) and used <= budget, text
    if i == 0:
        database = sqlite3.connect(":memory:")
        database.executescript("create table users (id, name); create table orders (id, user_id)")
        database.execute(f"EXPLAIN {text}")


@pytest.mark.parametrize(("steps", "budget"), [(1, 24), (4, 32), (4, 75)])
def test_diffusion_gemma_of_transformers(steps, budget):
    from structfill.integrations.transformers import ConstraintProcessor
    from tests.tiny_models import diffusion_gemma, prompts, transformers

    model, (ids, attention) = diffusion_gemma(), prompts("short", "a longer prompt", "x")
    processor = ConstraintProcessor(GRAPHS, max_new_tokens=budget)
    out = model.generate(ids, attention_mask=attention, max_new_tokens=budget, max_denoising_steps=steps,
                         logits_processor=transformers.LogitsProcessorList([processor])).sequences
    for i, (text, row) in enumerate(zip(processor.texts(out), out[:, ids.shape[1]:].tolist(), strict=True)):
        checked(i, row, budget)
        assert text == text_of(row)[0]


def test_fixed_segments_on_diffusion_gemma():
    from structfill.integrations.transformers import ConstraintProcessor
    from tests.tiny_models import diffusion_gemma, prompts, transformers

    model, (ids, attention), graph = diffusion_gemma(), prompts("short"), GRAPHS[0]
    given = {**{i: b for i, b in enumerate(b"SELECT ")}, **{20 + i: b for i, b in enumerate(b" FROM users")}}
    processor = ConstraintProcessor(graph, 60, fixed=given)
    processors = transformers.LogitsProcessorList([processor])
    out = model.generate(ids, attention_mask=attention, max_new_tokens=60, max_denoising_steps=4,
                         logits_processor=processors).sequences
    (text,) = processor.texts(out)
    assert QUERY.accepts(text) and text.startswith("SELECT ") and text.encode()[20:31] == b" FROM users"
    with pytest.raises(UnsupportedFeature, match="behind the first canvas"):
        processors = transformers.LogitsProcessorList([ConstraintProcessor(graph, 60, fixed={40: 65})])
        model.generate(ids, attention_mask=attention, max_new_tokens=60, logits_processor=processors)


@pytest.mark.parametrize("how", range(4))
def test_causal_models_of_transformers(how):
    from tests.tiny_models import WAYS, causally_written

    for i, graph in enumerate(GRAPHS):
        for row in causally_written(graph, 40, WAYS[how]):
            checked(i, row, 40)


def test_the_shortest_query_needs_a_budget():
    from tests.tiny_models import WAYS, causally_written

    with pytest.raises(BudgetTooSmall) as error:
        causally_written(GRAPHS[0], 4, WAYS[0])
    assert error.value.needed == len("SELECT 1")


@pytest.mark.parametrize("kind", ["diffusion_gemma", "causal"])
def test_generators_on_real_architectures(kind):
    from structfill.models.transformers import wrap
    from tests import tiny_models

    model = wrap(getattr(tiny_models, kind)(), tiny_models.tokenizer())
    options = sf.RenoiseOptions(passes=6) if kind == "diffusion_gemma" else None
    for i in (0, 1):
        for budget in (32, 75):
            generator = sf.Generator(constraint=CONSTRAINTS[i], model=model, max_tokens=budget, canvas_length=32,
                                     options=options)
            for snapshot in generator.stream("some prompt"):
                checked(i, snapshot.tokens, budget) if snapshot.done else None
                assert CONSTRAINTS[i].accepts(snapshot.text), snapshot.text
            for result in generator.batch(["some prompt", "another that is longer"]):
                checked(i, result.tokens, budget)
                assert not result.exact and result.log_mass <= 0
    assert QUERY.accepts(sf.generate("who?", sql=QUERY, model=model, options=options, max_tokens=40))


def test_schedulers_of_diffusers():
    diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")
    from structfill.integrations import diffusers as ours
    from tests.integrations.test_diffusers import gemma_pipe, llada_pipe
    from tests.tiny_models import diffusion_gemma

    for kind in (ours.ConstrainedEntropyBoundScheduler, ours.ConstrainedBlockRefinementScheduler):
        scheduler = kind().constrain(GRAPHS, max_tokens=70)
        run = gemma_pipe(diffusion_gemma(), scheduler)(prompt=["abc"] * 3, gen_length=70, num_inference_steps=4,
                                                       output_type="seq")
        assert all(scheduler.complete)
        for i, row in enumerate(run.sequences):
            checked(i, row, 70)
    scheduler = ours.ConstrainedBlockRefinementScheduler().constrain(GRAPHS[0], max_tokens=64)
    pipe = llada_pipe(scheduler)
    assert isinstance(pipe, diffusers.LLaDA2Pipeline)
    out = pipe(input_ids=torch.tensor([[65, 66]]), gen_length=64, block_length=32, num_inference_steps=4,
               mask_token_id=MASK, eos_token_id=EOS, output_type="seq")
    checked(0, out.sequences[0], 64)


def test_drafts_of_servers():
    """As vLLM and SGLang use them: several texts on one graph, canvas after canvas, a budget that is no multiple."""
    graph = Compiler(VOCAB)('{"sql": {"dialect": "sqlite", "tables": {"users": ["id", "name"]}}}')
    drafts = [Draft(graph, budget) for budget in (20, 45, 75)]
    noise = torch.Generator().manual_seed(0)
    for _ in range(3):
        for draft in drafts:
            if draft.blocks.left and not draft.blocks.ended:
                draft.begin(32)
                for _ in range(2):
                    logits = torch.randn(32, COLUMNS, generator=noise) * 6
                    assert torch.equal(draft.constrain(logits, 0.7).argmax(-1), draft.path)
                kept = draft.path.clone()
                kept[torch.rand(32, generator=noise) < 0.5] = -1
                assert len(draft.revised(logits, kept, 0.1)) == 32
                draft.finish()
    assert all(draft.complete for draft in drafts)


def test_grammars_in_requests():
    assert isinstance(Compiler(VOCAB)('{"grammar": "start: /[a-z]+/"}'), sf.TokenGraph)
    deep = Compiler(VOCAB)('{"grammar": "start: \\"(\\" start* \\")\\" | /[a-z]+/ | \\"[\\" start* \\"]\\""}')
    assert isinstance(deep, sf.LazyGraph)
    assert not deep.lost(deep.run(list(b"([a"))) and deep.lost(deep.run([*b"([a", EOS]))
    for wrong in ({"dialect": 3}, {"tables": {}}, {"dialect": "sqlite", "tables": "/etc/passwd"}, "sqlite",
                  {"dialect": "sqlite", "read_only": False}):
        with pytest.raises(SpecError, match="sql is an object"):
            parse({"sql": wrong})

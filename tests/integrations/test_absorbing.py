"""Absorbing models through their own forward: shift, padding, blocks and caches are right, and texts are valid."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

import structfill as sf
from structfill.errors import ModelError, SpecError, VocabMismatch
from tests.tiny_absorbing import (
    COLUMNS,
    EOS,
    EXPAND,
    KINDS,
    MASK,
    PAD,
    TOKENIZER,
    DreamLike,
    DreamOnLike,
    FastLike,
    Llada2Like,
    LladaLike,
    SdarLike,
    absorbing,
    byte_tokenizer,
)

from structfill.models.testkit import check_model  # isort: skip  # after the skip
from structfill.models.transformers.absorbing import AbsorbingModel  # isort: skip
from structfill.models.transformers.families import FAMILIES, Family, family_of  # isort: skip
from structfill.samplers.elastic import elastic  # isort: skip

BLOCKWISE = [Llada2Like, SdarLike, FastLike]


def _batch(model, canvases=2, seed=0):
    """Prompts of 3, 4, 0 and 1 tokens, finished canvases, and an open one."""
    generator = torch.Generator().manual_seed(seed)
    context = torch.tensor([[65, 66, 67, PAD], [1, 2, 3, 4], [PAD] * 4, [9, PAD, PAD, PAD]])
    length = model.family.block or 8
    before = torch.randint(0, 256, (4, canvases * length), generator=generator)
    canvas = torch.full((4, length), MASK)
    canvas[:, 0] = torch.arange(97, 101)
    return context, before, canvas


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("canvases", [0, 2])
def test_a_batch_gives_what_single_rows_give(kind, canvases):
    context, before, canvas = _batch(absorbing(kind), canvases)
    together = absorbing(kind).behind(context, before, canvas)
    for row, used in enumerate([3, 4, 0, 1]):
        one = slice(row, row + 1)
        alone = absorbing(kind).behind(context[one, :used], before[one], canvas[one])
        torch.testing.assert_close(together[one], alone, atol=2e-4, rtol=1e-4)
        other = (row + 1) % 4
        assert (together[one] - together[other : other + 1]).abs().max() > 0.1  # rows do differ


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_passes_the_conformance_kit(kind):
    assert len(check_model(absorbing(kind))) == 14
    assert len(check_model(absorbing(kind, dtype=torch.bfloat16, scale=2.0))) == 14


@pytest.mark.parametrize("kind", [DreamLike, DreamOnLike])
def test_the_shift_of_whole_canvases_is_undone(kind):
    model = absorbing(kind)
    ids = torch.tensor([[65, 66, 67, MASK, MASK, MASK]])
    raw = model.model(ids, torch.ones(1, 1, 6, 6, dtype=torch.bool), torch.arange(6)[None]).logits
    want = torch.cat([raw[:, :1], raw[:, :-1]], 1)
    torch.testing.assert_close(model(ids[:, :3], ids[:, 3:]), want[:, 3:], atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(model(ids[:, :0], ids), want, atol=2e-4, rtol=1e-4)


def test_no_shift_where_there_is_none():
    model = absorbing(LladaLike)
    ids = torch.tensor([[65, 66, 67, MASK, MASK, MASK]])
    raw = model.model(ids, torch.ones(1, 6)).logits
    torch.testing.assert_close(model(ids[:, :3], ids[:, 3:]), raw[:, 3:], atol=2e-4, rtol=1e-4)


def test_the_shift_of_blocks_takes_the_first_from_the_block_before():
    model = absorbing(FastLike)
    prompt, before, canvas = (torch.randint(0, 256, (1, n)) for n in (5, 32, 32))
    ids, place = torch.cat([prompt, before, canvas], 1), torch.arange(69)
    block = (place - 5).div(32, rounding_mode="floor")
    body = model.model.body(ids, place[None], (block[:, None] >= block[None])[None, None])
    got = model.behind(prompt, before, canvas)
    torch.testing.assert_close(got, body.logits[:, 36:-1], atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", [Llada2Like, SdarLike])
def test_blocks_see_themselves_and_those_before(kind):
    """Against one call with the whole mask and no cache; blocks of the prompt are counted from its end."""
    model = absorbing(kind)
    length = model.family.block
    prompt, before = torch.randint(0, 256, (1, 7)), torch.randint(0, 256, (1, 2 * length))
    canvas = torch.full((1, length), MASK)
    ids, place = torch.cat([prompt, before, canvas], 1), torch.arange(7 + 3 * length)
    block = (place - 7).div(length, rounding_mode="floor")
    body = model.model.body(ids, place[None], (block[:, None] >= block[None])[None, None])
    torch.testing.assert_close(model.behind(prompt, before, canvas), body.logits[:, -length:], atol=2e-4, rtol=1e-4)
    uncached = AbsorbingModel(model.model, TOKENIZER, replace(model.family, cached=False))
    torch.testing.assert_close(uncached.behind(prompt, before, canvas), body.logits[:, -length:], atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", BLOCKWISE)
def test_what_is_kept_is_exact_and_spares_work(kind):
    """A text block by block, several passes each, and what a fresh model says to every one of them."""
    model, length = absorbing(kind), absorbing(kind).family.block
    context = torch.tensor([[65, 66, 67, PAD, PAD], [1, 2, 3, 4, 5]])
    written = torch.empty((2, 0), dtype=torch.int64)
    for index in range(3):
        canvas = torch.full((2, length), MASK)
        for place in (0, length - 1):
            canvas[:, place] = 97 + index
            fresh = absorbing(kind)
            torch.testing.assert_close(model.behind(context, written, canvas), fresh.behind(context, written, canvas),
                                       atol=3e-4, rtol=1e-4)
        read = model.model.columns_read
        model.behind(context, written, canvas)
        assert model.model.columns_read - read == canvas.numel()  # the open block alone
        written = torch.cat([written, torch.randint(0, 256, (2, length))], 1)
    other = torch.tensor([[70, 66, 67, PAD, PAD], [1, 2, 3, 4, 5]])
    torch.testing.assert_close(model.behind(other, written, canvas), absorbing(kind).behind(other, written, canvas),
                               atol=3e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", [Llada2Like, SdarLike, LladaLike, DreamLike])
def test_canvases_need_not_be_blocks(kind):
    """Half a block after one and a half, and three blocks at once."""
    model, length = absorbing(kind), absorbing(kind).family.block or 8
    context, half = torch.tensor([[65, 66]]), length // 2
    tokens = torch.randint(0, 256, (1, 3 * length))
    for written, size in ((length + half, half), (0, 3 * length), (half, length)):
        canvas = torch.full((1, size), MASK)
        got = model.behind(context, tokens[:, :written], canvas)
        whole = absorbing(kind)(context, torch.cat([tokens[:, :written], canvas], 1))
        torch.testing.assert_close(got, whole[:, written:], atol=3e-4, rtol=1e-4)


def test_a_canvas_over_several_blocks_is_named_where_it_cannot_be():
    with pytest.raises(ModelError, match="canvas_length=32"):
        absorbing(FastLike)(torch.tensor([[65]]), torch.full((1, 40), MASK))


SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}, "tags": {"type": "array", "items": {
    "enum": ["a", "b"]}}}, "required": ["id", "tags"], "additionalProperties": False}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("max_tokens", [24, 75])
def test_texts_are_valid_on_one_and_on_several_canvases(kind, max_tokens):
    model = absorbing(kind)
    for options in (None, sf.SamplerOptions(passes=1), sf.SamplerOptions(passes=4, rule="margin", horizon=None),
                    sf.SamplerOptions(passes=3, rule="entropy", entropy_bound=2.0, window=None, remask=0.2)):
        generator = sf.Generator(SCHEMA, model=model, options=options, max_tokens=max_tokens, cache=None,
                                 canvas_length=min(model.canvas_length, 32))
        together = generator.batch(["one", "another prompt", "", "x"])
        for result in together:
            assert generator.constraint.accepts(result.text) and json.loads(result.text) == result.value
            assert len(result.text) <= max_tokens >= len(result.tokens)
        if options is not None and options.passes == 1:
            assert generator("another prompt").text == together[1].text


@pytest.mark.parametrize("kind", KINDS)
def test_fixed_text_stands_byte_for_byte(kind):
    line = sf.template('{"käse": "{{a}}", "n": {{b}}} // end\n', a=sf.regex("[a-z]{2,9}"),
                       b=sf.json_schema({"type": "integer", "minimum": 3, "maximum": 4000}))
    for result in sf.Generator(constraint=line, model=absorbing(kind), max_tokens=60, cache=None).batch(["p", "qq"]):
        holes = result.holes
        assert result.text == f'{{"käse": "{holes["a"]}", "n": {json.dumps(holes["b"])}}} // end\n'


def test_a_hole_of_dreamon_grows_and_shrinks():
    model = absorbing(DreamOnLike)
    assert (model.expand_id, model.delete_id) == (EXPAND, EOS)
    graph = sf.compile(sf.template("<{{a}}>", a=sf.regex("[ab]{2,12}")), model.vocab)
    context = torch.tensor([model.encode("fill it", None)])
    steps = list(elastic(model, context, graph, [ord("<")], [ord(">")], replace(model.default_options, passes=6),
                         most=12))
    for step in steps:
        assert graph.run(step.tokens) >= 0 and step.tokens[0] == ord("<") and step.tokens[-1] == ord(">")
    assert steps[-1].done and 2 <= steps[-1].hole <= 12
    assert steps == list(elastic(model, context, graph, [ord("<")], [ord(">")],
                                 replace(model.default_options, passes=6), most=12))


def test_the_chat_template_tells_the_outline():
    model = AbsorbingModel(LladaLike(), byte_tokenizer(chat=True))
    text = model.vocab.decode(model.encode("who?", '{"id": integer}'))
    assert text.startswith("[user]who?") and '{"id": integer}' in text and text.endswith("[assistant]")


def _config(**fields):
    return {"vocab_size": 160_000, **fields}


@pytest.mark.parametrize("config, name, want", [
    (_config(model_type="llada", architectures=["LLaDAModelLM"], mask_token_id=126336, eos_token_id=126081), "LLaDA",
     (126336, (126081, 126348), False, None)),
    (_config(model_type="llada2_moe", architectures=["LLaDA2MoeModelLM"], pad_token_id=156892), "LLaDA2",
     (156895, (156892,), False, 32)),
    (_config(model_type="sdar", architectures=["SDARForCausalLM"], block_size=16), "SDAR",
     (151669, (151643, 151645), False, 16)),
    (_config(model_type="sdar_moe", architectures=["SDARMoeForCausalLM"]), "SDAR-MoE",
     (151669, (151643, 151645), False, 4)),
    (_config(model_type="Dream", architectures=["DreamModel"], mask_token_id=151666, eos_token_id=151643), "Dream",
     (151666, (151643, 151645), True, None)),
    (_config(model_type="Dream", architectures=["DreamModel"], _name_or_path="Dream-org/DreamOn-v0-7B"), "DreamOn",
     (151666, (151643, 151645), True, None)),
    (_config(model_type="Fast_dLLM_Qwen", architectures=["Fast_dLLM_QwenForCausalLM"], bd_size=32, eos_token_id=151645,
             pad_token_id=151645), "Fast-dLLM v2", (151665, (151645,), True, 32)),
])
def test_families_are_known_by_their_configurations(config, name, want):
    for given in (config, SimpleNamespace(**config)):
        found = family_of(given)
        assert found is not None and found.name == name
        assert (found.mask_id, found.eos_ids, found.shift, found.block) == want


def test_configurations_go_before_the_table():
    found = family_of(_config(model_type="llada2_moe", architectures=["LLaDA2MoeModelLM"], delete_token_id=156930,
                              split_token_id=156931, mask_token_id=5, eos_token_id=[6, 7], block_size=8))
    assert (found.mask_id, found.eos_ids, found.block) == (5, (6, 7), 8)
    assert (found.expand_id, found.delete_id) == (156931, 156930)
    assert family_of(_config(model_type="Dream", architectures=["DreamForCausalLM"])) is None  # another model's code
    assert family_of(_config(model_type="llama")) is None and family_of(SimpleNamespace()) is None
    for wrong in ({"mask_token_id": "x"}, {"mask_token_id": -3}, {"block_size": 0}, {"eos_token_id": [126336]},
                  {"pad_token_id": 126336}, {"mask_token_id": True}):
        kind = {"model_type": "sdar"} if "block_size" in wrong else {"model_type": "llada"}
        with pytest.raises(ModelError):
            family_of(_config(**kind, **wrong))


def test_every_family_names_its_source_and_rule():
    assert len({family.name for family in FAMILIES}) == len(FAMILIES) >= 7
    for family in FAMILIES:
        assert family.source and isinstance(family.options, sf.SamplerOptions)
        assert family.mask_id not in (*family.eos_ids, family.pad_id)


def test_what_cannot_be_wrapped_is_named():
    unknown = LladaLike()
    unknown.config.model_type = "gpt5"
    with pytest.raises(ModelError, match="gpt5"):
        AbsorbingModel(unknown, TOKENIZER)
    assert AbsorbingModel(unknown, TOKENIZER, Family("mine", "gpt5", (), MASK, (EOS,), PAD, "here", positions=False))
    small = LladaLike()
    small.config.vocab_size = 100
    with pytest.raises(VocabMismatch):
        AbsorbingModel(small, TOKENIZER)
    far = LladaLike()
    far.config.mask_token_id = COLUMNS + 5
    with pytest.raises(SpecError):
        AbsorbingModel(far, TOKENIZER)
    silent = AbsorbingModel(LladaLike(), sf.Vocab.bytes())
    with pytest.raises(ModelError, match="Vocab"):
        silent.encode("text", None)
    silent.model.forward = lambda **_: SimpleNamespace(logits=torch.zeros(1, 2, 3))
    with pytest.raises(ModelError, match="shape"):
        silent(torch.tensor([[1]]), torch.full((1, 4), MASK))

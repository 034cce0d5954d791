"""One `ConstraintProcessor` for many calls of `generate()`: where a text begins, and what `texts` vouches for."""

from __future__ import annotations

import itertools

import pytest
import torch

import structfill as sf
from structfill.errors import ModelError
from tests.tiny_models import COLUMNS, EOS, VOCAB, causal, diffusion_gemma, prompts, transformers

from structfill.integrations.transformers import ConstraintProcessor  # isort: skip  # after the skip

WORD, LONG = sf.regex("[a-z]{5,9};"), sf.regex("<[a-z ]{10,60}>")
GRAPH, LONG_GRAPH = sf.compile(WORD, VOCAB), sf.compile(LONG, VOCAB)
CHANCE = torch.Generator().manual_seed(0)


def generate(model, processor, ids, **arguments):
    """The whole rows that `generate` gives."""
    found = model.generate(ids, attention_mask=torch.ones_like(ids), **arguments,
                           logits_processor=transformers.LogitsProcessorList([processor]))
    return found if isinstance(found, torch.Tensor) else found.sequences


def behind(row, prompt):
    """The text behind the true prompt."""
    return VOCAB.text(row[prompt.shape[1]:].numpy())


def judged(constraint, processor, out, prompt):
    """Is the text that stands behind the true prompt valid, and the one that `texts` gives?"""
    assert constraint.accepts(behind(out[0], prompt))
    assert processor.texts(out) == [behind(out[0], prompt)]


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("how", [{}, {"do_sample": True}, {"num_beams": 3}, {"prompt_lookup_num_tokens": 3}])
def test_a_longer_prompt_is_no_text_that_goes_on(how, asked):
    """The prompts begin with one another; with and without a call of `texts` between."""
    model, assisted = causal(), "prompt_lookup_num_tokens" in how
    processor = ConstraintProcessor(GRAPH, 20, assisted=assisted)
    for text in ("ab", "abcdefgh", "ab1", "ab1 ", "abcdefghi;", "ab"):
        ids, _ = prompts(text)
        out = generate(model, processor, ids, max_new_tokens=20, **how)
        assert WORD.accepts(behind(out[0], ids)), text
        if asked:
            judged(WORD, processor, out, ids)
    judged(WORD, processor, out, ids)


@pytest.mark.parametrize("asked", [False, True])
def test_a_longer_prompt_is_no_finished_canvas(asked):
    model, processor = diffusion_gemma(), ConstraintProcessor(LONG_GRAPH, 64)
    for text in ("hello", "hello, w", "hello there, tell me a name of a man you like very much", "hello", "hell"):
        ids, _ = prompts(text)
        out = generate(model, processor, ids, max_new_tokens=64, max_denoising_steps=2)
        assert LONG.accepts(behind(out[0], ids)), text
        if asked:
            judged(LONG, processor, out, ids)


@pytest.mark.parametrize("assisted", [False, True])
@pytest.mark.parametrize("more", [1, 2, 99])
def test_a_prompt_with_the_beginning_of_the_last_text_begins_anew_behind_texts(more, assisted):
    """All of it is allowed: only a call of `texts` tells that a new text begins."""
    model, processor, (ids, _) = causal(), ConstraintProcessor(GRAPH, 20, assisted=assisted), prompts("ab")
    for most in (20, 1):
        out = generate(model, processor, ids, max_new_tokens=most)
        processor.texts(out, strict=False)
        longer = out[:, : ids.shape[1] + more]
        judged(WORD, processor, generate(model, processor, longer, max_new_tokens=20), longer)


def test_a_whole_canvas_in_the_prompt_begins_anew_behind_texts():
    model, (ids, _) = diffusion_gemma(), prompts("hello")
    processor = ConstraintProcessor(LONG_GRAPH, 64)
    out = generate(model, processor, ids, max_new_tokens=64, max_denoising_steps=2)
    judged(LONG, processor, out, ids)
    longer = out[:, : ids.shape[1] + 32]
    again = generate(model, processor, longer, max_new_tokens=64, max_denoising_steps=2)
    judged(LONG, processor, again, longer)


def test_where_it_cannot_be_told_there_is_an_error():
    model, processor, (ids, _) = causal(), ConstraintProcessor(GRAPH, 20), prompts("ab")
    generate(model, processor, ids, max_new_tokens=20)
    with pytest.raises(ModelError, match="assisted=True.*call texts"):  # drafts taken back, or a new prompt?
        generate(model, processor, prompts("abx")[0], max_new_tokens=20)
    generate(model, processor, ids, max_new_tokens=1)
    with pytest.raises(ModelError, match="something changed them.*call texts"):  # or a new prompt?
        generate(model, processor, prompts("ab1")[0], max_new_tokens=20)
    processor = ConstraintProcessor(LONG_GRAPH, 64)
    generate(diffusion_gemma(), processor, ids, max_new_tokens=32, max_denoising_steps=2)
    with pytest.raises(ModelError, match="row 0 at position 0.*call texts"):
        generate(diffusion_gemma(), processor, prompts("ab" + "?" * 32)[0], max_new_tokens=64)


def test_drafts_are_not_taken_back_behind_what_is_accepted():
    processor = ConstraintProcessor(sf.compile(sf.regex("[a-z]{2};"), VOCAB), assisted=True)

    def allowed(text):
        scores = processor(torch.tensor([list(text.encode())]), torch.zeros(1, COLUMNS))
        return {chr(token) for token in (scores[0] > -torch.inf).nonzero()[:, 0].tolist()}

    letters = {chr(token) for token in range(97, 123)}
    for text, follows in [("P", letters), ("Pa", letters), ("Pab", {";"}), ("Pac", {";"}), ("Pac;", {chr(EOS)}),
                          ("Pac", {";"}), ("Pac;", {chr(EOS)})]:
        assert allowed(text) == follows, text
    assert allowed("Pd") == letters and allowed("Pde") == letters and allowed("Pdef") == {";"}  # a new text


@pytest.mark.parametrize("sampled", [False, True])
def test_an_assistant_is_noticed(sampled):
    """It writes under the same processor, so that tokens go back without an announcement."""
    model, assistant, processor = causal(), causal(seed=1, hidden=16), ConstraintProcessor(LONG_GRAPH, 40)
    for text in ("hello", "hello, w", "hello"):
        ids, _ = prompts(text)
        out = generate(model, processor, ids, max_new_tokens=40, do_sample=sampled, assistant_model=assistant)
        judged(LONG, processor, out, ids)


def test_a_canvas_is_what_any_of_its_steps_chose():
    """`generate` keeps the canvas of a row that is sure of it, while others go on."""
    ids, _ = prompts("ab", "cd")
    processor = ConstraintProcessor(LONG_GRAPH, 64)
    paths = [processor(ids, torch.randn(2, 32, COLUMNS, generator=CHANCE)).argmax(-1) for _ in range(3)]
    tails = [torch.stack([paths[i][0], paths[j][1]]) for i, j in itertools.product(range(3), repeat=2)]
    for tail in tails:
        again, logits = ConstraintProcessor(LONG_GRAPH, 64), torch.zeros(2, 32, COLUMNS)
        for path in paths:
            again(ids, logits.scatter(2, path[:, :, None], 9.0))
        again(torch.cat([ids, tail], 1), logits)
        changed = tail.clone()
        changed[1, 3] = ord("x") if tail[1, 3] != ord("x") else ord("y")
        with pytest.raises(ModelError, match="row 1 at position 3"):
            processor(torch.cat([ids, changed], 1), logits)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("texts", "budget"), [(["a"], 2), (["ab"], 3), (["yes", "no"], 4)])
def test_beams_without_a_valid_text(texts, budget, seed):
    graph, model, (ids, _) = sf.compile(sf.choice(texts), VOCAB), causal(), prompts("short", "other")
    processor = ConstraintProcessor(graph, budget)
    torch.manual_seed(seed)
    out = generate(model, processor, ids, max_new_tokens=budget, num_beams=4, num_return_sequences=4, do_sample=True)
    with pytest.raises(ModelError, match="fewer valid texts than num_return_sequences.*strict=False"):
        processor.texts(out)
    found = processor.texts(out, strict=False)
    for one in (found[:4], found[4:]):
        assert set(one) == {*texts, None}
    good = [row for row, text in enumerate(found) if text is not None]
    assert processor.texts(out[good]) == [found[row] for row in good]


def test_texts_are_vouched_for_behind_their_own_prompt_only():
    constraint = sf.json_schema({"type": "array", "items": {"type": "integer"}, "uniqueItems": True})
    processor, (ids, _) = ConstraintProcessor(sf.compile_or_explore(constraint, VOCAB), 20), prompts("ab")
    processor(ids, torch.zeros(1, COLUMNS))

    def texts(text):
        return processor.texts(torch.tensor([[*text.encode(), EOS]]))

    assert texts("ab[1,2]") == ["[1,2]"]
    with pytest.raises(ModelError, match="row 0 is not finished or was changed"):
        texts("ab[1,1]")
    with pytest.raises(ModelError, match="do not begin with the prompts"):
        texts("xy[1,2]")
    assert processor.texts(torch.tensor([[*b"ab[1", 270]]), strict=False) == [None]

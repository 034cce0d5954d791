"""Canvas after canvas: the total budget is exact, fixed tokens keep their places, no canvas is a dead end."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import structfill as sf
from structfill.errors import BudgetTooSmall, EmptyLanguage, ModelError, SpecError
from structfill.tokengraph import build
from tests import oracle
from tests.strategies import automata, law, logits, vocabularies


@law(300)
@given(automata(), vocabularies(most=3), st.integers(1, 5), st.integers(1, 3), st.booleans(), st.data())
def test_canvases_join_to_a_text_within_the_budget(automaton, vocab, budget, length, pinned, data):
    valid = oracle.canvases(automaton, vocab, budget)
    if not vocab.eos_ids:
        length = budget
    fixed = {}
    if pinned and valid:
        canvas = data.draw(st.sampled_from(valid))
        fixed = {i: canvas[i] for i in data.draw(st.sets(st.integers(0, budget - 1)))}
        valid = [c for c in valid if all(c[i] == t for i, t in fixed.items())]
    blocks = sf.Blocks(build_or_none(automaton, vocab), budget, fixed) if build_or_none(automaton, vocab) else None
    if not valid:
        if blocks is not None:
            with pytest.raises((BudgetTooSmall, EmptyLanguage)):
                blocks.trellis(length)
        return
    written = []
    while len(written) < budget:
        trellis = blocks.trellis(length)
        path = trellis.sample(data.draw(logits(length, len(vocab)))).tolist()
        blocks.advance(np.array(path))
        written += path
    assert tuple(written[:budget]) in valid
    assert all(t in vocab.eos_ids or t == vocab.pad_id for t in written[budget:])
    assert blocks.left == 0


def build_or_none(automaton, vocab):
    try:
        return build(automaton, vocab)
    except EmptyLanguage:
        return None


def test_an_ended_text_is_followed_by_padding_only():
    vocab = sf.Vocab.bytes()
    blocks = sf.Blocks(sf.compile(sf.regex("ab?"), vocab), 12)
    blocks.advance([ord("a"), 256, 0, 0])  # what stands behind the end is not looked at
    assert blocks.ended and blocks.left == 8
    assert set(blocks.trellis(4).best(np.zeros((4, len(vocab)))).tolist()) <= {256, 257}


def test_without_a_budget_the_first_canvas_holds_all():
    vocab = sf.Vocab.bytes()
    graph = sf.compile(sf.regex("[a-z]{5,9}"), vocab)
    blocks = sf.Blocks(graph)
    assert len(blocks.trellis(6).text(blocks.trellis(6).best(np.ones((6, len(vocab)))))) in (5, 6)
    with pytest.raises(BudgetTooSmall) as error:
        sf.Blocks(graph).trellis(4)
    assert error.value.needed == 5


def test_wrong_use_is_told():
    vocab = sf.Vocab.bytes()
    graph = sf.compile(sf.regex("abc"), vocab)
    for budget in (0, -3, True, 2.5, 1 << 31):
        with pytest.raises(SpecError, match="max_tokens must be an integer in 1..2147483647"):
            sf.Blocks(graph, budget)
    with pytest.raises(SpecError, match="position 9"):
        sf.Blocks(graph, 8, {9: 97}).trellis(4)
    with pytest.raises(ModelError, match="position 1 .token 120"):
        sf.Blocks(graph, 8).advance(list(b"ax"))


def test_a_budget_below_the_canvas_is_told_with_the_number_that_would_do():
    vocab = sf.Vocab.bytes()
    for constraint, needed in ((sf.regex("[a-z]{6}"), 6), (sf.lark('start: "(" start ")" | "abcd"', engine="lazy"), 4)):
        graph = sf.compile_or_explore(constraint, vocab)
        for length in (3, 32):
            with pytest.raises(BudgetTooSmall) as told:
                sf.Blocks(graph, 3).trellis(length)
            assert (told.value.given, told.value.needed) == (3, needed)
        assert sf.Blocks(graph, needed).trellis(32).length == 32


def test_memory_does_not_grow_with_the_budget():
    blocks = sf.Blocks(sf.compile(sf.regex("[a-z]{5,9}"), sf.Vocab.bytes()), 1 << 27)
    tracemalloc.start()
    try:
        blocks.trellis(32)
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()

"""Texts longer than a canvas: the total budget is exact, and no canvas is a dead end for the next."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import structfill as sf
from structfill.errors import BudgetTooSmall, EmptyLanguage
from structfill.tokengraph import build
from structfill.trellis import Trellis
from tests import oracle
from tests.fake_models import RandomModel
from tests.strategies import automata, law, logits, vocabularies


@law(250)
@given(automata(), vocabularies(most=4), st.integers(1, 3), st.integers(0, 3), st.data())
def test_two_canvases_are_one(automaton, vocab, length, more, data):
    """The first canvas allows just what some whole text of `length + more` tokens has there, and after any path of
    it the second allows just how that text can go on."""
    valid = oracle.canvases(automaton, vocab, length + more)
    try:
        graph = build(automaton, vocab)
        first = Trellis(graph, length, more=more)
    except (BudgetTooSmall, EmptyLanguage):
        assert not valid
        return
    got = oracle.unpack(first.masks()[0], len(vocab))[0]
    assert np.array_equal(got, oracle.masks([c[:length] for c in valid], length, len(vocab)))
    path = tuple(first.sample(data.draw(logits(length, len(vocab)))).tolist())
    rest = [c[length:] for c in valid if c[:length] == path]
    assert rest
    state = graph.run(path)
    ending = graph.shortest_from(state)
    text = b"".join(vocab.tokens[t] for t in [*path, *ending] if t not in vocab.eos_ids and t != vocab.pad_id)
    assert len(ending) <= more and automaton.accepts(text)
    if more:
        second = Trellis(graph, more, start=state)
        assert np.array_equal(oracle.unpack(second.masks()[0], len(vocab))[0], oracle.masks(rest, more, len(vocab)))
        x = data.draw(logits(more, len(vocab), "smooth"))
        exact = oracle.Exact(rest, x, len(vocab))
        np.testing.assert_allclose(second.marginals(x), exact.marginals, atol=1e-5)
        np.testing.assert_allclose(float(second.log_mass(x)), exact.log_mass, atol=1e-5, rtol=1e-6)
        assert tuple(second.best(x).tolist()) in rest and tuple(second.sample(x).tolist()) in rest


def test_rows_may_start_apart():
    vocab = sf.Vocab.bytes()
    graph = sf.compile(sf.regex("abc|xyz"), vocab)
    trellis = Trellis(graph, 2, start=[graph.run(list(b"a")), graph.run(list(b"xy")), 0], more=1)
    x = np.zeros((3, 2, len(vocab)), np.float32)
    assert trellis.text(trellis.best(x)) == ["bc", "z", "ab"]
    fixed = trellis.fix(np.array([[-1, -1], [-1, -1], [ord("x"), -1]]))
    assert trellis.text(fixed.best(x)) == ["bc", "z", "xy"]


def test_run_tells_where_tokens_leave_the_language():
    vocab = sf.Vocab.bytes()
    graph = sf.compile(sf.regex("ab*"), vocab)
    eos = next(iter(vocab.eos_ids))
    assert graph.run([ord("b")]) == -1 and graph.run([ord("a"), 999_999]) == -1 and graph.run([-5]) == -1
    assert graph.run([ord("a"), eos, vocab.pad_id]) == graph.states - 1
    assert graph.run([ord("a"), eos, ord("b")]) == -1


SCHEMA = {"type": "array", "items": {"type": "object", "properties": {
    "name": {"type": "string"}, "n": {"type": "integer"}}, "required": ["name", "n"], "additionalProperties": False}}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("budget", [700, 257, 256, 40])
def test_a_budget_over_several_canvases_is_exact(seed, budget):
    """Every snapshot is a complete valid text, whatever the model says, and no text passes the budget."""
    model = RandomModel(scale=seed, canvas_length=64)
    options = sf.SamplerOptions(passes=2, seed=seed, temperature=seed % 2)
    generator = sf.Generator(SCHEMA, model=model, max_tokens=budget, options=options, cache=None)
    snapshots = list(generator.stream("x"))
    for snapshot in snapshots:
        assert generator.constraint.accepts(snapshot.text) and len(snapshot.tokens) <= budget
        assert len(snapshot.text.encode()) <= budget
        jsonschema.validate(generator.constraint.value(snapshot.text), SCHEMA)
    assert [s.done for s in snapshots] == [False] * (len(snapshots) - 1) + [True]
    assert [s.passes for s in snapshots] == list(range(1, len(snapshots) + 1))
    assert generator("x").text == snapshots[-1].text


def test_texts_really_go_on():
    """A text that needs three canvases gets them; rows of a batch end on different ones."""
    model = RandomModel(canvas_length=10)
    generator = sf.Generator(constraint=sf.regex("a{25}"), model=model, cache=None)
    result = generator("x")
    assert result.text == "a" * 25 and len(result.tokens) in (30, 40)
    generator = sf.Generator(constraint=sf.regex("a{2,80}"), model=model, cache=None, max_tokens=80,
                             options=sf.SamplerOptions(temperature=1.0))
    results = generator.batch([f"prompt {i}" for i in range(8)])
    assert len({len(r.text) for r in results}) > 2
    assert all(set(r.text) == {"a"} and 2 <= len(r.text) <= 80 for r in results)


def test_a_budget_that_no_number_of_canvases_meets():
    with pytest.raises(BudgetTooSmall) as caught:
        sf.Generator(constraint=sf.regex("a{25}"), model=RandomModel(canvas_length=10), cache=None, max_tokens=24)
    assert (caught.value.given, caught.value.needed) == (24, 25)

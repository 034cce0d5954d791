"""Logits of the constrained distribution: argmax is the best canvas, softmax the marginals, -inf the mask."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import structfill as sf
from structfill.errors import BudgetTooSmall, EmptyLanguage
from structfill.lazy import LazyTrellis
from structfill.tokengraph import build
from structfill.trellis import Trellis, TrellisBatch, reading
from tests import oracle
from tests.strategies import automata, law, logits, vocabularies


def trellis_of(automaton, vocab, length, **arguments):
    try:
        return Trellis(build(automaton, vocab), length, **arguments)
    except (BudgetTooSmall, EmptyLanguage):
        return None


@law(300)
@given(automata(), vocabularies(), st.integers(1, 4), st.sampled_from([0.05, 0.4, 1.0, 30.0]), st.data())
def test_argmax_is_valid_under_any_temperature(automaton, vocab, length, temperature, data):
    trellis = trellis_of(automaton, vocab, length)
    if trellis is None:
        return
    got = trellis.constrain(x := data.draw(logits(length, len(vocab))))
    assert torch.equal(got.path, trellis.best(x))
    assert torch.equal((got.logits / temperature).argmax(-1), got.path)
    assert oracle.is_valid(got.path.tolist(), automaton, vocab)
    allowed = oracle.masks(oracle.canvases(automaton, vocab, length), length, len(vocab))
    assert not (torch.isfinite(got.logits).numpy() & ~allowed).any() and not got.logits.isnan().any()


def contradicted(exact, x):
    """bool [N]: positions that the constraint leaves less sure than the model was, or nearly so."""
    log_p = oracle.log_softmax(x)
    return exact.entropy > -(np.exp(log_p) * log_p).sum(1) - 1e-3


@law(200)
@given(automata(), vocabularies(most=4), st.integers(1, 4), st.integers(0, 40), st.data())
def test_softmax_is_the_marginals(automaton, vocab, length, wider, data):
    trellis = trellis_of(automaton, vocab, length)
    if trellis is None:
        return
    x = data.draw(logits(length, len(vocab), "smooth"))
    wide = np.concatenate([x, np.full((length, wider), -np.inf, np.float32)], 1)
    got, exact = trellis.constrain(wide), oracle.Exact(oracle.canvases(automaton, vocab, length), x, len(vocab))
    probabilities = got.logits[:, : len(vocab)].double().exp().numpy()
    others = ~contradicted(exact, x)[:, None] & np.ones_like(probabilities, bool)
    others[np.arange(length), got.path] = False  # the path's token was lifted
    np.testing.assert_allclose(probabilities[others], exact.marginals[others], atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(float(got.log_mass), exact.log_mass, atol=1e-5, rtol=1e-6)


@law(150)
@given(automata(), vocabularies(most=4), st.integers(1, 4), st.sampled_from([0.4, 0.8, 2.0]), st.data())
def test_a_temperature_is_that_of_the_whole_canvas(automaton, vocab, length, temperature, data):
    trellis = trellis_of(automaton, vocab, length)
    if trellis is None:
        return
    x = data.draw(logits(length, len(vocab), "smooth"))
    got = trellis.constrain(x, draw=True, temperature=temperature, generator=torch.Generator().manual_seed(3))
    exact = trellis.posterior(x, draw=True, temperature=temperature, generator=torch.Generator().manual_seed(3))
    assert torch.equal(got.path, exact.best) and torch.equal(got.sample, exact.sample)
    torch.testing.assert_close(got.log_mass, exact.log_mass)
    valid = oracle.canvases(automaton, vocab, length)
    tempered = x / np.float32(temperature)
    truth = oracle.Exact(valid, tempered, len(vocab))
    own = -(np.exp(oracle.log_softmax(tempered)) * oracle.log_softmax(tempered)).sum(1)
    np.testing.assert_allclose(got.entropy, np.minimum(truth.entropy, own), atol=1e-4)
    marginals, others = truth.marginals, ~contradicted(truth, tempered)[:, None] & np.ones_like(truth.marginals, bool)
    others[np.arange(length), got.path] = False
    np.testing.assert_allclose(got.logits.double().exp().numpy()[others], marginals[others], atol=1e-4, rtol=1e-3)


@law(200)
@given(automata(), vocabularies(most=4), st.integers(1, 5), st.booleans(), st.data())
def test_what_may_come_next_from_the_left(automaton, vocab, length, pinned, data):
    """Behind any beginning of a valid canvas, the classes that may follow are those of the canvases that go on so."""
    valid = oracle.canvases(automaton, vocab, length)
    if not valid:
        return
    canvas, at = data.draw(st.sampled_from(valid)), data.draw(st.integers(0, length - 1))
    fixed = {length - 1: canvas[-1]} if pinned else {}
    trellis = Trellis(build(automaton, vocab), length, fixed=fixed)
    follow = {c[at] for c in valid if c[:at] == canvas[:at] and all(c[i] == t for i, t in fixed.items())}
    graph = trellis.graph
    got = trellis.next_classes(0, graph.run(canvas[:at]), at)
    assert set(got.tolist()) == {int(graph.token_class[t]) for t in follow}


def test_where_the_constraint_contradicts_the_model_the_path_decides():
    vocab = sf.Vocab.bytes()
    x = torch.zeros(2, len(vocab))
    x[:, ord("x")], x[1, ord("7")] = 20.0, 19.0
    got = sf.Trellis(sf.compile(sf.regex("[0-9]{2}"), vocab), 2).constrain(x)
    odds = got.logits.softmax(-1)
    assert odds[0, got.path[0]] > 0.999 and got.path[1] == ord("7") and got.entropy.max() < 0.7
    assert torch.isfinite(got.logits[0]).sum() == 10  # the others stay possible


def test_fixed_tokens_stand_alone():
    vocab = sf.Vocab.bytes()
    graph = sf.compile(sf.regex("[a-z]{3}"), vocab)
    got = Trellis(graph, 3, fixed={1: ord("q")}).constrain(torch.zeros(2, 3, len(vocab)))
    assert got.path[:, 1].tolist() == [ord("q")] * 2
    assert torch.isfinite(got.logits[0, 1]).nonzero().flatten().tolist() == [ord("q")]


@law(100)
@given(automata(), vocabularies(), st.integers(1, 4), st.sampled_from([0.4, 1.0]), st.data())
def test_other_devices_get_the_same(automaton, vocab, length, temperature, data):
    """What is done by torch on a GPU, done by torch here."""
    trellis = trellis_of(automaton, vocab, length)
    if trellis is None:
        return
    x = torch.from_numpy(data.draw(logits(length, len(vocab))))

    def run():
        generator = torch.Generator().manual_seed(5)
        return trellis.constrain(x, temperature=temperature, draw=True, generator=generator)

    here = run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "HOST", "none")
        away = run()
        patch.setattr(reading, "AWAY", 1)  # a position at a time
        slow = run()
    for other in (away, slow):
        assert torch.equal(other.path, here.path)
        torch.testing.assert_close(other.logits, here.logits, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(other.entropy, here.entropy, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(other.log_mass, here.log_mass, rtol=1e-5, atol=1e-5)
        assert oracle.is_valid(other.sample.tolist(), automaton, vocab)


def test_rows_under_different_constraints():
    vocab = sf.Vocab.bytes()
    graphs = [sf.compile(sf.regex(pattern), vocab) for pattern in ("a+", "[0-9]{2}")]
    batch = TrellisBatch([Trellis(graph, 4) for graph in graphs])
    x = torch.randn(2, 4, 300, generator=torch.Generator().manual_seed(1))
    got = batch.constrain(x)
    assert got.logits.shape == x.shape and torch.equal(got.logits.argmax(-1), got.path)
    assert torch.equal(got.path, batch.best(x))


def test_logits_may_end_before_tokens_that_no_text_has():
    """Gemma's tokenizer declares one special token more than the model has columns."""
    vocab = sf.Vocab.of_tokens([b"a", b"b", None, None], eos_ids=(2,))
    trellis = Trellis(sf.compile(sf.regex("[ab]{2}"), vocab), 3)
    x = torch.tensor([[0.0, 1, 0]] * 3)
    assert trellis.best(x).tolist() == [1, 1, 2] == trellis.constrain(x).path.tolist()
    assert trellis.marginals(x)[:, 3].tolist() == [0, 0, 0]


@pytest.mark.parametrize("kept", [
    lambda x: x[:, ::-1].copy()[:, ::-1], lambda x: x.astype(">f4"), lambda x: x.astype(np.longdouble),
    lambda x: np.asfortranarray(x), lambda x: torch.from_numpy(x).T.contiguous().T, lambda x: x.tolist(),
    lambda x: np.broadcast_to(x, (2, *x.shape))[0], lambda x: x.astype(np.int64)])
def test_logits_of_any_kind_are_read(kept):
    vocab = sf.Vocab.of_tokens([b"a", b"b", b"(", b")", None], eos_ids=[4])
    x = np.random.default_rng(1).integers(-5, 5, (6, 5)).astype(np.float32)
    grammar = sf.lark('start: ("a" | "(" start ")" | "b")*', engine="lazy")
    for trellis in (Trellis(sf.compile(sf.regex("[ab()]*"), vocab), 6),
                    LazyTrellis(sf.compile_or_explore(grammar, vocab), 6)):
        expected, got = trellis.constrain(x), trellis.constrain(kept(x))
        assert torch.equal(expected.path, got.path) and torch.allclose(expected.logits, got.logits.float())
        expected, got = trellis.posterior(x), trellis.posterior(kept(x))
        assert torch.equal(expected.best, got.best) and torch.allclose(expected.confidence, got.confidence)
    with pytest.raises(sf.SpecError, match="numbers"):
        trellis.best(np.full((6, 5), "x"))

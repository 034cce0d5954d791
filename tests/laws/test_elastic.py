"""Elastic layout: where the right-hand text begins is found by inference, and its posterior is exact."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from structfill.automaton.series import literal, of_length, series
from structfill.errors import BudgetTooSmall, EmptyLanguage
from structfill.limits import Limits
from structfill.tokengraph import build
from structfill.trellis import Trellis
from tests import oracle
from tests.strategies import ALPHABET, automata, law, logits, vocabularies

texts = st.lists(st.sampled_from(ALPHABET), max_size=2).map(bytes)


@st.composite
def templates(draw):
    """(left literal, hole, right literal, vocabulary, length)."""
    return draw(texts), draw(automata(states=3)), draw(texts), draw(vocabularies(most=4)), draw(st.integers(1, 4))


def splits(text, left, hole, right):
    """All lengths in bytes that the hole of `text` may have."""
    if not (text.startswith(left) and text.endswith(right) and len(text) >= len(left) + len(right)):
        return []
    middle = text[len(left) : len(text) - len(right)]
    return [len(middle)] if hole.accepts(middle) else []


def spelled(canvas, vocab):
    """The bytes of a canvas before end-of-text."""
    text = itertools.takewhile(lambda t: t not in vocab.eos_ids, canvas)
    return b"".join(vocab.tokens[t] for t in text)


@law(150)
@given(templates(), st.data())
def test_the_posterior_over_the_start_of_the_right_hand_text(case, data):
    """P(the hole is n bytes long), a ratio of masses, equals enumeration, tokens across edges included."""
    left, hole, right, vocab, length = case
    parts = [literal(left), hole, literal(right)]
    whole = series(parts, Limits())
    valid = oracle.canvases(whole, vocab, length)
    assume(valid)
    x = data.draw(logits(length, len(vocab), "smooth"))
    exact = oracle.Exact(valid, x, len(vocab))
    total = float(Trellis(build(whole, vocab), length).log_mass(x))
    lengths = [splits(spelled(c, vocab), left, hole, right) for c in valid]
    assert all(len(found) == 1 for found in lengths)
    for n in range(13):
        want = sum(p for p, found in zip(exact.probabilities, lengths, strict=True) if found == [n])
        try:
            only = series([literal(left), of_length(hole, n, n, Limits()), literal(right)], Limits())
            got = np.exp(float(Trellis(build(only, vocab), length).log_mass(x)) - total)
        except (EmptyLanguage, BudgetTooSmall):
            got = 0.0
        np.testing.assert_allclose(got, want, atol=1e-5)


@law(100)
@given(templates(), st.data())
def test_a_hole_between_given_texts_never_dies(case, data):
    """Whatever part of a path is committed, on either side of the hole or across its edges, the text still fits."""
    left, hole, right, vocab, length = case
    whole = series([literal(left), hole, literal(right)], Limits())
    valid = oracle.canvases(whole, vocab, length)
    assume(valid)
    trellis = Trellis(build(whole, vocab), length)
    x = data.draw(logits(length, len(vocab)))
    path = tuple(trellis.sample(x).tolist())
    assert path in valid
    chosen = data.draw(st.sets(st.integers(0, length - 1)))
    narrowed = trellis.fix({i: path[i] for i in chosen})
    fitting = [c for c in valid if all(c[i] == path[i] for i in chosen)]
    got = oracle.unpack(narrowed.masks()[0], len(vocab))[0]
    assert np.array_equal(got, oracle.masks(fitting, length, len(vocab)))
    assert tuple(narrowed.best(x).tolist()) in fitting

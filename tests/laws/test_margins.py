"""The margin of a path's token: its constrained probability less that of the best other token of its position."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from structfill.errors import BudgetTooSmall, EmptyLanguage
from structfill.tokengraph import build
from structfill.trellis import OPEN, Trellis, TrellisBatch
from tests import oracle
from tests.strategies import automata, law, logits, vocabularies


@law(250)
@given(automata(), vocabularies(), st.integers(1, 4), st.booleans(), st.sampled_from([0.5, 1.0, 3.0]), st.booleans(),
       st.data())
def test_margins_are_exact(automaton, vocab, length, draw, temperature, pinned, data):
    valid = oracle.canvases(automaton, vocab, length)
    if not valid:
        return
    fixed = np.full(length, OPEN)
    if pinned:
        at = data.draw(st.integers(0, length - 1))
        fixed[at] = data.draw(st.sampled_from(valid))[at]
        valid = [c for c in valid if c[at] == fixed[at]]
    x = data.draw(logits(length, len(vocab), "smooth"))
    got = Trellis(build(automaton, vocab), length, fixed=fixed).posterior(
        x, draw=draw, temperature=temperature, margin=True, generator=torch.Generator().manual_seed(5))
    tokens = (got.sample if draw else got.best).numpy()
    marginals = oracle.Exact(valid, x / np.float32(temperature), len(vocab)).marginals
    rivals = marginals.copy()
    rivals[np.arange(length), tokens] = 0.0
    want = marginals[np.arange(length), tokens] - rivals.max(1)
    np.testing.assert_allclose(got.margin.numpy(), want, atol=1e-5)


@law(150)
@given(automata(), vocabularies(), st.integers(1, 4), st.data())
def test_margins_of_wild_logits_stay_in_bounds(automaton, vocab, length, data):
    try:
        trellis = Trellis(build(automaton, vocab), length)
    except (BudgetTooSmall, EmptyLanguage):
        return
    x = data.draw(logits(length, len(vocab)))
    margin = trellis.posterior(x, margin=True).margin
    assert bool(((margin >= -1.001) & (margin <= 1.001)).all())
    again = TrellisBatch([trellis, trellis]).posterior(torch.as_tensor(np.stack([x, x])), margin=True).margin
    assert torch.equal(again[0], margin) and torch.equal(again[1], margin)
    assert trellis.posterior(x).margin is None

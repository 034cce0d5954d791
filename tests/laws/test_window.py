"""A window of the canvas: just as valid as the whole, and blind to logits outside."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests import oracle
from tests.laws.test_trellis_laws import cases, small_case, tokens_of
from tests.strategies import law, logits


@law(250)
@given(cases(), st.data())
def test_a_window_has_the_exact_distribution_inside(case, data):
    """Decide a prefix of a path; inside the window every piece of a valid canvas weighs what its own tokens weigh."""
    _, vocab, length, _, valid, trellis = case
    if not valid:
        return
    first = data.draw(st.integers(0, length - 1))
    size = data.draw(st.integers(1, length - first))
    path = data.draw(st.sampled_from(valid))
    current = trellis.fix({i: path[i] for i in range(first)})
    pieces = sorted({c[first : first + size] for c in valid if c[:first] == path[:first]})
    window = current.window([first], size)
    got = oracle.unpack(window.masks()[0], len(vocab))[0]
    assert np.array_equal(got, oracle.masks(pieces, size, len(vocab)))
    x = data.draw(logits(size, len(vocab), "smooth"))
    exact, found = oracle.Exact(pieces, x, len(vocab)), window.posterior(x, draw=True)
    np.testing.assert_allclose(window.marginals(x), exact.marginals, atol=1e-5)
    np.testing.assert_allclose(float(found.log_mass), exact.log_mass, atol=1e-5, rtol=1e-6)
    assert exact.scores[pieces.index(tokens_of(found.best))] >= exact.scores.max() - 1e-6
    assert tokens_of(found.sample) in pieces
    begun = np.array([[*path[:first], *tokens_of(found.best), *([0] * (length - first - size))]])
    finished = tokens_of(current.finish(begun, [first + size])[0])
    assert finished in valid and finished[: first + size] == tuple(begun[0, : first + size])


def test_rows_have_windows_of_their_own():
    automaton, vocab = small_case()
    from structfill.tokengraph import build
    from structfill.trellis import Trellis

    trellis = Trellis(build(automaton, vocab), 6, rows=2).fix(np.array([[-1] * 6, [0, 1, -1, -1, -1, -1]]))
    window = trellis.window([0, 2], 3)
    x = torch.randn(2, 3, len(vocab), generator=torch.Generator().manual_seed(0))
    best = window.best(x)
    assert torch.equal(best[1], trellis.rows_of([1]).window([2], 3).best(x[1]))
    whole = torch.zeros((2, 6), dtype=torch.int64)
    whole[0, :3], whole[1, :2], whole[1, 2:5] = best[0], torch.tensor([0, 1]), best[1]
    finished = trellis.finish(whole, [3, 5])
    valid = set(oracle.canvases(automaton, vocab, 6))
    assert all(tokens_of(row) in valid for row in finished)
    assert torch.equal(trellis.finish(finished, [6, 6]), finished)


def test_a_window_needs_a_decided_beginning():
    automaton, vocab = small_case()
    from structfill.tokengraph import build
    from structfill.trellis import Trellis

    with pytest.raises(ValueError, match="states are possible"):
        Trellis(build(automaton, vocab), 6).window([2], 3)


@law(150)
@given(cases(), st.data())
def test_local_confidence_is_that_of_left_to_right_masks(case, data):
    _, vocab, length, _, valid, trellis = case
    if not valid:
        return
    x = data.draw(logits(length, len(vocab), data.draw(st.sampled_from(["smooth", "tied"]))))
    path = data.draw(st.sampled_from(valid))
    logp = oracle.log_softmax(x)
    want = []
    for i, token in enumerate(path):
        may = {c[i] for c in valid if c[:i] == path[:i]}
        want.append(np.exp(logp[i, token]) / sum(np.exp(logp[i, t]) for t in may))
    found = trellis.local_confidence(x, torch.tensor(path))
    np.testing.assert_allclose(found, want, atol=1e-5)
    assert torch.equal(trellis.local_confidence(torch.tensor(x)[None], torch.tensor([path]))[0], found)

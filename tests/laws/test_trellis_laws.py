"""The laws of the trellis, against the enumeration of all canvases."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.errors import BudgetTooSmall, EmptyLanguage, VocabMismatch
from structfill.tokengraph import build
from structfill.trellis import Trellis
from structfill.vocab import Vocab
from tests import oracle
from tests.strategies import HARD, automata, law, logits, vocabularies


@st.composite
def cases(draw):
    """(automaton, vocab, length, fixed, valid canvases, trellis); about half of them with fixed tokens of a path."""
    automaton, vocab, length = draw(automata()), draw(vocabularies()), draw(st.integers(1, 4))
    valid = oracle.canvases(automaton, vocab, length)
    fixed = {}
    if valid and draw(st.booleans()):
        path = draw(st.sampled_from(valid))
        fixed = {i: path[i] for i in draw(st.sets(st.integers(0, length - 1)))}
        valid = [c for c in valid if all(c[i] == t for i, t in fixed.items())]
    trellis = Trellis(build(automaton, vocab), length, fixed=fixed) if valid else None
    return automaton, vocab, length, fixed, valid, trellis


def tokens_of(tensor):
    return tuple(tensor.tolist())


@law(250)
@given(automata(), vocabularies(), st.integers(1, 4), st.data())
def test_a_trellis_exists_iff_a_canvas_does(automaton, vocab, length, data):
    """Any tokens fixed anywhere: an error exactly when enumeration finds nothing, and the right one."""
    token = st.integers(0, len(vocab) - 1)
    fixed = data.draw(st.dictionaries(st.integers(0, length - 1), token, max_size=2))
    valid = oracle.canvases(automaton, vocab, length, fixed)
    try:
        trellis = Trellis(build(automaton, vocab), length, fixed=fixed)
    except BudgetTooSmall as error:
        assert not oracle.canvases(automaton, vocab, length)
        shorter = range(1, error.needed)
        assert not any(oracle.canvases(automaton, vocab, n) for n in shorter if n <= 4)
        assert error.needed > 4 or oracle.canvases(automaton, vocab, error.needed)
    except EmptyLanguage as error:
        assert not valid
        if "at position" in str(error):  # named: the first position that, with those before it, rules out all
            named = int(str(error).split("at position ")[1].split()[0])
            kept = {i: t for i, t in fixed.items() if i <= named}
            assert not oracle.canvases(automaton, vocab, length, kept)
            assert oracle.canvases(automaton, vocab, length, {i: t for i, t in kept.items() if i < named})
    else:
        got, tail = oracle.unpack(trellis.masks()[0], len(vocab))
        assert np.array_equal(got, oracle.masks(valid, length, len(vocab)))
        assert valid and not tail.any()


@law(200)
@given(cases(), st.data())
def test_distribution_is_exact(case, data):
    """Marginals, entropy, mass and confidence equal the sums over all canvases; best is the best."""
    _, vocab, length, _, valid, trellis = case
    if not valid:
        return
    x = data.draw(logits(length, len(vocab), data.draw(st.sampled_from(["smooth", "tied"]))))
    exact, found, marginals = oracle.Exact(valid, x, len(vocab)), trellis.posterior(x, draw=True), trellis.marginals(x)
    np.testing.assert_allclose(marginals, exact.marginals, atol=1e-5)
    np.testing.assert_allclose(found.entropy, exact.entropy, atol=1e-5)
    np.testing.assert_allclose(trellis.entropy(x), exact.entropy, atol=1e-5)
    np.testing.assert_allclose(float(found.log_mass), exact.log_mass, atol=1e-5, rtol=1e-6)
    assert exact.scores[valid.index(tokens_of(found.best))] >= exact.scores.max() - 1e-6
    assert tokens_of(trellis.best(x)) == tokens_of(found.best)
    where = np.arange(length)
    np.testing.assert_allclose(found.confidence, exact.marginals[where, list(found.best)], atol=1e-5)
    np.testing.assert_allclose(found.sample_confidence, exact.marginals[where, list(found.sample)], atol=1e-5)


@law(250)
@given(cases(), st.data())
def test_no_logits_break_it(case, data):
    """Infinities, NaN and huge numbers: results are finite, texts valid, and impossible tokens a last resort."""
    _, vocab, length, _, valid, trellis = case
    if not valid:
        return
    x = data.draw(logits(length, len(vocab), "hard"))
    found, marginals = trellis.posterior(torch.tensor(x), draw=True), trellis.marginals(x)
    allowed = oracle.masks(valid, length, len(vocab))
    for result in (found.confidence, found.entropy, found.sample_confidence, marginals):
        assert torch.isfinite(result).all() and (result >= 0).all()
    assert (marginals.numpy()[~allowed] == 0).all()
    np.testing.assert_allclose(marginals.sum(1), 1, atol=1e-5)
    assert found.log_mass <= 0  # no NaN either
    ranks = hard_ranks(x, allowed, valid)
    assert ranks[valid.index(tokens_of(found.best))] == max(ranks)
    drawn = ranks[valid.index(tokens_of(found.sample))]
    assert drawn[0] == max(ranks)[0], "an impossible token was drawn where a possible one would do"


def hard_ranks(x, allowed, valid):
    """(fewest impossible tokens, highest sum of clamped scores), the order that the documentation promises."""
    x = np.where(np.isnan(x), -np.inf, np.minimum(x, np.finfo(np.float32).max)).astype(np.float64)
    top = np.where(allowed, x, -np.inf).max(1)
    lost = np.isneginf(x) & ~np.isneginf(top)[:, None]
    score = np.where(np.isneginf(x), 0.0, np.maximum(x - np.where(np.isneginf(top), 0, top)[:, None], -1e9))
    return [(-sum(lost[i, t] for i, t in enumerate(c)), sum(score[i, t] for i, t in enumerate(c))) for c in valid]


@law(60)
@given(cases(), st.data())
def test_any_part_of_a_path_can_be_fixed(case, data):
    """No dead ends: every subset of a path's positions stays completable, and reopening undoes it."""
    _, vocab, length, fixed, valid, trellis = case
    if not valid:
        return
    x = data.draw(logits(length, len(vocab)))
    path = tokens_of(trellis.sample(x) if data.draw(st.booleans()) else trellis.best(x))
    for size in range(length + 1):
        for chosen in itertools.combinations(range(length), size):
            narrowed = trellis.fix({i: path[i] for i in chosen})
            remaining = [c for c in valid if all(c[i] == path[i] for i in chosen)]
            got = oracle.unpack(narrowed.masks()[0], len(vocab))[0]
            assert np.array_equal(got, oracle.masks(remaining, length, len(vocab)))
            assert tokens_of(narrowed.best(x)) in remaining
            reopened = narrowed.reopen([i for i in chosen if i not in fixed])
            assert torch.equal(reopened.masks(), trellis.masks())


def test_ties_go_to_the_lowest_tokens():
    automaton, vocab = small_case()
    trellis = Trellis(build(automaton, vocab), 3)
    valid = oracle.canvases(automaton, vocab, 3)
    assert tokens_of(trellis.best(np.zeros((3, len(vocab))))) == min(valid)
    x = np.zeros((3, len(vocab)), np.float32)
    x[1, 4] = 1.0
    assert tokens_of(trellis.best(x)) == min(c for c in valid if c[1] == 4)


def small_case():
    """(ab|b)*a* over overlapping spellings, two of them equal; end-of-text, padding and mask."""
    delta = np.array([[1, 0, -1], [2, 0, -1], [2, -1, -1]], np.int32)
    byte_class = np.full(256, 2, np.uint8)
    byte_class[ord("a")], byte_class[ord("b")] = 0, 1
    automaton = ByteAutomaton(delta, byte_class, np.array([True, True, True]))
    tokens = [b"a", b"b", b"ab", None, b"ba", b"a", b"aab", None, None]
    return automaton, Vocab.of_tokens(tokens, eos_ids=[3], pad_id=7, mask_id=8)


@pytest.mark.parametrize(
    ("seed", "temperature", "fixed"),
    [(0, 1.0, {}), (1, 2.5, {}), (2, 0.5, {1: 1}), (3, 1.0, {2: 3}), (4, 1.0, {0: 0, 3: 7})],
)
def test_samples_have_the_exact_distribution(seed, temperature, fixed):
    """Chi-square of 6,000 draws against the enumerated probabilities."""
    automaton, vocab = small_case()
    length, draws = 4, 6000
    x = np.random.default_rng(seed).standard_normal((length, len(vocab))).astype(np.float32)
    valid = oracle.canvases(automaton, vocab, length, fixed)
    exact = oracle.Exact(valid, x / temperature, len(vocab))
    trellis = Trellis(build(automaton, vocab), length, fixed=fixed)
    many = torch.from_numpy(x).expand(draws, -1, -1)
    drawn = trellis.sample(many, torch.Generator().manual_seed(seed), temperature)
    counts = np.zeros(len(valid))
    for row in drawn.tolist():
        counts[valid.index(tuple(row))] += 1
    assert pearson(counts, exact.probabilities * draws) > 1e-3


def pearson(counts, expected):
    """p-value; rare outcomes are pooled."""
    common = expected >= 5
    counts = np.append(counts[common], counts[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    keep = expected > 0
    assert not counts[~keep].any()
    return chi2.sf((((counts - expected)[keep]) ** 2 / expected[keep]).sum(), keep.sum() - 1)


@pytest.mark.parametrize("gap", [60.0, 100.0, 150.0, 900.0])
def test_left_and_right_evidence_that_disagree(gap):
    """Two texts of equal weight, each absurd in one half of the canvas: neither may be lost on the way."""
    delta = np.array([[1, 2, -1], [1, 3, -1], [3, 2, -1], [-1, -1, -1]], np.int32)  # a a* b | b b* a
    byte_class = np.full(256, 2, np.uint8)
    byte_class[ord("a")], byte_class[ord("b")] = 0, 1
    automaton = ByteAutomaton(delta, byte_class, np.array([False, False, False, True]))
    vocab, length = Vocab.of_tokens([b"a", b"b"]), 8
    x = np.zeros((length, 2))
    x[:4, 0], x[4:7, 1], x[7, 0] = gap, gap, gap + 0.4  # at the middle they are 4 gaps apart
    valid = oracle.canvases(automaton, vocab, length)
    exact = oracle.Exact(valid, x, 2)
    assert len(valid) == 2 and exact.probabilities.min() > 0.1
    trellis = Trellis(build(automaton, vocab), length)
    np.testing.assert_allclose(trellis.marginals(x), exact.marginals, atol=1e-5)
    np.testing.assert_allclose(float(trellis.log_mass(x)), exact.log_mass, rtol=1e-9)
    drawn = trellis.sample(torch.tensor(x).expand(2000, -1, -1), torch.Generator().manual_seed(0))
    share = float((drawn == torch.tensor(valid[0])).all(1).double().mean())
    assert abs(share - exact.probabilities[0]) < 0.05


EXTREMES = {
    "all equal": lambda n, v, ok: np.zeros((n, v)),
    "all impossible": lambda n, v, ok: np.full((n, v), -np.inf),
    "all NaN": lambda n, v, ok: np.full((n, v), np.nan),
    "all infinite": lambda n, v, ok: np.full((n, v), np.inf),
    "valid tokens are absurd": lambda n, v, ok: np.where(ok, -1000.0, 0.0),
    "valid tokens are impossible": lambda n, v, ok: np.where(ok, -np.inf, 0.0),
    "one token a row": lambda n, v, ok: np.where(np.arange(v) == np.arange(n)[:, None] % v, 0.0, -1e9),
    "only the mask": lambda n, v, ok: np.where(np.arange(v) == v - 1, 1e30, -1e30) * np.ones((n, 1)),
}


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_extreme_logits(name, dtype):
    """Valid whatever happens; odds among the valid survive an offset of -1000."""
    automaton, vocab = small_case()
    valid = oracle.canvases(automaton, vocab, 4)
    allowed = oracle.masks(valid, 4, len(vocab))
    trellis = Trellis(build(automaton, vocab), 4)
    x = torch.tensor(EXTREMES[name](4, len(vocab), allowed)).to(dtype)
    found = trellis.posterior(x, draw=True)
    assert tokens_of(found.best) in valid and tokens_of(found.sample) in valid
    assert torch.isfinite(found.entropy).all() and torch.isfinite(trellis.marginals(x)).all()
    impossible = name in ("valid tokens are impossible", "only the mask") and torch.isinf(x[0, 0])
    assert (found.log_mass == -np.inf) == bool(impossible)
    if name.startswith("all") or name.startswith("valid"):
        uniform = oracle.Exact(valid, np.zeros((4, len(vocab))), len(vocab))
        np.testing.assert_allclose(trellis.marginals(x), uniform.marginals, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("extra", [0, 5])
def test_kinds_of_logits_agree(dtype, extra):
    """Every type gives what its float64 copy gives; columns beyond the vocabulary only take probability away."""
    automaton, vocab = small_case()
    trellis, length = Trellis(build(automaton, vocab), 4, fixed={1: 1}), 4
    x = torch.randn(length, len(vocab) + extra, generator=torch.Generator().manual_seed(3)).to(dtype)
    valid = oracle.canvases(automaton, vocab, length, {1: 1})
    exact = oracle.Exact(valid, x.double().numpy(), len(vocab) + extra)
    marginals, found = trellis.marginals(x), trellis.posterior(x)
    assert marginals.shape == (length, len(vocab)) and marginals.dtype == torch.float32
    np.testing.assert_allclose(marginals, exact.marginals[:, : len(vocab)], atol=1e-5)
    np.testing.assert_allclose(float(found.log_mass), exact.log_mass, atol=1e-5)
    assert found.best.dtype == torch.int64
    if dtype != torch.bfloat16:
        assert torch.equal(trellis.posterior(x.numpy()).entropy, found.entropy)
    with pytest.raises(VocabMismatch):
        trellis.best(x[:, : len(vocab) - 1])


def test_batches_are_rows():
    """Rows of a batch are independent, may be fixed differently, and share what they can."""
    automaton, vocab = small_case()
    graph, generator = build(automaton, vocab), torch.Generator()
    fixed = np.array([[-1, -1, -1], [0, -1, -1], [-1, -1, 3]])
    x = torch.randn(3, 3, len(vocab), generator=generator.manual_seed(1))
    batch = Trellis(graph, 3, fixed=fixed)
    assert batch.rows == 3 and batch.masks().shape == (3, 3, 1)
    found = batch.posterior(x)
    for b in range(3):
        single = Trellis(graph, 3, fixed=fixed[b])
        alone = single.posterior(x[b])
        assert torch.equal(batch.masks()[b], single.masks()[0])
        assert torch.equal(found.best[b], alone.best) and torch.equal(found.entropy[b], alone.entropy)
        assert found.log_mass[b] == alone.log_mass
        assert torch.equal(batch.marginals(x)[b], single.marginals(x[b]))
    shared = Trellis(graph, 3).sample(x, generator.manual_seed(5))
    assert torch.equal(shared, Trellis(graph, 3, rows=3).sample(x, generator.manual_seed(5)))
    narrowed = batch.fix(torch.tensor([[-1, -1, -1], [-1, -1, -1], [0, -1, -1]]))
    assert narrowed.fixed.tolist() == [[-1, -1, -1], [0, -1, -1], [0, -1, 3]]
    assert narrowed.reopen(torch.tensor([[False] * 3, [True] * 3, [False] * 3])).fixed[1].tolist() == [-1] * 3
    with pytest.raises(ValueError, match="rows"):
        batch.best(x[:2])
    with pytest.raises(ValueError, match="shape"):
        Trellis(graph, 3).best(x[:0])


@pytest.mark.parametrize("vocabulary", [33, 64, 100])
def test_masks_of_several_words(vocabulary):
    """Alike tokens in several words of the mask: all where open, one alone where it is fixed."""
    automaton, _ = small_case()
    vocab = Vocab.of_tokens([b"a"] * vocabulary)
    for token in (0, 31, 32, vocabulary - 1):
        found, tail = oracle.unpack(Trellis(build(automaton, vocab), 2, fixed={1: token}).masks()[0], vocabulary)
        assert found[0].all() and np.flatnonzero(found[1]).tolist() == [token] and not tail.any()


def test_threads_and_repetition_change_nothing():
    automaton, vocab = small_case()
    trellis = Trellis(build(automaton, vocab), 40)
    x = torch.randn(40, len(vocab), generator=torch.Generator().manual_seed(0))
    threads, results = torch.get_num_threads(), []
    try:
        for count in (1, 2, 1):
            torch.set_num_threads(count)
            found = trellis.posterior(x, draw=True, generator=torch.Generator().manual_seed(9))
            results.append([found.best, found.sample, found.entropy, found.confidence, found.log_mass])
    finally:
        torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("length", [1, 63, 64, 65, 128, 200])
def test_word_boundaries(length):
    """Canvases around multiples of 64 positions: the last token is where it should be."""
    automaton, vocab = small_case()
    graph = build(automaton, vocab)
    trellis = Trellis(graph, length, fixed={length - 1: 7} if length > 1 else {0: 3})
    tokens = trellis.best(np.where(np.arange(len(vocab)) == 1, 5.0, 0.0) * np.ones((length, 1)))
    text = trellis.text(tokens)
    assert text == "b" * max(length - 2, 0)
    assert tokens.tolist()[len(text)] == 3 and set(tokens.tolist()[len(text) + 1 :]) <= {7}
    assert trellis.text(tokens[None].repeat(2, 1)) == [text, text]


def test_temperature():
    automaton, vocab = small_case()
    trellis, x = Trellis(build(automaton, vocab), 3), torch.randn(3, len(vocab))
    assert torch.equal(trellis.sample(x, temperature=0), trellis.best(x))
    half = trellis.posterior(x, temperature=2.0)
    np.testing.assert_allclose(half.entropy, trellis.entropy(x / 2), atol=1e-5)
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="temperature"):
            trellis.sample(x, temperature=wrong)


@pytest.mark.parametrize("wrong", [{5: 0}, {-1: 0}, np.zeros((2, 2, 3)), [0, 0]])
def test_evidence_of_a_wrong_shape(wrong):
    automaton, vocab = small_case()
    with pytest.raises(ValueError):
        Trellis(build(automaton, vocab), 3, fixed=wrong)


def test_hard_values_are_hard():
    """The list that the other laws draw from has every kind of trouble."""
    values = np.array(HARD)
    assert np.isnan(values).any() and np.isposinf(values).any() and np.isneginf(values).any()

"""Class statistics: cpu against reference on awkward sizes and poisoned logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from structfill_kernels import class_stats
from structfill_kernels.class_stats import Stats, cpu, device, reference

from tests.strategies import HARD

B = cpu.BLOCK
SIZES = [(1, 1, 1), (3, 7, 2), (2, 31, 5), (2, B - 1, 3), (2, B, 3), (2, B + 1, 3), (1, 3 * B + 5, 40)]


def case(rows, columns, classes, dtype, hard):
    """(logits, plan): a dense class, small ones, some empty; sometimes more columns than tokens."""
    rng = np.random.default_rng([rows, columns, classes])
    of_token = np.where(rng.random(columns - columns // 5) < 0.7, 0, rng.integers(-1, classes, columns - columns // 5))
    logits = (rng.standard_normal((rows, columns)) * 4).astype(dtype)
    if hard:
        where = rng.random(logits.shape) < 0.3
        logits[where] = rng.choice(np.array(HARD, dtype), where.sum())
    return logits, class_stats.plan(of_token.astype(np.int32), classes, columns)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("scale", [1.0, 0.37, 12.0])
def test_statistics(size, dtype, hard, scale):
    logits, plan = case(*size, dtype, hard)
    want, got = (Stats.empty(len(logits), plan.classes) for _ in range(2))
    for array in got:
        array[:] = -77  # poison: everything must be written
    reference.class_stats(logits, plan, scale, want)
    cpu.class_stats(logits, plan, scale, got)
    assert np.array_equal(want.peak, got.peak) and np.array_equal(want.top, got.top)
    np.testing.assert_allclose(got.spread, want.spread, atol=1e-5)
    np.testing.assert_allclose(got.slope, want.slope, atol=2e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("scale", [1.0, 0.37, 12.0])
def test_statistics_by_torch_alone(size, dtype, hard, scale):
    logits, plan = case(*size, dtype, hard)
    want, got = (Stats.empty(len(logits), plan.classes) for _ in range(2))
    reference.class_stats(logits, plan, scale, want)
    x, column = torch.from_numpy(logits), torch.from_numpy(plan.of_column).long()
    device.class_stats(x, column, plan.classes, scale, got)
    assert np.array_equal(want.peak, got.peak) and np.array_equal(want.top, got.top)
    np.testing.assert_allclose(got.spread, want.spread, atol=1e-5)
    np.testing.assert_allclose(got.slope, want.slope, atol=2e-5)
    for u in (0.0, 0.617, 1 - 1e-12):
        for c in np.unique(plan.of_column):
            classes, uniforms = np.full(len(logits), c, np.int32), np.full(len(logits), u)
            classes[0] = -1 if len(classes) > 1 else c
            expected, weights = reference.draw_members(logits, plan, classes, want, scale, uniforms)
            drawn, shares = device.draw_members(x, column, classes, scale, uniforms)
            same = drawn == expected
            np.testing.assert_allclose(shares[same], weights[same], rtol=1e-4)
            assert same.all() or columns_between(logits, plan, drawn, expected, u, scale) < 1e-5


@pytest.mark.parametrize("fill", [-np.inf, np.nan, 3.0, np.inf, -3e38])
def test_rows_of_one_value(fill):
    """Classes whose members are all alike, the impossible ones included: log of the count, lowest member."""
    columns = 2 * B + 9
    of_token = (np.arange(columns) % 3 == 0).astype(np.int32)
    plan, got = class_stats.plan(of_token, 2, columns), Stats.empty(1, 3)
    cpu.class_stats(np.full((1, columns), fill, np.float32), plan, 1.0, got)
    count = np.bincount(of_token)
    np.testing.assert_allclose(got.spread[0, :2], np.log(count), rtol=1e-6)
    assert got.top[0].tolist() == [1, 0, -1] and (got.slope[0] == 0).all() and got.spread[0, 2] == -np.inf


def test_impossible_blocks_beside_possible_ones():
    """-inf alone in the first block of the dense class must not hide what comes later, nor the other way round."""
    columns = 3 * B
    plan = class_stats.plan(np.zeros(columns, np.int32), 1, columns)
    for lone in (5, B + 5, 2 * B + 5):
        logits = np.full((1, columns), -np.inf, np.float32)
        logits[0, lone] = -500.0
        got = Stats.empty(1, 2)
        cpu.class_stats(logits, plan, 1.0, got)
        assert (got.peak[0, 0], got.spread[0, 0], got.top[0, 0]) == (-500.0, 0.0, lone)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hard", [False, True])
def test_draws_and_probabilities(size, dtype, hard):
    logits, plan = case(*size, dtype, hard)
    stats = Stats.empty(len(logits), plan.classes)
    reference.class_stats(logits, plan, 0.5, stats)
    present = np.unique(plan.of_column)
    for u in (0.0, 0.25, 0.617, 0.9, 1 - 1e-12):
        for c in present:
            classes = np.full(len(logits), c, np.int32)
            uniforms = np.full(len(logits), u)
            want, weights = reference.draw_members(logits, plan, classes, stats, 0.5, uniforms)
            got, got_weights = cpu.draw_members(logits, plan, classes, stats, 0.5, uniforms)
            assert (plan.of_column[got] == c).all() and (got_weights > 0).all()
            same = got == want  # a cumulative sum may fall on the other side of u by rounding
            np.testing.assert_allclose(got_weights[same], weights[same], rtol=1e-4)
            assert same.all() or columns_between(logits, plan, got, want, u) < 1e-5
    mass = np.random.default_rng(0).random((len(logits), plan.classes - 1))
    columns = max(1, logits.shape[1] - logits.shape[1] // 5)
    outs = np.full((2, len(logits), logits.shape[1]), -1, np.float32)
    reference.token_probabilities(logits, plan, mass, stats, 0.5, outs[0])
    cpu.token_probabilities(logits, plan, mass, stats, 0.5, outs[1])
    np.testing.assert_allclose(outs[1][:, :columns], outs[0][:, :columns], atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("scale", [1.0, 0.37, 12.0])
def test_odds_are_added(size, dtype, hard, scale):
    logits, plan = case(*size, dtype, hard)
    rng = np.random.default_rng(1)
    odds = np.where(rng.random((len(logits), plan.classes)) < 0.3, -np.inf, rng.standard_normal((1, plan.classes)))
    top = rng.standard_normal(len(logits)) * 9
    outs = np.full((2, *logits.shape), -77, dtype)
    reference.add_odds(logits, plan, odds, top, scale, outs[0])
    cpu.add_odds(logits, plan, odds, top, scale, outs[1])
    np.testing.assert_allclose(outs[1], outs[0], rtol=1e-5, atol=1e-5)


def columns_between(logits, plan, got, want, u, scale=0.5):
    """The largest distance of u from the cumulative weight between two neighbouring answers."""
    gaps = []
    for i in np.flatnonzero(got != want):
        members = reference.members_of(plan, plan.of_column[want[i]])
        cumulative = np.cumsum(reference.weights_of(logits[i], members, scale))
        low = np.searchsorted(members, min(got[i], want[i]))
        gaps.append(abs(cumulative[low] - u))
    return max(gaps)


def test_skipped_positions():
    logits, plan = case(3, 7, 2, np.float32, False)
    stats = Stats.empty(3, plan.classes)
    reference.class_stats(logits, plan, 1.0, stats)
    classes = np.array([-1, plan.dense, -1], np.int32)
    for impl in (reference, cpu):
        tokens, _ = impl.draw_members(logits, plan, classes, stats, 1.0, np.full(3, 0.5))
        assert tokens[0] == tokens[2] == -1 and plan.of_column[tokens[1]] == plan.dense

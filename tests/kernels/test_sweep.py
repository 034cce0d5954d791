"""Sweeps: the linear form and the extended form against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from structfill_kernels.sweep import Edges, cover, cpu, local_odds, reference, runs

from tests.kernels.graphs import counted, problem

FORMS = pytest.mark.parametrize(
    "form", [cpu.posterior_linear, cpu.posterior_extended, cpu.posterior], ids=["linear", "extended", "chosen"]
)


def scores(seed, allowed, spread):
    """Random class scores, -inf where a class cannot occur."""
    rng = np.random.default_rng([seed, 7])
    return np.where(allowed, rng.standard_normal(allowed.shape) * spread, -np.inf)


@FORMS
@pytest.mark.parametrize("length", [1, 5, 64, 65])
@pytest.mark.parametrize("seed", range(5))
def test_posterior(form, length, seed):
    edges, live, allowed = problem(seed, length)
    score = scores(seed, allowed, 3.0)
    want, got = reference.posterior(edges, score, live), form(edges, score, live)
    np.testing.assert_allclose(got.mass, want.mass, atol=1e-10)
    np.testing.assert_allclose(got.mass.sum(1), 1, atol=1e-10)
    np.testing.assert_allclose(got.log_total, want.log_total, rtol=1e-10, atol=1e-10)
    uniforms = np.random.default_rng(seed).random((length, 2))
    want_path = reference.draw_path(edges, score, want, live, uniforms)
    assert np.array_equal(cpu.draw_path(edges, score, got, live, uniforms), want_path)


def in_runs(edges):
    """The same edges, swept as runs however short these are."""
    return edges._replace(runs=runs.Runs(*runs._runs(*edges[:3])))


@pytest.mark.parametrize("length", [1, 5, 64, 65])
@pytest.mark.parametrize("seed", range(5))
def test_runs_of_any_length_give_what_edges_give(length, seed):
    """The numbers that `test_posterior` and `test_best_path` compare with the reference."""
    edges, live, allowed = problem(seed, length, states=130 if length == 65 else 6, edges=400 if length == 65 else 14)
    compare_runs(edges._replace(runs=None), in_runs(edges), scores(seed, allowed, 3.0), live)


@pytest.mark.parametrize(("length", "least", "most"), [(3, 0, 1), (20, 5, 40), (30, 0, 70), (65, 60, 150), (9, 9, 300)])
def test_counts_that_are_spelled_out_are_runs(length, least, most):
    edges, live, allowed = counted(length, least, most)
    assert (edges.runs is not None) == (most >= 40)
    compare_runs(edges._replace(runs=None), in_runs(edges), scores(most, allowed, 3.0), live)
    score = scores(most, allowed, 3.0)
    want, got = reference.posterior(edges, score, live), cpu.posterior(in_runs(edges), score, live)
    np.testing.assert_allclose(got.mass, want.mass, atol=1e-10)
    np.testing.assert_allclose(got.log_total, want.log_total, rtol=1e-10, atol=1e-10)


def compare_runs(edges, as_runs, score, live):
    """Posterior, best path and both at once."""
    top = np.argsort(np.random.default_rng(1).random(score.shape), axis=1).astype(np.int32)
    want, *path = cpu.posterior_and_path(edges, score, score - 0.5, top, live)
    both, *path_of_both = cpu.posterior_and_path(as_runs, score, score - 0.5, top, live)
    for found in (both, cpu.posterior(as_runs, score, live)):
        assert found.linear == want.linear
        np.testing.assert_allclose(found.mass, want.mass, atol=1e-12)
        np.testing.assert_allclose(found.log_total, want.log_total, rtol=1e-12, atol=1e-12)
    for found in (path_of_both, cpu.best_path(as_runs, score - 0.5, top, live)):
        assert all(np.array_equal(a, b) for a, b in zip(found, path, strict=True))


def test_runs_whose_sum_is_lost_take_the_extended_form_and_find_the_path():
    edges, live, allowed = counted(30, 0, 70)
    score = scores(0, allowed, 1e6)
    compare_runs(edges._replace(runs=None), edges, score, live)


@pytest.mark.parametrize("spread", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("seed", range(8))
def test_wide_ranges_take_the_extended_form_or_are_right(spread, seed):
    edges, live, allowed = problem(seed, 6)
    score = scores(seed, allowed, spread)
    want, got = reference.posterior(edges, score, live), cpu.posterior(edges, score, live)
    np.testing.assert_allclose(got.mass, want.mass, atol=1e-6)
    np.testing.assert_allclose(got.log_total, want.log_total, rtol=1e-9)
    uniforms = np.random.default_rng(seed).random((6, 2))
    assert np.array_equal(
        cpu.draw_path(edges, score, got, live, uniforms), reference.draw_path(edges, score, want, live, uniforms)
    )


def two_chains(gap):
    """Two chains of states, one favoured in the left half, one in the right, by `gap` nats at each of 4 positions."""
    out_ptr = np.array([0, 2, 3, 4], np.int64)  # 0 -> 1 (class 0), 0 -> 2 (class 1), and a loop on either
    target, set_of = np.array([1, 2, 1, 2], np.int32), np.array([0, 1, 0, 1], np.int32)
    edges = Edges.of(out_ptr, target, set_of, np.arange(3), np.arange(2, dtype=np.int32), 2)
    live = np.array([[1], [0b111111110], [0b111111110]], np.uint64)
    score = np.zeros((8, 2))
    score[:4, 1], score[4:, 0] = -gap, -gap
    return edges, score, live


@pytest.mark.parametrize(("gap", "linear"), [(10, True), (125, True), (130, False), (200, False), (1e4, False)])
def test_the_linear_form_knows_its_range(gap, linear):
    edges, score, live = two_chains(gap)
    got = cpu.posterior(edges, score, live)
    assert got.linear == linear
    np.testing.assert_allclose(got.mass, 0.5, rtol=1e-9)
    np.testing.assert_allclose(got.log_total, np.log(2) - 4 * gap, rtol=1e-12)


def test_the_extended_form_has_any_range():
    """Gaps that put the factors everywhere between two exponents."""
    for gap in [*np.linspace(0, 750, 211), 1e5, 1e9]:
        edges, score, live = two_chains(gap)
        got = cpu.posterior_extended(edges, score, live)
        np.testing.assert_allclose(got.mass, 0.5, rtol=max(1e-12, 1e-15 * gap))
        np.testing.assert_allclose(got.log_total, np.log(2) - 4 * gap, rtol=1e-12)
        drawn = {tuple(cpu.draw_path(edges, score, got, live, np.full((8, 2), u))) for u in (0.0, 0.49, 0.51, 0.99)}
        assert drawn == {(0,) * 8, (1,) * 8}


@pytest.mark.parametrize("kind", ["smooth", "tied", "flat"])
@pytest.mark.parametrize("length", [1, 5, 64, 65])
@pytest.mark.parametrize("seed", range(5))
def test_best_path(kind, length, seed):
    edges, live, allowed = problem(seed, length)
    rng = np.random.default_rng([seed, 3])
    peak = {
        "smooth": rng.standard_normal(allowed.shape),
        "flat": np.zeros(allowed.shape),
        "tied": rng.integers(-1, 1, allowed.shape).astype(float),
    }[kind]
    peak = np.where(allowed, peak, -np.inf)
    top = np.argsort(rng.random(allowed.shape), axis=1).astype(np.int32)
    want, got = reference.best_path(edges, peak, top, live), cpu.best_path(edges, peak, top, live)
    assert np.array_equal(want[0], got[0]) and np.array_equal(want[1], got[1])


def test_uniforms_at_their_ends():
    """0 and the largest float below 1 pick classes that are possible."""
    edges, live, allowed = problem(1, 5)
    score = scores(1, allowed, 3.0)
    result = cpu.posterior(edges, score, live)
    for u in (0.0, np.nextafter(1.0, 0.0)):
        path = cpu.draw_path(edges, score, result, live, np.full((5, 2), u))
        assert allowed[np.arange(5), path].all() and (result.mass[np.arange(5), path] > 0).all()


@pytest.mark.parametrize("trust", [True, False])
def test_draws_do_not_trust_small_linear_values(trust):
    """A linear posterior whose values have sunk is replaced by the extended form on the way."""
    edges, live, allowed = problem(2, 5)
    score = scores(2, allowed, 3.0)
    result = cpu.posterior_linear(edges, score, live)
    if not trust:
        result = result._replace(values=result.values * 1e-250)
    uniforms = np.random.default_rng(0).random((5, 2))
    want = reference.draw_path(edges, score, reference.posterior(edges, score, live), live, uniforms)
    assert np.array_equal(cpu.draw_path(edges, score, result, live, uniforms), want)


@pytest.mark.parametrize("spread", [1.0, 300.0, 1e9])
@pytest.mark.parametrize("length", [1, 5, 65])
@pytest.mark.parametrize("seed", range(5))
def test_local_odds(spread, length, seed):
    edges, live, allowed = problem(seed, length)
    score = scores(seed, allowed, spread)
    uniforms = np.random.default_rng(seed).random((length, 2))
    path = cpu.draw_path(edges, score, cpu.posterior(edges, score, live), live, uniforms)
    got = local_odds(edges, score, live, path)
    np.testing.assert_allclose(got, reference.local_odds(edges, score, live, path), atol=1e-12)
    assert (got >= 0).all() and (got <= 1 + 1e-12).all()


@pytest.mark.parametrize(("spread", "linear"), [(3.0, True), (1e6, None)])
@pytest.mark.parametrize("length", [1, 5, 64, 65])
@pytest.mark.parametrize("seed", range(5))
def test_posterior_and_path_are_the_two_of_them(length, seed, spread, linear):
    edges, live, allowed = problem(seed, length)
    score = scores(seed, allowed, spread)
    peak, top = score - 0.5, np.argsort(np.random.default_rng(seed).random(allowed.shape), axis=1).astype(np.int32)
    found, *path = cpu.posterior_and_path(edges, score, peak, top, live)
    alone = cpu.posterior(edges, score, live)
    assert found.linear == alone.linear and (linear is None or found.linear == linear)
    np.testing.assert_array_equal(found.mass, alone.mass)
    assert all(np.array_equal(a, b) for a, b in zip(path, cpu.best_path(edges, peak, top, live), strict=True))


@pytest.mark.parametrize("classes", [1, 2, 3, 40, 64, 65])
def test_the_cover_of_a_set_is_the_set(classes):
    """Sums, maxima and shares by the tree equal those over the members; sets large and small, empty tail included."""
    rng = np.random.default_rng(classes)
    member = rng.random((50, classes)) < rng.choice([0.05, 0.5, 0.95], (50, 1))
    member[member.sum(1) == 0, 0] = True
    set_ptr, set_class = np.append(0, member.sum(1).cumsum()), np.nonzero(member)[1].astype(np.int32)
    tree = cover.cover(set_ptr, set_class, classes)
    assert len(tree.node) <= len(set_class)
    by_class, by_set, weight = rng.random((37, classes)), rng.random((37, 50)), rng.random((37, 50))
    np.testing.assert_allclose(cover.sums(*tree, by_class), by_class @ member.T, rtol=1e-12)
    share = np.where(weight >= 0.1, by_set / weight, 0)
    found = cover.shares(*tree, by_set, weight, by_class, 0.1)
    np.testing.assert_allclose(found, (share @ member) * by_class, rtol=1e-12)
    highest = np.where(member, by_class[:, None], -np.inf).max(2)
    assert np.array_equal(cover.peaks(*tree, by_class), highest)

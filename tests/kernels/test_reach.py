"""Reachability on position bitsets, cpu against reference, around word boundaries."""

from __future__ import annotations

import numpy as np
import pytest
from structfill_kernels.reach import cpu, reference

from tests.kernels.graphs import everywhere, incoming, problem, random_graph

SIZES = pytest.mark.parametrize("length", [1, 2, 62, 63, 64, 65, 127, 128, 200])


@SIZES
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("states", "parallel"), [(7, 1), (2, 3)])
def test_reach(length, backward, seed, states, parallel):
    rng = np.random.default_rng([seed, length])
    classes = 5
    graph = random_graph(rng, states, classes, 5 + 8 * seed, parallel)
    sets, width = len(graph.set_ptr) - 1, 64 * (length // 64 + 1)
    usable = everywhere(sets, length) & reference.pack(rng.random((sets, width)) < (1.0 if seed == 3 else 0.8))
    flags = np.zeros((states, width), bool)
    flags[rng.integers(states), length if backward else 0] = True
    seed_bits = reference.pack(flags)
    csr = incoming(graph) if backward else graph[:3]
    before = seed_bits.copy()
    for order in (
        np.arange(states, dtype=np.int32),
        cpu.visit_order(graph.out_ptr, graph.out_target),
        np.arange(states, dtype=np.int32)[::-1].copy(),
    ):
        assert sorted(order) == list(range(states))
        got = cpu.reach(*csr, usable, seed_bits, order, backward)
        assert np.array_equal(got, reference.reach(*csr, usable, seed_bits, order, backward))
    assert np.array_equal(seed_bits, before)
    both = reference.pack(rng.random((states, width)) < 0.5)
    arguments = *graph[:3], both, usable, graph.set_ptr, graph.set_class, classes
    assert np.array_equal(cpu.feasible_classes(*arguments), reference.feasible_classes(*arguments))


@SIZES
def test_usable_sets(length):
    rng = np.random.default_rng(length)
    graph = random_graph(rng, 6, 5, 20)
    words = length // 64 + 1
    allowed = rng.integers(0, 2**63, (5, words), dtype=np.uint64)
    everywhere_ = rng.integers(0, 2**63, words, dtype=np.uint64)
    arguments = graph.set_ptr, graph.set_class, everywhere_, allowed
    assert np.array_equal(cpu.usable_sets(*arguments), reference.usable_sets(*arguments))


@pytest.mark.parametrize("seed", range(6))
def test_distances_and_order(seed):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 12, 3, 4 * seed)
    goal = rng.random(12) < 0.2
    arguments = *incoming(graph)[:2], goal
    assert np.array_equal(cpu.distances(*arguments), reference.distances(*arguments))
    assert sorted(cpu.visit_order(graph.out_ptr, graph.out_target)) == list(range(12))
    assert sorted(reference.visit_order(graph.out_ptr, graph.out_target)) == list(range(12))


def test_order_is_topological_without_cycles():
    """Every edge of an acyclic graph leads forward, states that 0 does not reach included."""
    rng = np.random.default_rng(1)
    source = rng.integers(0, 30, 80)
    pairs = sorted({(int(q), int(rng.integers(q + 1, 31))) for q in source})
    names = rng.permutation(30) + 1  # state 0 stays the start
    names = np.concatenate([[0], names])
    renamed = sorted((int(names[q]), int(names[r])) for q, r in pairs)
    ptr = np.searchsorted([q for q, _ in renamed], np.arange(32)).astype(np.int64)
    target = np.array([r for _, r in renamed], np.int32)
    place = np.argsort(cpu.visit_order(ptr, target))
    assert all(place[q] < place[r] for q, r in renamed)


@pytest.mark.parametrize("seed", range(8))
def test_paths(seed):
    """Random paths are followed alike, off the graph as well; shortest ways lead to a goal."""
    rng = np.random.default_rng([seed, 5])
    states, classes = 9, 4
    graph = random_graph(rng, states, classes, 10 + 3 * seed)
    out = *graph[:3], graph.set_ptr, graph.set_class
    for _ in range(30):
        path, state = rng.integers(0, classes, rng.integers(0, 6)).astype(np.int32), int(rng.integers(states))
        assert cpu.follow(*out, path, state) == reference.follow(*out, path, state)
    goal = rng.random(states) < 0.3
    steps = cpu.distances(*incoming(graph)[:2], goal)
    for state in range(states):
        path = cpu.nearest(*out, steps, state)
        assert np.array_equal(path, reference.nearest(*out, steps, state)) and len(path) == max(steps[state], 0)
        assert steps[state] < 0 or goal[cpu.follow(*out, path, state)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("length", [3, 64, 70])
def test_finish(length, seed):
    """A path over live states and allowed classes, alike in both forms."""
    edges, live, allowed = problem(seed, length)
    start = next(q for q in range(len(live)) if live[q, 0] & np.uint64(1))
    goal = reference.unpack(live)[:, length]
    steps = cpu.distances(*incoming(edges)[:2], goal)
    arguments = *edges[:3], edges.set_ptr, edges.set_class, live, allowed, steps, start
    path = cpu.finish(*arguments)
    assert np.array_equal(path, reference.finish(*arguments)) and allowed[np.arange(length), path].all()


@pytest.mark.parametrize("first", [0, 1, 63, 64, 65, 130])
@pytest.mark.parametrize("length", [0, 1, 63, 64, 100])
def test_shifted(first, length):
    bits = np.random.default_rng(first).integers(0, 2**63, (5, 3), dtype=np.uint64)
    assert np.array_equal(cpu.shifted(bits, first, length), reference.shifted(bits, first, length))


@pytest.mark.parametrize("seed", range(20))
def test_what_reaches_a_state(seed):
    rng = np.random.default_rng(seed)
    graph, ends = random_graph(rng, 9, 5, 4 + seed), rng.random(9) < 0.2
    target = np.where(rng.random(len(graph.out_target)) < 0.1, -1, graph.out_target).astype(np.int32)
    before = ends.copy()
    assert np.array_equal(cpu.reaching(graph.out_ptr, target, ends), reference.reaching(graph.out_ptr, target, ends))
    assert np.array_equal(before, ends)

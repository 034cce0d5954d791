"""Random token graphs as plain arrays, for the tests of the kernels."""

from __future__ import annotations

import numpy as np
from structfill_kernels.reach import reference
from structfill_kernels.sweep import Edges
from structfill_kernels.token_walk import reference as walk


def random_graph(rng, states, classes, edges, parallel=1):
    """Edges: each class leaves a state over at most one edge; at most `parallel` of them lead to the same state."""
    pairs = {(int(rng.integers(states)), int(rng.integers(classes))): int(rng.integers(states)) for _ in range(edges)}
    between = {}
    for (q, c), r in sorted(pairs.items()):
        between.setdefault((q, r, c % parallel), []).append(c)
    sets = {}
    rows = [(q, r, sets.setdefault(tuple(cs), len(sets))) for (q, r, _), cs in between.items()]
    source, target, number = (np.array([row[k] for row in rows], np.int32).reshape(-1) for k in range(3))
    out_ptr, out = walk.csr(source, states)
    set_ptr = np.cumsum([0] + [len(s) for s in sets], dtype=np.int64)
    set_class = np.array([c for s in sets for c in s], np.int32)
    return Edges.of(out_ptr, target[out], number[out], set_ptr, set_class, classes)


def counted(length, least, most):
    """(edges, live, allowed [N, C]) of two states in turn, each spelled out with every count up to `most`: a step
    counts one, two or three, by its class, and from `least` on another class ends it all."""
    span, end = most + 1, 2 * most + 2
    rows = [(q * span + k, (1 - q) * span + k + more, 3 * q + more - 1)
            for q in range(2) for k in range(span) for more in (1, 2, 3) if k + more <= most]
    rows += [(q * span + k, end, 6) for q in range(2) for k in range(least, span)] + [(end, end, 6)]
    source, target, number = (np.array(column, np.int32) for column in zip(*sorted(rows), strict=True))
    out_ptr, _ = walk.csr(source, end + 1)
    edges = Edges.of(out_ptr, target, number, np.arange(8), np.arange(7, dtype=np.int32), 7)
    usable = everywhere(7, length)
    live = live_bits(edges, usable, length, np.arange(end + 1) == end, 0)
    bits = reference.feasible_classes(*edges[:3], live, usable, edges.set_ptr, edges.set_class, 7)
    return edges, live, np.ascontiguousarray(reference.unpack(bits).T[:length])


def incoming(edges):
    """(ptr int64 [S + 1], source int32 [E], set int32 [E]): the same edges by target."""
    states = len(edges.out_ptr) - 1
    source = np.repeat(np.arange(states, dtype=np.int32), np.diff(edges.out_ptr))
    ptr, order = walk.csr(edges.out_target, states)
    return ptr, source[order], edges.out_set[order]


def everywhere(rows, length):
    """uint64 [rows, W] with bits 0..length-1."""
    flags = np.zeros((rows, 64 * (length // 64 + 1)), bool)
    flags[:, :length] = True
    return reference.pack(flags)


def live_bits(edges, usable, length, final, start):
    """Feasible (state, position) pairs by the reference."""
    states = len(edges.out_ptr) - 1
    ahead, behind = np.zeros((2, states, 64 * (length // 64 + 1)), bool)
    ahead[start, 0], behind[final, length] = True, True
    order = np.arange(states, dtype=np.int32)
    forward = reference.reach(
        edges.out_ptr, edges.out_target, edges.out_set, usable, reference.pack(ahead), order, False
    )
    return forward & reference.reach(
        *incoming(edges), usable, reference.pack(behind), order, True
    )


def problem(seed, length, states=6, classes=5, edges=14):
    """(edges, live, allowed [N, C]) of a random graph in which some canvas is valid, with random evidence."""
    for attempt in range(1000):
        rng = np.random.default_rng([seed, attempt])
        graph = random_graph(rng, states, classes, edges, parallel=1 + seed % 2)
        admitted = reference.unpack(everywhere(classes, length)) & (
            rng.random((classes, 64 * (length // 64 + 1))) < 0.9
        )
        usable = reference.usable_sets(
            graph.set_ptr, graph.set_class, np.zeros(length // 64 + 1, np.uint64), reference.pack(admitted)
        )
        start = seed % states
        live = live_bits(graph, usable, length, rng.random(states) < 0.5, start)
        if live[start, 0] & np.uint64(1):
            bits = reference.feasible_classes(
                graph.out_ptr, graph.out_target, graph.out_set, live, usable, graph.set_ptr, graph.set_class, classes
            )
            allowed = (reference.unpack(bits) & admitted).T[:length]
            return graph, live, np.ascontiguousarray(allowed)
    raise AssertionError("no feasible graph")

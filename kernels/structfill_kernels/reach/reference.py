"""The specification of reachability: plain iteration over booleans [state, position]."""

from __future__ import annotations

import numpy as np


def unpack(bits):
    """uint64 [X, W] -> bool [X, 64 W]."""
    return (bits[:, :, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)).astype(bool).reshape(len(bits), -1)


def pack(flags):
    """bool [X, 64 W] -> uint64 [X, W]."""
    words = flags.reshape(len(flags), -1, 64).astype(np.uint64)
    return (words << np.arange(64, dtype=np.uint64)).sum(2, dtype=np.uint64)


def reaching(ptr, target, seed):
    """Until nothing is new."""
    reached = seed.copy()
    while True:
        before = reached.copy()
        for q in range(len(ptr) - 1):
            reached[q] |= any(r >= 0 and before[r] for r in target[ptr[q] : ptr[q + 1]])
        if np.array_equal(before, reached):
            return reached


def reach(ptr, neighbour, set_of, usable, seed, order, backward):
    """Position by position; the order does not matter."""
    flags, allowed = unpack(seed), unpack(usable)
    steps = range(flags.shape[1] - 1)
    for i in reversed(steps) if backward else steps:
        here, there = (i + 1, i) if backward else (i, i + 1)
        for q in np.flatnonzero(flags[:, here]):
            for k in range(ptr[q], ptr[q + 1]):
                flags[neighbour[k], there] |= allowed[set_of[k], i]
    return pack(flags)


def feasible_classes(ptr, target, set_of, both, usable, set_ptr, set_class, classes):
    """Edge by edge."""
    states, allowed = unpack(both), unpack(usable)
    out = np.zeros((classes, states.shape[1]), bool)
    for q in range(len(ptr) - 1):
        for k in range(ptr[q], ptr[q + 1]):
            s = set_of[k]
            positions = states[q, :-1] & states[target[k], 1:] & allowed[s, :-1]
            out[set_class[set_ptr[s] : set_ptr[s + 1]], :-1] |= positions
    return pack(out)


def usable_sets(set_ptr, set_class, open_bits, allowed):
    """Set by set."""
    unions = [
        np.bitwise_or.reduce(allowed[set_class[a:b]], axis=0) for a, b in zip(set_ptr[:-1], set_ptr[1:], strict=True)
    ]
    return np.array([open_bits | u for u in unions], np.uint64).reshape(len(set_ptr) - 1, len(open_bits))


def visit_order(ptr, target):
    """The identity: any order is right."""
    return np.arange(len(ptr) - 1, dtype=np.int32)


def distances(ptr, source, goal):
    """Rounds of relaxation."""
    S = len(ptr) - 1
    steps = np.where(goal, 0, -1).astype(np.int32)
    for step in range(1, S + 1):
        reached = np.unique([source[k] for r in np.flatnonzero(steps == step - 1) for k in range(ptr[r], ptr[r + 1])])
        fresh = [int(q) for q in reached if steps[int(q)] < 0]
        steps[fresh] = step
    return steps


def follow(ptr, target, set_of, set_ptr, set_class, classes, state):
    """Edge by edge."""
    for wanted in classes:
        out = range(ptr[state], ptr[state + 1])
        found = [target[k] for k in out if wanted in set_class[set_ptr[set_of[k]] : set_ptr[set_of[k] + 1]]]
        if not found:
            return -1
        state = found[0]
    return int(state)


def nearest(ptr, target, set_of, set_ptr, set_class, steps, state):
    """Always over the first edge that comes nearer."""
    path = []
    while steps[state] > 0:
        k = next(k for k in range(ptr[state], ptr[state + 1]) if steps[target[k]] == steps[state] - 1)
        path.append(set_class[set_ptr[set_of[k]]])
        state = target[k]
    return np.array(path, np.int32)


def finish(ptr, target, set_of, set_ptr, set_class, live, allowed, steps, state):
    """Position by position: the live edge that comes nearest to a goal, the first of those that do."""
    flags, classes = unpack(live), []
    for i, row in enumerate(allowed):
        edges = [k for k in range(ptr[state], ptr[state + 1]) if flags[target[k], i + 1]]
        fitting = [(k, c) for k in edges for c in set_class[set_ptr[set_of[k]] : set_ptr[set_of[k] + 1]] if row[c]]
        k, c = min(fitting, key=lambda edge: steps[target[edge[0]]])
        classes.append(c)
        state = target[k]
    return np.array(classes, np.int32)


def shifted(bits, first, length):
    """A slice of booleans."""
    flags = np.zeros((len(bits), 64 * (length // 64 + 1)), bool)
    part = unpack(bits)[:, first : first + length + 1]
    flags[:, : part.shape[1]] = part
    return pack(flags)

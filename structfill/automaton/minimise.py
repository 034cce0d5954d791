"""Trimming and minimising partial deterministic automata (state 0 starts, -1 is dead), in Numba.

An automaton is ``delta`` (int32 [S, K], the next state per class) with ``labels`` (int32 [S], -1 = not
accepting, otherwise an outcome that must be kept apart from other outcomes).
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from structfill_kernels.reach import reaching

from structfill.automaton.hashing import table_size
from structfill.automaton.refine import coarsest
from structfill.automaton.runs import depth_first, equal_rows, nothing, row_hash, runs_of, spread

Int32 = NDArray[np.int32]


@nb.njit(cache=True, nogil=True)
def trim(delta: Int32, labels: Int32) -> tuple[Int32, Int32]:
    """Reachable, live states only, numbered breadth first.

    An empty language is left with one dead start state.
    """
    n, classes = delta.shape
    ptr, begin, target = runs_of(delta)
    live = reaching(ptr, target, labels >= 0)
    if not live[0]:
        return nothing(classes)
    kept = np.where(live, np.arange(n), -1).astype(np.int32)
    found, order = spread(ptr, begin, target, classes, kept)
    return found, labels[order]


@nb.njit(cache=True, nogil=True)
def _merge_rows(delta: Int32, labels: Int32) -> tuple[Int32, Int32]:
    """Merges states with equal labels and rows, successors first: linear, complete if there is no cycle."""
    n = delta.shape[0]
    same = np.arange(n).astype(np.int32)
    mask = np.uint64(table_size(n) - 1)
    table = np.full(mask + np.uint64(1), -1, np.int32)
    merged = 0
    ptr, begin, target = runs_of(delta)
    order, _, _ = depth_first(ptr, target)
    for q in order:
        slot = row_hash(ptr, begin, target, labels, q, same) & mask
        while table[slot] >= 0:
            r = table[slot]
            if labels[r] == labels[q] and equal_rows(delta, q, r, same):
                break
            slot = (slot + np.uint64(1)) & mask
        if table[slot] >= 0:
            same[q] = table[slot]
            merged += 1
        else:
            table[slot] = q
    if merged == 0:
        return delta, labels
    return quotient(delta, labels, same)


@nb.njit(cache=True, nogil=True)
def quotient(delta: Int32, labels: Int32, block: Int32) -> tuple[Int32, Int32]:
    """One state per value of `block`, numbered breadth first; all states of a block behave alike."""
    first = np.full(block.max() + 1, -1, np.int32)
    for q in range(block.shape[0]):
        if first[block[q]] < 0:
            first[block[q]] = q
    ptr, begin, target = runs_of(delta)
    found, order = spread(ptr, begin, target, delta.shape[1], first[block])
    return found, labels[order]


@nb.njit(cache=True, nogil=True)
def _sink(delta: Int32) -> int:
    """An absorbing state with more incoming transitions than there are dead ones, or -1.

    A complement such as "any key but these" has such a state; the refinement then treats it as the implicit
    target instead of the dead state, and costs what the listed keys cost.
    """
    n, k = delta.shape
    dead = 0
    into = np.zeros(n, np.int64)
    for q in range(n):
        for c in range(k):
            if delta[q, c] < 0:
                dead += 1
            else:
                into[delta[q, c]] += 1
    best = -1
    for q in range(n):
        if into[q] > dead and (best < 0 or into[q] > into[best]):
            absorbing = True
            for c in range(k):
                if delta[q, c] != q:
                    absorbing = False
                    break
            if absorbing:
                best = q
    return best


@nb.njit(cache=True, nogil=True)
def _absorb(delta: Int32, labels: Int32, sink: int) -> tuple[Int32, Int32]:
    """Merges into `sink` every state that has the same future, so that none of the others equals it."""
    n, k = delta.shape
    differs = labels != labels[sink]
    for q in range(n):
        for c in range(k):
            if delta[q, c] < 0:
                differs[q] = True
    ptr, _, target = runs_of(delta)
    differs = reaching(ptr, target, differs)
    block = np.arange(n).astype(np.int32)
    for q in range(n):
        if not differs[q]:
            block[q] = sink
    return quotient(delta, labels, block)


@nb.njit(cache=True, nogil=True)
def minimise(delta: Int32, labels: Int32) -> tuple[Int32, Int32]:
    """The minimal partial automaton of the same labelled language.

    States are live, reachable and numbered breadth first from the start, so equal languages over the same
    classes give equal arrays. An empty language gives one dead state. O(m log n) for m live transitions.
    """
    delta, labels = trim(delta, labels)
    delta, labels = _merge_rows(delta, labels)
    sink = _sink(delta)
    if sink >= 0:
        delta, labels = _absorb(delta, labels, sink)
        sink = _sink(delta)
    return quotient(delta, labels, coarsest(delta, labels, sink))

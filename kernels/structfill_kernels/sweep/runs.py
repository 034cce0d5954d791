"""Edges as runs: for graphs in which counts are spelled out as states.

A state and its counts are neighbours there, and what one of them does the next one does as well: an edge of the same
set to the next target, or to the same one. Such edges are a run.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

LONG = 8.0  # edges of a run, on average, from which on runs are faster than edges


class Runs(NamedTuple):
    """Edges with one set from neighbouring states, to neighbouring targets (step 1) or to one target (step 0)."""

    source: Any  # int64 [R], of the first edge, ascending
    target: Any  # int64 [R], of the first edge
    step: Any  # int64 [R]
    length: Any  # int64 [R]
    set: Any  # int64 [R]


def runs(out_ptr, out_target, out_set):
    """The `Runs` of edges by source, no two of one state with the same set; None where they are short."""
    found = Runs(*_runs(out_ptr, out_target, out_set))
    return found if len(out_target) >= LONG * max(1, len(found.source)) else None


@njit(cache=True, nogil=True)
def _runs(ptr, target, set_of):
    """A state's sets are different ones, so its edges are told by them, mostly in the order of the state before."""
    E = target.shape[0]
    found, of = np.zeros((5, E), np.int64), np.empty(E, np.int64)
    source, to, step, length, chosen = found
    count, before = 0, 0
    for q in range(ptr.shape[0] - 1):
        at, width = 0, ptr[q] - before
        for k in range(ptr[q], ptr[q + 1]):
            x = -1
            for _ in range(width):
                candidate = before + at
                at = at + 1 if at + 1 < width else 0
                if set_of[candidate] == set_of[k]:
                    x = of[candidate]
                    break
            if x >= 0 and length[x] == 1 and target[k] - to[x] in (0, 1):
                step[x] = target[k] - to[x]
            elif x < 0 or length[x] == 1 or target[k] != to[x] + step[x] * length[x]:
                x, count = count, count + 1
                source[x], to[x], chosen[x] = q, target[k], set_of[k]
            length[x] += 1
            of[k] = x
        before = ptr[q]
    return source[:count].copy(), to[:count].copy(), step[:count].copy(), length[:count].copy(), chosen[:count].copy()

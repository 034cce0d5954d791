"""How likely a path is step by step, in Numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from .linear import NEVER, is_live, start_of


@njit(cache=True, nogil=True)
def _local_odds(ptr, target, set_of, set_ptr, set_class, live, score, classes, state, odds):
    for i in range(score.shape[0]):
        peak, total, after = NEVER, 0.0, -1
        for look in range(2):  # the largest score first, then the sum
            for k in range(ptr[state], ptr[state + 1]):
                if is_live(live, target[k], i + 1):
                    for x in range(set_ptr[set_of[k]], set_ptr[set_of[k] + 1]):
                        c = set_class[x]
                        if look == 0:
                            peak = max(peak, score[i, c])
                        elif score[i, c] > NEVER:
                            total += np.exp(score[i, c] - peak)
                        if c == classes[i]:
                            after = target[k]
        odds[i] = np.exp(score[i, classes[i]] - peak) / total
        state = after


def local_odds(edges, score, live, classes):
    """See the package."""
    odds = np.empty(len(score))
    graph = edges.out_ptr, edges.out_target, edges.out_set, edges.set_ptr, edges.set_class
    _local_odds(*graph, live, score, classes, start_of(live), odds)
    return odds

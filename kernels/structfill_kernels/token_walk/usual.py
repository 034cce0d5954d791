"""Bytes that do to a state what most bytes do, in Numba: behind all that are usual to its targets, a function is one.

Within the names of a large object a state goes on with few bytes, and with all others in one way.
"""

from __future__ import annotations

import numpy as np
from numba import njit

U64, U32 = np.uint64, np.uint32


@njit(cache=True, nogil=True)
def unusual_classes(delta, always):
    """uint64 [S, ceil(K / 64)]: the byte classes that do not do to a state what most do (found by majority vote: Boyer,
    Moore 1991), and the class `always`, -1 for none."""
    K, S = delta.shape
    usual, votes = delta[0].copy(), np.zeros(S, np.int32)
    for k in range(K):
        for q in range(S):
            usual[q] = delta[k, q] if votes[q] == 0 else usual[q]
            votes[q] += 1 if delta[k, q] == usual[q] else -1
    found = np.zeros((S, (K + 63) // 64), np.uint64)
    for k in range(K):
        bit, word = U64(1) << U64(k & 63), k >> 6
        for q in range(S):
            if delta[k, q] != usual[q] or k == always:
                found[q, word] |= bit
    return found


@njit(cache=True, nogil=True, _nrt=False)
def find_unusual(function, ptr, target, state_of, counted, of_state, unusual):
    """Write which byte classes are not usual to some target of a function."""
    for word in range(of_state.shape[1]):
        found = U64(0)
        for x in range(ptr[function], ptr[function + 1]):
            state = state_of[target[x]] if counted else target[x]
            found |= of_state[U32(state), U32(word)]
        unusual[function, word] = found


@njit(cache=True, nogil=True, inline="always")
def is_unusual(unusual, function, k):
    """Is a byte class among those of a function?"""
    return (unusual[function, k >> 6] >> U64(k & 63)) & U64(1) != U64(0)

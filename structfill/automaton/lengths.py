"""Languages of characters cut to a greatest length, and whether they have one of their own."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from .char_dfa import CharDFA

Int32 = NDArray[np.int32]
ENDLESS = -1


def no_longer_than(dfa: CharDFA, most: int) -> CharDFA:
    """The strings, without the states that no accepted string of at most `most` characters passes.

    Longer strings are accepted as before where they pass others only: a counter has to keep them out.
    """
    if len(dfa) == 1:
        return dfa
    passed = _shortest_through(dfa.delta, dfa.labels) <= most
    if passed.all():
        return dfa
    if not passed[0]:
        return CharDFA.empty()
    kept = np.append(passed, False)[dfa.delta]
    return CharDFA.build(dfa.bounds, dfa.classes, np.where(kept, dfa.delta, np.int32(-1)), dfa.labels)


@nb.njit(cache=True, nogil=True)
def _shortest_through(delta: Int32, labels: Int32) -> Int32:
    """int32 [S]: the characters of the shortest accepted string that passes each state (all are live)."""
    n, k = delta.shape
    start = np.zeros(n + 1, np.int64)
    for q in range(n):
        for c in range(k):
            if delta[q, c] >= 0:
                start[delta[q, c] + 1] += 1
    for q in range(n):
        start[q + 1] += start[q]
    source, fill = np.empty(start[n], np.int32), start[:-1].copy()
    depth, queue, last = np.full(n, -1, np.int32), np.empty(n, np.int32), 1
    depth[0], queue[0] = 0, 0
    for q in range(n):
        for c in range(k):
            if delta[q, c] >= 0:
                source[fill[delta[q, c]]] = q
                fill[delta[q, c]] += 1
    first = 0
    while first < last:
        q = queue[first]
        first += 1
        for c in range(k):
            r = delta[q, c]
            if r >= 0 and depth[r] < 0:
                depth[r], queue[last] = depth[q] + 1, r
                last += 1
    height, first, last = np.full(n, -1, np.int32), 0, 0
    for q in range(n):
        if labels[q] >= 0:
            height[q], queue[last] = 0, q
            last += 1
    while first < last:
        r = queue[first]
        first += 1
        for x in range(start[r], start[r + 1]):
            q = source[x]
            if height[q] < 0:
                height[q], queue[last] = height[r] + 1, q
                last += 1
    return depth + height


@nb.njit(cache=True, nogil=True)
def _longest(delta: Int32) -> int:
    n, k = delta.shape
    waiting, depth = np.zeros(n, np.int32), np.zeros(n, np.int32)
    for q in range(n):
        for c in range(k):
            if delta[q, c] >= 0:
                waiting[delta[q, c]] += 1
    queue, first, last, longest = np.empty(n, np.int32), 0, 0, 0
    for q in range(n):
        if waiting[q] == 0:
            queue[last] = q
            last += 1
    while first < last:
        q = queue[first]
        first += 1
        longest = max(longest, depth[q])
        for c in range(k):
            r = delta[q, c]
            if r >= 0:
                depth[r] = max(depth[r], depth[q] + 1)
                waiting[r] -= 1
                if waiting[r] == 0:
                    queue[last] = r
                    last += 1
    return longest if last == n else ENDLESS


def longest(dfa: CharDFA) -> int:
    """The characters of the longest string, or `ENDLESS`."""
    return int(_longest(dfa.delta))

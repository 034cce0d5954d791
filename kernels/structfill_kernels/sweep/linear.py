"""Linear sweeps in Numba: float64 with a scale per position, and the maximum beside the sum."""

from __future__ import annotations

import numpy as np
from numba import njit

U64, U32 = np.uint64, np.uint32  # unsigned indices save Numba's test for negative ones
TINY = 1e-265  # smaller sums are cleared, to keep products out of the slow denormal range; e**-610
SAFE = 1e-220  # a path mass above this has lost less than 1e-35 of its weight to cleared sums; e**-506
NEGLIGIBLE = 1e-24  # posterior below which a state is skipped
NEVER = -np.inf


@njit(cache=True, nogil=True, inline="always")
def is_live(live, q, i):
    return (live[q, i >> 6] >> U64(i & 63)) & U64(1) != U64(0)


@njit(cache=True, nogil=True, _nrt=False)
def normalised(mass):
    """Make the mass of all sets sum to 1, in place; False, and nothing, where too little is left to be trusted."""
    total = 0.0
    for s in range(mass.shape[0]):
        total += mass[s]
    if total < SAFE:
        return False
    for s in range(mass.shape[0]):
        mass[s] /= total
    return True


@njit(cache=True, nogil=True)
def start_of(live):
    """The one state that is live at position 0."""
    q = 0
    while not is_live(live, q, 0):
        q += 1
    return q


def backward_max(graph, peaks, live):
    """float64 [N + 1, S]: the best score from every live (state, position) to the end, less the position's largest."""
    best = np.full((len(peaks) + 1, len(live)), NEVER)
    _backward_max(*graph, peaks, live, best)
    return best


@njit(cache=True, nogil=True)
def _backward_max(ptr, target, set_of, peaks, live, values):
    N, S = peaks.shape[0], live.shape[0]
    for q in range(S):
        if is_live(live, q, N):
            values[N, q] = 0.0
    for i in range(N - 1, -1, -1):
        ahead, here, row, top = values[i + 1], values[i], peaks[i], NEVER
        for q in range(S):
            if is_live(live, q, i):
                best = NEVER
                for k in range(U64(ptr[q]), U64(ptr[q + 1])):
                    x = ahead[U32(target[k])] + row[U32(set_of[k])]
                    best = x if x > best else best
                here[q] = best
                top = best if best > top else top
        for q in range(S):
            here[q] -= top


def backward_sum(graph, weights, live):
    """float64 [N + 1, S], the linear backward values, largest 1 at every position, and the sum of the log scales (-inf:
    all lost)."""
    values = np.zeros((len(weights) + 1, len(live)))
    return values, _backward_sum(*graph, weights, live, values)


@njit(cache=True, nogil=True)
def _backward_sum(ptr, target, set_of, weights, live, values):
    N, S, total = weights.shape[0], live.shape[0], 0.0
    for q in range(S):
        if is_live(live, q, N):
            values[N, q] = 1.0
    for i in range(N - 1, -1, -1):
        ahead, here, row, top = values[i + 1], values[i], weights[i], 0.0
        for q in range(S):
            if is_live(live, q, i):
                mass = 0.0
                for k in range(U64(ptr[q]), U64(ptr[q + 1])):
                    mass += ahead[U32(target[k])] * row[U32(set_of[k])]
                here[q] = mass if mass > TINY else 0.0
                top = mass if mass > top else top
        if top < SAFE:
            return NEVER
        for q in range(S):
            here[q] /= top
        total += np.log(top)
    return total


def backward_both(graph, weights, peaks, live):
    """`backward_sum` and `backward_max` in one look at every edge: (values, scales, best). `best` is cut short where
    the sum is lost."""
    shape = len(weights) + 1, len(live)  # made by NumPy, which asks for large pages
    values, best = np.zeros(shape), np.full(shape, NEVER)
    return values, _backward_both(*graph, weights, peaks, live, values, best), best


@njit(cache=True, nogil=True)
def _backward_both(ptr, target, set_of, weights, peaks, live, values, best):
    N, S, scales = weights.shape[0], live.shape[0], 0.0
    for q in range(S):
        if is_live(live, q, N):
            values[N, q], best[N, q] = 1.0, 0.0
    for i in range(N - 1, -1, -1):
        ahead, here, row, top = values[i + 1], values[i], weights[i], 0.0
        ahead_best, here_best, row_best, top_best = best[i + 1], best[i], peaks[i], NEVER
        for q in range(S):
            if is_live(live, q, i):
                mass, high = 0.0, NEVER
                for k in range(U64(ptr[q]), U64(ptr[q + 1])):
                    r, s = U32(target[k]), U32(set_of[k])
                    mass += ahead[r] * row[s]
                    x = ahead_best[r] + row_best[s]
                    high = x if x > high else high
                here[q], here_best[q] = mass if mass > TINY else 0.0, high
                top, top_best = mass if mass > top else top, high if high > top_best else top_best
        if top < SAFE:
            return NEVER
        for q in range(S):
            here[q] /= top
            here_best[q] -= top_best
        scales += np.log(top)
    return scales


def forward_sum(graph, weights, live, values, set_mass):
    """Fills the posterior of every set. False where paths that count may have been lost.

    Forward and backward values and set weights are at most 1, so what clearing and underflow lose at a position is at
    most `TINY` a state or edge, to be compared with the mass of all paths in the same units. A state whose backward
    value was cleared is never skipped: what it is worth is not known.
    """
    return _forward_sum(*graph, weights, live, values, set_mass)


@njit(cache=True, nogil=True)
def _forward_sum(ptr, target, set_of, weights, live, values, set_mass):
    N, S = weights.shape[0], live.shape[0]
    here, ahead = np.zeros(S), np.zeros(S)
    here[start_of(live)] = 1.0
    for i in range(N):
        row, mass, back, after, total, top = weights[i], set_mass[i], values[i], values[i + 1], 0.0, 0.0
        for q in range(S):
            total += here[q] * back[q]
        least = NEGLIGIBLE * total
        ahead[:] = 0.0
        for q in range(S):
            if here[q] == 0.0 or not is_live(live, q, i) or (back[q] > 0.0 and here[q] * back[q] < least):
                continue
            for k in range(U64(ptr[q]), U64(ptr[q + 1])):
                r, s = U32(target[k]), U32(set_of[k])
                x = here[q] * row[s]
                ahead[r] += x
                mass[s] += x * after[r]
        if not normalised(mass):
            return False
        for r in range(S):
            top = max(top, ahead[r])
        for r in range(S):
            ahead[r] = ahead[r] / top if ahead[r] > TINY * top else 0.0
        here, ahead = ahead, here
    return True

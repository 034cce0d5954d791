"""Sweeps in logs, in Numba: right at any range, several times the work of the linear ones."""

from __future__ import annotations

import numpy as np
from numba import njit

from .linear import NEVER, TINY, U32, is_live

NEGLIGIBLE = 1e-30  # posterior below which a state is skipped
FAR = -100.0  # e**-100 is nothing beside 1, and below the least float32


@njit(cache=True, nogil=True)
def log_sums(sums, score, set_ptr, set_class):
    """Logs of linear sums over sets, in place; those that sank below `TINY` are summed again from the scores."""
    for i in range(score.shape[0]):
        for s in range(sums.shape[1]):
            if sums[i, s] >= TINY:
                sums[i, s] = np.log(sums[i, s])
                continue
            peak, total = NEVER, 0.0
            for x in range(set_ptr[s], set_ptr[s + 1]):
                peak = max(peak, score[i, set_class[x]])
            if peak > NEVER:
                for x in range(set_ptr[s], set_ptr[s + 1]):
                    total += np.exp(score[i, set_class[x]] - peak)
                peak += np.log(total)
            sums[i, s] = peak


@njit(cache=True, nogil=True)
def backward_log(ptr, target, set_of, weights, live):
    """`_backward_sum` in logs: two looks at every edge, no underflow at any range."""
    N, S = weights.shape[0], live.shape[0]
    values, total = np.full((N + 1, S), NEVER), 0.0
    for q in range(S):
        if is_live(live, q, N):
            values[N, q] = 0.0
    for i in range(N - 1, -1, -1):
        ahead, here, row, top = values[i + 1], values[i], weights[i], NEVER
        for q in range(S):
            if is_live(live, q, i):
                peak, mass = NEVER, 0.0
                for k in range(ptr[q], ptr[q + 1]):
                    peak = max(peak, ahead[U32(target[k])] + row[U32(set_of[k])])
                for k in range(ptr[q], ptr[q + 1]):
                    d = ahead[U32(target[k])] + row[U32(set_of[k])] - peak
                    mass += np.exp(d) if d > FAR else 0.0
                here[q] = peak + np.log(mass)
                top = max(top, here[q])
        for q in range(S):
            here[q] -= top
        total += top
    return values, total


@njit(cache=True, nogil=True)
def forward_log(ptr, target, set_of, weights, start, values, set_mass):
    """Posterior of every set, forward by the conditional probabilities that the values give: every state
    normalises its own step, so nothing drifts, and states that do not count are skipped."""
    N, S = weights.shape[0], values.shape[1]
    here, ahead = np.zeros(S), np.zeros(S)
    here[start] = 1.0
    for i in range(N):
        row, mass, after = weights[i], set_mass[i], values[i + 1]
        ahead[:] = 0.0
        for q in range(S):
            if here[q] < NEGLIGIBLE:
                continue
            peak, total = NEVER, 0.0
            for k in range(ptr[q], ptr[q + 1]):
                peak = max(peak, row[U32(set_of[k])] + after[U32(target[k])])
            for k in range(ptr[q], ptr[q + 1]):
                d = row[U32(set_of[k])] + after[U32(target[k])] - peak
                total += np.exp(d) if d > FAR else 0.0
            share = here[q] / total
            for k in range(ptr[q], ptr[q + 1]):
                s, r = U32(set_of[k]), U32(target[k])
                d = row[s] + after[r] - peak
                if d > FAR:
                    x = share * np.exp(d)
                    mass[s] += x
                    ahead[r] += x
        here, ahead = ahead, here


@njit(cache=True, nogil=True)
def add_sunk_sets(mass, set_mass, set_weight, set_score, score, set_ptr, set_class):
    """What `cover.shares` leaves out: the classes of sets whose linear weight has sunk."""
    for i in range(score.shape[0]):
        for s in range(set_mass.shape[1]):
            if set_mass[i, s] > 0 and set_weight[i, s] < TINY:
                for x in range(set_ptr[s], set_ptr[s + 1]):
                    c = set_class[x]
                    mass[i, c] += set_mass[i, s] * np.exp(score[i, c] - set_score[i, s])

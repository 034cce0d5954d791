"""Sweeps in numbers of any range, in Numba: nothing sinks, at about twice the work of the linear ones.

A number is a float64 between 2**-128 and 2**128 beside an integer exponent of 2**256. So the product of two fits
float64, and a sum has the exponent of its largest term: terms whose exponent is more than two below are nothing to it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ._types import Extended
from .linear import NEVER, TINY, U32, is_live

NEGLIGIBLE = 1e-30  # posterior below which a state is skipped
UNIT = 256 * np.log(2.0)  # nats of one step of an exponent
HIGH, LOW = 2.0**128, 2.0**-128
UP, DOWN, FAR_DOWN = 2.0**256, 2.0**-256, 2.0**-512
ZERO = -(1 << 60)  # the exponent of 0


@njit(cache=True, nogil=True, inline="always")
def scaled(x, steps):
    """x * 2**(256 * steps), as far as that counts beside the largest such x with no steps."""
    if steps == 0:
        return x
    if steps > 0:
        return x * UP
    return x * DOWN if steps == -1 else x * FAR_DOWN if steps == -2 else 0.0


def set_weights(edges, by_set, score):
    """The weights [N, T] of all sets: sums `by_set` of linear weights; from the scores where those sank."""
    found = Extended(by_set.copy(), np.zeros(by_set.shape, np.int64))
    _set_weights(*found, score, edges.set_ptr, edges.set_class)
    return found


@njit(cache=True, nogil=True)
def _set_weights(factor, exponent, score, set_ptr, set_class):
    for i in range(factor.shape[0]):
        for s in range(factor.shape[1]):
            if factor[i, s] < TINY:
                factor[i, s], exponent[i, s] = _summed(score[i], set_class[set_ptr[s] : set_ptr[s + 1]])
            while 0.0 < factor[i, s] < LOW:
                factor[i, s] *= UP
                exponent[i, s] -= 1


@njit(cache=True, nogil=True)
def _summed(score, classes):
    peak, total = NEVER, 0.0
    for c in classes:
        peak = max(peak, score[c])
    if peak == NEVER:
        return 0.0, ZERO
    steps = np.round(peak / UNIT)
    for c in classes:
        total += np.exp(score[c] - steps * UNIT)
    return total, np.int64(steps)


def backward(edges, weights, live):
    """The backward values [N + 1, S], up to nothing: of the start it is the weight of all paths."""
    shape = len(weights.factor) + 1, len(live)
    found = Extended(np.zeros(shape), np.full(shape, ZERO, np.int64))
    _backward(edges.out_ptr, edges.out_target, edges.out_set, *weights, live, *found)
    return found


@njit(cache=True, nogil=True)
def _backward(ptr, target, set_of, weights, steps, live, values, exponents):
    N, S = weights.shape[0], live.shape[0]
    for q in range(S):
        if is_live(live, q, N):
            values[N, q], exponents[N, q] = 1.0, 0
    for i in range(N - 1, -1, -1):
        ahead, above, row, raised = values[i + 1], exponents[i + 1], weights[i], steps[i]
        for q in range(S):
            if is_live(live, q, i):
                mass, top = 0.0, 4 * ZERO
                for k in range(ptr[q], ptr[q + 1]):
                    r, s = U32(target[k]), U32(set_of[k])
                    x, here = ahead[r] * row[s], above[r] + raised[s]
                    if here > top:
                        mass, top = scaled(mass, max(top - here, -3)), here
                    mass += scaled(x, here - top)
                over = 1 if mass >= HIGH else -1 if mass < LOW else 0
                values[i, q] = mass if over == 0 else mass * DOWN if over == 1 else mass * UP
                exponents[i, q] = top + over


def forward(edges, weights, start, values):
    """float64 [N, T]: the posterior of every set, forward by the conditional probabilities that the values give. Every
    state normalises its own step, so nothing drifts, and states that do not count are skipped."""
    mass = np.zeros(weights.factor.shape)
    _forward(edges.out_ptr, edges.out_target, edges.out_set, *weights, start, *values, mass)
    return mass


@njit(cache=True, nogil=True)
def _forward(ptr, target, set_of, weights, steps, start, values, exponents, set_mass):
    N, S = weights.shape[0], values.shape[1]
    here, ahead = np.zeros(S), np.zeros(S)
    here[start] = 1.0
    for i in range(N):
        row, raised, mass, after, above = weights[i], steps[i], set_mass[i], values[i + 1], exponents[i + 1]
        ahead[:] = 0.0
        for q in range(S):
            if here[q] < NEGLIGIBLE:
                continue
            share, own = here[q] / values[i, q], exponents[i, q]
            for k in range(ptr[q], ptr[q + 1]):
                r, s = U32(target[k]), U32(set_of[k])
                x = scaled(row[s] * after[r], raised[s] + above[r] - own) * share
                mass[s] += x
                ahead[r] += x
        here, ahead = ahead, here


def add_sunk_sets(edges, mass, set_mass, set_weight, weights, score):
    """What `cover.shares` leaves out of `mass` [N, C]: the classes of sets whose linear weight has sunk."""
    _add_sunk_sets(mass, set_mass, set_weight, *weights, score, edges.set_ptr, edges.set_class)


@njit(cache=True, nogil=True)
def _add_sunk_sets(mass, set_mass, set_weight, factor, exponent, score, set_ptr, set_class):
    for i in range(score.shape[0]):
        for s in range(set_mass.shape[1]):
            if set_mass[i, s] > 0 and set_weight[i, s] < TINY:
                share, shift = set_mass[i, s] / factor[i, s], exponent[i, s] * UNIT
                for x in range(set_ptr[s], set_ptr[s + 1]):
                    mass[i, set_class[x]] += share * np.exp(score[i, set_class[x]] - shift)


def log_of(numbers, at):
    """Natural logs of those at some place."""
    return np.log(numbers.factor[at]) + numbers.exponent[at] * UNIT

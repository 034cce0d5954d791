"""The sweeps in Numba. Linear float64 with a scale per position; logs where that would lose paths."""

from __future__ import annotations

import numpy as np
from numba import njit

from ._types import Posterior

U64 = np.uint64
TINY = 1e-290  # smaller sums are cleared, so that no product becomes a denormal number often
SAFE = 1e-200  # a path mass above this has lost less than 1e-80 of its weight to cleared sums
NEVER = -np.inf


@njit(cache=True, nogil=True, inline="always")
def _bit(live, q, i):
    return (live[q, i >> 6] >> U64(i & 63)) & U64(1) != U64(0)


@njit(cache=True, nogil=True)
def _set_peaks(score, set_ptr, set_class):
    """The largest score of every set."""
    out = np.empty((score.shape[0], set_ptr.shape[0] - 1))
    for i in range(score.shape[0]):
        row = score[i]
        for s in range(out.shape[1]):
            peak = NEVER
            for x in range(set_ptr[s], set_ptr[s + 1]):
                peak = max(peak, row[set_class[x]])
            out[i, s] = peak
    return out


@njit(cache=True, nogil=True)
def _set_sums(weight, set_ptr, set_class):
    out = np.empty((weight.shape[0], set_ptr.shape[0] - 1))
    for i in range(weight.shape[0]):
        row = weight[i]
        for s in range(out.shape[1]):
            total = 0.0
            for x in range(set_ptr[s], set_ptr[s + 1]):
                total += row[set_class[x]]
            out[i, s] = total
    return out


@njit(cache=True, nogil=True)
def _set_log_sums(score, set_ptr, set_class):
    out = _set_peaks(score, set_ptr, set_class)
    for i in range(score.shape[0]):
        for s in range(out.shape[1]):
            peak, total = out[i, s], 0.0
            if peak > NEVER:
                for x in range(set_ptr[s], set_ptr[s + 1]):
                    total += np.exp(score[i, set_class[x]] - peak)
                out[i, s] = peak + np.log(total)
    return out


@njit(cache=True, nogil=True)
def _backward_max(ptr, target, set_of, peaks, live):
    """Best score from every live (state, position) to the end, less the position's largest."""
    N, S = peaks.shape[0], live.shape[0]
    values = np.full((N + 1, S), NEVER)
    for q in range(S):
        if _bit(live, q, N):
            values[N, q] = 0.0
    for i in range(N - 1, -1, -1):
        ahead, here, row, top = values[i + 1], values[i], peaks[i], NEVER
        for q in range(S):
            if _bit(live, q, i):
                best = NEVER
                for k in range(ptr[q], ptr[q + 1]):
                    best = max(best, ahead[target[k]] + row[set_of[k]])
                here[q] = best
                top = max(top, best)
        for q in range(S):
            here[q] -= top
    return values


@njit(cache=True, nogil=True)
def _read_best(ptr, target, set_of, set_ptr, set_class, values, peaks, peak, top):
    N = peaks.shape[0]
    tokens, classes, state = np.empty(N, np.int32), np.empty(N, np.int32), 0
    for i in range(N):
        best, token, chosen, after = NEVER, -1, -1, -1
        for k in range(ptr[state], ptr[state + 1]):
            s = set_of[k]
            value = values[i + 1, target[k]] + peaks[i, s]
            if value < best or value == NEVER:
                continue
            for x in range(set_ptr[s], set_ptr[s + 1]):
                c = set_class[x]
                if peak[i, c] == peaks[i, s] and (value > best or top[i, c] < token):
                    best, token, chosen, after = value, top[i, c], c, target[k]
        tokens[i], classes[i], state = token, chosen, after
    return tokens, classes


def best_path(edges, peak, top, live):
    """See the package."""
    peaks = _set_peaks(peak, edges.set_ptr, edges.set_class)
    values = _backward_max(edges.out_ptr, edges.out_target, edges.out_set, peaks, live)
    return _read_best(edges.out_ptr, edges.out_target, edges.out_set, edges.set_ptr, edges.set_class,
                      values, peaks, peak, top)


@njit(cache=True, nogil=True)
def _backward_sum(ptr, target, set_of, weights, live):
    """Linear backward values, largest 1 at every position, and the sum of the log scales (-inf: all lost)."""
    N, S = weights.shape[0], live.shape[0]
    values, total = np.zeros((N + 1, S)), 0.0
    for q in range(S):
        if _bit(live, q, N):
            values[N, q] = 1.0
    for i in range(N - 1, -1, -1):
        ahead, here, row, top = values[i + 1], values[i], weights[i], 0.0
        for q in range(S):
            if _bit(live, q, i):
                mass = 0.0
                for k in range(ptr[q], ptr[q + 1]):
                    mass += ahead[target[k]] * row[set_of[k]]
                here[q] = mass if mass > TINY else 0.0
                top = max(top, mass)
        if top < SAFE:
            return values, NEVER
        for q in range(S):
            here[q] /= top
        total += np.log(top)
    return values, total


@njit(cache=True, nogil=True)
def _forward_sum(ptr, source, set_of, weights, live, values, set_mass):
    """Linear forward pass; fills the posterior of every set. False where paths were lost."""
    N, S = weights.shape[0], live.shape[0]
    here, ahead = np.zeros(S), np.zeros(S)
    here[0] = 1.0
    for i in range(N):
        row, mass, after, top, total = weights[i], set_mass[i], values[i + 1], 0.0, 0.0
        for r in range(S):
            reached = 0.0
            if _bit(live, r, i + 1):
                back = after[r]
                for k in range(ptr[r], ptr[r + 1]):
                    x = here[source[k]] * row[set_of[k]]
                    reached += x
                    mass[set_of[k]] += x * back
                reached = reached if reached > TINY else 0.0
                top = max(top, reached)
            ahead[r] = reached
        for s in range(mass.shape[0]):
            total += mass[s]
        if total < SAFE or top < SAFE:
            return False
        for s in range(mass.shape[0]):
            mass[s] /= total
        for r in range(S):
            ahead[r] /= top
        here, ahead = ahead, here
    return True


@njit(cache=True, nogil=True)
def _class_mass(set_mass, set_weight, weight, set_ptr, set_class):
    """Posterior of every class: its share in the posterior of the sets that hold it."""
    out = np.zeros(weight.shape)
    for i in range(weight.shape[0]):
        row = out[i]
        for s in range(set_mass.shape[1]):
            if set_mass[i, s] > 0:
                share = set_mass[i, s] / set_weight[i, s]
                for x in range(set_ptr[s], set_ptr[s + 1]):
                    row[set_class[x]] += share * weight[i, set_class[x]]
    return out


@njit(cache=True, nogil=True)
def _backward_log(ptr, target, set_of, weights, live):
    """`_backward_sum` in logs: two looks at every edge, no underflow at any range."""
    N, S = weights.shape[0], live.shape[0]
    values, total = np.full((N + 1, S), NEVER), 0.0
    for q in range(S):
        if _bit(live, q, N):
            values[N, q] = 0.0
    for i in range(N - 1, -1, -1):
        ahead, here, row, top = values[i + 1], values[i], weights[i], NEVER
        for q in range(S):
            if _bit(live, q, i):
                peak, mass = NEVER, 0.0
                for k in range(ptr[q], ptr[q + 1]):
                    peak = max(peak, ahead[target[k]] + row[set_of[k]])
                for k in range(ptr[q], ptr[q + 1]):
                    mass += np.exp(ahead[target[k]] + row[set_of[k]] - peak)
                here[q] = peak + np.log(mass)
                top = max(top, here[q])
        for q in range(S):
            here[q] -= top
        total += top
    return values, total


@njit(cache=True, nogil=True)
def _forward_log(ptr, source, set_of, weights, live, values, set_mass):
    """`_forward_sum` in logs."""
    N, S = weights.shape[0], live.shape[0]
    here, ahead = np.full(S, NEVER), np.full(S, NEVER)
    here[0] = 0.0
    for i in range(N):
        row, mass, top, through, total = weights[i], set_mass[i], NEVER, NEVER, 0.0
        for r in range(S):
            ahead[r] = NEVER
            if _bit(live, r, i + 1):
                peak, reached = NEVER, 0.0
                for k in range(ptr[r], ptr[r + 1]):
                    peak = max(peak, here[source[k]] + row[set_of[k]])
                for k in range(ptr[r], ptr[r + 1]):
                    reached += np.exp(here[source[k]] + row[set_of[k]] - peak)
                ahead[r] = peak + np.log(reached)
                top = max(top, ahead[r])
                through = max(through, peak + values[i + 1, r])
        for r in range(S):
            if ahead[r] > NEVER:
                for k in range(ptr[r], ptr[r + 1]):
                    x = np.exp(here[source[k]] + row[set_of[k]] + values[i + 1, r] - through)
                    mass[set_of[k]] += x
                    total += x
            ahead[r] -= top
        for s in range(mass.shape[0]):
            mass[s] /= total
        here, ahead = ahead, here


@njit(cache=True, nogil=True)
def _class_mass_log(set_mass, set_score, score, set_ptr, set_class):
    out = np.zeros(score.shape)
    for i in range(score.shape[0]):
        for s in range(set_mass.shape[1]):
            if set_mass[i, s] > 0:
                for x in range(set_ptr[s], set_ptr[s + 1]):
                    c = set_class[x]
                    out[i, c] += set_mass[i, s] * np.exp(score[i, c] - set_score[i, s])
    return out


def _posterior_linear(edges, score, live):
    """The linear form, or None where it would lose paths."""
    weight = np.exp(score)
    set_weight = _set_sums(weight, edges.set_ptr, edges.set_class)
    values, log_scale = _backward_sum(edges.out_ptr, edges.out_target, edges.out_set, set_weight, live)
    set_mass = np.zeros_like(set_weight)
    if log_scale == NEVER or not _forward_sum(edges.in_ptr, edges.in_source, edges.in_set, set_weight, live,
                                              values, set_mass):
        return None
    mass = _class_mass(set_mass, set_weight, weight, edges.set_ptr, edges.set_class)
    return Posterior(values, set_weight, mass, log_scale + float(np.log(values[0, 0])), True)


def _posterior_log(edges, score, live):
    set_score = _set_log_sums(score, edges.set_ptr, edges.set_class)
    values, log_scale = _backward_log(edges.out_ptr, edges.out_target, edges.out_set, set_score, live)
    set_mass = np.zeros_like(set_score)
    _forward_log(edges.in_ptr, edges.in_source, edges.in_set, set_score, live, values, set_mass)
    mass = _class_mass_log(set_mass, set_score, score, edges.set_ptr, edges.set_class)
    return Posterior(values, set_score, mass, log_scale + float(values[0, 0]), False)


def posterior(edges, score, live):
    """See the package."""
    return _posterior_linear(edges, score, live) or _posterior_log(edges, score, live)


@njit(cache=True, nogil=True)
def _pick(weights, count, u):
    """Inverse CDF over the first `count` weights, never one of weight 0."""
    total, passed, last = 0.0, 0.0, 0
    for x in range(count):
        total += weights[x]
    for x in range(count):
        if weights[x] > 0:
            passed += weights[x]
            last = x
            if passed > u * total:
                break
    return last


@njit(cache=True, nogil=True)
def _draw_path(ptr, target, set_of, set_ptr, set_class, score, values, set_value, linear, uniforms, classes):
    """False where a linear value on the way is too small to be trusted."""
    widest = 1
    for q in range(ptr.shape[0] - 1):
        widest = max(widest, ptr[q + 1] - ptr[q])
    for s in range(set_ptr.shape[0] - 1):
        widest = max(widest, set_ptr[s + 1] - set_ptr[s])
    weights, state = np.empty(widest), 0
    for i in range(score.shape[0]):
        first, count, peak, total = ptr[state], ptr[state + 1] - ptr[state], NEVER, 0.0
        for x in range(count):
            s, r = set_of[first + x], target[first + x]
            weights[x] = set_value[i, s] * values[i + 1, r] if linear else set_value[i, s] + values[i + 1, r]
            total += weights[x]
            peak = max(peak, weights[x])
        if linear and total < SAFE:
            return False
        if not linear:
            for x in range(count):
                weights[x] = np.exp(weights[x] - peak)
        k = first + _pick(weights, count, uniforms[i, 0])
        first, count, peak = set_ptr[set_of[k]], set_ptr[set_of[k] + 1] - set_ptr[set_of[k]], NEVER
        for x in range(count):
            peak = max(peak, score[i, set_class[first + x]])
        for x in range(count):
            weights[x] = np.exp(score[i, set_class[first + x]] - peak)
        classes[i] = set_class[first + _pick(weights, count, uniforms[i, 1])]
        state = target[k]
    return True


def draw_path(edges, score, result, live, uniforms):
    """See the package."""
    classes = np.empty(len(score), np.int32)
    graph = edges.out_ptr, edges.out_target, edges.out_set, edges.set_ptr, edges.set_class
    if not _draw_path(*graph, score, result.values, result.set_value, result.linear, uniforms, classes):
        result = _posterior_log(edges, score, live)
        _draw_path(*graph, score, result.values, result.set_value, result.linear, uniforms, classes)
    return classes

"""The sweeps in Numba: float64 with a scale per position, and with exponents of their own where that loses paths."""

from __future__ import annotations

import numpy as np
from numba import njit

from . import cover, extended, linear, linear_runs
from ._types import Extended, Posterior
from .linear import NEVER, SAFE, TINY, is_live, start_of


@njit(cache=True, nogil=True)
def _read_best(ptr, target, set_of, set_ptr, set_class, live, values, peaks, peak, top):
    N, state = peaks.shape[0], start_of(live)
    tokens, classes = np.empty(N, np.int32), np.empty(N, np.int32)
    for i in range(N):
        best, token, chosen, after = NEVER, -1, -1, -1
        for k in range(ptr[state], ptr[state + 1]):
            s = set_of[k]
            value = values[i + 1, target[k]] + peaks[i, s] if is_live(live, target[k], i + 1) else NEVER
            if value < best or value == NEVER:
                continue
            for x in range(set_ptr[s], set_ptr[s + 1]):
                c = set_class[x]
                if peak[i, c] == peaks[i, s] and (value > best or top[i, c] < token):
                    best, token, chosen, after = value, top[i, c], c, target[k]
        tokens[i], classes[i], state = token, chosen, after
    return tokens, classes


class _Weights:
    """Class and set weights, relative to the best class of each position."""

    def __init__(self, edges, score):
        self.shift = score.max(1)
        self.score = score - self.shift[:, None]
        self.by_class = np.exp(self.score)
        self.by_set = cover.sums(*edges.cover, self.by_class)


def _form(edges):
    """The linear sweeps that are faster on these edges, and the arrays that they take."""
    return (linear, edges[:3]) if edges.runs is None else (linear_runs, edges.runs)


def _path(edges, peaks, values, peak, top, live):
    graph = edges.out_ptr, edges.out_target, edges.out_set, edges.set_ptr, edges.set_class
    return _read_best(*graph, live, values, peaks, peak, top)


def best_path(edges, peak, top, live):
    """See the package."""
    peaks, (form, graph) = cover.peaks(*edges.cover, peak), _form(edges)
    return _path(edges, peaks, form.backward_max(graph, peaks, live), peak, top, live)


def _forward_linear(edges, weights, live, values, scales):
    """The linear posterior behind a backward sweep, or None where it would lose paths."""
    (form, graph), set_mass = _form(edges), np.zeros_like(weights.by_set)
    if scales == NEVER or not form.forward_sum(graph, weights.by_set, live, values, set_mass):
        return None
    mass = cover.shares(*edges.cover, set_mass, weights.by_set, weights.by_class, TINY)
    log_total = scales + float(np.log(values[0, start_of(live)]) + weights.shift.sum())
    return Posterior(values, weights.by_set, mass, log_total)


def posterior_linear(edges, score, live, weights=None):
    """The linear form, or None where it would lose paths."""
    w, (form, graph) = weights or _Weights(edges, score), _form(edges)
    return _forward_linear(edges, w, live, *form.backward_sum(graph, w.by_set, live))


def posterior_extended(edges, score, live, weights=None):
    """The extended form: right at any range, about twice the work."""
    w, start = weights or _Weights(edges, score), start_of(live)
    set_weight = extended.set_weights(edges, w.by_set, w.score)
    values = extended.backward(edges, set_weight, live)
    set_mass = extended.forward(edges, set_weight, start, values)
    mass = cover.shares(*edges.cover, set_mass, w.by_set, w.by_class, TINY)
    extended.add_sunk_sets(edges, mass, set_mass, w.by_set, set_weight, w.score)
    log_total = float(extended.log_of(values, (0, start)) + w.shift.sum())
    return Posterior(values, set_weight, mass, log_total)


def posterior(edges, score, live):
    """See the package."""
    weights = _Weights(edges, score)
    return posterior_linear(edges, score, live, weights) or posterior_extended(edges, score, live, weights)


def posterior_and_path(edges, score, peak, top, live):
    """See the package."""
    weights, peaks = _Weights(edges, score), cover.peaks(*edges.cover, peak)
    form, graph = _form(edges)
    values, scales, best = form.backward_both(graph, weights.by_set, peaks, live)
    if scales == NEVER:
        best = form.backward_max(graph, peaks, live)
    found = _forward_linear(edges, weights, live, values, scales) or posterior_extended(edges, score, live, weights)
    return (found, *_path(edges, peaks, best, peak, top, live))


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
def _draw_path(ptr, target, set_of, set_ptr, set_class, live, score, values, exponents, set_weight, set_exponents,
               linear, uniforms, classes):
    """False where a linear value on the way is too small to be trusted."""
    widest, state = 1, start_of(live)
    for q in range(ptr.shape[0] - 1):
        widest = max(widest, ptr[q + 1] - ptr[q])
    for s in range(set_ptr.shape[0] - 1):
        widest = max(widest, set_ptr[s + 1] - set_ptr[s])
    weights, steps = np.empty(widest), np.zeros(widest, np.int64)
    for i in range(score.shape[0]):
        first, count, peak, total = ptr[state], ptr[state + 1] - ptr[state], NEVER, 0.0
        for x in range(count):
            s, r = set_of[first + x], target[first + x]
            weights[x] = set_weight[i, s] * values[i + 1, r]
            total += weights[x]
            if not linear:
                steps[x] = set_exponents[i, s] + exponents[i + 1, r]
        if linear and total < SAFE:
            return False
        if not linear:
            highest = steps[:count].max()
            for x in range(count):
                weights[x] = extended.scaled(weights[x], steps[x] - highest)
        k = first + _pick(weights, count, uniforms[i, 0])
        first, count = set_ptr[set_of[k]], set_ptr[set_of[k] + 1] - set_ptr[set_of[k]]
        for x in range(count):
            peak = max(peak, score[i, set_class[first + x]])
        for x in range(count):
            weights[x] = np.exp(score[i, set_class[first + x]] - peak)
        classes[i] = set_class[first + _pick(weights, count, uniforms[i, 1])]
        state = target[k]
    return True


_NO_EXPONENTS = np.zeros((0, 0), np.int64)


def _drawn(edges, score, result, live, uniforms, classes):
    graph = edges.out_ptr, edges.out_target, edges.out_set, edges.set_ptr, edges.set_class
    parts = result.values, result.set_weight
    numbers = [Extended(part, _NO_EXPONENTS) for part in parts] if result.linear else parts
    return _draw_path(*graph, live, score, *numbers[0], *numbers[1], result.linear, uniforms, classes)


def draw_path(edges, score, result, live, uniforms):
    """See the package."""
    classes = np.empty(len(score), np.int32)
    if not _drawn(edges, score, result, live, uniforms, classes):
        _drawn(edges, score, posterior_extended(edges, score, live), live, uniforms, classes)
    return classes

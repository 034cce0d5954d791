"""The sweeps in Numba. Linear float64 with a scale per position; logs where that would lose paths."""

from __future__ import annotations

import numpy as np
from numba import njit

from ._types import Posterior

U64, U32 = np.uint64, np.uint32  # unsigned indices save Numba's test for negative ones
TINY = 1e-240  # smaller sums are cleared, to keep products out of the slow denormal range; e**-552
SAFE = 1e-160  # a path mass above this has lost less than 1e-70 of its weight to cleared sums; e**-368
NEGLIGIBLE = 1e-30  # posterior below which a state is skipped
FAR = -100.0  # e**-100 is nothing beside 1, and below the least float32
NEVER = -np.inf


@njit(cache=True, nogil=True, inline="always")
def _bit(live, q, i):
    return (live[q, i >> 6] >> U64(i & 63)) & U64(1) != U64(0)


@njit(cache=True, nogil=True)
def _start(live):
    """The one state that is live at position 0."""
    q = 0
    while not _bit(live, q, 0):
        q += 1
    return q


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def _peaks_by_set(by_class, set_ptr, set_class):
    """float64 [T, N] from [C, N]: positions run along memory, so that LLVM vectorises over them."""
    out = np.full((set_ptr.shape[0] - 1, by_class.shape[1]), NEVER)
    for s in range(out.shape[0]):
        row = out[s]
        for x in range(set_ptr[s], set_ptr[s + 1]):
            member = by_class[set_class[x]]
            for i in range(row.shape[0]):
                row[i] = row[i] if row[i] > member[i] else member[i]
    return out


@njit(cache=True, nogil=True)
def _sums_by_set(by_class, set_ptr, set_class):
    """As `_peaks_by_set`, sums."""
    out = np.zeros((set_ptr.shape[0] - 1, by_class.shape[1]))
    for s in range(out.shape[0]):
        row = out[s]
        for x in range(set_ptr[s], set_ptr[s + 1]):
            member = by_class[set_class[x]]
            for i in range(row.shape[0]):
                row[i] += member[i]
    return out


@njit(cache=True, nogil=True)
def _sums_by_class(by_set, set_ptr, set_class, classes):
    """float64 [C, N] from [T, N]: for every class the sum over the sets that hold it."""
    out = np.zeros((classes, by_set.shape[1]))
    for s in range(by_set.shape[0]):
        row = by_set[s]
        for x in range(set_ptr[s], set_ptr[s + 1]):
            total = out[set_class[x]]
            for i in range(row.shape[0]):
                total[i] += row[i]
    return out


def _transposed(matrix):
    return np.ascontiguousarray(matrix.T)


def _set_peaks(score, edges):
    """The largest score of every set, [N, T]."""
    return _transposed(_peaks_by_set(_transposed(score), edges.set_ptr, edges.set_class))


@njit(cache=True, nogil=True)
def _log_sums(sums, score, set_ptr, set_class):
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
                    best = max(best, ahead[U32(target[k])] + row[U32(set_of[k])])
                here[q] = best
                top = max(top, best)
        for q in range(S):
            here[q] -= top
    return values


@njit(cache=True, nogil=True)
def _read_best(ptr, target, set_of, set_ptr, set_class, state, values, peaks, peak, top):
    N = peaks.shape[0]
    tokens, classes = np.empty(N, np.int32), np.empty(N, np.int32)
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
    peaks = _set_peaks(peak, edges)
    values = _backward_max(edges.out_ptr, edges.out_target, edges.out_set, peaks, live)
    graph = edges.out_ptr, edges.out_target, edges.out_set, edges.set_ptr, edges.set_class
    return _read_best(*graph, _start(live), values, peaks, peak, top)


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
                    mass += ahead[U32(target[k])] * row[U32(set_of[k])]
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
    """Linear forward pass; fills the posterior of every set. False where paths that count may have been lost.

    Forward and backward values and class weights are at most 1, so what clearing and underflow lose at a position
    is at most `TINY` a state or edge, to be compared with the mass of all paths in the same units.
    """
    N, S = weights.shape[0], live.shape[0]
    here, ahead = np.zeros(S), np.zeros(S)
    here[_start(live)] = 1.0
    for i in range(N):
        row, mass, after, top, total = weights[i], set_mass[i], values[i + 1], 0.0, 0.0
        for r in range(S):
            reached = 0.0
            if _bit(live, r, i + 1):
                back = after[r]
                for k in range(ptr[r], ptr[r + 1]):
                    s = U32(set_of[k])
                    x = here[U32(source[k])] * row[s]
                    reached += x
                    mass[s] += x * back
                reached = reached if reached > TINY else 0.0
                top = max(top, reached)
            ahead[r] = reached
        for s in range(mass.shape[0]):
            total += mass[s]
        if total < SAFE:
            return False
        for s in range(mass.shape[0]):
            mass[s] /= total
        for r in range(S):
            ahead[r] /= top
        here, ahead = ahead, here
    return True


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
def _forward_log(ptr, target, set_of, weights, start, values, set_mass):
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
def _add_sunk_sets(mass, set_mass, set_weight, set_score, score, set_ptr, set_class):
    """What `_shared` leaves out: the classes of sets whose linear weight has sunk."""
    for i in range(score.shape[0]):
        for s in range(set_mass.shape[1]):
            if set_mass[i, s] > 0 and set_weight[i, s] < TINY:
                for x in range(set_ptr[s], set_ptr[s + 1]):
                    c = set_class[x]
                    mass[i, c] += set_mass[i, s] * np.exp(score[i, c] - set_score[i, s])


def _shared(weight, set_weight, set_mass, edges):
    """Posterior of every class [N, C]: its share in that of each set that holds it; sets below `TINY` left out."""
    share = np.divide(set_mass, set_weight, out=np.zeros_like(set_mass), where=set_weight >= TINY)
    share = _sums_by_class(_transposed(share), edges.set_ptr, edges.set_class, len(weight))
    return _transposed(share * weight)


class _Weights:
    """Class and set weights, relative to the best class of each position."""

    def __init__(self, edges, score):
        self.shift = score.max(1)
        self.score = score - self.shift[:, None]
        self.by_class = _transposed(np.exp(self.score))
        self.by_set = _transposed(_sums_by_set(self.by_class, edges.set_ptr, edges.set_class))


def posterior_linear(edges, score, live, weights=None):
    """The linear form, or None where it would lose paths."""
    w = weights or _Weights(edges, score)
    values, log_scale = _backward_sum(edges.out_ptr, edges.out_target, edges.out_set, w.by_set, live)
    set_mass, into = np.zeros_like(w.by_set), (edges.in_ptr, edges.in_source, edges.in_set)
    if log_scale == NEVER or not _forward_sum(*into, w.by_set, live, values, set_mass):
        return None
    mass = _shared(w.by_class, w.by_set, set_mass, edges)
    return Posterior(values, w.by_set, mass, log_scale + float(np.log(values[0, _start(live)]) + w.shift.sum()), True)


def posterior_log(edges, score, live, weights=None):
    """The log form: right at any range, several times the work."""
    w = weights or _Weights(edges, score)
    graph, set_score = (edges.out_ptr, edges.out_target, edges.out_set), w.by_set.copy()
    _log_sums(set_score, w.score, edges.set_ptr, edges.set_class)
    values, log_scale = _backward_log(*graph, set_score, live)
    set_mass = np.zeros_like(set_score)
    start = _start(live)
    _forward_log(*graph, set_score, start, values, set_mass)
    mass = _shared(w.by_class, w.by_set, set_mass, edges)
    _add_sunk_sets(mass, set_mass, w.by_set, set_score, w.score, edges.set_ptr, edges.set_class)
    return Posterior(values, set_score, mass, log_scale + float(values[0, start] + w.shift.sum()), False)


def posterior(edges, score, live):
    """See the package."""
    weights = _Weights(edges, score)
    return posterior_linear(edges, score, live, weights) or posterior_log(edges, score, live, weights)


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
def _draw_path(ptr, target, set_of, set_ptr, set_class, state, score, values, set_value, linear, uniforms, classes):
    """False where a linear value on the way is too small to be trusted."""
    widest = 1
    for q in range(ptr.shape[0] - 1):
        widest = max(widest, ptr[q + 1] - ptr[q])
    for s in range(set_ptr.shape[0] - 1):
        widest = max(widest, set_ptr[s + 1] - set_ptr[s])
    weights = np.empty(widest)
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
    graph = edges.out_ptr, edges.out_target, edges.out_set, edges.set_ptr, edges.set_class, _start(live)
    if not _draw_path(*graph, score, result.values, result.set_value, result.linear, uniforms, classes):
        result = posterior_log(edges, score, live)
        _draw_path(*graph, score, result.values, result.set_value, result.linear, uniforms, classes)
    return classes

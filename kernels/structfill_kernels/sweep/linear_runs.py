"""Linear sweeps over runs of edges, in Numba: a position takes a run as vectors.

Pairs of states and positions that are not live are neither read nor written, 64 states at a time.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .linear import NEGLIGIBLE, NEVER, SAFE, TINY, normalised, start_of

U64, ONE, ALL = np.uint64, np.uint64(1), np.uint64(2**64 - 1)


@njit(cache=True, nogil=True)
def _columns(live, positions):
    """uint64 [positions, ceil(S / 64)]: bit q % 64 of word q // 64 is 1 iff state q is live there."""
    S, W = live.shape
    found, block = np.zeros((positions, (S + 63) // 64), np.uint64), np.zeros(64, np.uint64)
    for j in range(found.shape[1]):
        for w in range(W):
            rows = min(64, S - 64 * j)
            block[:rows], block[rows:] = live[64 * j : 64 * j + rows, w], U64(0)
            _transpose(block)
            for k in range(min(64, positions - 64 * w)):
                found[64 * w + k, j] = block[k]
    return found


@njit(cache=True, nogil=True, _nrt=False)
def _transpose(block):
    """A matrix of 64 x 64 bits in place, by exchanging quarters, quarters of these and so on (Warren 2012, 7-3)."""
    width, mask = 32, U64(0x00000000FFFFFFFF)
    while width:
        k = 0
        while k < 64:
            t = ((block[k] >> U64(width)) ^ block[k + width]) & mask
            block[k + width] ^= t
            block[k] ^= t << U64(width)
            k = (k + width + 1) & ~width
        width >>= 1
        mask ^= mask << U64(width)


@njit(cache=True, nogil=True, _nrt=False, inline="always")
def _stretch(words, a, end):
    """The next states of `a` to `end` in words that are not 0: (first, behind the last)."""
    j = a >> 6
    while j << 6 < end and words[j] == 0:
        j += 1
    k = j
    while k << 6 < end and words[k] != 0:
        k += 1
    return max(a, j << 6), min(end, k << 6)


@njit(cache=True, nogil=True, _nrt=False)
def _raise(here, ahead, by):
    """Into maxima: those of the targets (one for each, or one for all), and `by` more."""
    if ahead.shape[0] == here.shape[0]:
        for k in range(here.shape[0]):
            x = ahead[k] + by
            here[k] = x if x > here[k] else here[k]
    else:
        x = ahead[0] + by
        for k in range(here.shape[0]):
            here[k] = x if x > here[k] else here[k]


@njit(cache=True, nogil=True, _nrt=False)
def _add(here, ahead, by):
    """To sums: those of the targets (one for each, or one for all), times `by`."""
    if ahead.shape[0] == here.shape[0]:
        for k in range(here.shape[0]):
            here[k] += ahead[k] * by
    else:
        x = ahead[0] * by
        for k in range(here.shape[0]):
            here[k] += x


@njit(cache=True, nogil=True, _nrt=False)
def _step_back(graph, words, weights, peaks, sums, maxima, summed, maximised):
    """One position: `sums` and `maxima` are each (of this position, of the next one)."""
    source, target, step, length, set_of = graph
    here, ahead, low, high = *sums, *maxima
    for x in range(source.shape[0]):
        by, over = weights[set_of[x]], peaks[set_of[x]]
        if over == NEVER:
            continue
        at, end = source[x], source[x] + length[x]
        if length[x] == 1:
            if words[at >> 6] and summed:
                here[at] += ahead[target[x]] * by
            if words[at >> 6] and maximised:
                low[at] = max(low[at], high[target[x]] + over)
            continue
        while at < end:
            a, at = _stretch(words, at, end)
            if a < at:
                to = target[x] + step[x] * (a - source[x])
                behind = to + 1 + step[x] * (at - 1 - a)
                if summed:
                    _add(here[a:at], ahead[to:behind], by)
                if maximised:
                    _raise(low[a:at], high[to:behind], over)


@njit(cache=True, nogil=True)
def _fill(graph, weights, peaks, live, values, best, summed, maximised):
    """Fills `values` and `best`, either of them where asked for; returns the sum of the scales of `values`."""
    N, S, scales = weights.shape[0], live.shape[0], 0.0
    words = _columns(live, N + 1)
    rows = np.full((2, S), NEVER)  # the maxima of this position and of the next one
    for q in range(S):
        if (words[N, q >> 6] >> U64(q & 63)) & ONE:
            values[N, q], best[N, q], rows[N & 1, q] = 1.0, 0.0, 0.0
    for i in range(N - 1, -1, -1):
        sums, maxima = (values[i], values[i + 1]), (rows[i & 1], rows[(i + 1) & 1])
        if i + 2 <= N:
            _clear(maxima[0], words[i + 2])  # which this row held before
        _step_back(graph, words[i], weights[i], peaks[i], sums, maxima, summed, maximised)
        if summed:
            top = _largest_live(sums[0], words[i], 0.0)
            if top < SAFE:
                return NEVER
            _scale(sums[0], words[i], top)
            scales += np.log(top)
        if maximised:
            _keep(maxima[0], best[i], words[i], _largest_live(maxima[0], words[i], NEVER))
    return scales


@njit(cache=True, nogil=True, _nrt=False)
def _scale(sums, words, top):
    """In units of `top`, what is below `TINY` cleared."""
    for j in range(words.shape[0]):
        if words[j]:
            row = sums[64 * j : 64 * j + 64]
            for k in range(row.shape[0]):
                row[k] = row[k] / top if row[k] > TINY else 0.0


@njit(cache=True, nogil=True, _nrt=False)
def _keep(maxima, best, words, top):
    """Less `top`, and a copy in `best`."""
    for j in range(words.shape[0]):
        if words[j]:
            row, kept = maxima[64 * j : 64 * j + 64], best[64 * j : 64 * j + 64]
            for k in range(row.shape[0]):
                row[k] -= top
                kept[k] = row[k]


@njit(cache=True, nogil=True, _nrt=False)
def _clear(row, words):
    """No maxima in these words of states."""
    for j in range(words.shape[0]):
        if words[j]:
            row[64 * j : 64 * j + 64] = NEVER


@njit(cache=True, nogil=True, _nrt=False)
def _largest_live(row, words, nothing):
    """Put `nothing` into what is not live; the largest of the rest."""
    top = nothing
    for j in range(words.shape[0]):
        if words[j]:
            part = row[64 * j : 64 * j + 64]
            _drop(part, words[j], nothing)
            top = max(top, _largest(part))
    return top


@njit(cache=True, nogil=True, _nrt=False)
def _drop(row, bits, nothing):
    """Put `nothing` where bits are 0."""
    if bits != ALL:
        for k in range(row.shape[0]):
            if not (bits >> U64(k)) & ONE:
                row[k] = nothing


@njit(cache=True, nogil=True, _nrt=False)
def _largest(row):
    """The maximum, in four chains: in one, each comparison would wait for the one before."""
    a = b = c = d = row[0]
    whole = row.shape[0] & ~3
    for k in range(0, whole, 4):
        a, b = row[k] if row[k] > a else a, row[k + 1] if row[k + 1] > b else b
        c, d = row[k + 2] if row[k + 2] > c else c, row[k + 3] if row[k + 3] > d else d
    for k in range(whole, row.shape[0]):
        a = row[k] if row[k] > a else a
    return max(max(a, b), max(c, d))


def _backward(graph, weights, peaks, live, summed, maximised):
    """As `linear.backward_both`, either of them where asked for. What `best` holds of pairs that are not live is not
    defined."""
    shape = len(weights) + 1, len(live)
    values, best = np.zeros(shape), np.empty(shape)
    scales = _fill(graph, weights, peaks, live, values, best, summed, maximised)
    return values, scales, best


def backward_max(graph, peaks, live):
    """See `linear`."""
    return _backward(graph, peaks, peaks, live, False, True)[2]


def backward_sum(graph, weights, live):
    """See `linear`."""
    return _backward(graph, weights, weights, live, True, False)[:2]


def backward_both(graph, weights, peaks, live):
    """See `linear`."""
    return _backward(graph, weights, peaks, live, True, True)


@njit(cache=True, nogil=True, _nrt=False, fastmath={"reassoc", "contract"})
def _pass_on(here, ahead, after, by):
    """To the targets (one for each state, or one for all); the mass on the way that reaches the end."""
    mass = 0.0
    if ahead.shape[0] == here.shape[0]:
        for k in range(here.shape[0]):
            x = here[k] * by
            ahead[k] += x
            mass += x * after[k]
        return mass
    for k in range(here.shape[0]):
        mass += here[k]
    ahead[0] += mass * by
    return mass * by * after[0]


@njit(cache=True, nogil=True, _nrt=False)
def _active(here, back, words, active):
    """Scale by the largest live value, take out what does not count, and mark in `active` the words that do."""
    top, total = _largest_live(here, words, 0.0), 0.0
    for j in range(words.shape[0]):
        if words[j]:
            total += _scaled(here[64 * j : 64 * j + 64], back[64 * j : 64 * j + 64], top)
    least = NEGLIGIBLE * total
    for j in range(words.shape[0]):
        active[j] = 0
        if words[j]:
            active[j] = _counts(here[64 * j : 64 * j + 64], back[64 * j : 64 * j + 64], least)


@njit(cache=True, nogil=True, _nrt=False, fastmath={"reassoc", "contract"})
def _scaled(here, back, top):
    """In units of `top`, what is `TINY` cleared; the mass that reaches the end."""
    total = 0.0
    for k in range(here.shape[0]):
        here[k] = here[k] / top if here[k] > TINY * top else 0.0
        total += here[k] * back[k]
    return total


@njit(cache=True, nogil=True, _nrt=False)
def _counts(here, back, least):
    """Clear what is worth less than `least`; is anything left? A backward value of 0 was cleared: what that state is
    worth is not known."""
    found = False
    for k in range(here.shape[0]):
        here[k] = 0.0 if (here[k] * back[k] < least) & (back[k] > 0.0) else here[k]
        found |= here[k] > 0.0
    return found


@njit(cache=True, nogil=True, _nrt=False)
def _step_on(graph, active, weights, here, ahead, after, mass):
    """One position."""
    source, target, step, length, set_of = graph
    for x in range(source.shape[0]):
        by = weights[set_of[x]]
        if by == 0.0:
            continue
        at, end = source[x], source[x] + length[x]
        while at < end:
            a, at = _stretch(active, at, end)
            if a < at:
                to = target[x] + step[x] * (a - source[x])
                behind = to + 1 + step[x] * (at - 1 - a)
                mass[set_of[x]] += _pass_on(here[a:at], ahead[to:behind], after[to:behind], by)


@njit(cache=True, nogil=True)
def forward_sum(graph, weights, live, values, set_mass):
    """See `linear`."""
    N, S = weights.shape[0], live.shape[0]
    words = _columns(live, N)
    here, ahead, active = np.zeros(S), np.zeros(S), np.zeros(words.shape[1], np.uint64)
    here[start_of(live)] = 1.0
    for i in range(N):
        ahead[:] = 0.0
        _active(here, values[i], words[i], active)
        _step_on(graph, active, weights[i], here, ahead, values[i + 1], set_mass[i])
        if not normalised(set_mass[i]):
            return False
        here, ahead = ahead, here
    return True

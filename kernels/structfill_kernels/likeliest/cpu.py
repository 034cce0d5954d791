"""The read in Numba: blocks that stay in the first cache, and only blocks with a high maximum looked at again."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..float_bits import ABSENT, CUT, F32, KEY_IMPOSSIBLE, exponential, order_key, value_of
from ._types import Likeliest

BLOCK = 512


@njit(cache=True, nogil=True)
def _keys(bits, keys):
    """Order keys of a block; returns their maximum."""
    top = ABSENT
    for v in range(bits.shape[0]):
        key = order_key(bits[v])
        keys[v] = key
        top = max(top, key)
    return top


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _sums(keys, peak):
    """Sums of exp(x - peak), and of that times x - peak, over a block."""
    total, slope = F32(0), F32(0)
    for v in range(keys.shape[0]):
        d = value_of(keys[v]) - peak
        alive = d > CUT
        d = d if alive else F32(0)
        e = exponential(d) if alive else F32(0)
        total += e
        slope += e * d
    return np.float64(total), np.float64(slope)


@njit(cache=True, nogil=True)
def _add(keys, top, best, total, slope):
    """(highest key, sums under it) with a block added whose highest key is `top`."""
    if top > best:
        if best > KEY_IMPOSSIBLE:
            down = max(np.float64(value_of(best)) - np.float64(value_of(top)), -700.0)
            slope = (slope + total * down) * np.exp(down)
            total *= np.exp(down)
        best = top
    if top > KEY_IMPOSSIBLE:
        more, steeper = _sums(keys, value_of(best))
        total, slope = total + more, slope + steeper
    return best, total, slope


@njit(cache=True, nogil=True)
def _insert(key, token, count, most, best, ids):
    """Keeps the `most` highest keys in order, those that came first before equal ones; returns how many there are."""
    if count == most:
        if most == 0 or key <= best[most - 1]:
            return count
        count -= 1
    at = count
    while at > 0 and best[at - 1] < key:
        best[at], ids[at] = best[at - 1], ids[at - 1]
        at -= 1
    best[at], ids[at] = key, token
    return count + 1


@njit(cache=True, nogil=True)
def _threshold(tops, most, best, unused):
    """A key that at least `most` columns reach, by the maxima of the blocks."""
    count = 0
    for b in range(tops.shape[0]):
        count = _insert(tops[b], b, count, most, best, unused)
    return best[most - 1] if count == most else ABSENT


@njit(cache=True, nogil=True)
def _highest(bits, tops, most, best, ids):
    """The `most` highest columns of a row."""
    floor, count = _threshold(tops, most, best, ids), 0
    for b in range(tops.shape[0]):
        if tops[b] < floor:
            continue
        for v in range(b * BLOCK, min((b + 1) * BLOCK, bits.shape[0])):
            key = order_key(bits[v])
            if key >= floor:
                count = _insert(key, v, count, most, best, ids)


@njit(cache=True, nogil=True)
def _likeliest(logits, columns, k, chosen, j, peaks, norms, entropies, ids):
    width = logits.shape[1]
    keys, order = np.empty(BLOCK, np.int32), np.empty(max(k, j, 1), np.int32)
    tops = np.empty((columns + BLOCK - 1) // BLOCK, np.int32)
    for i in range(logits.shape[0]):
        bits, best, total, slope = logits[i].view(np.int32), ABSENT, 0.0, 0.0
        for b in range(tops.shape[0]):
            start, stop = b * BLOCK, min((b + 1) * BLOCK, columns)
            tops[b] = _keys(bits[start:stop], keys)
            best, total, slope = _add(keys[:stop - start], tops[b], best, total, slope)
        for start in range(columns, width, BLOCK):
            stop = min(start + BLOCK, width)
            best, total, slope = _add(keys[:stop - start], _keys(bits[start:stop], keys), best, total, slope)
        possible = best > KEY_IMPOSSIBLE
        peaks[i] = np.float64(value_of(best)) if possible else -np.inf
        norms[i] = np.log(total) if possible else np.log(np.float64(width))
        entropies[i] = max(norms[i] - slope / total, 0.0) if possible else norms[i]
        if k:
            _highest(bits[:columns], tops, k, order, ids[i, :k])
        count = 0
        for x in range(chosen.shape[0] if j else 0):
            count = _insert(order_key(bits[chosen[x]]), chosen[x], count, j, order, ids[i, k:])


def likeliest(logits, columns, k, chosen, j):
    """See the package."""
    k, j, rows = min(k, columns), min(j, len(chosen)), len(logits)
    found = Likeliest(np.empty(rows), np.empty(rows), np.empty(rows), np.empty((rows, k + j), np.int64))
    _likeliest(logits, columns, k, chosen, j, *found)
    return found

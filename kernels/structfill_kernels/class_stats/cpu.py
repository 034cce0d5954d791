"""Class statistics in Numba: the largest class in dense blocks that stay in the first cache, the others gathered."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..float_bits import ABSENT, CUT, F32, KEY_IMPOSSIBLE, exponential, order_key, value_of

BLOCK = 4096


@njit(cache=True, nogil=True)
def _dense_keys(bits, in_dense, keys):
    """Order keys of a block, `ABSENT` for columns of other classes; returns their maximum."""
    top = ABSENT
    for v in range(bits.shape[0]):
        key = (order_key(bits[v]) & in_dense[v]) | (ABSENT & ~in_dense[v])
        keys[v] = key
        top = max(top, key)
    return top


@njit(cache=True, nogil=True)
def _gathered_keys(bits, columns, keys):
    for x in range(columns.shape[0]):
        keys[x] = order_key(bits[np.uint32(columns[x])])


@njit(cache=True, nogil=True)
def _max_key(keys):
    top = ABSENT
    for x in range(keys.shape[0]):
        top = max(top, keys[x])
    return top


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _sums(keys, peak, scale):
    """Sum of e**d and of d e**d over a block, d = scale (x - peak)."""
    total, slope = F32(0), F32(0)
    for x in range(keys.shape[0]):
        d = (value_of(keys[x]) - peak) * scale
        alive = d > CUT  # false for NaN, which an absent column may hold
        d = d if alive else F32(0)
        e = exponential(d) if alive else F32(0)
        total += e
        slope += e * d
    return np.float64(total), np.float64(slope)


@njit(cache=True, nogil=True)
def _first_equal(keys, key):
    for x in range(keys.shape[0]):
        if keys[x] == key:
            return x
    return -1


@njit(cache=True, nogil=True)
def _merge(peak, total, slope, block_peak, block_total, block_slope, scale):
    """Join the sums of two parts under the larger of their peaks."""
    d = max(-700.0, min((np.float64(block_peak) - np.float64(peak)) * np.float64(scale), 700.0))
    if d > 0:
        factor = np.exp(-d)
        return block_peak, block_total + total * factor, block_slope + (slope - total * d) * factor
    factor = np.exp(d)
    return peak, total + block_total * factor, slope + (block_slope + block_total * d) * factor


@njit(cache=True, nogil=True)
def _dense_row(bits, in_dense, scale, keys):
    """(peak, total, slope, top, members if impossible) of the dense class in one row."""
    columns, best, count = bits.shape[0], ABSENT, 0
    peak, total, slope, top = F32(0), 0.0, 0.0, -1
    for start in range(0, columns, BLOCK):
        end = min(start + BLOCK, columns)
        block = keys[: end - start]
        key = _dense_keys(bits[start:end], in_dense[start:end], block)
        if key == ABSENT or (key == KEY_IMPOSSIBLE and best > KEY_IMPOSSIBLE):
            continue
        if key == KEY_IMPOSSIBLE:
            for v in range(end - start):
                count += block[v] != ABSENT
            if top < 0:
                best, top = key, start + _first_equal(block, key)
            continue
        block_peak = value_of(key)
        block_total, block_slope = _sums(block, block_peak, scale)
        if best <= KEY_IMPOSSIBLE:
            peak, total, slope = block_peak, block_total, block_slope
        else:
            peak, total, slope = _merge(peak, total, slope, block_peak, block_total, block_slope, scale)
        if key > best:
            best, top = key, start + _first_equal(block, key)
    return best, peak, total, slope, top, count


@njit(cache=True, nogil=True)
def _store(i, c, best, peak, total, slope, top, count, peaks, spreads, slopes, tops):
    """Write one class; `count` members that are all impossible count alike."""
    tops[i, c] = top
    if best > KEY_IMPOSSIBLE:
        peaks[i, c], spreads[i, c], slopes[i, c] = peak, np.log(total), slope / total
    else:
        peaks[i, c], slopes[i, c] = -np.inf, 0.0
        spreads[i, c] = np.log(np.float64(count)) if count else -np.inf


@njit(cache=True, nogil=True)
def _stats32(logits, dense, in_dense, gathered, ptr, scale, peaks, spreads, slopes, tops):
    keys = np.empty(max(gathered.shape[0], BLOCK), np.int32)
    for i in range(logits.shape[0]):
        bits = logits[i].view(np.int32)
        best, peak, total, slope, top, count = _dense_row(bits, in_dense, scale, keys)
        _store(i, dense, best, peak, total, slope, top, count, peaks, spreads, slopes, tops)
        _gathered_keys(bits, gathered, keys)
        for c in range(ptr.shape[0] - 1):
            if c == dense:
                continue
            part = keys[ptr[c] : ptr[c + 1]]
            best, peak, total, slope, top = _max_key(part), F32(0), 0.0, 0.0, -1
            if best > ABSENT:
                top = gathered[ptr[c] + _first_equal(part, best)]
            if best > KEY_IMPOSSIBLE:
                peak = value_of(best)
                total, slope = _sums(part, peak, scale)
            _store(i, c, best, peak, total, slope, top, part.shape[0], peaks, spreads, slopes, tops)


@njit(cache=True, nogil=True)
def _clean(x, largest=1.7976931348623157e308):
    """float64: NaN as -inf, +inf as the largest finite number of the type."""
    return min(x, largest) if x == x else -np.inf


@njit(cache=True, nogil=True)
def _stats64(row, i, c, members, scale, peaks, spreads, slopes, tops):
    """One class in float64: two passes."""
    peak, top = -np.inf, members[0] if members.shape[0] else -1
    for x in range(members.shape[0]):
        value = _clean(row[members[x]])
        if value > peak:
            peak, top = value, members[x]
    total, slope = 0.0, 0.0
    for x in range(members.shape[0]):
        d = (_clean(row[members[x]]) - peak) * scale if peak > -np.inf else 0.0
        e = np.exp(d)
        total += e
        slope += e * d if e > 0 else 0.0
    peaks[i, c], tops[i, c], slopes[i, c] = peak, top, slope / max(total, 1.0)
    spreads[i, c] = np.log(total) if total > 0 else -np.inf


def class_stats(logits, plan, scale, out):
    """See the package."""
    if logits.dtype == np.float32:
        _stats32(logits, plan.dense, plan.in_dense, plan.gathered, plan.gathered_ptr, F32(scale), *out)
        return
    members = np.flatnonzero(plan.in_dense).astype(np.int32)
    for i, row in enumerate(logits):
        for c in range(plan.classes):
            own = plan.gathered[plan.gathered_ptr[c] : plan.gathered_ptr[c + 1]] if c != plan.dense else members
            _stats64(row, i, c, own, float(scale), *out)


@njit(cache=True, nogil=True)
def _block(bits, in_dense, members, start, keys):
    """Order keys of one block of a class: of all columns for the dense class (no `members`), else of its own."""
    if members.shape[0]:
        end = min(start + BLOCK, members.shape[0])
        _gathered_keys(bits, members[start:end], keys)
    else:
        end = min(start + BLOCK, bits.shape[0])
        _dense_keys(bits[start:end], in_dense[start:end], keys)
    return keys[: end - start]


@njit(cache=True, nogil=True)
def _draw32(bits, in_dense, members, peak, target, scale, keys):
    """Find the block by block sums, then the member in it: (index in the class's blocks, weight)."""
    passed, before, found = 0.0, 0.0, 0
    for start in range(0, members.shape[0] or bits.shape[0], BLOCK):
        total = _sums(_block(bits, in_dense, members, start, keys), peak, scale)[0]
        if total > 0:
            found, before = start, passed
            passed += total
            if passed > target:
                break
    block, last, weight = _block(bits, in_dense, members, found, keys), 0, 0.0
    for x in range(block.shape[0]):
        d = (value_of(block[x]) - peak) * scale
        if d > CUT:
            last, weight = x, np.float64(exponential(d))
            before += weight
            if before > target:
                break
    return found + last, weight


@njit(cache=True, nogil=True)
def _draw64(row, members, peak, target, scale):
    passed, last, weight = 0.0, 0, 0.0
    for x in range(members.shape[0]):
        e = np.exp((_clean(row[members[x]]) - peak) * scale)
        if e > 0:
            passed += e
            last, weight = x, e
            if passed > target:
                break
    return last, weight


@njit(cache=True, nogil=True)
def _nth_dense(in_dense, n):
    """The n-th member of the dense class."""
    for v in range(in_dense.shape[0]):
        n += in_dense[v]
        if n < 0:
            return v
    return -1


@njit(cache=True, nogil=True)
def _draw_alike(in_dense, members, u):
    """A member of a class in which none is possible: all alike."""
    count = members.shape[0] or -in_dense.sum()
    n = min(np.int64(u * count), count - 1)
    return members[n] if members.shape[0] else _nth_dense(in_dense, n)


@njit(cache=True, nogil=True)
def _draw_members32(logits, dense, in_dense, gathered, ptr, classes, peaks, spreads, scale, uniforms, tokens, weights):
    keys = np.empty(BLOCK, np.int32)
    for i in range(logits.shape[0]):
        c = classes[i]
        if c < 0:
            continue
        members, u = gathered[ptr[c] : ptr[c + 1]], uniforms[i]
        if peaks[i, c] == -np.inf:
            tokens[i], weights[i] = _draw_alike(in_dense, members, u), np.exp(-spreads[i, c])
            continue
        target, peak = u * np.exp(spreads[i, c]), F32(peaks[i, c])
        x, weight = _draw32(logits[i].view(np.int32), in_dense, members, peak, target, scale, keys)
        tokens[i], weights[i] = x if c == dense else members[x], weight * np.exp(-spreads[i, c])


@njit(cache=True, nogil=True)
def _draw_members64(logits, dense, in_dense, gathered, ptr, classes, peaks, spreads, scale, uniforms, tokens, weights):
    whole = np.flatnonzero(in_dense).astype(np.int32)
    for i in range(logits.shape[0]):
        c = classes[i]
        if c < 0:
            continue
        members, u = whole if c == dense else gathered[ptr[c] : ptr[c + 1]], uniforms[i]
        if peaks[i, c] == -np.inf:
            tokens[i], weights[i] = _draw_alike(in_dense, members, u), np.exp(-spreads[i, c])
            continue
        x, weight = _draw64(logits[i], members, peaks[i, c], u * np.exp(spreads[i, c]), scale)
        tokens[i], weights[i] = members[x], weight * np.exp(-spreads[i, c])


def draw_members(logits, plan, classes, stats, scale, uniforms):
    """See the package."""
    tokens, weights = np.full(len(logits), -1, np.int32), np.zeros(len(logits))
    single = logits.dtype == np.float32
    draw = _draw_members32 if single else _draw_members64
    draw(
        logits,
        plan.dense,
        plan.in_dense,
        plan.gathered,
        plan.gathered_ptr,
        classes,
        stats.peak,
        stats.spread,
        F32(scale) if single else float(scale),
        uniforms,
        tokens,
        weights,
    )
    return tokens, weights


@njit(cache=True, nogil=True)
def _token_probabilities(logits, of_column, factors, peaks, rest, scale, largest, out):
    """factors[i, c] = mass of the class over its spread."""
    columns = min(out.shape[1], len(of_column))
    for i in range(out.shape[0]):
        out[i, columns:] = 0
        for v in range(columns):
            c = of_column[v]
            factor = factors[i, c] if c < rest else 0.0
            if factor > 0 and peaks[i, c] > -np.inf:
                factor *= np.exp((_clean(np.float64(logits[i, v]), largest) - peaks[i, c]) * scale)
            out[i, v] = factor


def token_probabilities(logits, plan, mass, stats, scale, out):
    """See the package."""
    rest = plan.classes - 1
    factors = mass * np.exp(-stats.spread[:, :rest])
    _token_probabilities(
        logits, plan.of_column, factors, stats.peak, rest, float(scale), float(np.finfo(logits.dtype).max), out
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _add_odds(logits, dense, gathered, gathered_ptr, odds, top, scale, largest, out):
    """The dense class in one stretch over all columns, then the columns of the other classes."""
    low, columns = odds.dtype.type(-np.inf), logits.shape[1]
    for i in range(logits.shape[0]):
        x, to, shift, most = logits[i], out[i], odds[i, dense], top[i]
        if shift == low:
            to[:] = low
        else:
            for v in range(columns):
                found = scale * min(x[v], largest) + shift
                found = found if found < most else most
                to[v] = found if x[v] > low else low
        for c in range(odds.shape[1]):
            extra = odds[i, c]
            if extra == low and shift == low:
                continue
            for j in range(gathered_ptr[c], gathered_ptr[c + 1]):
                v = gathered[j]
                found = scale * min(x[v], largest) + extra
                found = found if found < most else most
                to[v] = found if x[v] > low and extra > low else low


def add_odds(logits, plan, odds, top, scale, out):
    """See the package."""
    kind = logits.dtype.type
    with np.errstate(over="ignore"):
        odds, top = odds.astype(kind), top.astype(kind)
    _add_odds(logits, plan.dense, plan.gathered, plan.gathered_ptr, odds, top, kind(scale), np.finfo(kind).max, out)

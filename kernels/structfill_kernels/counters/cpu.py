"""Counters in Numba. Places (state, counts) are integers: those of state q are ``base[q]`` to ``base[q + 1]``."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..arrays import grown
from ..reach import reaching
from ._types import COUNT_BITS, LONGEST, SLOT_BITS, SLOTS, STATE_BITS, UNBOUNDED, LimitReached, Steps, Unrolled

U64 = np.uint64
ONE = U64(1)
STATES = (1 << STATE_BITS) - 1
DONE, TOO_MANY_STATES, TOO_MANY_EDGES = 0, 1, 2
DIRECT = 1 << 23  # as many places are looked up in a table, more are hashed


@njit(cache=True, nogil=True, inline="always")
def field(shift, slot):
    """(has the first counter ended or another begun?, counted for it, counted for the last one)."""
    at = SLOT_BITS * slot
    return (shift >> at) & 1, (shift >> (at + 1)) & LONGEST, (shift >> (at + 1 + COUNT_BITS)) & LONGEST


@njit(cache=True, nogil=True, _nrt=False)
def running(counts, q):
    """See the package."""
    slots = 0
    for s in range(SLOTS):
        slots |= (counts.of[q, s] != 0) << s
    return slots


@njit(cache=True, nogil=True, _nrt=False)
def advance(counts, begun, move, after):
    """See the package."""
    before, found = move & STATES, np.int64(after)
    for s in range(SLOTS):
        left, first, last = field(move >> STATE_BITS, s)
        was, now = counts.of[before, s], counts.of[after, s]
        if was != now:
            counted = last if left else first
            if was and (counted > counts.most[was] or (left and counted < counts.least[was])):
                return np.int64(-1)
            left, last = np.int64(now != 0 or (begun >> s) & 1 != 0), np.int64(0)
        elif counts.ticks[after, s]:
            if left:
                last += 1
            else:
                first += 1
        if now and (last if left else first) + counts.ahead[after, s] > counts.most[now]:
            return np.int64(-1)
        at = STATE_BITS + SLOT_BITS * s
        found |= (left << at) | (first << (at + 1)) | (last << (at + 1 + COUNT_BITS))
    return found


@njit(cache=True, nogil=True)
def _steps(delta, counts):
    S, K = delta.shape
    ptr, live = np.zeros(S + 1, np.int64), 0
    for q in range(S):
        for k in range(K):
            live += delta[q, k] >= 0
    target, shift, label = np.empty(live, np.int32), np.empty(live, np.int64), np.empty(live, np.int32)
    count = 0
    for q in range(S):
        for k in range(K):
            if delta[q, k] >= 0:
                move = advance(counts, running(counts, q), np.int64(q), delta[q, k])
                if move >= 0:
                    target[count], shift[count], label[count] = move & STATES, move >> STATE_BITS, k
                    count += 1
        ptr[q + 1] = count
    return ptr, target[:count].copy(), shift[:count].copy(), label[:count].copy()


def steps(delta, counts):
    """See the package."""
    return Steps(*_steps(delta, counts))


@njit(cache=True, nogil=True, _nrt=False)
def _move(counts, free, q, r, shift, place, after):
    """Fill `after` with the counts behind a step from q to r at `place`; is it allowed?"""
    for s in range(SLOTS):
        left, first, last = field(shift, s)
        was, now = counts.of[q, s], counts.of[r, s]
        count = place[s]
        if left:
            if was and (count + first < counts.least[was] or (not free[was] and count + first > counts.most[was])):
                return False
            count = last
        else:
            count += first
        after[s] = 0
        if now:
            if free[now]:
                count = min(count, counts.least[now])
            elif count + counts.ahead[r, s] > counts.most[now]:
                return False
            after[s] = count
    return True


@njit(cache=True, nogil=True, _nrt=False)
def _slot(table, key_of, key):
    """Where the place `key` is in the table or would go; a table without `key_of` has a slot for each."""
    if key_of.shape[0] == 0:
        return U64(key)
    h = U64(key) * U64(0x9E3779B97F4A7C15)
    mask = U64(table.shape[0] - 1)
    slot = (h ^ (h >> U64(29))) & mask
    while table[slot] >= 0 and key_of[table[slot]] != key:
        slot = (slot + ONE) & mask
    return slot


@njit(cache=True, nogil=True)
def _table_size(places):
    size = 1024
    while size < 4 * places:
        size *= 2
    return size


@njit(cache=True, nogil=True)
def _unroll(ptr, target, shift, counts, free, starts, base, width, direct, max_states, max_edges):
    """Breadth first; `width` (int64 [S]) is how many counts there are in slot 1, `direct` whether all places have a
    slot in the table."""
    size = max(256, starts.shape[0])
    state, count = np.empty(size, np.int32), np.empty((size, SLOTS), np.int64)
    key_of = np.empty(0 if direct else size, np.int64)
    table = np.full(base[-1] if direct else _table_size(size), -1, np.int32)
    out_ptr, to, origin = np.zeros(size + 1, np.int64), np.empty(1024, np.int32), np.empty(1024, np.int32)
    after, known = np.empty(SLOTS, np.int64), 0
    for start in starts:
        key = base[start[0]] + start[1] * width[start[0]] + start[2]
        slot = _slot(table, key_of, key)
        if table[slot] < 0:
            state[known], count[known], table[slot] = start[0], start[1:], known
            if not direct:
                key_of[known] = key
            known += 1
    edges, x = 0, 0
    while x < known:
        q = state[x]
        if edges + ptr[q + 1] - ptr[q] > to.shape[0]:
            to, origin = grown(to, edges + ptr[q + 1] - ptr[q]), grown(origin, edges + ptr[q + 1] - ptr[q])
        for e in range(ptr[q], ptr[q + 1]):
            r = target[e]
            if not _move(counts, free, q, r, shift[e], count[x], after):
                continue
            key = base[r] + after[0] * width[r] + after[1]
            slot = _slot(table, key_of, key)
            if table[slot] < 0:
                if known == max_states:
                    return TOO_MANY_STATES, known + 1, edges, state, count, out_ptr, to, origin
                if known == state.shape[0]:
                    state, count, out_ptr = grown(state, 0), grown(count, 0), grown(out_ptr, 2 * known + 1)
                state[known], count[known], table[slot] = r, after, known
                known += 1
                if direct:
                    to[edges], origin[edges] = known - 1, e
                    edges += 1
                    continue
                if known > key_of.shape[0]:
                    key_of = grown(key_of, 0)
                key_of[known - 1] = key
                if 2 * known > table.shape[0]:
                    table = np.full(4 * table.shape[0], -1, np.int32)
                    for y in range(known):
                        table[_slot(table, key_of, key_of[y])] = y
                    slot = _slot(table, key_of, key)
            to[edges], origin[edges] = table[slot], e
            edges += 1
        x += 1
        out_ptr[x] = edges
        if edges > max_edges:
            return TOO_MANY_EDGES, known, edges, state, count, out_ptr, to, origin
    return DONE, known, edges, state[:known], count[:known], out_ptr[: known + 1], to[:edges], origin[:edges]


@njit(cache=True, nogil=True)
def _may_end(counts, final, state, count):
    """bool [X]: in which of the places may the text end?"""
    ends = np.empty(state.shape[0], np.bool_)
    for x in range(state.shape[0]):
        ends[x] = final[state[x]]
        for s in range(SLOTS):
            ends[x] &= count[x, s] >= counts.least[counts.of[state[x], s]]
    return ends


@njit(cache=True, nogil=True)
def _kept(kept, state, count, ptr, target, origin):
    """Only the places `kept`, in that order."""
    number = np.full(state.shape[0], -1, np.int32)
    for x in range(kept.shape[0]):
        number[kept[x]] = x
    out_ptr, edges = np.zeros(kept.shape[0] + 1, np.int64), 0
    out_target, out_origin = np.empty(target.shape[0], np.int32), np.empty(target.shape[0], np.int32)
    for x in range(kept.shape[0]):
        for e in range(ptr[kept[x]], ptr[kept[x] + 1]):
            if number[target[e]] >= 0:
                out_target[edges], out_origin[edges] = number[target[e]], origin[e]
                edges += 1
        out_ptr[x + 1] = edges
    return state[kept], count[kept], out_ptr, out_target[:edges].copy(), out_origin[:edges].copy()


def unroll(given, counts, final, free, starts, max_states, max_edges):
    """See the package."""
    top = np.where(free, counts.least, counts.most)[counts.of] + 1
    top[counts.of == 0] = 1
    places = np.multiply(*top.T.astype(np.float64)).sum()
    if places >= 1 << 62:
        raise LimitReached("states", int(places))
    base = np.concatenate([[0], np.cumsum(top[:, 0] * top[:, 1])])
    found = np.array(starts, np.int64).reshape(-1, 1 + SLOTS)
    of = counts.of[found[:, 0]]
    found[:, 1:] = np.where(free[of], np.minimum(found[:, 1:], counts.least[of]), found[:, 1:])
    status, states, edges, *arrays = _unroll(
        given.ptr, given.target, given.shift, counts, free, found, base, np.ascontiguousarray(top[:, 1]),
        bool(base[-1] <= DIRECT), min(max_states, 1 << 30), min(max_edges, 1 << 30))
    if status != DONE:
        raise LimitReached(*(("states", int(states)) if status == TOO_MANY_STATES else ("edges", int(edges))))
    state, count, ptr, target, origin = arrays
    live = np.flatnonzero(reaching(ptr, target, _may_end(counts, final, state, count)))
    kept = live[np.argsort((base[state] + count[:, 0] * top[state, 1] + count[:, 1])[live])]
    return Unrolled(*_kept(kept, state, count, ptr, target, origin))


def spans(counts, free):
    """See the package."""
    top = np.where(free, counts.least, counts.most)
    return [1 + max((int(top[c]) for c in np.unique(counts.of[:, s])), default=0) for s in range(SLOTS)]


@njit(cache=True, nogil=True)
def _follow(ptr, target, shift, label, set_ptr, set_class, counts, free, classes, place):
    state, after = place[0], np.empty(SLOTS, np.int64)
    for wanted in classes:
        found = False
        for e in range(ptr[state], ptr[state + 1]):
            for x in range(set_ptr[label[e]], set_ptr[label[e] + 1]):
                if set_class[x] == wanted and not found and _move(
                        counts, free, state, target[e], shift[e], place[1:], after):
                    found, place[0] = True, target[e]
        if not found:
            place[0] = -1
            break
        state, place[1:] = place[0], after
    return place


def follow(given, sets, counts, classes, start):
    """See the package."""
    return _follow(*given, *sets, counts, counts.most >= UNBOUNDED, classes, np.array(start, np.int64))


@njit(cache=True, nogil=True)
def _headroom(ptr, target, shift, counts):
    most = np.zeros(counts.most.shape[0], np.int64)
    for q in range(ptr.shape[0] - 1):
        for e in range(ptr[q], ptr[q + 1]):
            for s in range(SLOTS):
                left, first, last = field(shift[e], s)
                was, now = counts.of[q, s], counts.of[target[e], s]
                most[was] = max(most[was], first)
                if left:
                    most[now] = max(most[now], last)
    most[0] = 0
    return most


def headroom(given, counts):
    """See the package."""
    return _headroom(given.ptr, given.target, given.shift, counts)


__all__ = ["advance", "field", "follow", "headroom", "spans", "steps", "unroll"]

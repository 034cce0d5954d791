"""Reachability on position bitsets: an edge is a shift, an and, an or of a few words."""

from __future__ import annotations

import numpy as np
from numba import njit

U64 = np.uint64
ONE, TOP = U64(1), U64(63)


@njit(cache=True, nogil=True, inline="always")
def _push(source, target, usable, forward):
    """Add the positions that `source` gives `target` over one edge; returns what was new, or-ed."""
    words, new, carry = source.shape[0], U64(0), U64(0)
    for w in range(words):
        if forward:
            moved = source[w] & usable[w]
            bits = (moved << ONE) | carry
            carry = moved >> TOP
        else:
            bits = source[w] >> ONE
            if w + 1 < words:
                bits |= source[w + 1] << TOP
            bits &= usable[w]
        bits &= ~target[w]
        new |= bits
        target[w] |= bits
    return new


@njit(cache=True, nogil=True)
def _reach(ptr, neighbour, set_of, usable, bits, order, forward):
    """Rounds over the dirty states in the given order; a state's self loops are closed on the spot, all of them
    together: what one adds, another may carry on."""
    S = order.shape[0]
    place, dirty = np.empty(S, np.int32), np.zeros(S, np.bool_)
    for j in range(S):
        place[order[j]] = j
        for w in range(bits.shape[1]):
            if bits[order[j], w]:
                dirty[j] = True
    again = True
    while again:
        again = False
        for j in range(S):
            if not dirty[j]:
                continue
            dirty[j] = False
            q = order[j]
            loops, grown = 2, True
            while grown and loops > 1:
                loops, grown = 0, False
                for k in range(ptr[q], ptr[q + 1]):
                    if neighbour[k] == q:
                        loops += 1
                        while _push(bits[q], bits[q], usable[set_of[k]], forward):
                            grown = True
            for k in range(ptr[q], ptr[q + 1]):
                r = neighbour[k]
                if r != q and _push(bits[q], bits[r], usable[set_of[k]], forward) and not dirty[place[r]]:
                    dirty[place[r]] = True
                    again |= place[r] <= j


def reach(ptr, neighbour, set_of, usable, seed, order, backward):
    """See the package."""
    bits = seed.copy()
    _reach(ptr, neighbour, set_of, usable, bits, order, not backward)
    return bits


@njit(cache=True, nogil=True)
def feasible_classes(ptr, target, set_of, both, usable, set_ptr, set_class, classes):
    """See the package."""
    W = both.shape[1]
    of_set, out = np.zeros((usable.shape[0], W), np.uint64), np.zeros((classes, W), np.uint64)
    for q in range(ptr.shape[0] - 1):
        for k in range(ptr[q], ptr[q + 1]):
            r, s = target[k], set_of[k]
            for w in range(W):
                after = both[r, w] >> ONE
                if w + 1 < W:
                    after |= both[r, w + 1] << TOP
                of_set[s, w] |= both[q, w] & after & usable[s, w]
    for s in range(usable.shape[0]):
        any_bit = U64(0)
        for w in range(W):
            any_bit |= of_set[s, w]
        if any_bit:
            for x in range(set_ptr[s], set_ptr[s + 1]):
                for w in range(W):
                    out[set_class[x], w] |= of_set[s, w]
    return out


@njit(cache=True, nogil=True)
def usable_sets(set_ptr, set_class, open_bits, allowed):
    """See the package."""
    out = np.empty((set_ptr.shape[0] - 1, open_bits.shape[0]), np.uint64)
    for s in range(out.shape[0]):
        out[s] = open_bits
        for x in range(set_ptr[s], set_ptr[s + 1]):
            for w in range(open_bits.shape[0]):
                out[s, w] |= allowed[set_class[x], w]
    return out


@njit(cache=True, nogil=True)
def visit_order(ptr, target):
    """See the package."""
    S = ptr.shape[0] - 1
    order, stack, edge = np.empty(S, np.int32), np.empty(S, np.int32), ptr[:-1].copy()
    seen, last = np.zeros(S, np.bool_), S
    for start in range(S):
        if seen[start]:
            continue
        depth, stack[0], seen[start] = 1, start, True
        while depth:
            q = stack[depth - 1]
            if edge[q] == ptr[q + 1]:
                last -= 1
                order[last] = q
                depth -= 1
                continue
            r = target[edge[q]]
            edge[q] += 1
            if not seen[r]:
                seen[r], stack[depth] = True, r
                depth += 1
    return order


@njit(cache=True, nogil=True)
def reaching(ptr, target, seed):
    """See the package."""
    S = ptr.shape[0] - 1
    into = np.zeros(S + 1, np.int64)
    for r in target:
        if r >= 0:
            into[r + 1] += 1
    for q in range(S):
        into[q + 1] += into[q]
    source, place = np.empty(into[S], np.int32), into[:-1].copy()
    for q in range(S):
        for r in target[ptr[q] : ptr[q + 1]]:
            if r >= 0:
                source[place[r]] = q
                place[r] += 1
    reached, stack, top = seed.copy(), np.empty(S, np.int32), 0
    for q in range(S):
        if reached[q]:
            stack[top] = q
            top += 1
    while top:
        top -= 1
        r = stack[top]
        for q in source[into[r] : into[r + 1]]:
            if not reached[q]:
                reached[q], stack[top] = True, q
                top += 1
    return reached


@njit(cache=True, nogil=True)
def distances(ptr, source, goal):
    """See the package."""
    S = ptr.shape[0] - 1
    steps, queue, first, last = np.full(S, -1, np.int32), np.empty(S, np.int32), 0, 0
    for q in range(S):
        if goal[q]:
            steps[q], queue[last] = 0, q
            last += 1
    while first < last:
        r = queue[first]
        first += 1
        for k in range(ptr[r], ptr[r + 1]):
            q = source[k]
            if steps[q] < 0:
                steps[q], queue[last] = steps[r] + 1, q
                last += 1
    return steps


@njit(cache=True, nogil=True)
def _follow(ptr, target, set_of, set_ptr, set_class, classes, state):
    for wanted in classes:
        after = -1
        for k in range(ptr[state], ptr[state + 1]):
            for x in range(set_ptr[set_of[k]], set_ptr[set_of[k] + 1]):
                if set_class[x] == wanted:
                    after = target[k]
        if after < 0:
            return -1
        state = after
    return state


def follow(ptr, target, set_of, set_ptr, set_class, classes, state):
    """See the package."""
    return _follow(ptr, target, set_of, set_ptr, set_class, classes, state)


@njit(cache=True, nogil=True)
def _nearest(ptr, target, set_of, set_ptr, set_class, steps, state):
    path = np.empty(max(steps[state], 0), np.int32)
    for i in range(path.shape[0]):
        k = ptr[state]
        while steps[target[k]] != steps[state] - 1:
            k += 1
        path[i] = set_class[set_ptr[set_of[k]]]
        state = target[k]
    return path


def nearest(ptr, target, set_of, set_ptr, set_class, steps, state):
    """See the package."""
    return _nearest(ptr, target, set_of, set_ptr, set_class, steps, state)


@njit(cache=True, nogil=True)
def _finish(ptr, target, set_of, set_ptr, set_class, live, allowed, steps, state, classes):
    for i in range(classes.shape[0]):
        best, found = -1, -1
        for k in range(ptr[state], ptr[state + 1]):
            r = target[k]
            if (live[r, (i + 1) >> 6] >> U64((i + 1) & 63)) & ONE and (best < 0 or steps[r] < steps[target[best]]):
                for x in range(set_ptr[set_of[k]], set_ptr[set_of[k] + 1]):
                    if allowed[i, set_class[x]]:
                        best, found = k, set_class[x]
                        break
        classes[i] = found
        state = target[best]


def finish(ptr, target, set_of, set_ptr, set_class, live, allowed, steps, state):
    """See the package."""
    classes = np.empty(len(allowed), np.int32)
    _finish(ptr, target, set_of, set_ptr, set_class, live, allowed, steps, state, classes)
    return classes


@njit(cache=True, nogil=True)
def shifted(bits, first, length):
    """See the package."""
    out = np.zeros((bits.shape[0], length // 64 + 1), np.uint64)
    for q in range(bits.shape[0]):
        for i in range(length + 1):
            w = (first + i) >> 6
            if w < bits.shape[1] and (bits[q, w] >> U64((first + i) & 63)) & ONE:
                out[q, i >> 6] |= ONE << U64(i & 63)
    return out

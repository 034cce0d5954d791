"""The specification of counters: paths run step by step, places in dictionaries."""

from __future__ import annotations

import numpy as np

from ._types import COUNT_BITS, LONGEST, SLOT_BITS, SLOTS, STATE_BITS, UNBOUNDED, LimitReached, Steps, Unrolled


def pack(state, shift):
    """A move from its parts: [(left, first, last) of each slot]."""
    for s, (left, first, last) in enumerate(shift):
        state |= (left | first << 1 | last << (1 + COUNT_BITS)) << (STATE_BITS + SLOT_BITS * s)
    return state


def unpack(shift):
    """[(left, first, last) of each slot]."""
    parts = [int(shift) >> (SLOT_BITS * s) for s in range(SLOTS)]
    return [(p & 1, p >> 1 & LONGEST, p >> (1 + COUNT_BITS) & LONGEST) for p in parts]


def running(counts, q):
    """Slot by slot."""
    return sum(1 << s for s in range(SLOTS) if counts.of[q, s])


def advance(counts, begun, move, after):
    """Slot by slot."""
    before, shift = int(move) & ((1 << STATE_BITS) - 1), []
    for s, (left, first, last) in enumerate(unpack(int(move) >> STATE_BITS)):
        was, now = int(counts.of[before, s]), int(counts.of[after, s])
        counted = last if left else first
        if was != now:
            if was and (counted > counts.most[was] or left and counted < counts.least[was]):
                return -1
            left, last, counted = int(bool(now or begun >> s & 1)), 0, 0
        elif counts.ticks[after, s]:
            counted += 1
            left, first, last = (1, first, counted) if left else (0, counted, 0)
        if now and counted + counts.ahead[after, s] > counts.most[now]:
            return -1
        shift.append((left, first, last))
    return pack(int(after), shift)


def steps(delta, counts):
    """Cell by cell."""
    found = [(q, advance(counts, running(counts, q), q, int(r)), k)
             for q, row in enumerate(delta) for k, r in enumerate(row) if r >= 0]
    found = [(q, move, k) for q, move, k in found if move >= 0]
    ptr = np.searchsorted([q for q, _, _ in found], np.arange(len(delta) + 1)).astype(np.int64)
    moves = np.array([move for _, move, _ in found], np.int64)
    return Steps(ptr, (moves & ((1 << STATE_BITS) - 1)).astype(np.int32), moves >> STATE_BITS,
                 np.array([k for _, _, k in found], np.int32))


def step(counts, free, q, r, shift, place):
    """The counts behind a step from q to r, or None where it is not allowed."""
    found = []
    for s, (left, first, last) in enumerate(unpack(shift)):
        was, now, count = int(counts.of[q, s]), int(counts.of[r, s]), place[s] + first
        if left and was and not (counts.least[was] <= count and (free[was] or count <= counts.most[was])):
            return None
        count = last if left else count
        if now and not free[now] and count + counts.ahead[r, s] > counts.most[now]:
            return None
        found.append(0 if not now else int(min(count, counts.least[now])) if free[now] else int(count))
    return tuple(found)


def unroll(given, counts, final, free, starts, max_states, max_edges):
    """Breadth first from the starts, then what cannot end is left out."""
    queue = list(dict.fromkeys(
        (int(state), tuple(int(min(k, counts.least[c])) if free[c] else int(k)
                           for k, c in zip(place, counts.of[state], strict=True))) for state, *place in starts))
    number, edges = {place: x for x, place in enumerate(queue)}, []
    for x, (q, place) in enumerate(queue):
        for e in range(given.ptr[q], given.ptr[q + 1]):
            r = int(given.target[e])
            after = step(counts, free, q, r, given.shift[e], place)
            if after is None:
                continue
            if (r, after) not in number:
                if len(queue) == max_states:
                    raise LimitReached("states", len(queue) + 1)
                number[r, after] = len(queue)
                queue.append((r, after))
            edges.append((x, number[r, after], e))
        if len(edges) > max_edges:
            raise LimitReached("edges", len(edges))
    live = {x for x, (q, place) in enumerate(queue)
            if final[q] and all(k >= counts.least[c] for k, c in zip(place, counts.of[q], strict=True))}
    while more := {x for x, y, _ in edges if y in live} - live:
        live |= more
    kept = sorted(live, key=queue.__getitem__)
    rank = {x: i for i, x in enumerate(kept)}
    edges = [(rank[x], rank[y], e) for x, y, e in edges if x in live and y in live]
    edges.sort(key=lambda edge: edge[0])
    ptr = np.searchsorted([x for x, _, _ in edges], np.arange(len(kept) + 1)).astype(np.int64)
    return Unrolled(np.array([queue[x][0] for x in kept], np.int32),
                    np.array([queue[x][1] for x in kept], np.int64).reshape(-1, SLOTS), ptr,
                    np.array([y for _, y, _ in edges], np.int32), np.array([e for _, _, e in edges], np.int32))


def follow(given, sets, counts, classes, start):
    """Edge by edge."""
    state, place = start[0], tuple(start[1:])
    for wanted in classes:
        for e in range(given.ptr[state], given.ptr[state + 1]):
            if wanted in sets[1][sets[0][given.label[e]] : sets[0][given.label[e] + 1]]:
                after = step(counts, counts.most >= UNBOUNDED, state, given.target[e], given.shift[e], place)
                break
        else:
            after = None
        if after is None:
            return np.array([-1, *place], np.int64)
        state, place = int(given.target[e]), after
    return np.array([state, *place], np.int64)


def spans(counts, free):
    """From the counters that occur."""
    return [1 + max(int(counts.least[c] if free[c] else counts.most[c]) for c in set(column))
            for column in counts.of.T.tolist()]


def headroom(given, counts):
    """Edge by edge."""
    most = np.zeros(len(counts.most), np.int64)
    for q in range(len(given.ptr) - 1):
        for e in range(given.ptr[q], given.ptr[q + 1]):
            for s, (left, first, last) in enumerate(unpack(given.shift[e])):
                was, now = counts.of[q, s], counts.of[given.target[e], s]
                most[was] = max(most[was], first)
                most[now] = max(most[now], last if left else 0)
    most[0] = 0
    return most

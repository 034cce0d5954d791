"""Range edges over bytes -> transitions over the coarsest byte classes, grouped by target; in Numba."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from .byte_automaton import DEAD
from .refine import group

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


class Transitions(NamedTuple):
    """What every state does with a byte: in state q one of the classes ``member[begin[g]:begin[g + 1]]`` leads to
    ``target[g]``, for every group g in ``start[q]:start[q + 1]``.

    Attributes:
        byte_class: uint8 [256], the class of every byte; bytes that no state tells apart share one.
        start: int64 [S + 1]. target: int32 [G]. begin: int64 [G + 1]. member: int32 [M].
    """

    byte_class: NDArray[np.uint8]
    start: Int64
    target: Int32
    begin: Int64
    member: Int32

    @property
    def classes(self) -> int:
        """K."""
        return int(self.byte_class.max()) + 1

    def dense(self) -> Int32:
        """The table int32 [S, K], `DEAD` where a byte leads nowhere."""
        return _dense(self.start, self.target, self.begin, self.member, self.classes)


def transitions(edges: Int32, states: int, apart: bytes = b"") -> Transitions:
    """Transitions of deterministic range edges int32 [M, 4] (source, lowest byte, highest byte, target).

    Every byte of `apart` gets a class of its own.
    """
    alone = np.zeros(256, np.bool_)
    alone[list(apart)] = True
    return Transitions(*_transitions(edges, states, alone))


@nb.njit(cache=True, nogil=True)
def _intervals(edges: Int32, alone: NDArray[np.bool_]) -> tuple[Int32, int]:
    """The interval of every byte, cut wherever an edge begins or ends, and how many there are."""
    cut = np.zeros(257, np.bool_)
    for m in range(edges.shape[0]):
        cut[edges[m, 1]] = True
        cut[edges[m, 2] + 1] = True
    for byte in range(256):
        if alone[byte]:
            cut[byte] = True
            cut[byte + 1] = True
    interval_of = np.empty(256, np.int32)
    count = -1 if cut[0] else 0
    for byte in range(256):
        count += cut[byte]
        interval_of[byte] = count
    return interval_of, count + 1


@nb.njit(cache=True, nogil=True)
def _refine(edges: Int32, start: Int32, order: Int32, interval_of: Int32, intervals: int,
            alone: NDArray[np.bool_]) -> tuple[Int32, int]:
    """The class of every interval such that no state tells members of one class apart, and how many there are.

    State by state: of each class, the intervals that lead to one target part from the rest, unless they are all of it.
    Bytes that stand `alone` start with classes of their own, the others in class 0, which may stay empty.
    """
    owner, size, count = np.zeros(intervals, np.int32), np.zeros(intervals + 1, np.int32), 1
    for byte in range(256):
        if alone[byte]:
            owner[interval_of[byte]] = count
            count += 1
    for i in range(intervals):
        size[owner[i]] += 1
    last_of, seen_by = np.empty(intervals + 1, np.int32), np.full(intervals + 1, -1, np.int64)
    pair_class, pair_target, members = np.empty((3, intervals), np.int32)
    before, moved = np.empty((2, intervals), np.int32)  # the pair before of the same class; its new class
    touched, pair_of = np.empty((2, intervals), np.int32)
    for q in range(start.shape[0] - 1):
        n, pairs = 0, 0
        for e in range(start[q], start[q + 1]):
            m = order[e]
            for i in range(interval_of[edges[m, 1]], interval_of[edges[m, 2]] + 1):
                c = owner[i]
                if size[c] == 1:
                    continue
                x = last_of[c] if seen_by[c] == q else -1
                while x >= 0 and pair_target[x] != edges[m, 3]:
                    x = before[x]
                if x < 0:
                    x = pairs
                    pair_class[x], pair_target[x], members[x] = c, edges[m, 3], 0
                    before[x] = last_of[c] if seen_by[c] == q else -1
                    last_of[c], seen_by[c] = x, q
                    pairs += 1
                members[x] += 1
                touched[n], pair_of[n] = i, x
                n += 1
        for x in range(pairs):
            c = pair_class[x]
            moved[x] = c
            if members[x] < size[c]:
                moved[x] = count
                size[c] -= members[x]
                size[count] = members[x]
                count += 1
        for x in range(n):
            owner[touched[x]] = moved[pair_of[x]]
    return owner, count


@nb.njit(cache=True, nogil=True)
def _transitions(edges: Int32, states: int,
                 alone: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], Int64, Int32, Int64, Int32]:
    """The fields of `Transitions`."""
    interval_of, intervals = _intervals(edges, alone)
    begin, order = group(edges[:, 0].copy(), states)
    owner, classes = _refine(edges, begin, order, interval_of, intervals, alone)
    number, first = np.full(classes, -1, np.int32), np.full(classes, -1, np.int32)  # by first appearance
    byte_class, found = np.empty(256, np.uint8), 0
    for byte in range(256):
        c = owner[interval_of[byte]]
        if number[c] < 0:
            number[c], first[c] = found, interval_of[byte]
            found += 1
        byte_class[byte] = number[c]
    start, target = np.zeros(states + 1, np.int64), np.empty(edges.shape[0], np.int32)
    ends, member = np.zeros(edges.shape[0] + 1, np.int64), np.empty(states * classes, np.int32)
    groups, total = 0, 0
    for q in range(states):
        for e in range(begin[q], begin[q + 1]):
            known = False
            for x in range(start[q], groups):
                known |= target[x] == edges[order[e], 3]
            if known:
                continue
            target[groups] = edges[order[e], 3]
            for f in range(e, begin[q + 1]):
                m = order[f]
                if edges[m, 3] == target[groups]:
                    for i in range(interval_of[edges[m, 1]], interval_of[edges[m, 2]] + 1):
                        if first[owner[i]] == i:
                            member[total] = number[owner[i]]
                            total += 1
            groups += 1
            ends[groups] = total
        start[q + 1] = groups
    return byte_class, start, target[:groups].copy(), ends[:groups + 1].copy(), member[:total].copy()


@nb.njit(cache=True, nogil=True)
def _dense(start: Int64, target: Int32, begin: Int64, member: Int32, classes: int) -> Int32:
    table = np.full((start.shape[0] - 1, classes), DEAD, np.int32)
    for q in range(start.shape[0] - 1):
        for g in range(start[q], start[q + 1]):
            for x in range(begin[g], begin[g + 1]):
                table[q, member[x]] = target[g]
    return table

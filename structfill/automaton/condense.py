"""Merging equal states of large automata in one depth-first pass, in Numba: nearly minimal, in nearly linear time.

Successors come first, so a state without a loop is looked up by its label and row (hash-consing, as for acyclic
automata: Daciuk et al. 2000). A state on a loop stands for itself until its loop is closed: when the head of the loop
is left, the head and all states that wait for no other state are compared, as a whole and in breadth-first order from
the head, with loops closed before. So the interior of a string is one wherever the same follows, inside other loops
too. What is missed are states of one loop that are equal to each other, and equal loops that are entered elsewhere;
`minimise` finds those as well, at several times the cost.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray
from structfill_kernels.reach import reaching

from .hashing import mix, table_size
from .runs import depth_first, equal_rows, nothing, row_hash, runs_of, spread

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
_SETTLED = 1 << 30  # in place of a depth: waits for no state


@nb.njit(cache=True, nogil=True)
def _loop_order(ptr: Int64, target: Int32, head: int, same: Int32, inside: Int32, place: Int32, order: Int32) -> int:
    """The states of a loop (``inside[q] == head``), breadth first from its head; `place` is their index in `order`."""
    place[head], order[0], count, i = 0, head, 1, 0
    while i < count:
        for r in target[ptr[order[i]] : ptr[order[i] + 1]]:
            if r >= 0 and inside[same[r]] == head and place[same[r]] < 0:
                place[same[r]] = count
                order[count] = same[r]
                count += 1
        i += 1
    return count


@nb.njit(cache=True, nogil=True)
def _loop_hash(ptr: Int64, begin: Int32, target: Int32, labels: Int32, head: int, same: Int32, inside: Int32,
               place: Int32, order: Int32, count: int) -> Any:
    """A hash of a loop that does not depend on the numbers of its states."""
    h, n = mix(np.uint64(41), count), ptr.shape[0]
    for i in range(count):
        h, last = mix(h, labels[order[i]]), np.int64(n)
        for x in range(ptr[order[i]], ptr[order[i] + 1]):
            s = same[target[x]] if target[x] >= 0 else -1
            value = np.int64(-2 - place[s] if s >= 0 and inside[s] == head else s)
            if value != last:
                h, last = mix(mix(h, begin[x]), value), value
    return h


@nb.njit(cache=True, nogil=True)
def _loops_equal(delta: Int32, labels: Int32, head: int, other: int, same: Int32, inside: Int32, place: Int32,
                 order: Int32, count: int, partner: Int32) -> bool:
    """Does the loop of `head` mirror that of `other`? Fills `partner`, by place."""
    partner[:count] = -1
    partner[0] = other
    for i in range(count):
        q, p = order[i], partner[i]
        if labels[q] != labels[p]:
            return False
        for k in range(delta.shape[1]):
            r, s = delta[q, k], delta[p, k]
            if r < 0 or s < 0:
                if r != s:
                    return False
                continue
            r, s = same[r], same[s]
            if inside[r] != head:
                if r != s:
                    return False
            elif inside[s] != other or (partner[place[r]] >= 0 and partner[place[r]] != s):
                return False
            else:
                partner[place[r]] = s
    return True


@nb.njit(cache=True, nogil=True)
def _merged(delta: Int32, ptr: Int64, begin: Int32, target: Int32, labels: Int32) -> Int32:
    """The state that stands for each state that state 0 reaches, int32 [S]."""
    n = delta.shape[0]
    same = np.arange(n).astype(np.int32)
    mask = np.uint64(table_size(2 * n) - 1)
    table = np.full(mask + np.uint64(1), -1, np.int32)  # heads of loops and states without one
    hashes = np.zeros(n, np.uint64)
    left, waits = np.full(n, -1, np.int32), np.full(n, _SETTLED, np.int32)  # as number; for the state at this depth
    inside, place = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    pending, waiting = np.empty(n, np.int32), 0  # left, but waiting for a state on the stack
    loop, partner = np.empty(n, np.int32), np.empty(n, np.int32)
    order, depth, entered = depth_first(ptr, target)
    for i in range(order.shape[0]):
        q = order[i]
        lowest, is_head = np.int32(_SETTLED), False
        for r in target[ptr[q] : ptr[q + 1]]:
            if r >= 0:
                at = waits[same[r]] if left[r] >= 0 else depth[r]
                if at == depth[q]:
                    is_head = True
                else:
                    lowest = min(lowest, at)
        left[q] = i
        if not is_head:
            h = row_hash(ptr, begin, target, labels, q, same)
            slot = h & mask
            while table[slot] >= 0:
                d = table[slot]
                if hashes[d] == h and inside[d] != d and labels[d] == labels[q] and equal_rows(delta, q, d, same):
                    break
                slot = (slot + np.uint64(1)) & mask
            if table[slot] >= 0:
                same[q] = same[table[slot]]
                continue
            table[slot], hashes[q], waits[q] = q, h, lowest
            if lowest < _SETTLED:
                pending[waiting] = q
                waiting += 1
            continue
        kept = waiting
        while kept and left[pending[kept - 1]] >= entered[q]:
            kept -= 1
        inside[q] = q
        for x in range(kept, waiting):
            if waits[pending[x]] == depth[q]:
                inside[pending[x]] = q
            else:
                pending[kept] = pending[x]
                kept += 1
        waiting = kept
        size = _loop_order(ptr, target, q, same, inside, place, loop)
        h = _loop_hash(ptr, begin, target, labels, q, same, inside, place, loop, size)
        slot = h & mask
        while table[slot] >= 0:
            d = table[slot]
            if hashes[d] == h and inside[d] == d and same[d] == d and _loops_equal(
                    delta, labels, q, d, same, inside, place, loop, size, partner):
                break
            slot = (slot + np.uint64(1)) & mask
        found = table[slot] >= 0
        if not found:
            table[slot], hashes[q] = q, h
        for x in range(size):
            member = loop[x]
            place[member] = -1
            if found:
                same[member] = partner[x]
            else:
                waits[member] = lowest
                if lowest < _SETTLED:
                    pending[waiting] = member
                    waiting += 1
    return _resolved(same)


@nb.njit(cache=True, nogil=True)
def _resolved(same: Int32) -> Int32:
    """Chains of stand-ins followed to their end."""
    for q in range(same.shape[0]):
        r = same[q]
        while same[r] != r:
            r = same[r]
        same[q] = r
    return same


@nb.njit(cache=True, nogil=True)
def _without(states: NDArray[np.bool_], delta: Int32, target: Int32) -> None:
    """Make steps to some states dead, in place."""
    for x in range(target.shape[0]):
        if target[x] >= 0 and states[target[x]]:
            target[x] = -1
    for q in range(delta.shape[0]):
        for c in range(delta.shape[1]):
            if delta[q, c] >= 0 and states[delta[q, c]]:
                delta[q, c] = -1


@nb.njit(cache=True, nogil=True)
def condense(delta: Int32, labels: Int32) -> tuple[Int32, Int32]:
    """A smaller partial automaton of the same labelled language; states live, reachable, numbered breadth first.

    An empty language is left with one dead start state.
    """
    ptr, begin, target = runs_of(delta)
    dead = ~reaching(ptr, target, labels >= 0)
    if dead[0]:
        return nothing(delta.shape[1])
    if dead.any():
        delta = delta.copy()
        _without(dead, delta, target)
    found, order = spread(ptr, begin, target, delta.shape[1], _merged(delta, ptr, begin, target, labels))
    return found, labels[order]

"""Numba kernels of `CharDFA`: alphabets as intervals of code points, canonical form, products, tries.

`bounds` (int32 [R]) holds the first code point of every interval, `classes` (int32 [R]) its character class.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.hashing import mix, rehash, reserve, table_size
from structfill.automaton.minimise import minimise, trim

Int32 = NDArray[np.int32]
DONE, STATES, WORK = 0, 1, 2


@nb.njit(cache=True, nogil=True)
def _equal_columns(delta: Int32, a: int, b: int) -> bool:
    for q in range(delta.shape[0]):  # noqa: SIM110 (Numba loop)
        if delta[q, a] != delta[q, b]:
            return False
    return True


@nb.njit(cache=True, nogil=True)
def _distinct_columns(delta: Int32) -> Int32:
    """For every column the first column that equals it."""
    n, k = delta.shape
    hashes = np.zeros(k, np.uint64)
    for q in range(n):
        for c in range(k):
            hashes[c] = mix(hashes[c], delta[q, c])
    mask = np.uint64(table_size(k) - 1)
    table = np.full(mask + np.uint64(1), -1, np.int32)
    same = np.empty(k, np.int32)
    for c in range(k):
        slot = (hashes[c] ^ (hashes[c] >> np.uint64(32))) & mask
        while table[slot] >= 0 and not (
            hashes[table[slot]] == hashes[c] and _equal_columns(delta, table[slot], c)
        ):
            slot = (slot + np.uint64(1)) & mask
        if table[slot] < 0:
            table[slot] = c
        same[c] = table[slot]
    return same


@nb.njit(cache=True, nogil=True)
def merge_columns(bounds: Int32, classes: Int32, delta: Int32) -> tuple[Int32, Int32, Int32]:
    """Merges classes that behave alike and neighbouring intervals of one class.

    Classes are numbered by their lowest code point; classes without characters vanish.
    """
    n, k = delta.shape
    same = _distinct_columns(delta)
    number = np.full(k, -1, np.int32)
    used = np.empty(k, np.int32)
    new_bounds = np.empty(bounds.shape[0], np.int32)
    new_classes = np.empty(bounds.shape[0], np.int32)
    count = 0
    runs = 0
    for i in range(bounds.shape[0]):
        c = same[classes[i]]
        if number[c] < 0:
            number[c] = count
            used[count] = c
            count += 1
        if runs == 0 or new_classes[runs - 1] != number[c]:
            new_bounds[runs] = bounds[i]
            new_classes[runs] = number[c]
            runs += 1
    out = np.empty((n, count), np.int32)
    for q in range(n):
        for c in range(count):
            out[q, c] = delta[q, used[c]]
    return new_bounds[:runs].copy(), new_classes[:runs].copy(), out


@nb.njit(cache=True, nogil=True)
def canonical(bounds: Int32, classes: Int32, delta: Int32,
              labels: Int32) -> tuple[Int32, Int32, Int32, Int32]:
    """The minimal automaton in its one canonical numbering: equal languages give equal arrays."""
    delta, labels = trim(delta, labels)
    bounds, classes, delta = merge_columns(bounds, classes, delta)
    delta, labels = minimise(delta, labels)
    return renumbered(bounds, classes, delta, labels)


@nb.njit(cache=True, nogil=True)
def renumbered(bounds: Int32, classes: Int32, delta: Int32,
               labels: Int32) -> tuple[Int32, Int32, Int32, Int32]:
    """The canonical numbering of an automaton whose states are minimal already."""
    bounds, classes, delta = merge_columns(bounds, classes, delta)
    delta, labels = trim(delta, labels)
    return bounds, classes, delta, labels


@nb.njit(cache=True, nogil=True)
def joint_alphabet(bounds: Int32, classes: Int32, offsets: NDArray[np.int64]) -> tuple[Int32, Int32, Int32]:
    """The common refinement of several alphabets that lie one after the other in `bounds` and `classes`.

    Returns (bounds [R], class of every interval [R], table [J, C]: joint class -> class in every component).
    """
    n = offsets.shape[0] - 1
    cuts = np.unique(bounds)
    rows = np.empty((cuts.shape[0], n), np.int32)
    for c in range(n):
        at = offsets[c]
        for i in range(cuts.shape[0]):
            while at + 1 < offsets[c + 1] and bounds[at + 1] <= cuts[i]:
                at += 1
            rows[i, c] = classes[at]
    same = _distinct_columns(rows.T.copy())
    number = np.full(cuts.shape[0], -1, np.int32)
    joint = np.empty(cuts.shape[0], np.int32)
    table = np.empty((cuts.shape[0], n), np.int32)
    count = 0
    for i in range(cuts.shape[0]):
        if number[same[i]] < 0:
            number[same[i]] = count
            table[count] = rows[i]
            count += 1
        joint[i] = number[same[i]]
    return cuts, joint, table[:count].copy()


@nb.njit(cache=True, nogil=True)
def _equal_row(rows: Int32, i: int, row: Int32) -> bool:
    for c in range(row.shape[0]):  # noqa: SIM110 (Numba loop)
        if rows[i, c] != row[c]:
            return False
    return True


@nb.njit(cache=True, nogil=True)
def explore(deltas: Int32, starts: NDArray[np.int64], widths: NDArray[np.int64], table: Int32,
            max_states: int, max_work: int) -> tuple[int, int, Int32, Int32]:
    """All joint states of several automata that run side by side over all strings, breadth first.

    `deltas` holds the transition tables one after the other, flat: component c begins at ``starts[c]`` and
    has
    ``widths[c]`` classes; `table` is that of `joint_alphabet`.
    Returns (status, needed, rows [S, C] with -1 for a dead component, delta [S, J]).
    """
    n_joint, n = table.shape
    rows = np.empty((64, n), np.int32)
    delta = np.empty((64, n_joint), np.int32)
    hashes = np.empty(64, np.uint64)
    size = 256
    slots = np.full(size, -1, np.int32)
    row = np.zeros(n, np.int32)
    count = 0
    done = -1
    work = 0
    joint = n_joint
    while True:
        # The first turn enters the start state; the others fill one transition each.
        if joint == n_joint:
            if done >= 0 and done == count:
                break
            joint = 0
        h = np.uint64(7)
        for c in range(n):
            if done >= 0:
                q = rows[done, c]
                row[c] = -1 if q < 0 else deltas[starts[c] + q * widths[c] + table[joint, c]]
            h = mix(h, row[c])
        slot = h & np.uint64(size - 1)
        while slots[slot] >= 0 and not (hashes[slots[slot]] == h and _equal_row(rows, slots[slot], row)):
            slot = (slot + np.uint64(1)) & np.uint64(size - 1)
        target = slots[slot]
        if target < 0:
            if count >= max_states:
                return STATES, count + 1, rows, delta
            if count == rows.shape[0]:
                rows = reserve(rows, count + 1)
                delta = reserve(delta, count + 1)
                wider = np.empty(rows.shape[0], np.uint64)
                wider[:count] = hashes
                hashes = wider
            target = count
            rows[count] = row
            hashes[count] = h
            slots[slot] = count
            count += 1
            if 2 * count > size:
                size *= 4
                slots = rehash(hashes, count, size)
        if done < 0:
            done = 0
            continue
        delta[done, joint] = target
        work += n + 8
        if work > max_work:
            return WORK, work, rows, delta
        joint += 1
        if joint == n_joint:
            done += 1
    return DONE, 0, rows[:count].copy(), delta[:count].copy()


@nb.njit(cache=True, nogil=True)
def run(bounds: Int32, classes: Int32, delta: Int32, text: Int32, state: int) -> int:
    """The state after the code points `text`, or -1."""
    for code in text:
        state = delta[state, classes[np.searchsorted(bounds, code, side="right") - 1]]
        if state < 0:
            break
    return state

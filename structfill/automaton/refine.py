"""The coarsest stable partition of the states of a partial deterministic automaton, in Numba.

Sources: J. Hopcroft, "An n log n algorithm for minimizing states in a finite automaton", 1971, with the
refinable partition of A. Valmari and P. Lehtinen, "Efficient Minimization of DFAs with Partial Transition
Functions", STACS 2008: O(m log n) for m transitions that are there, dead ones cost nothing.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.hashing import mix, table_size

Int32 = NDArray[np.int32]


@nb.njit(cache=True, nogil=True)
def _mark(elems: Int32, place: Int32, owner: Int32, first: Int32, past: Int32, marked: Int32, touched: Int32,
          count: int, e: int) -> int:
    """Moves element `e` to the marked front of its set; returns the number of touched sets."""
    s = owner[e]
    if past[s] - first[s] == 1:
        return count
    i = place[e]
    j = first[s] + marked[s]
    if i >= j:
        elems[i] = elems[j]
        place[elems[i]] = i
        elems[j] = e
        place[e] = j
        if marked[s] == 0:
            touched[count] = s
            count += 1
        marked[s] += 1
    return count


@nb.njit(cache=True, nogil=True)
def _split(elems: Int32, owner: Int32, first: Int32, past: Int32, marked: Int32, touched: Int32,
           count: int, sets: int) -> int:
    """Splits every touched set into its marked and unmarked part; the smaller part gets the new number."""
    while count:
        count -= 1
        s = touched[count]
        j = first[s] + marked[s]
        if j == past[s]:
            marked[s] = 0
            continue
        if marked[s] <= past[s] - j:
            first[sets] = first[s]
            past[sets] = j
            first[s] = j
        else:
            past[sets] = past[s]
            first[sets] = j
            past[s] = j
        for i in range(first[sets], past[sets]):
            owner[elems[i]] = sets
        marked[s] = 0
        marked[sets] = 0
        sets += 1
    return sets


@nb.njit(cache=True, nogil=True)
def group(keys: Int32, n_keys: int) -> tuple[Int32, Int32]:
    """Counting sort: (start of every key [n_keys + 1], element numbers in key order)."""
    start = np.zeros(n_keys + 1, np.int32)
    for x in keys:
        start[x + 1] += 1
    for key in range(n_keys):
        start[key + 1] += start[key]
    order = np.empty(keys.shape[0], np.int32)
    fill = start[:-1].copy()
    for e in range(keys.shape[0]):
        order[fill[keys[e]]] = e
        fill[keys[e]] += 1
    return start, order


@nb.njit(cache=True, nogil=True)
def _incoming(delta: Int32, sink: int) -> tuple[NDArray[np.int64], Int32, Int32]:
    """The explicit transitions by target: (start [n + 2], source, class).

    Explicit are all live transitions; with a `sink` all that miss it, dead ones then lead to an extra state
    n.
    """
    n, k = delta.shape
    start = np.zeros(n + 2, np.int64)
    for q in range(n):
        for c in range(k):
            r = delta[q, c]
            if r != sink:
                start[(n if r < 0 else r) + 1] += 1
    for q in range(n + 1):
        start[q + 1] += start[q]
    source = np.empty(start[n + 1], np.int32)
    letter = np.empty(start[n + 1], np.int32)
    fill = start[:-1].copy()
    for q in range(n):
        for c in range(k):
            r = delta[q, c]
            if r != sink:
                r = n if r < 0 else r
                source[fill[r]] = q
                letter[fill[r]] = c
                fill[r] += 1
    return start, source, letter


@nb.njit(cache=True, nogil=True)
def _round(delta: Int32, block: Int32) -> tuple[Int32, int]:
    """One round of Moore's refinement: blocks split by the blocks of their successors, all states at once."""
    n, k = delta.shape
    mask = np.uint64(table_size(n) - 1)
    table = np.full(mask + np.uint64(1), -1, np.int32)
    finer = np.empty(n, np.int32)
    count = 0
    for q in range(n):
        h = mix(np.uint64(5), block[q])
        for c in range(k):
            r = delta[q, c]
            h = mix(h, -1 if r < 0 else block[r])
        slot = h & mask
        while table[slot] >= 0:
            p = table[slot]
            alike = block[p] == block[q]
            c = 0
            while alike and c < k:
                a, b = delta[p, c], delta[q, c]
                alike = a == b or (a >= 0 and b >= 0 and block[a] == block[b])
                c += 1
            if alike:
                break
            slot = (slot + np.uint64(1)) & mask
        if table[slot] < 0:
            table[slot] = q
            finer[q] = count
            count += 1
        else:
            finer[q] = finer[table[slot]]
    return finer, count


@nb.njit(cache=True, nogil=True)
def _presplit(delta: Int32, labels: Int32) -> tuple[Int32, int, bool]:
    """(block of every state, number of blocks, is it final?): rounds as long as they pay.

    A round reads the whole table once. Automata without long chains are done after a few; chains, where a
    round gains one state, are left to the worklist.
    """
    distinct = np.unique(labels)
    block = np.searchsorted(distinct, labels).astype(np.int32)
    count = distinct.shape[0]
    while True:
        finer, finer_count = _round(delta, block)
        if finer_count == count:
            return block, count, True
        grown = 4 * finer_count > 5 * count
        block, count = finer, finer_count
        if not grown:
            return block, count, count == delta.shape[0]


@nb.njit(cache=True, nogil=True)
def _partition(block: Int32, blocks: int, room: int) -> tuple[Int32, Int32, Int32, Int32]:
    """(elements by block, place of every element, first and past place of every block, with `room`)."""
    start, elems = group(block, blocks)
    place = np.empty(elems.shape[0], np.int32)
    for i in range(elems.shape[0]):
        place[elems[i]] = i
    first = np.zeros(room, np.int32)
    past = np.zeros(room, np.int32)
    first[:blocks] = start[:-1]
    past[:blocks] = start[1:]
    return elems, place, first, past


@nb.njit(cache=True, nogil=True)
def coarsest(delta: Int32, labels: Int32, sink: int) -> Int32:
    """Block of every state in the coarsest partition that respects labels and transitions.

    Every block splits the others once, for all classes together. A split keeps the old number for the larger
    part, so a number that was processed stays processed and each state is in a processed block O(log n)
    times. `sink` is the state whose incoming transitions are left out (-1: the dead state); no other state may
    equal it.
    """
    n, k = delta.shape
    block, blocks, final = _presplit(delta, labels)
    if final:
        return block
    owner = np.empty(n + 1, np.int32)
    owner[:n] = block
    owner[n] = blocks  # the extra dead state, alone
    blocks += 1
    elems, place, first, past = _partition(owner, blocks, n + 2)
    start, source, letter = _incoming(delta, sink)
    marked = np.zeros(n + 2, np.int32)
    touched = np.empty(n + 2, np.int32)
    by_letter = np.empty(source.shape[0], np.int32)
    end = np.zeros(k + 1, np.int64)
    letters = np.empty(k, np.int32)
    current = 0
    while current < blocks:
        used = _gather(elems, first[current], past[current], start, source, letter, by_letter, end, letters)
        at = 0
        for x in range(used):
            count = 0
            while at < end[letters[x]]:
                count = _mark(elems, place, owner, first, past, marked, touched, count, by_letter[at])
                at += 1
            end[letters[x]] = 0
            blocks = _split(elems, owner, first, past, marked, touched, count, blocks)
        current += 1
    return owner[:n]


@nb.njit(cache=True, nogil=True)
def _gather(elems: Int32, begin: int, stop: int, start: NDArray[np.int64], source: Int32, letter: Int32,
            by_letter: Int32, end: NDArray[np.int64], letters: Int32) -> int:
    """Sources of the transitions into ``elems[begin:stop]``, sorted by class into `by_letter`.

    Fills `letters` with the classes that occur and ``end[class]`` with where each one's sources end; returns
    how many classes occur. `end` must be zero on entry.
    """
    used = 0
    for i in range(begin, stop):
        for x in range(start[elems[i]], start[elems[i] + 1]):
            c = letter[x]
            if end[c] == 0:
                letters[used] = c
                used += 1
            end[c] += 1
    at = 0
    for x in range(used):
        size = end[letters[x]]
        end[letters[x]] = at
        at += size
    for i in range(begin, stop):
        for x in range(start[elems[i]], start[elems[i] + 1]):
            c = letter[x]
            by_letter[end[c]] = source[x]
            end[c] += 1
    return used

"""Which subtrees of the trie can be passed at once, in Numba: nothing below changes a function, or all of it does the
same to it again and again, as every character does to a count."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..counters import SLOTS
from .bytesets import BROKEN, CHARACTERS, RAGGED, WHOLE, utf8_after

U64 = np.uint64
ONE = U64(1)
ASCII = (ONE << U64(CHARACTERS)) - ONE
EMPTY, IDENTITY = 0, 1  # numbers of functions
UNKNOWN, LOOPS, LEAVES = 0, 1, 2  # does every character beyond ASCII do to a function what a letter does?
YES, NO, ASK = -1, -2, -3  # below all classes
LETTER = 0x61
ROW_NODE, ROW_KNOWN, ROW_MOST = 3, 4, 5  # places of numbers that `row` keeps

# The number of a single bit (Leiserson, Prokop, Randall 1998): the six bits on top of the product tell them apart.
DE_BRUIJN = U64(0x03F79D71B4CB0A89)
BIT_OF = np.empty(64, np.uint8)
BIT_OF[[(0x03F79D71B4CB0A89 << b & (1 << 64) - 1) >> 58 for b in range(64)]] = range(64)


@njit(cache=True, nogil=True)
def _steps_of_characters(byte_class):
    """(ptr, class, reader after it): what may come next of a character beyond ASCII, by the state of its reader."""
    ptr, found, count = np.zeros(BROKEN + 1, np.int64), np.empty(128 * BROKEN, np.int32), 0
    after = np.empty(128 * BROKEN, np.uint8)
    for read in range(BROKEN):
        for byte in range(0x80, 0x100):
            now, new = utf8_after(read, byte), True
            for x in range(ptr[read], count):
                new = new and (found[x] != byte_class[byte] or after[x] != now)
            if now != BROKEN and new:
                found[count], after[count] = byte_class[byte], now
                count += 1
        ptr[read + 1] = count
    return ptr, found, after


@njit(cache=True, nogil=True)
def loops_on_characters(delta, byte_class, counts):
    """bool [S]: does every character beyond ASCII do what a letter does, namely lead back to the state?"""
    S, (ptr, found, after) = delta.shape[1], _steps_of_characters(byte_class)
    loops, stack, reader = np.zeros(S, np.bool_), np.empty(64, np.int32), np.empty(64, np.uint8)
    for q in range(S):
        stack[0], reader[0], size = q, WHOLE, 1 if delta[byte_class[LETTER], q] == q else -1
        while size > 0:
            size = _read_on(delta, counts, q, stack, reader, size - 1, ptr, found, after)
        loops[q] = size == 0
    return loops


@njit(cache=True, nogil=True, _nrt=False)
def _read_on(delta, counts, q, stack, reader, size, ptr, found, after):
    """Push in place of what stands at `size` what one more byte of a character leads to; returns the new size, -1 where
    the character does not lead back to q."""
    state, read = stack[size], reader[size]
    for x in range(ptr[read], ptr[read + 1]):
        target, now = delta[found[x], state], after[x]
        if target < 0 or (now == WHOLE and target != q):
            return -1
        if counts is not None:
            for s in range(SLOTS):
                counts_here = counts.of[q, s] and counts.ticks[target, s] and now != WHOLE
                if counts.of[target, s] != counts.of[q, s] or counts_here:
                    return -1
        new = now != WHOLE
        for y in range(size):
            new = new and (stack[y] != target or reader[y] != now)
        if new:
            if size == stack.shape[0]:
                return -1
            stack[size], reader[size] = target, now
            size += 1
    return size


@njit(cache=True, nogil=True, _nrt=False)
def changing(below, function, K, step, closed, group_ptr, group_class):
    """Of the bytes below a node, a group that may change the function there; 0 if none can. Groups that cannot are
    remembered in `closed`."""
    left = below & ~closed[function]
    bits = left & ASCII
    while bits:
        lowest = bits & (~bits + ONE)
        g = BIT_OF[(lowest * DE_BRUIJN) >> U64(58)]
        for x in range(group_ptr[g], group_ptr[g + 1]):
            if step[function * K + group_class[x]] != function:
                return lowest
        closed[function] |= lowest
        bits ^= lowest
    return left & ~ASCII


@njit(cache=True, nogil=True, _nrt=False)
def _shifts(below, function, K, letter, step, shifted, characters, group_ptr, group_class):
    """Does all that stands below a node do what a letter does to a function? YES or NO; ASK what characters do; or a
    class, behind which the function has to be known first."""
    after = step[function * K + letter]
    if after < 0:
        return letter
    if below >> U64(RAGGED):
        return NO
    bits = below & ASCII & ~shifted[function]
    while bits:
        lowest = bits & (~bits + ONE)
        g = BIT_OF[(lowest * DE_BRUIJN) >> U64(58)]
        for x in range(group_ptr[g], group_ptr[g + 1]):
            found = step[function * K + group_class[x]]
            if found != after:
                return group_class[x] if found < 0 else NO
        shifted[function] |= lowest
        bits ^= lowest
    if below & ~ASCII and characters[function] != LOOPS:
        return ASK if characters[function] == UNKNOWN else NO
    return YES


@njit(cache=True, nogil=True, _nrt=False)
def behind_characters(node, first, last, spelled, written, below, function, K, letter, step, shifted, characters,
                      group_ptr, group_class, row, at):
    """Fill `row` with what a function becomes behind one character more and more, up to the most that a spelling below
    a node has: YES, or what `_shifts` says of the function that is last in it. Goes on where it has stopped."""
    if at[ROW_NODE] != node:
        most = 0
        for r in range(first, last):
            most = max(most, written[r])
        at[ROW_NODE], at[ROW_KNOWN], at[ROW_MOST] = node, 0, most - spelled
        row[0] = function
    if at[ROW_MOST] == 0:  # within a character
        return NO
    while at[ROW_KNOWN] < at[ROW_MOST]:
        now = row[at[ROW_KNOWN]]
        if now != EMPTY:
            said = _shifts(below, now, K, letter, step, shifted, characters, group_ptr, group_class)
            if said != YES:
                return said
            now = step[now * K + letter]
        at[ROW_KNOWN] += 1
        row[at[ROW_KNOWN]] = now
    return YES


@njit(cache=True, nogil=True, _nrt=False)
def do_characters_loop(function, ptr, target, loops, move_state, counts):
    """Does every character beyond ASCII do to a function what a letter does, as to all of its targets?"""
    for x in range(ptr[function], ptr[function + 1]):
        if not loops[target[x] if counts is None else move_state[target[x]]]:
            return LEAVES
    return LOOPS

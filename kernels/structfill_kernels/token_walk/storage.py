"""What the walk hash-conses: groups of states, moves of counters, functions. Numba; everything grows by copies.

What allocates nothing is compiled without Numba's run-time (`_nrt=False`): otherwise every call counts the references
of its arrays, about 10 ns each, which is most of a short call.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from ..arrays import grown
from ..counters import running

U64 = np.uint64
ONE = U64(1)
RUNNING = 62  # the first bit above a move


class Groups(NamedTuple):
    """Sets of states. A number below S is that state; the others are unions of groups that are apart.

    Equal sets have one number, told by two sums of 64 random bits a state: for 10**6 sets the odds that two of them
    are confused are below 10**-26.
    """

    sums: Any  # uint64 [G, 2]
    ptr: Any  # int64 [G + 1], of `kid`, as if it began at group S
    kid: Any  # int32
    slots: Any  # int32, a hash table of numbers


class Moves(NamedTuple):
    """What paths do to counters (`counters.advance`), with the slots that run where they begin in the bits above."""

    value: Any  # int64
    state: Any  # int32, where they end
    seen: Any  # int32: where a composition has put the pair that arrives in each
    slots: Any  # int32, a hash table of numbers


class Functions(NamedTuple):
    """Partial functions as lists of (group of states, target), one for each target; 0 is empty, 1 the identity."""

    ptr: Any  # int64 [F + 1]
    hash: Any  # uint64 [F]
    group: Any  # int32
    target: Any  # int32
    step: Any  # int32 [F * K], the function behind one more byte of a class; -1: not known yet
    usual: Any  # int32 [F], the function behind the bytes that are usual to all targets; -1: not known yet
    unusual: Any  # uint64 [F, ceil(K / 64)], the byte classes that are not usual to some target (`usual`)
    slots: Any  # int32, a hash table of numbers
    closed: Any  # uint64 [F], groups of bytes (`bytesets`) known not to change the function
    shifted: Any  # uint64 [F], those known to do what a letter does
    characters: Any  # uint8 [F], do characters beyond ASCII do so?
    class_of: Any  # int32 [F], -1: not the function of a spelling


@njit(cache=True, nogil=True, inline="always")
def mixed(x):
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
    return x ^ (x >> U64(31))


@njit(cache=True, nogil=True)
def filled(array, size, fill):
    """A copy of a size, filled up."""
    bigger = np.full(size, fill, array.dtype)
    bigger[: array.shape[0]] = array
    return bigger


@njit(cache=True, nogil=True)
def free_slot(slots, hash_):
    """The first free place for a hash in a table of which some are free."""
    mask = U64(slots.shape[0] - 1)
    slot = hash_ & mask
    while slots[slot] >= 0:
        slot = (slot + ONE) & mask
    return slot


@njit(cache=True, nogil=True)
def rehashed(hashes, first, last, size):
    """A hash table of `size` (a power of two) slots that holds the numbers first..last-1."""
    slots = np.full(size, -1, np.int32)
    for number in range(first, last):
        slots[free_slot(slots, hashes[number])] = number
    return slots


@njit(cache=True, nogil=True)
def groups_of(states):
    """The groups of one state each."""
    sums = np.empty((states + 1024, 2), np.uint64)
    for q in range(states):
        sums[q, 0] = mixed(U64(q + 1) * U64(0x9E3779B97F4A7C15))
        sums[q, 1] = mixed(U64(q + 1) * U64(0xD6E8FEB86659FD93))
    return Groups(sums, np.zeros(sums.shape[0] + 1, np.int64), np.empty(1 << 12, np.int32),
                  np.full(1 << 12, -1, np.int32))


@njit(cache=True, nogil=True)
def room_for_groups(groups, states, count, pairs):
    """The groups with room for the unions of so many in all."""
    sums, ptr, kid, slots = groups
    more = pairs // 2
    if ptr[count] + pairs > kid.shape[0]:
        kid = grown(kid, ptr[count] + pairs)
    if count + more >= sums.shape[0]:
        sums = grown(sums, count + more + 1)
        ptr = grown(ptr, sums.shape[0] + 1)
    if 2 * (count + more - states) > slots.shape[0]:
        size = 2 * slots.shape[0]
        while size < 4 * (count + more - states):
            size *= 2
        slots = rehashed(sums[:, 0], states, count, size)
    return Groups(sums, ptr, kid, slots)


@njit(cache=True, nogil=True, _nrt=False)
def united(sums, ptr, kid, slots, count, size):
    """(number, groups known) of the union of the `size` kids that stand behind those of group ``count - 1``."""
    a, b = U64(0), U64(0)
    for x in range(ptr[count], ptr[count] + size):
        a += sums[kid[x], 0]
        b += sums[kid[x], 1]
    mask = U64(slots.shape[0] - 1)
    slot = a & mask
    while slots[slot] >= 0:
        if sums[slots[slot], 0] == a and sums[slots[slot], 1] == b:
            return slots[slot], count
        slot = (slot + ONE) & mask
    slots[slot] = count
    sums[count, 0], sums[count, 1], ptr[count + 1] = a, b, ptr[count] + size
    return count, count + 1


@njit(cache=True, nogil=True)
def room_for_moves(moves, count, more):
    """The moves with room for so many more."""
    value, state, seen, slots = moves
    if count + more > value.shape[0]:
        value = grown(value, count + more)
        state, seen = grown(state, value.shape[0]), grown(seen, value.shape[0])
    if 2 * (count + more) > slots.shape[0]:
        size = 2 * slots.shape[0]
        while size < 4 * (count + more):
            size *= 2
        slots = np.full(size, -1, np.int32)
        for x in range(count):
            slots[free_slot(slots, mixed(U64(value[x])))] = x
    return Moves(value, state, seen, slots)


@njit(cache=True, nogil=True, _nrt=False)
def move_number(values, states, slots, count, value, state):
    """(number, moves known) of a move."""
    mask = U64(slots.shape[0] - 1)
    slot = mixed(U64(value)) & mask
    while slots[slot] >= 0:
        if values[slots[slot]] == value:
            return slots[slot], count
        slot = (slot + ONE) & mask
    slots[slot], values[count], states[count] = count, value, state
    return count, count + 1


@njit(cache=True, nogil=True)
def moves_of(counts, states):
    """The moves that stay in a state; where nothing is counted, states stand for themselves, as those behind the
    counted ones do always."""
    moves = Moves(np.empty(states, np.int64), np.empty(states, np.int32), np.zeros(states, np.int32),
                  np.full(4, -1, np.int32))
    if counts is not None:
        moves = room_for_moves(moves, 0, states)
        for q in range(states):
            begun = np.int64(running(counts, q)) << RUNNING if q < counts.of.shape[0] else 0
            move_number(moves.value, moves.state, moves.slots, q, np.int64(q) | begun, q)
    return moves


@njit(cache=True, nogil=True)
def functions_of(groups, classes):
    """The empty function and the identity on some groups, which are targets, too."""
    capacity, pairs = 1 << 9, groups.shape[0]
    ptr, step = np.zeros(capacity + 1, np.int64), np.full(capacity * classes, -1, np.int32)
    group = np.empty(max(4 * pairs, 1 << 12), np.int32)
    group[:pairs] = groups
    step[:classes], ptr[2] = 0, pairs
    return Functions(ptr, np.zeros(capacity, np.uint64), group, group.copy(), step, np.full(capacity, -1, np.int32),
                     np.zeros((capacity, (classes + 63) // 64), np.uint64), np.full(4 * capacity, -1, np.int32),
                     np.zeros(capacity, np.uint64), np.zeros(capacity, np.uint64), np.zeros(capacity, np.uint8),
                     np.full(capacity, -1, np.int32))


@njit(cache=True, nogil=True)
def room_for_function(functions, count, classes, pairs):
    """The functions with room for one more of so many pairs."""
    ptr, hash_, group, target, step, usual, unusual, slots, closed, shifted, characters, class_of = functions
    if ptr[count] + pairs > group.shape[0]:
        group = grown(group, ptr[count] + pairs)
        target = grown(target, group.shape[0])
    if count + 1 >= hash_.shape[0]:
        size = 2 * hash_.shape[0]
        ptr, hash_, step = grown(ptr, size + 1), grown(hash_, size), filled(step, size * classes, -1)
        closed, shifted = filled(closed, size, 0), filled(shifted, size, 0)
        characters, class_of = filled(characters, size, 0), filled(class_of, size, -1)
        usual, unusual = filled(usual, size, -1), grown(unusual, size)
        slots = rehashed(hash_, 2, count, 4 * size)
    return Functions(ptr, hash_, group, target, step, usual, unusual, slots, closed, shifted, characters, class_of)


@njit(cache=True, nogil=True, _nrt=False)
def function_number(ptr, hashes, group, target, slots, count, end, seen):
    """(number, functions known) of the pairs from ``ptr[count]`` to `end`, which ``seen[target]`` finds. Equal ones
    are compared in full."""
    top = ptr[count]
    if end == top:
        return 0, count
    hash_ = U64(0)
    for x in range(top, end):
        pair = ((U64(group[x]) << U64(32)) | U64(target[x])) * U64(0x9E3779B97F4A7C15)
        hash_ += (pair ^ (pair >> U64(32))) * U64(0xD6E8FEB86659FD93)  # a sum: pairs do not wait for each other
    hash_ ^= hash_ >> U64(29)
    mask = U64(slots.shape[0] - 1)
    slot = hash_ & mask
    while slots[slot] >= 0:
        number = slots[slot]
        if hashes[number] == hash_ and _same(ptr, group, target, number, top, end, seen):
            return number, count
        slot = (slot + ONE) & mask
    slots[slot], hashes[count], ptr[count + 1] = count, hash_, end
    return count, count + 1


@njit(cache=True, nogil=True, _nrt=False)
def _same(ptr, group, target, number, top, end, seen):
    """Does a function hold the pairs from `top` to `end`, in any order?"""
    if ptr[number + 1] - ptr[number] != end - top:
        return False
    for x in range(ptr[number], ptr[number + 1]):
        at = seen[target[x]]
        if not (top <= at < end and target[at] == target[x] and group[at] == group[x]):
            return False
    return True

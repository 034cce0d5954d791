"""Copies of one automaton, in Numba: the strings of a JSON schema differ only in what follows their closing quote.

Until that quote all copies move alike, and a walk carries them as one: a *common state* stands for one state of every
copy (their numbers follow those of the states), and a pair (group of common states, common state) for one pair a copy.
It is opened where a byte leads out of the copies.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from .storage import filled, mixed, room_for_groups, united
from .subtrees import LETTER

U64 = np.uint64
QUOTE = 0x22
LEAVES, DEAD, NOBODY = -2, -1, -1
MOST = 32  # states of a copy
WORTH = 8  # copies, from which on common states save more than they cost


class Copies(NamedTuple):
    """Common states, and the copies of groups of them."""

    alone: Any  # int32, the states that no common state stands for, and the common states
    many: Any  # int64 [V], how many copies each common state stands for
    copied: Any  # int64 [G], where in `copy` those of each group begin; -1: not there yet
    copy: Any  # int32, groups; those of a common state are states


@njit(cache=True, nogil=True)
def _automaton(delta, quote, state, number, owner, place, states):
    """Let `number` own what `state` reaches without the quote, and write it to `states`; returns how many these are, 0
    if they are too many, or not all free."""
    states[0], size, read = state, 1, 0
    owner[state], place[state] = number, 0
    while read < size:
        for k in range(delta.shape[0]):
            target = delta[k, states[read]]
            if k == quote or target < 0 or owner[target] == number:
                continue
            if owner[target] != NOBODY or size == MOST:
                owner[states[:size]] = NOBODY
                return 0
            owner[target], place[target], states[size] = number, size, target
            size += 1
        read += 1
    return size


@njit(cache=True, nogil=True)
def _alike(delta, owner, place, states, others):
    """Do two automata of one size lead every byte to the same places, or both out of themselves?"""
    for x in range(states.shape[0]):
        for k in range(delta.shape[0]):
            a, b = delta[k, states[x]], delta[k, others[x]]
            if a < 0 or b < 0:
                if a != b:
                    return False
                continue
            inside = owner[a] == owner[states[x]]
            if inside != (owner[b] == owner[others[x]]) or (inside and place[a] != place[b]):
                return False
    return True


@njit(cache=True, nogil=True)
def copies_of(delta, byte_class, counts):
    """The copies among the strings of an automaton [K, S], and its table with common states [K, S + V]. What counts is
    no copy."""
    S, quote = delta.shape[1], byte_class[QUOTE]
    owner, place, states = np.full(S, NOBODY, np.int32), np.zeros(S, np.int32), np.empty(S + MOST, np.int32)
    ptr, many = np.zeros(S + 1, np.int64), np.zeros(S, np.int64)
    family, first = np.empty(S, np.int32), np.empty(S, np.int32)
    automata, families = 0, 0
    if counts is not None:
        for q in range(S):
            if counts.of[q].any() or counts.ticks[q].any():
                owner[q] = S
    for q in range(S):
        if owner[q] != NOBODY or delta[byte_class[LETTER], q] != q:
            continue
        at = ptr[automata]
        size = _automaton(delta, quote, q, automata, owner, place, states[at:])
        if not size:
            continue
        ptr[automata + 1] = at + size
        f = 0
        while f < families:
            other = ptr[first[f]]
            if ptr[first[f] + 1] - other == size and _alike(delta, owner, place, states[at : at + size],
                                                            states[other : other + size]):
                break
            f += 1
        if f == families:
            first[f] = automata
            families += 1
        family[automata] = f
        many[f] += 1
        automata += 1
    return _numbered(delta, quote, owner, place, states, ptr, family[:automata], first[:families], many)


@njit(cache=True, nogil=True)
def _numbered(delta, quote, owner, place, states, ptr, family, first, many):
    """Number the common states of the families that are worth it."""
    (K, S), begin, common = delta.shape, np.full(first.shape[0], -1, np.int64), 0
    total = 0
    for f in range(first.shape[0]):
        if many[f] >= WORTH:
            size = ptr[first[f] + 1] - ptr[first[f]]
            begin[f], common, total = common, common + size, total + size * many[f]
    stands, copied, copy = np.empty(common, np.int64), np.full(S + common, -1, np.int64), np.empty(total, np.int32)
    table, replaced, total = np.full((K, S + common), DEAD, np.int32), np.zeros(S, np.bool_), 0
    table[:, :S] = delta
    for f in range(first.shape[0]):
        if begin[f] < 0:
            continue
        for x in range(ptr[first[f] + 1] - ptr[first[f]]):
            v, q = begin[f] + x, states[ptr[first[f]] + x]
            stands[v], copied[S + v] = many[f], total
            total += many[f]
            for k in range(K):
                target = delta[k, q]
                if target >= 0:
                    table[k, S + v] = S + begin[f] + place[target] if owner[target] == owner[q] else LEAVES
    done = np.zeros(first.shape[0], np.int64)
    for a in range(family.shape[0]):
        f = family[a]
        if begin[f] >= 0:
            for x in range(ptr[a + 1] - ptr[a]):
                copy[copied[S + begin[f] + x] + done[f]], replaced[states[ptr[a] + x]] = states[ptr[a] + x], True
            done[f] += 1
    alone, count = np.empty(S + common, np.int32), 0
    for q in range(S + common):
        if q >= S or not replaced[q]:
            alone[count] = q
            count += 1
    return Copies(alone[:count].copy(), stands, copied, copy), table


@njit(cache=True, nogil=True, _nrt=False)
def opened(row, group, target, first, last, many, copied, copy, out_group, out_target):
    """Write the pairs ``[first, last)``, those that the row leads out of their copies as one pair a copy; returns how
    many they are, or -1 - (a group whose copies are not there yet)."""
    size, states = 0, row.shape[0] - many.shape[0]
    for x in range(first, last):
        g, r = group[x], target[x]
        if not states <= r < row.shape[0] or row[r] != LEAVES:
            out_group[size], out_target[size] = g, r
            size += 1
            continue
        if g >= copied.shape[0] or copied[g] < 0:
            return -1 - g
        for i in range(many[r - states]):
            out_group[size], out_target[size] = copy[copied[g] + i], copy[copied[r] + i]
            size += 1
    return size


@njit(cache=True, nogil=True)
def copy_group(group, states, groups, known, copies):
    """Make the copies of a union of common states: (groups, how many are known, copies)."""
    alone, many, copied, copy = copies
    common, waiting = states + many.shape[0], [group]
    while waiting:
        g, missing = waiting[-1], -1
        kids = groups.kid[groups.ptr[g] : groups.ptr[g + 1]]
        for kid in kids:
            if kid >= copied.shape[0] or copied[kid] < 0:
                missing = kid
        if missing >= 0:
            waiting.append(missing)
            continue
        waiting.pop()
        leaf, size, at = kids[0], kids.shape[0], copy.shape[0]
        while leaf >= common:
            leaf = groups.kid[groups.ptr[leaf]]
        copy = filled(copy, at + many[leaf - states], 0)
        groups = room_for_groups(groups, common, known, 2 * size * many[leaf - states])
        if copied.shape[0] < groups.sums.shape[0]:
            copied = filled(copied, groups.sums.shape[0], -1)
        for i in range(many[leaf - states]):
            for x in range(size):
                groups.kid[groups.ptr[known] + x] = copy[copied[kids[x]] + i]
            copy[at + i], known = united(groups.sums, groups.ptr, groups.kid, groups.slots, known, size)
        copied[g] = at
    return groups, known, Copies(alone, many, copied, copy)


@njit(cache=True, nogil=True)
def copies_of_targets(functions, member, states, groups, known, copies):
    """The copies of all groups that lead to common states in some functions: (copies, groups, how many are known)."""
    common = states + copies.many.shape[0]
    for f in member:
        for x in range(functions.ptr[f], functions.ptr[f + 1]):
            g = functions.group[x]
            if states <= functions.target[x] < common and (g >= copies.copied.shape[0] or copies.copied[g] < 0):
                groups, known, copies = copy_group(g, states, groups, known, copies)
    return copies, groups, known


@njit(cache=True, nogil=True)
def apart(functions, member, states, sums, copies):
    """Functions may differ in nothing but their pairs of common states being open or not. The number of each function
    among those that do differ, and these.

    Two sums over the states of 64 bits for each and its target tell them apart, as those of groups do.
    """
    alone, many, copied, copy = copies
    common = states + many.shape[0]
    number, kept, count = np.empty(member.shape[0], np.int32), np.empty(member.shape[0], np.int32), 0
    told, size = np.empty((member.shape[0], 2), np.uint64), 16
    while size < 2 * member.shape[0]:
        size *= 2
    slots = np.full(size, -1, np.int32)
    for c in range(member.shape[0]):
        a, b = U64(0), U64(0)
        for x in range(functions.ptr[member[c]], functions.ptr[member[c] + 1]):
            g, r = functions.group[x], functions.target[x]
            if states <= r < common:
                for i in range(many[r - states]):
                    bits = mixed(U64(copy[copied[r] + i] + 1))
                    a += sums[copy[copied[g] + i], 0] * bits
                    b += sums[copy[copied[g] + i], 1] * bits
            else:
                bits = mixed(U64(r + 1))
                a += sums[g, 0] * bits
                b += sums[g, 1] * bits
        slot = mixed(a) & U64(size - 1)
        while slots[slot] >= 0 and (told[slots[slot], 0] != a or told[slots[slot], 1] != b):
            slot = (slot + U64(1)) & U64(size - 1)
        if slots[slot] < 0:
            slots[slot], told[count, 0], told[count, 1], kept[count] = count, a, b, member[c]
            count += 1
        number[c] = slots[slot]
    return number, kept[:count].copy()


@njit(cache=True, nogil=True)
def opened_bundles(target, group, number, states, targets, copies):
    """Triples sorted by target, some of them of common states, without these: as many a triple as there are copies."""
    many, common = copies.many, states + copies.many.shape[0]
    ptr = np.zeros(targets + 1, np.int64)
    for r in target:
        if states <= r < common:
            for i in range(many[r - states]):
                ptr[copies.copy[copies.copied[r] + i] + 1] += 1
        else:
            ptr[r + 1] += 1
    for r in range(targets):
        ptr[r + 1] += ptr[r]
    to, of, new = np.empty(ptr[-1], np.int32), np.empty(ptr[-1], np.int32), np.empty(ptr[-1], np.int32)
    for b in range(target.shape[0]):
        r, g = target[b], group[b]
        shared = states <= r < common
        for i in range(many[r - states] if shared else 1):
            if shared:
                r, g = copies.copy[copies.copied[target[b]] + i], copies.copy[copies.copied[group[b]] + i]
            at = ptr[r]
            to[at], of[at], new[at] = r, g, number[b]
            ptr[r] += 1
    return to, of, new

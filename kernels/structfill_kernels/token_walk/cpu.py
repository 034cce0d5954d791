"""The walk in Numba: hash-consed partial functions, and whole subtrees of the trie at once where nothing changes."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..counters import STATE_BITS, advance
from ._types import LimitReached, Walk
from .bytesets import CHARACTERS, begins, classes_of_groups
from .copies import QUOTE, apart, copies_of, copies_of_targets, copy_group, opened
from .storage import (
    RUNNING,
    function_number,
    functions_of,
    groups_of,
    move_number,
    moves_of,
    room_for_function,
    room_for_groups,
    room_for_moves,
    united,
)
from .subtrees import (
    ASK,
    EMPTY,
    IDENTITY,
    LETTER,
    LOOPS,
    ROW_KNOWN,
    UNKNOWN,
    YES,
    behind_characters,
    changing,
    do_characters_loop,
    loops_on_characters,
)
from .usual import find_unusual, is_unusual, unusual_classes

U64, U32 = np.uint64, np.uint32  # unsigned indices save Numba's test for negative ones
STATES = (1 << STATE_BITS) - 1
MOVE = (1 << RUNNING) - 1
DONE, FUNCTIONS, GROUPS, MOVES, COPIES = 0, 1, 2, 3, 4  # what has to grow
NODE, CLASSES, WORK = 0, 1, 2  # places of the numbers that change, before those of `subtrees`
MANY = 16  # spellings below a node, for which functions are made that no other spelling may need
ONLY_CHARACTERS = U64(1) << U64(CHARACTERS)


@njit(cache=True, nogil=True, _nrt=False)
def _targets(row, target, first, last, out):
    """What the targets ``[first, last)`` are behind one more byte; -1: dead."""
    for x in range(last - first):
        out[x] = row[U32(target[first + x])]


@njit(cache=True, nogil=True, _nrt=False)
def _moved(row, target, first, last, out, value_of, state_of, slots, known, counts):
    """The same for moves of counters; returns how many moves are known. Move q stays in state q; where nothing runs and
    none is counted, its value is q."""
    states = row.shape[0]
    for x in range(last - first):
        before, out[x] = target[first + x], -1
        after, value = row[state_of[before]], value_of[before]
        if after < 0:
            continue
        if before < states and value == before and value_of[after] == after:
            out[x] = after
        else:
            move = advance(counts, (value >> RUNNING) & 3, value & MOVE, after)
            if move >= 0:
                out[x], known = move_number(value_of, state_of, slots, known, move | (value & ~MOVE), after)
    return known


@njit(cache=True, nogil=True, _nrt=False)
def _behind(row, target, first, last, out, value_of, state_of, slots, known, counts):
    """Either; returns how many moves are known."""
    if counts is None:
        _targets(row, target, first, last, out)
        return known
    return _moved(row, target, first, last, out, value_of, state_of, slots, known, counts)


@njit(cache=True, nogil=True, _nrt=False)
def _arrive(after, pairs, source, first, group, target, top, seen, at_of, group_of, next_of):
    """Write the groups ``source[first:]`` with their new targets at `top`, one pair a target: groups that
    meet are linked, their pair (``at_of[list]``) having the group -1 - (the first link) for a while. Returns the end of
    the pairs, the number of lists and of links."""
    end, lists, links = top, 0, 0
    for x in range(pairs):
        r = after[x]
        if r < 0:
            continue
        at = seen[U32(r)]
        if not (top <= at < end and target[U32(at)] == r):
            seen[U32(r)], group[U64(end)], target[U64(end)] = end, source[U64(first + x)], r
            end += 1
            continue
        if group[at] >= 0:
            at_of[lists], group_of[links], next_of[links] = at, group[at], -1
            group[at] = -1 - links
            lists, links = lists + 1, links + 1
        group_of[links], next_of[links] = source[first + x], -1 - group[at]
        group[at] = -1 - links
        links += 1
    return end, lists, links


@njit(cache=True, nogil=True, _nrt=False)
def _join(group, sums, ptr, kid, slots, known, at_of, group_of, next_of, lists):
    """Make the groups of every list one; returns how many groups are known."""
    for m in range(lists):
        at, size, top = at_of[m], 0, ptr[known]
        link = -1 - group[at]
        while link >= 0:
            kid[top + size] = group_of[link]
            size += 1
            link = next_of[link]
        group[at], known = united(sums, ptr, kid, slots, known, size)
    return known


@njit(cache=True, nogil=True, _nrt=False)
def _descend(node, prefixes, written, byte_class, K, step, path, begun, closed, shifted,
             characters, group_ptr, group_class, class_of, classes, found, row, at, counted):
    """The hot loop: from prefix `node` on, until a function has to be known behind a class, or what characters do to
    it (class ASK); returns that prefix, how many classes there are, the function and the class. A subtree in which
    nothing changes is one class; where all it holds does the same again and again, a spelling's class is told by its
    length."""
    letter = byte_class[LETTER]
    while node < prefixes.shape[0]:
        prefix = prefixes[node]
        d, byte, below, behind = U32(prefix.depth), prefix.byte, prefix.below, prefix.after
        k = byte_class[byte]
        function = step[path[d] * K + k]
        if function < 0:
            return node, classes, path[d], k
        if function != EMPTY:
            path[d + 1], begun[d + 1] = function, begun[d] + begins(byte)
            first, last = prefix.first, prefix.last
            changes = changing(below, function, K, step, closed, group_ptr, group_class)
            if changes == ONLY_CHARACTERS and step[function * K + letter] == function:
                if characters[function] == UNKNOWN:
                    return node, classes, function, ASK
                if characters[function] == LOOPS:
                    changes = U64(0)
            if changes and counted and last - first >= MANY:
                said = behind_characters(node, first, last, begun[d + 1], written, below, function, K, letter,
                                         step, shifted, characters, group_ptr, group_class, row, at)
                if said >= 0 or said == ASK:
                    return node, classes, row[at[ROW_KNOWN]], said
                if said == YES:
                    for r in range(first, last):
                        now = row[written[r] - begun[d + 1]]
                        if now != EMPTY:
                            if class_of[now] < 0:
                                class_of[now] = classes
                                classes += 1
                            found[r] = class_of[now]
                    node = behind
                    continue
            if changes:
                behind = node + 1
                last = first + prefix.spelled
            if last > first:
                if class_of[function] < 0:
                    class_of[function] = classes
                    classes += 1
                for r in range(first, last):
                    found[r] = class_of[function]
        node = behind
    return node, classes, EMPTY, YES


@njit(cache=True, nogil=True)
def _fill(at, delta, byte_class, trie, functions, groups, moves, copies, known, scratch, max_work, counts):
    """The walk until it ends or something has to grow (returned): no loop here replaces an array, since Numba would
    count its references in every round. `at` and `known` hold the numbers that change."""
    K, S = delta.shape
    prefixes, written = trie.prefixes, trie.characters
    ptr, hashes, group, target, step, usual, unusual, slots, closed, shifted, characters, class_of = functions
    sums, kid_ptr, kid, group_slots = groups
    value, state, seen, move_slots = moves
    _, many, copied, copy = copies
    (of_state, loops, group_ptr, group_class, path, begun, row, found, behind, at_of, group_of, next_of, out_group,
     out_target) = scratch
    quote, counted = byte_class[QUOTE] if many.shape[0] else -1, counts is not None
    while at[WORK] <= max_work:
        at[NODE], at[CLASSES], before, k = _descend(
            at[NODE], prefixes, written, byte_class, K, step, path, begun, closed, shifted,
            characters, group_ptr, group_class, class_of, at[CLASSES], found, row, at, counted)
        if at[NODE] >= prefixes.shape[0]:
            break
        if k == ASK:
            characters[before] = do_characters_loop(before, ptr, target, loops, state, counts)
            continue
        as_usual = not is_unusual(unusual, before, k)
        if as_usual and usual[before] >= 0:
            step[before * K + k] = usual[before]
            continue
        first, last, top, kids = ptr[before], ptr[before + 1], ptr[known[0]], kid_ptr[known[1]]
        pairs = last - first
        if k == quote:
            pairs = opened(delta[k], group, target, first, last, many, copied, copy, out_group, out_target)
            if pairs < 0:
                return COPIES, -1 - pairs
        if top + pairs > group.shape[0] or known[0] + 1 >= hashes.shape[0]:
            return FUNCTIONS, pairs
        unions = known[1] + pairs // 2
        if kids + pairs > kid.shape[0] or unions >= sums.shape[0] or 2 * (unions - S) > group_slots.shape[0]:
            return GROUPS, pairs
        most = known[2] + pairs
        if counted and (most > value.shape[0] or 2 * most > move_slots.shape[0]):
            return MOVES, pairs
        if k == quote:
            known[2] = _behind(delta[k], out_target, 0, pairs, behind, value, state, move_slots, known[2], counts)
            end, lists, links = _arrive(behind, pairs, out_group, 0, group, target, top, seen, at_of, group_of, next_of)
        else:
            known[2] = _behind(delta[k], target, first, last, behind, value, state, move_slots, known[2], counts)
            end, lists, links = _arrive(behind, pairs, group, first, group, target, top, seen, at_of, group_of, next_of)
        at[WORK] += pairs + links - 12 * known[1]
        known[1] = _join(group, sums, kid_ptr, kid, group_slots, known[1], at_of, group_of, next_of, lists)
        at[WORK] += 12 * known[1] + 2 * (kid_ptr[known[1]] - kids)
        number, now = function_number(ptr, hashes, group, target, slots, known[0], end, seen)
        step[before * K + k] = number
        if as_usual:
            usual[before] = number
        if now > known[0]:
            known[0] = now
            find_unusual(number, ptr, target, state, counted, of_state, unusual)
            at[WORK] += 3 * (end - top) + 4 * K
    return DONE, 0


@njit(cache=True, nogil=True)
def _walk(delta, byte_class, trie, max_work, counts):
    """All functions of prefixes, delta being [K, S]. Work is pairs composed, 3 for each pair kept, 4 for each table
    cell, 12 for each group and 2 for each of its kids."""
    copies, table = copies_of(delta, byte_class, counts)
    (K, S), states = table.shape, delta.shape[1]
    groups, functions, moves = groups_of(S), functions_of(copies.alone, K), moves_of(counts, S)
    found = np.full(trie.characters.shape[0] + 1, -1, np.int32)
    loops = loops_on_characters(delta, byte_class, counts)
    loops = np.concatenate((loops, loops[copies.copy[copies.copied[states:]]]))
    of_state = unusual_classes(table, byte_class[QUOTE] if copies.many.shape[0] else -1)
    find_unusual(IDENTITY, functions.ptr, functions.target, moves.state, counts is not None, of_state,
                 functions.unusual)
    scratch = (of_state, loops, *classes_of_groups(byte_class), np.full(1 + trie.longest, IDENTITY, np.int32),
               np.zeros(1 + trie.longest, np.int32), np.empty(1 + trie.longest, np.int32), found, *_lists(S))
    at, known = np.array([0, 0, S, -1, 0, 0]), np.array([2, S, S])
    what = FUNCTIONS
    while what != DONE:
        what, needed = _fill(at, table, byte_class, trie, functions, groups, moves, copies, known, scratch, max_work,
                             counts)
        if what == FUNCTIONS:
            functions = room_for_function(functions, known[0], K, needed)
        elif what == GROUPS:
            groups = room_for_groups(groups, S, known[1], needed)
        elif what == MOVES:
            moves = room_for_moves(moves, known[2], needed)
        elif what == COPIES:
            before = known[1]
            groups, known[1], copies = copy_group(needed, states, groups, known[1], copies)
            at[WORK] += 12 * (known[1] - before)
    return found, functions, at[CLASSES], groups, moves, copies, known, at[WORK]


@njit(cache=True, nogil=True)
def _lists(states):
    """Room for the pairs of a function: behind a byte, as links of groups that meet, and opened."""
    return (np.empty(states, np.int32), np.empty(states, np.int32), np.empty(2 * states, np.int32),
            np.empty(2 * states, np.int32), np.empty(states, np.int32), np.empty(states, np.int32))


@njit(cache=True, nogil=True)
def _members(class_of, known, classes):
    """The function of every class."""
    member = np.empty(classes, np.int32)
    for f in range(known):
        if class_of[f] >= 0:
            member[class_of[f]] = f
    return member


@njit(cache=True, nogil=True)
def _pairs(functions, member):
    """The pairs of the functions that are classes, class after class."""
    ptr = np.zeros(member.shape[0] + 1, np.int64)
    for c in range(member.shape[0]):
        ptr[c + 1] = ptr[c] + functions.ptr[member[c] + 1] - functions.ptr[member[c]]
    group, target = np.empty(ptr[-1], np.int32), np.empty(ptr[-1], np.int32)
    for c in range(member.shape[0]):
        a, b, first, last = ptr[c], ptr[c + 1], functions.ptr[member[c]], functions.ptr[member[c] + 1]
        group[a:b], target[a:b] = functions.group[first:last], functions.target[first:last]
    return ptr, group, target


@njit(cache=True, nogil=True)
def _by_rank(found, rank, number):
    """The number of the class of every spelling from the classes of the distinct ones; numpy would widen both first."""
    out = np.empty(rank.shape[0], np.int32)
    for r in range(rank.shape[0]):
        c = found[U32(rank[r])]
        out[r] = number[U32(c)] if c >= 0 else -1
    return out


def walk(delta, byte_class, trie, max_work, counts=None):
    """See the package. Cells of the table are counted in int32, which bounds the work at 2**33 whatever the caller
    allows."""
    allowed, states = min(max_work, (1 << 33) - 8), len(delta)
    delta = np.ascontiguousarray(delta.T)  # what one byte does to all states stands together
    found, functions, classes, groups, moves, copies, known, work = _walk(delta, byte_class, trie, allowed, counts)
    if work > allowed:
        raise LimitReached(int(work))
    member = _members(functions.class_of, known[0], classes)
    number = np.arange(classes, dtype=np.int32)
    if len(copies.many):
        copies, groups, known[1] = copies_of_targets(functions, member, states, groups, known[1], copies)
        number, member = apart(functions, member, states, groups.sums, copies)
    kid_ptr = groups.ptr[states : known[1] + 1].copy()
    kid = groups.kid[: kid_ptr[-1]].copy()
    return Walk(_by_rank(found, trie.rank, number), *_pairs(functions, member), kid_ptr, kid, int(work),
                None if counts is None else moves.value[: known[2]] & MOVE, copies)

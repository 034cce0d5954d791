"""The enumeration of a pushdown automaton, in Numba: configurations (state, stack, gap) hash-consed to integers.

The hot loop allocates nothing and stops where something has to grow: Numba counts the references of arrays that a loop
replaces in each of its rounds, which was half of the time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np

from .hashing import BARE, reserve

KEYS = 1 << 24  # states, and nodes of stacks, must be fewer: a configuration is hashed as one 64-bit key
EMPTY = 0  # the empty stack
_INLINE_GAP, _BLOCK_GAP = 1, 2
_ANY_WHITESPACE, _FLEXIBLE = 2, 1
_SPACE, _NEWLINE, _TAB = 0, 1, 2  # positions in the array of whitespace classes
_ONE_SPACE, _LINE = 1, 2  # gap codes: a space; a line break and its indentation so far
_DONE, _MORE_STACKS, _MORE_CONFIGURATIONS = 0, 1, 2  # what has to grow
_CURRENT, _COUNT, _NODES, _DEFERRED, _DECLARED = 0, 1, 2, 3, 4  # the numbers that change
STAYS, GROWS, ALWAYS_GROWS = 1, 2, 3  # bounds on nesting, by whether they may be raised later


class Stacks(NamedTuple):
    """Nodes of stacks, hash-consed by (continuation, node below)."""

    kont: Any  # int32
    below: Any  # int32
    too_deep: Any  # int32, by which kind of bound; 0: not at all
    around: Any  # int32, the counter of the innermost continuation on the stack that has one
    key: Any  # uint64
    table: Any  # int32


class Configurations(NamedTuple):
    """The states of the enumeration, hash-consed by (state, stack, gap), and what they do."""

    state: Any  # int32
    stack: Any  # int32
    gap: Any  # int32
    key: Any  # uint64
    table: Any  # int32
    delta: Any  # int32 [S, K]
    label: Any  # int32


@nb.njit(**BARE)  # type: ignore[untyped-decorator]
def _gap_after(kind: int, gap: int, which: int, mode: int) -> int:
    """The gap code after one more whitespace byte, or -1 where none is allowed."""
    if kind == 0:
        return -1
    if mode == _ANY_WHITESPACE:
        return 0
    if mode != _FLEXIBLE or kind > _BLOCK_GAP:
        return -1
    if which == _SPACE and gap == 0:
        return _ONE_SPACE
    if kind == _BLOCK_GAP and which == _NEWLINE and gap == 0:
        return _LINE
    return _LINE if gap == _LINE and (which in (_SPACE, _TAB)) else -1


@nb.njit(**BARE)  # type: ignore[untyped-decorator]
def _slot(table: Any, keys: Any, key: Any) -> Any:
    """The place of `key` in an open-addressing table of indexes into `keys` (free: -1)."""
    h = key * np.uint64(0x9E3779B97F4A7C15)
    place = (h ^ (h >> np.uint64(29))) & np.uint64(table.shape[0] - 1)
    while table[place] >= 0 and keys[table[place]] != key:
        place = (place + np.uint64(1)) & np.uint64(table.shape[0] - 1)
    return place


@nb.njit(cache=True, nogil=True)
def _rehashed(keys, count, size):  # type: ignore[no-untyped-def]
    table = np.full(size, -1, np.int32)
    for i in range(count):
        table[_slot(table, keys, keys[i])] = i
    return table


@nb.njit(cache=True, nogil=True)
def _more_stacks(stacks, count):  # type: ignore[no-untyped-def]
    """Stacks with twice the room."""
    size = 2 * stacks.kont.shape[0]
    key = reserve(stacks.key, size)
    return Stacks(reserve(stacks.kont, size), reserve(stacks.below, size), reserve(stacks.too_deep, size),
                  reserve(stacks.around, size), key, _rehashed(key, count, 4 * size))


@nb.njit(cache=True, nogil=True)
def _more_configurations(known, count):  # type: ignore[no-untyped-def]
    """Configurations with twice the room."""
    size = 2 * known.state.shape[0]
    key = reserve(known.key, size)
    return Configurations(reserve(known.state, size), reserve(known.stack, size), reserve(known.gap, size), key,
                          _rehashed(key, count, 4 * size), reserve(known.delta, size), reserve(known.label, size))


@nb.njit(**BARE)  # type: ignore[untyped-decorator]
def _nests_in(call: int, stack: int, callee: Any, nests: Any, kont: Any, below: Any) -> tuple[int, int]:
    """How many times the callee of a continuation is on the stack, and how many values are that hold others."""
    same = height = 0
    while stack != EMPTY:
        same += callee[kont[stack]] == callee[call]
        height += nests[kont[stack]]
        stack = below[stack]
    return same, height


@nb.njit(cache=True, nogil=True)
def _enumerate(at: Any, decided: Any, known: Configurations, stacks: Stacks, start: Any, target_of: Any, begin: Any,
               member: Any, labels: Any, gaps: Any, behind: Any, calls: Any, callee: Any, nests: Any, counter: Any,
               return_offset: Any, returns: Any, spaces: Any, mode: int, most: Any, grows: Any,
               small: Any, deepest: int, max_states: int) -> int:
    """The enumeration until it ends, or something has to grow: the configuration begun is then looked at again."""
    kont, below, too_deep, around, node_key, node_table = stacks
    state_of, stack_of, gap_of, key_of, conf_table, delta, out_labels = known
    current, count, nodes, capacity = at[_CURRENT], at[_COUNT], at[_NODES], state_of.shape[0]
    decided[:] = -1
    while current < count and count <= max_states and nodes < KEYS:
        at[_CURRENT], at[_COUNT], at[_NODES] = current, count, nodes
        if count + decided.shape[0] > capacity:
            return _MORE_CONFIGURATIONS
        delta[current] = -1
        out_labels[current] = -1
        state, stack, gap = state_of[current], stack_of[current], gap_of[current]
        if too_deep[stack]:
            at[_DEFERRED] += too_deep[stack] >= GROWS
            at[_DECLARED] += too_deep[stack] == ALWAYS_GROWS
            current += 1
            continue
        while True:
            for g in range(start[state] - (4 if gaps[state] else 0), start[state + 1]):  # whitespace before the rest
                which = g - start[state] + 4
                if which < 4:
                    new_gap = _gap_after(gaps[state], gap, which, mode)
                    if new_gap < 0 or decided[spaces[which]] == current:
                        continue
                    target, first, last = behind[state], np.int64(0), np.int64(1)
                else:
                    new_gap, target, first, last = 0, target_of[g], begin[g], begin[g + 1]
                place, node = np.int64(-1), stack  # looked up for the first byte class that needs it
                for x in range(first, last):
                    byte_class = spaces[which] if which < 4 else member[x]
                    if decided[byte_class] == current:
                        continue
                    decided[byte_class] = current
                    if place >= 0:
                        delta[current, byte_class] = place
                    if place != -1:
                        continue
                    # a value that can only end here ends at once, so that equal continuations meet
                    while new_gap == 0 and target >= 0 and node != EMPTY and labels[target] >= 0 \
                            and gaps[target] == 0 and start[target] == start[target + 1]:
                        target = returns[return_offset[kont[node]] + labels[target]]
                        node = below[node]
                    if target < 0:
                        place = np.int64(-2)
                        continue
                    key = (np.uint64(target) << np.uint64(40)) | (np.uint64(node) << np.uint64(16)) | np.uint64(new_gap)
                    slot = _slot(conf_table, key_of, key)
                    place = np.int64(conf_table[slot])
                    if place < 0:
                        state_of[count], stack_of[count], gap_of[count], key_of[count] = target, node, new_gap, key
                        conf_table[slot] = place = np.int64(count)
                        count += 1
                    delta[current, byte_class] = place
            call = calls[state]
            if call >= 0:
                key = (np.uint64(call) << np.uint64(32)) | np.uint64(stack)
                slot = _slot(node_table, node_key, key)
                if node_table[slot] < 0:
                    if nodes == kont.shape[0]:
                        at[_COUNT], at[_NODES] = count, nodes
                        return _MORE_STACKS
                    deep = too_deep[stack]
                    if nests[call]:
                        same, height = _nests_in(call, stack, callee, nests, kont, below)
                        if same > most[call]:
                            deep = max(deep, grows[call])
                        if height >= deepest and not small[call]:
                            deep = max(deep, STAYS)
                    kont[nodes], below[nodes], too_deep[nodes], node_key[nodes] = call, stack, deep, key
                    around[nodes] = counter[call] if counter[call] else around[stack]
                    node_table[slot] = nodes
                    nodes += 1
                stack, state, gap = node_table[slot], callee[call], 0
            elif labels[state] >= 0:
                if stack == EMPTY:
                    out_labels[current] = 0 if gap_of[current] == 0 else -1
                    break
                state, stack, gap = returns[return_offset[kont[stack]] + labels[state]], below[stack], 0
                if state < 0:
                    break
            else:
                break
        current += 1
    at[_CURRENT], at[_COUNT], at[_NODES] = current, count, nodes
    return _DONE


@nb.njit(cache=True, nogil=True)
def enumerate_states(start: Any, target_of: Any, begin: Any, member: Any, classes: int, labels: Any, gaps: Any,
                     behind: Any, calls: Any, callee: Any, nests: Any, counter: Any, return_offset: Any, returns: Any,
                     spaces: Any, mode: int, most: Any, grows: Any, small: Any,
                     deepest: int, max_states: int) -> Any:
    """Breadth-first enumeration of the configurations in which the callee of continuation c is on the stack at most
    ``most[c]`` (int32 [C]) times before, and at most `deepest` values are nested in others, but for `small` ones (bool
    [C]).

    Arguments are those of `Transitions` and the arrays of `Pushdown`, the classes of space, newline, tab and carriage
    return, the whitespace mode, the bounds and whether each `grows` (int32 [C]). Returns (delta int32 [S, K], labels
    int32 [S], number of states, number of configurations left out by bounds that grow, and by those that always do,
    state of every configuration int32 [S], the counter that runs around it int32 [S]); stops early when S exceeds
    `max_states`.

    What a configuration does with a byte is decided by its state or, failing that, by the state where a value called
    there begins, or where the value that ends there goes on, and so on: a chain that is walked once for all bytes.
    """
    none = np.zeros(64, np.int32)
    stacks = Stacks(none - 1, none - 1, none.copy(), none.copy(), np.full(64, 0xFFFFFFFFFFFFFFFF, np.uint64),
                    np.full(256, -1, np.int32))
    size = 256  # a power of two, as all sizes of tables
    while size < 2 * classes:
        size *= 2
    zero = np.zeros(size, np.int32)
    known = Configurations(zero.copy(), zero.copy(), zero.copy(), np.zeros(size, np.uint64), np.full(1, -1, np.int32),
                           np.empty((size, classes), np.int32), zero.copy())
    known = _more_configurations(known, 1)  # state 0, the empty stack, no gap
    at, decided, what = np.array([0, 1, 1, 0, 0]), np.empty(classes, np.int64), _MORE_STACKS
    while what != _DONE:
        what = _enumerate(at, decided, known, stacks, start, target_of, begin, member, labels, gaps, behind, calls,
                          callee, nests, counter, return_offset, returns, spaces, mode, most, grows, small,
                          deepest, max_states)
        if what == _MORE_STACKS:
            stacks = _more_stacks(stacks, at[_NODES])
        elif what == _MORE_CONFIGURATIONS:
            known = _more_configurations(known, at[_COUNT])
    count, nodes = at[_COUNT], at[_NODES]
    kept = min(count, at[_CURRENT])
    needed = count if nodes < KEYS else max(count, max_states + 1)
    return (known.delta[:kept].copy(), known.label[:kept].copy(), needed, at[_DEFERRED], at[_DECLARED],
            known.state[:kept].copy(), stacks.around[known.stack[:kept]])

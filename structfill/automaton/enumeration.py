"""The enumeration of a pushdown automaton, in Numba: configurations (state, stack, gap) hash-consed to integers."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from .hashing import reserve

KEYS = 1 << 24  # states, and nodes of stacks, must be fewer: a configuration is hashed as one 64-bit key
EMPTY = 0  # the empty stack
_INLINE_GAP, _BLOCK_GAP = 1, 2
_ANY_WHITESPACE, _FLEXIBLE = 2, 1
_SPACE, _NEWLINE, _TAB = 0, 1, 2  # positions in the array of whitespace classes
_ONE_SPACE, _LINE = 1, 2  # gap codes: a space; a line break and its indentation so far


@nb.njit(cache=True, nogil=True)
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


@nb.njit(cache=True, nogil=True)
def _slot(table: Any, keys: Any, key: Any) -> Any:
    """The place of `key` in an open-addressing table of indexes into `keys` (free: -1)."""
    h = key * np.uint64(0x9E3779B97F4A7C15)
    place = (h ^ (h >> np.uint64(29))) & np.uint64(table.shape[0] - 1)
    while table[place] >= 0 and keys[table[place]] != key:
        place = (place + np.uint64(1)) & np.uint64(table.shape[0] - 1)
    return place


@nb.njit(cache=True, nogil=True)
def _grow(table: Any, keys: Any, count: int) -> Any:
    bigger = np.full(table.shape[0] * 4, -1, np.int32)
    for i in range(count):
        bigger[_slot(bigger, keys, keys[i])] = i
    return bigger


@nb.njit(cache=True, nogil=True)
def enumerate_states(start: Any, target_of: Any, begin: Any, member: Any, classes: int, labels: Any, gaps: Any,
                     behind: Any, calls: Any, callee: Any, nests: Any, counter: Any, return_offset: Any, returns: Any,
                     spaces: Any, mode: int, most: Any, grows: Any, max_states: int) -> Any:
    """Breadth-first enumeration of the configurations in which the callee of continuation c is on the stack at most
    ``most[c]`` (int32 [C]) times before.

    Arguments are those of `Transitions` and the arrays of `Pushdown`, the classes of space, newline, tab and carriage
    return, the whitespace mode and the bounds. Returns (delta int32 [S, K], labels int32 [S], number of states, number
    of configurations left out by a bound that `grows` (bool [C]), state of every configuration int32 [S], the counter
    that runs around it int32 [S]); stops early when S exceeds `max_states`.

    What a configuration does with a byte is decided by its state or, failing that, by the state where a value called
    there begins, or where the value that ends there goes on, and so on: a chain that is walked once for all bytes.
    """
    decided = np.full(classes, -1, np.int64)
    # stack nodes: continuation, node below, is it too deep (2: by a bound that grows)?
    kont = np.empty(64, np.int32)
    below = np.empty(64, np.int32)
    too_deep = np.zeros(64, np.int32)
    around = np.zeros(64, np.int32)  # the counter of the innermost continuation on the stack that has one
    node_key = np.zeros(64, np.uint64)
    node_table = np.full(256, -1, np.int32)
    nodes = 1
    kont[0] = -1
    below[0] = -1
    node_key[0] = np.uint64(0xFFFFFFFFFFFFFFFF)
    # configurations
    state_of = np.empty(256, np.int32)
    stack_of = np.empty(256, np.int32)
    gap_of = np.empty(256, np.int32)
    key_of = np.empty(256, np.uint64)
    delta = np.empty((256, classes), np.int32)
    out_labels = np.full(256, -1, np.int32)
    conf_table = np.full(1024, -1, np.int32)
    state_of[0] = 0
    stack_of[0] = EMPTY
    gap_of[0] = 0
    key_of[0] = np.uint64(0)
    conf_table[_slot(conf_table, key_of, key_of[0])] = 0
    count = 1
    deferred = 0
    current = 0
    while current < count and count <= max_states and nodes < KEYS:
        delta = reserve(delta, count)
        out_labels = reserve(out_labels, count)
        delta[current] = -1
        out_labels[current] = -1
        state, stack, gap = state_of[current], stack_of[current], gap_of[current]
        if too_deep[stack]:
            deferred += too_deep[stack] == 2
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
                        state_of = reserve(state_of, count + 1)
                        stack_of = reserve(stack_of, count + 1)
                        gap_of = reserve(gap_of, count + 1)
                        key_of = reserve(key_of, count + 1)
                        state_of[count] = target
                        stack_of[count] = node
                        gap_of[count] = new_gap
                        key_of[count] = key
                        conf_table[slot] = place = np.int64(count)
                        count += 1
                        if count * 2 > conf_table.shape[0]:
                            conf_table = _grow(conf_table, key_of, count)
                    delta[current, byte_class] = place
            call = calls[state]
            if call >= 0:
                key = (np.uint64(call) << np.uint64(32)) | np.uint64(stack)
                slot = _slot(node_table, node_key, key)
                if node_table[slot] < 0:
                    kont = reserve(kont, nodes + 1)
                    below = reserve(below, nodes + 1)
                    too_deep = reserve(too_deep, nodes + 1)
                    around = reserve(around, nodes + 1)
                    node_key = reserve(node_key, nodes + 1)
                    same = 0
                    under = stack
                    while nests[call] and under != EMPTY:
                        same += callee[kont[under]] == callee[call]
                        under = below[under]
                    kont[nodes] = call
                    below[nodes] = stack
                    too_deep[nodes] = too_deep[stack]
                    around[nodes] = counter[call] if counter[call] else around[stack]
                    if same > most[call]:
                        too_deep[nodes] = max(too_deep[stack], 2 if grows[call] else 1)
                    node_key[nodes] = key
                    node_table[slot] = nodes
                    nodes += 1
                    if nodes * 2 > node_table.shape[0]:
                        node_table = _grow(node_table, node_key, nodes)
                        slot = _slot(node_table, node_key, key)
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
    kept = min(count, current)
    needed = count if nodes < KEYS else max(count, max_states + 1)
    return (delta[:kept].copy(), out_labels[:kept].copy(), needed, deferred, state_of[:kept].copy(),
            around[stack_of[:kept]])

"""Byte automata one after the other, with a fixed text as the simplest of them, and bounds on a text's length."""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
from numpy.typing import NDArray

from ..deadline import check_time
from ..errors import TooLarge
from ..limits import Limits
from .byte_automaton import DEAD, ByteAutomaton
from .hashing import find_run, rehash, reserve

Int32 = NDArray[np.int32]
_DONE, _STATES, _WORK = 0, 1, 2


def literal(text: bytes) -> ByteAutomaton:
    """Exactly this text."""
    used = sorted(set(text))
    byte_class = np.full(256, len(used), np.uint8) if len(used) < 256 else np.zeros(256, np.uint8)
    byte_class[used] = np.arange(len(used), dtype=np.uint8)
    delta = np.full((len(text) + 1, int(byte_class.max()) + 1), DEAD, np.int32)
    delta[np.arange(len(text)), byte_class[list(text)]] = np.arange(1, len(text) + 1)
    return ByteAutomaton(delta, byte_class, np.arange(len(text) + 1) == len(text))


def series(parts: Sequence[ByteAutomaton], limits: Limits) -> ByteAutomaton:
    """The minimal automaton of a text of each part, one after the other.

    Subset construction over (part, state): where a part may end, the next one may begin. Raises `TooLarge` past
    `limits.states` or `limits.work`.
    """
    byte_class, tables = over_joint_classes(parts)
    sizes = [len(part) for part in parts]
    first = np.cumsum([0, *sizes])
    delta = np.full((int(first[-1]), tables[0].shape[1]), DEAD, np.int32)
    ends = np.zeros(len(delta), np.bool_)
    enter = np.full(len(delta), DEAD, np.int32)
    for k, (part, cells) in enumerate(zip(parts, tables, strict=True)):
        rows = slice(first[k], first[k + 1])
        delta[rows] = np.where(cells == DEAD, DEAD, cells + np.int32(first[k]))
        if k + 1 < len(parts):
            enter[rows][part.accepting] = first[k + 1]
        else:
            ends[rows] = part.accepting
    check_time()
    status, needed, joint, labels = _subsets(delta, enter, ends, limits.states, limits.work)
    if status != _DONE:
        raise TooLarge(*(("states", needed, limits.states) if status == _STATES else ("work", needed, limits.work)))
    bounds = [part.exact_up_to for part in parts if part.exact_up_to is not None]
    nesting = min((part.nesting for part in parts if part.nesting), default=0)
    return ByteAutomaton.minimal(joint, byte_class, labels, min(bounds, default=None), nesting)


def of_length(automaton: ByteAutomaton, least: int, most: int | None, limits: Limits) -> ByteAutomaton:
    """The texts of `least` to `most` bytes (None: no bound). Raises `EmptyLanguage` if there is none."""
    height = least if most is None else most
    states, columns = automaton.delta.shape
    if states * (height + 1) > limits.states:
        raise TooLarge("states", states * (height + 1), limits.states)
    level = np.arange(height + 1)[:, None, None]
    after = np.minimum(level + 1, height) if most is None else level + 1
    alive = (automaton.delta[None] != DEAD) & (after <= height)
    delta = np.where(alive, after * states + automaton.delta[None], DEAD).reshape(-1, columns).astype(np.int32)
    accepting = (automaton.accepting[None] & (np.arange(height + 1) >= least)[:, None]).reshape(-1)
    labels = np.where(accepting, 0, -1).astype(np.int32)
    return ByteAutomaton.minimal(delta, automaton.byte_class, labels, automaton.exact_up_to, automaton.nesting)


def over_joint_classes(parts: Sequence[ByteAutomaton]) -> tuple[NDArray[np.uint8], list[Int32]]:
    """(byte_class, `delta` of every part): bytes that no part tells apart share a class."""
    joint = np.zeros(256, np.int64)
    for part in parts:
        _, joint = np.unique(joint * 256 + part.byte_class, return_inverse=True)
    byte_of = np.zeros(int(joint.max()) + 1, np.int64)
    byte_of[joint] = np.arange(256)
    return joint.astype(np.uint8), [part.delta[:, part.byte_class[byte_of]] for part in parts]


@nb.njit(cache=True, nogil=True)
def _add(q: int, enter: Int32, stamp: NDArray[np.int64], turn: int, pool: Int32, at: int) -> int:
    """Write `q` and what may begin where it ends behind `at`, unless it is there; returns the new end."""
    while q >= 0 and stamp[q] != turn:
        stamp[q] = turn
        pool[at] = q
        at += 1
        q = enter[q]
    return at


@nb.njit(cache=True, nogil=True)
def _subsets(parts: Int32, enter: Int32, ends: NDArray[np.bool_], max_states: int,
             max_work: int) -> tuple[int, int, Int32, Int32]:
    """The deterministic automaton of all sets of states of `parts`. Returns (status, needed, delta, labels)."""
    n, classes = parts.shape
    pool, begin = np.empty(64 + 2 * n, np.int32), np.zeros(65, np.int64)
    hashes, table = np.empty(64, np.uint64), np.full(256, -1, np.int32)
    delta, labels = np.full((64, classes), -1, np.int32), np.full(64, -1, np.int32)
    stamp, turn, count, work, row = np.zeros(n, np.int64), 0, 0, 0, -1
    while row < count:
        for k in range(classes if row >= 0 else 1):
            if begin[count] + n > pool.shape[0]:
                pool = reserve(pool, 2 * (begin[count] + n))
            turn += 1
            stop = begin[count]
            if row < 0:
                stop = _add(0, enter, stamp, turn, pool, stop)
            else:
                work += begin[row + 1] - begin[row] + 1
                for i in range(begin[row], begin[row + 1]):
                    stop = _add(parts[pool[i], k], enter, stamp, turn, pool, stop)
            if work > max_work:
                return _WORK, work, delta, labels
            if stop == begin[count]:
                continue
            pool[begin[count]:stop].sort()
            slot, h = find_run(pool, begin, count, stop, hashes, table)
            if table[slot] < 0:
                if count >= max_states:
                    return _STATES, count + 1, delta, labels
                if count + 1 == hashes.shape[0]:
                    hashes, labels = reserve(hashes, 2 * count + 2), reserve(labels, 2 * count + 2)
                    delta, begin = reserve(delta, 2 * count + 2), reserve(begin, 2 * count + 3)
                table[slot], hashes[count], delta[count], labels[count] = count, h, -1, -1
                for i in range(begin[count], stop):
                    if ends[pool[i]]:
                        labels[count] = 0
                count += 1
                begin[count] = stop
                work += stop - begin[count - 1] + classes
                if 2 * count > table.shape[0]:
                    table = rehash(hashes, count, 4 * table.shape[0])
                    slot, h = find_run(pool, begin, count - 1, stop, hashes, table)
                if row >= 0:
                    delta[row, k] = count - 1
            elif row >= 0:
                delta[row, k] = table[slot]
        row += 1
    return _DONE, 0, delta[:count].copy(), labels[:count].copy()


__all__ = ["literal", "of_length", "over_joint_classes", "series"]

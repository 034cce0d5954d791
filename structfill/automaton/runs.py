"""Rows of a transition table as runs of classes with equal targets, in Numba: a fifth to a tenth of the cells.

``ptr`` (int64 [S + 1]), ``begin`` and ``target`` (int32): row q is the runs ``ptr[q]`` to ``ptr[q + 1]``, each from its
first class to that of the next; -1 is dead.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from .hashing import mix

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@nb.njit(cache=True, nogil=True)
def runs_of(delta: Int32) -> tuple[Int64, Int32, Int32]:
    """(ptr, begin, target) of a table int32 [S, K]."""
    n, classes = delta.shape
    ptr = np.zeros(n + 1, np.int64)
    for q in range(n):
        count = min(classes, 1)
        for c in range(1, classes):
            count += delta[q, c] != delta[q, c - 1]
        ptr[q + 1] = ptr[q] + count
    begin, target, x = np.empty(ptr[n], np.int32), np.empty(ptr[n], np.int32), 0
    for q in range(n):
        for c in range(classes):
            if c == 0 or delta[q, c] != delta[q, c - 1]:
                begin[x], target[x] = c, delta[q, c]
                x += 1
    return ptr, begin, target


@nb.njit(cache=True, nogil=True)
def depth_first(ptr: Int64, target: Int32) -> tuple[Int32, Int32, Int32]:
    """The states that state 0 reaches in depth-first postorder: successors first, as far as cycles allow.

    Also, by state: how many states stood below it on the stack, and how many had been left when it was entered.
    """
    n = ptr.shape[0] - 1
    depth, entered, stack = np.full(n, -1, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    place, order, done, top = ptr[:-1].copy(), np.empty(n, np.int32), 0, 1
    stack[0], depth[0], entered[0] = 0, 0, 0
    while top:
        q = stack[top - 1]
        x = place[q]
        while x < ptr[q + 1] and (target[x] < 0 or depth[target[x]] >= 0):
            x += 1
        place[q] = x
        if x < ptr[q + 1]:
            r = target[x]
            depth[r], entered[r], stack[top] = top, done, r
            top += 1
        else:
            top -= 1
            order[done] = q
            done += 1
    return order[:done], depth, entered


@nb.njit(cache=True, nogil=True)
def _value(r: int, q: int, same: Int32) -> int:
    """A successor as its representative; a self-loop looks alike in all states."""
    if r < 0:
        return -1
    return -2 if r == q else same[r]


@nb.njit(cache=True, nogil=True)
def row_hash(ptr: Int64, begin: Int32, target: Int32, labels: Int32, q: int, same: Int32) -> Any:
    """A hash of a state's label and row, successors being what stands for them; equal for `equal_rows`."""
    h, last = mix(np.uint64(17), labels[q]), -3
    for x in range(ptr[q], ptr[q + 1]):
        value = _value(target[x], q, same)
        if value != last:
            h, last = mix(mix(h, begin[x]), value), value
    return h


@nb.njit(cache=True, nogil=True)
def equal_rows(delta: Int32, q: int, r: int, same: Int32) -> bool:
    """Do two states lead to the same states, in all classes?"""
    for c in range(delta.shape[1]):  # noqa: SIM110 (Numba loop)
        if _value(delta[q, c], q, same) != _value(delta[r, c], r, same):
            return False
    return True


@nb.njit(cache=True, nogil=True)
def nothing(classes: int) -> tuple[Int32, Int32]:
    """(table, labels) of the empty language: one dead state."""
    return np.full((1, classes), -1, np.int32), np.full(1, -1, np.int32)


@nb.njit(cache=True, nogil=True)
def spread(ptr: Int64, begin: Int32, target: Int32, classes: int, first: Int32) -> tuple[Int32, Int32]:
    """(table, states): the states that ``first[0]`` reaches, numbered breadth first; a successor r counts as
    ``first[r]``, -1 as dead."""
    n = ptr.shape[0] - 1
    number, order, count, i = np.full(n, -1, np.int32), np.empty(n, np.int32), 1, 0
    number[first[0]], order[0] = 0, first[0]
    while i < count:
        for r in target[ptr[order[i]] : ptr[order[i] + 1]]:
            if r >= 0 and first[r] >= 0 and number[first[r]] < 0:
                number[first[r]], order[count] = count, first[r]
                count += 1
        i += 1
    out = np.empty((count, classes), np.int32)
    for i in range(count):
        q = order[i]
        for x in range(ptr[q], ptr[q + 1]):
            value = target[x]
            if value >= 0:
                value = number[first[value]] if first[value] >= 0 else -1
            out[i, begin[x] : begin[x + 1] if x + 1 < ptr[q + 1] else classes] = value
    return out, order[:count]

"""Two automata at once, in pairs of their states."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from ..errors import TooLarge
from ..limits import Limits
from .byte_automaton import ByteAutomaton
from .series import over_joint_classes

Int32 = NDArray[np.int32]


def difference(automaton: ByteAutomaton, other: ByteAutomaton, limits: Limits) -> ByteAutomaton:
    """The minimal automaton of the texts of `automaton` without those of `other`.

    Raises `EmptyLanguage` if there is none, `TooLarge` past ``limits.bytes`` or ``limits.states``.
    """
    byte_class, delta, p, q = pairs(automaton, other, limits)
    there = automaton.accepting[p] & ~np.append(other.accepting, False)[q]
    labels = np.where(there, 0, -1).astype(np.int32)
    return ByteAutomaton.minimal(delta, byte_class, labels, automaton.exact_up_to, automaton.nesting)


def pairs(first: ByteAutomaton, second: ByteAutomaton, limits: Limits
          ) -> tuple[NDArray[np.uint8], Int32, NDArray[np.int64], NDArray[np.int64]]:
    """(byte_class, delta, states of `first`, states of `second`) of the pairs of states that are reached; the dead
    state of the second automaton is its number of states. Raises `TooLarge` past ``limits.bytes``, ``limits.states``.
    """
    width = len(second) + 1
    if 4 * len(first) * width > limits.bytes:
        raise TooLarge("bytes", 4 * len(first) * width, limits.bytes)
    byte_class, (moves, others) = over_joint_classes([first, second])
    count, delta, pair = _product(moves, others, limits.states)
    if count > limits.states:
        raise TooLarge("states", count, limits.states)
    return byte_class, delta, pair // width, pair % width


@nb.njit(cache=True, nogil=True)
def _product(first: Int32, second: Int32, most: int) -> tuple[int, Int32, NDArray[np.int64]]:
    """(states, delta, pair): the reachable pairs p * (S' + 1) + q, q = S' where the second automaton is dead."""
    width, columns = len(second) + 1, first.shape[1]
    number, pair = np.full(len(first) * width, -1, np.int32), np.zeros(16, np.int64)
    delta, count, at = np.full((16, columns), -1, np.int32), 1, 0
    number[0] = 0
    while at < count <= most:
        p, q = pair[at] // width, pair[at] % width
        for k in range(columns):
            if first[p, k] < 0:
                continue
            after = first[p, k] * width + (second[q, k] if q < width - 1 and second[q, k] >= 0 else width - 1)
            if number[after] < 0:
                if count == len(pair):
                    pair, delta = np.append(pair, np.zeros_like(pair)), np.concatenate((delta, np.full_like(delta, -1)))
                number[after], pair[count] = count, after
                count += 1
            delta[at, k] = number[after]
        at += 1
    return count, delta[:count].copy(), pair[:count].copy()

"""Long repetitions in character automata: chains of states that differ only in how often one has been round.

``[a-z]{2,500}`` is a chain of 501 states, each of which leads to the next on the same characters and, from the third
on, to the same places on all others. Such a chain becomes one state with a loop, and a counter from 2 to 500.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from .char_dfa import CharDFA

Int32 = NDArray[np.int32]
Bounds = tuple[int, int | None]
SHORTEST = 32  # repetitions that are worth a counter


@dataclass(frozen=True, eq=False)
class CountedStrings:
    """A language of strings: those of an automaton whose characters, while it is in certain states, are so many.

    Attributes:
        dfa: an automaton; not minimal, where it counts.
        of: int32 [S], the counter that runs in a state, or 0. It begins at 0 when another state leads here, and counts
            the characters from then on.
        bounds: of counter i + 1, how much it may count when the string ends or another state follows.
    """

    dfa: CharDFA
    of: Int32
    bounds: tuple[Bounds, ...] = ()

    @classmethod
    def uncounted(cls, dfa: CharDFA) -> CountedStrings:
        """The strings of an automaton."""
        return cls(dfa, np.zeros(len(dfa), np.int32))

    @classmethod
    def of_length(cls, dfa: CharDFA, bounds: Bounds) -> CountedStrings:
        """Those of its strings that have so many characters."""
        return cls(dfa, np.ones(len(dfa), np.int32), (bounds,))

    @property
    def key(self) -> tuple[bytes, bytes, tuple[Bounds, ...]]:
        """A hashable value that determines the language."""
        return self.dfa.key, self.of.tobytes(), self.bounds


def counted_repeats(dfa: CharDFA) -> CountedStrings:
    """The same language, with counters for its long repetitions."""
    if len(dfa) <= SHORTEST:
        return CountedStrings.uncounted(dfa)
    least, most, chain = _chains(dfa.delta, dfa.labels, SHORTEST)
    if not len(least):
        return CountedStrings.uncounted(dfa)
    delta, labels, of = _collapsed(dfa.delta, dfa.labels, chain, len(least))
    bounds = tuple((int(low), int(high)) for low, high in zip(least, most, strict=True))
    return CountedStrings(CharDFA(dfa.bounds, dfa.classes, delta, labels), of, bounds)


@nb.njit(cache=True, nogil=True)
def _follows(delta: Int32, labels: Int32, q: int, r: int) -> bool:
    """Are q and r alike, but that q leads to r where r leads to some third state, or nowhere?"""
    third, found = np.int32(-2), False
    if q == r or labels[q] != labels[r]:
        return False
    for c in range(delta.shape[1]):
        if delta[q, c] == r:
            if found and delta[r, c] != third:
                return False
            third, found = delta[r, c], True
    if not found or third == q or third == r:  # noqa: SIM109 (Numba)
        return False
    for c in range(delta.shape[1]):
        if delta[q, c] != r and (delta[q, c] != delta[r, c] or (third >= 0 and delta[r, c] == third)):
            return False
    return True


@nb.njit(cache=True, nogil=True)
def _next_states(delta: Int32, labels: Int32) -> tuple[Int32, Int32]:
    """(the state that follows each one in a chain; the only one that a state leads to, where it may not end), or -1."""
    n, k = delta.shape
    follower, only = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    for q in range(n):
        single = labels[q] < 0
        for c in range(k):
            r = delta[q, c]
            if r < 0:
                continue
            if only[q] < 0:
                only[q] = r
            elif only[q] != r:
                single = False
            if follower[q] < 0 and (c == 0 or r != delta[q, c - 1]) and _follows(delta, labels, q, r):
                follower[q] = r
        if not single or only[q] == q:
            only[q] = -1
    return follower, only


@nb.njit(cache=True, nogil=True)
def _steps_on(delta: Int32, q: int, r: int, on: NDArray[np.bool_]) -> bool:
    """Does q lead to r on exactly these classes?"""
    for c in range(delta.shape[1]):  # noqa: SIM110 (Numba loop)
        if (delta[q, c] == r) != on[c]:
            return False
    return True


@nb.njit(cache=True, nogil=True)
def _stops_on(delta: Int32, q: int, on: NDArray[np.bool_]) -> bool:
    """Does q lead nowhere on these classes?"""
    for c in range(delta.shape[1]):  # noqa: SIM110 (Numba loop)
        if on[c] and delta[q, c] >= 0:
            return False
    return True


@nb.njit(cache=True, nogil=True)
def _ended(delta: Int32, begin: int, follower: Int32, before: Int32, earlier: Int32, chain: Int32,
           on: NDArray[np.bool_]) -> int:
    """The last of the states that follow `begin` on the classes that go into `on`; -1 where the last one goes on, or
    where the next one belongs to a chain already."""
    if follower[begin] < 0:
        p = before[begin]
        while p >= 0:
            on[:] = delta[p] == begin
            if not chain[p] and _stops_on(delta, begin, on):
                return begin
            p = earlier[p]
        return -1
    on[:] = delta[begin] == follower[begin]
    q = follower[begin]
    if chain[q]:
        return -1
    while follower[q] >= 0 and not chain[follower[q]] and _steps_on(delta, q, follower[q], on):
        q = follower[q]
    return q if _stops_on(delta, q, on) else -1


@nb.njit(cache=True, nogil=True)
def _marked(delta: Int32, begin: int, last: int, follower: Int32, before: Int32, earlier: Int32,
            on: NDArray[np.bool_], number: int, chain: Int32, place: Int32) -> int:
    """Give the states from `begin` to `last`, and those before that only lead to it on the same classes, the chain
    `number` and their places, counted from `begin`; returns how many stand before it."""
    q, at = begin, 0
    while True:
        chain[q], place[q] = number, at
        if q == last:
            break
        q = follower[q]
        at += 1
    q, ahead = begin, 0
    while True:
        p = before[q]
        while p >= 0 and (chain[p] or not _steps_on(delta, p, q, on)):
            p = earlier[p]
        if p < 0:
            return ahead
        ahead += 1
        chain[p], place[p], q = number, -ahead, p


@nb.njit(cache=True, nogil=True)
def _candidates(delta: Int32, labels: Int32) -> tuple[Int32, Int32, Int32, Int32, int]:
    """(chain of every state, from 1, or 0; its place in it; first and last place of every chain; how many)."""
    n = delta.shape[0]
    follower, only = _next_states(delta, labels)
    followed = np.zeros(n, np.bool_)
    before, earlier = np.full(n, -1, np.int32), np.full(n, -1, np.int32)  # states that lead to one only, as lists
    for q in range(n):
        if follower[q] >= 0:
            followed[follower[q]] = True
        if only[q] >= 0:
            earlier[q] = before[only[q]]
            before[only[q]] = q
    chain, place = np.zeros(n, np.int32), np.zeros(n, np.int32)
    low, high, count = np.zeros(n + 1, np.int32), np.zeros(n + 1, np.int32), 0
    on = np.empty(delta.shape[1], np.bool_)
    for begin in range(n):
        if not chain[begin] and not followed[begin] and (follower[begin] >= 0 or before[begin] >= 0):
            last = _ended(delta, begin, follower, before, earlier, chain, on)
            if last >= 0:
                count += 1
                low[count] = -_marked(delta, begin, last, follower, before, earlier, on, count, chain, place)
                high[count] = place[last]
    return chain, place, low, high, count


@nb.njit(cache=True, nogil=True)
def _chains(delta: Int32, labels: Int32, shortest: int) -> tuple[Int32, Int32, Int32]:
    """(least and most of every chain; the chain of every state, from 1, or 0), for chains that count beyond `shortest`.

    A chain begins at the last of its states that is entered from elsewhere; one that leads back into itself is none.
    """
    chain, place, low, high, count = _candidates(delta, labels)
    first = low.copy()
    if chain[0]:
        first[chain[0]] = max(first[chain[0]], place[0])  # where texts begin
    for q in range(delta.shape[0]):
        for c in range(delta.shape[1]):
            r = delta[q, c]
            if r >= 0 and chain[r]:
                number = chain[r]
                if chain[q] != number:
                    first[number] = max(first[number], place[r])
                elif place[r] != place[q] + 1:
                    first[number] = high[number]
    number, kept = np.zeros(count + 1, np.int32), 0
    least, most = np.empty(count, np.int32), np.empty(count, np.int32)
    for x in range(1, count + 1):
        if high[x] - first[x] >= shortest:
            least[kept], most[kept] = max(-first[x], 0), high[x] - first[x]
            kept += 1
            number[x] = kept
    for q in range(delta.shape[0]):
        chain[q] = number[chain[q]] if place[q] >= first[chain[q]] else 0
    return least[:kept].copy(), most[:kept].copy(), chain


@nb.njit(cache=True, nogil=True)
def _collapsed(delta: Int32, labels: Int32, chain: Int32, chains: int) -> tuple[Int32, Int32, Int32]:
    """(delta, labels, chain) with one state for each chain, which loops where its states lead to each other."""
    n, k = delta.shape
    number, kept, of_chain = np.empty(n, np.int32), 0, np.full(chains + 1, -1, np.int32)
    for q in range(n):
        if chain[q] == 0 or of_chain[chain[q]] < 0:
            of_chain[chain[q]] = number[q] = kept
            kept += 1
        else:
            number[q] = of_chain[chain[q]]
    out, out_labels = np.full((kept, k), -1, np.int32), np.full(kept, -1, np.int32)
    of = np.zeros(kept, np.int32)
    for q in range(n):
        row = number[q]
        of[row] = chain[q]
        out_labels[row] = max(out_labels[row], labels[q])
        for c in range(k):
            if delta[q, c] >= 0:
                out[row, c] = number[delta[q, c]]
    return out, out_labels, of

"""Deterministic byte automata with counters: bounds on repetitions that cost no states."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters

from ..errors import EmptyLanguage, TooLarge
from ..limits import Limits
from .bounds import lowered
from .byte_automaton import DEAD, ByteAutomaton
from .condense import condense
from .minimise import trim

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class CountedAutomaton:
    """A `ByteAutomaton` some of whose states count. State 0 starts; every state is live at some count.

    Attributes:
        delta, byte_class, accepting, exact_up_to, nesting: as of `ByteAutomaton`.
        counts: `counters.Counts`; a text ends well in an accepting state only if its counters may end there.
    """

    delta: Int32
    byte_class: NDArray[np.uint8]
    accepting: NDArray[np.bool_]
    counts: Any
    exact_up_to: int | None = None
    nesting: int = 0

    def __len__(self) -> int:
        return len(self.accepting)

    @property
    def bounds(self) -> list[tuple[int, int | None]]:
        """The bounds of every counter, from the first on; None: there is no upper one."""
        return bounds_of(self.counts.least[1:], self.counts.most[1:])

    def run(self, text: bytes) -> int:
        """The state after `text`, or `DEAD`, also where what it counts cannot come to an end within the bounds."""
        return self.place(text)[0]

    def place(self, text: bytes) -> tuple[int, ...]:
        """The state after `text`, or `DEAD`, and what is counted there in each slot."""
        steps = counters.steps(self.delta, self.counts)
        classes = np.arange(self.delta.shape[1] + 1)
        place = counters.follow(steps, (classes, classes[:-1].astype(np.int32)), self.counts,
                                self.byte_class[list(text)].astype(np.int32), (0,) * (1 + counters.SLOTS))
        return tuple(place.tolist())

    def unrolled(self, limits: Limits) -> ByteAutomaton:
        """The same language without counters: a state for every count. Raises `TooLarge`, `EmptyLanguage`."""
        return self._spelled(self.counts, limits)

    def narrowed(self, limits: Limits, held: int) -> tuple[ByteAutomaton, int]:
        """A part of the language that is small enough to be spelled out and put between texts, with lowered upper
        bounds, none of them below `held`, and the least of these. Raises `TooLarge` where the limits allow less than
        twice `LOWERED_STATES`."""
        free = self.counts.most >= counters.UNBOUNDED
        most = min(limits.states // 2, limits.bytes // (4 * self.delta.shape[1]))
        for counts, longest in lowered(self.counts, free, np.full(len(free), held), most):
            with contextlib.suppress(TooLarge):
                return self._spelled(counts, replace(limits, states=most)), longest
        raise TooLarge("states", most + 1, most)

    def _spelled(self, counts: Any, limits: Limits) -> ByteAutomaton:
        steps = counters.steps(self.delta, self.counts)
        row_bytes = 4 * self.delta.shape[1]
        try:
            found = counters.unroll(steps, counts, self.accepting, counts.most >= counters.UNBOUNDED,
                                    [(0,) * (1 + counters.SLOTS)], min(limits.states, limits.bytes // row_bytes),
                                    limits.states * self.delta.shape[1])
        except counters.LimitReached as reached:
            if reached.needed <= limits.states:
                raise TooLarge("bytes", reached.needed * row_bytes, limits.bytes) from None
            raise TooLarge("states", reached.needed, limits.states) from None
        if not len(found.state):
            raise EmptyLanguage("no text satisfies the constraint")
        delta = np.full((len(found.state), self.delta.shape[1]), DEAD, np.int32)
        source = np.repeat(np.arange(len(found.state)), np.diff(found.ptr))
        delta[source, steps.label[found.origin]] = found.target
        ends = self.accepting[found.state] & (found.count >= counts.least[counts.of[found.state]]).all(1)
        delta, labels = condense(delta, np.where(ends, 0, -1).astype(np.int32))
        return ByteAutomaton(delta, self.byte_class, labels >= 0, self.exact_up_to, self.nesting)


def bounds_of(least: NDArray[np.int64], most: NDArray[np.int64]) -> list[tuple[int, int | None]]:
    """Bounds as `counted` takes them."""
    return [(low, None if high >= counters.UNBOUNDED else high)
            for low, high in zip(least.tolist(), most.tolist(), strict=True)]


def counted(delta: Int32, byte_class: NDArray[np.uint8], accepting: NDArray[np.bool_], of: Int32,
            ticks: NDArray[np.bool_], bounds: Sequence[tuple[int, int | None]]) -> ByteAutomaton | CountedAutomaton:
    """The automaton whose states count as `of` (int32 [S, SLOTS]) and `ticks` (bool, the same) say; counter i + 1 has
    the i-th of the `bounds`. A plain one where no state counts. Raises `EmptyLanguage`."""
    if not of.any():
        return ByteAutomaton(delta, byte_class, accepting)
    least = np.array([0, *(low for low, _ in bounds)], np.int64)
    endless = counters.UNBOUNDED
    most = np.array([endless, *(endless if high is None else high for _, high in bounds)], np.int64)
    while True:
        slots = zip(of.T.copy(), ticks.T.copy(), strict=True)
        ahead = np.stack([_ahead(delta, accepting, *slot) for slot in slots], 1)
        impossible = np.asarray((ahead > most[of]).any(1))
        if not impossible.any():
            break
        delta, accepting, of, ticks = _without(impossible, delta, accepting, of, ticks)
    counts = counters.Counts(np.require(of, np.int32, ["C"]), np.require(ticks, np.bool_, ["C"]), ahead, least, most)
    return CountedAutomaton(delta, byte_class, accepting, counts)


def condensed(delta: Int32, byte_class: NDArray[np.uint8], accepting: NDArray[np.bool_], of: Int32,
              ticks: NDArray[np.bool_], bounds: Sequence[tuple[int, int | None]]) -> ByteAutomaton | CountedAutomaton:
    """As `counted`, of the live states only, and without those that are equal and count alike."""
    wide = np.concatenate([of, ticks], 1).astype(np.int64)
    keys = wide @ np.array([4, 4 * (len(bounds) + 1), 1, 2])
    kinds, first, kind = np.unique(keys, return_index=True, return_inverse=True)
    kind = kind.astype(np.int32)
    delta, labels = condense(delta, np.where(accepting, kind, -1 - kind))
    if not (labels >= 0).any():
        raise EmptyLanguage("no text satisfies the constraint")
    kept = first[np.where(labels >= 0, labels, -1 - labels)]
    return counted(delta, byte_class, labels >= 0, of[kept], ticks[kept], bounds)


def _without(left_out: NDArray[np.bool_], delta: Int32, accepting: NDArray[np.bool_], of: Int32,
             ticks: NDArray[np.bool_]) -> tuple[Int32, NDArray[np.bool_], Int32, NDArray[np.bool_]]:
    """The live rest without some states. Raises `EmptyLanguage`."""
    number = np.arange(len(delta), dtype=np.int32)
    labels = np.where(accepting & ~left_out, number, -1 - number)
    delta, labels = trim(np.where(np.append(left_out, True)[delta], np.int32(DEAD), delta), labels)
    if left_out[0] or (len(labels) == 1 and labels[0] < 0):
        raise EmptyLanguage("no text satisfies the constraint")
    kept = np.where(labels >= 0, labels, -1 - labels)
    return delta, labels >= 0, of[kept], ticks[kept]


@nb.njit(cache=True, nogil=True)
def _ahead(delta: Int32, accepting: NDArray[np.bool_], of: Int32, ticks: NDArray[np.bool_]) -> Int32:
    """int32 [S]: how much is still counted, at least, until the counter of a state can end; 0 where none runs.

    Breadth first from the ends backwards, one count after the other: states that do not tick come at once.
    """
    S, K = delta.shape
    into = np.zeros(S + 1, np.int64)
    for q in range(S):
        for k in range(K):
            if delta[q, k] >= 0 and of[q] and of[q] == of[delta[q, k]]:
                into[delta[q, k] + 1] += 1
    for q in range(S):
        into[q + 1] += into[q]
    source, place = np.empty(into[S], np.int32), into[:-1].copy()
    found = np.full(S, -1, np.int32)
    here, following = np.empty(S + into[S], np.int32), np.empty(S + into[S], np.int32)
    waiting, later, count = 0, 0, 0
    for q in range(S):
        ends = accepting[q]
        for k in range(K):
            r = delta[q, k]
            if r >= 0 and of[q] == of[r]:
                if of[q]:
                    source[place[r]] = q
                    place[r] += 1
            elif r >= 0:
                ends = True
        if of[q] == 0:
            found[q] = 0
        elif ends:
            here[waiting] = q
            waiting += 1
    while waiting:
        while waiting:
            waiting -= 1
            r = here[waiting]
            if found[r] >= 0:
                continue
            found[r] = count
            for x in range(into[r], into[r + 1]):
                if ticks[r]:
                    following[later] = source[x]
                    later += 1
                else:
                    here[waiting] = source[x]
                    waiting += 1
        here, following = following, here
        waiting, later, count = later, 0, count + 1
    return found

"""What the tokens of a graph do to its counters, and the graphs without counters that canvases need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters

from structfill.automaton.bounds import least_bounds, lowered
from structfill.errors import EmptyLanguage, TooLarge

Place = tuple[int, ...]  # a state and what is counted in each slot


@dataclass(frozen=True, eq=False)
class Counting:
    """The counters of a token graph, as `structfill_kernels.counters` has them.

    Attributes:
        counts: the counters of its states.
        steps: its edges by source, their shifts and, as labels, their sets of classes.
        final: bool [S], states in which a canvas may end, if their counters may.
        max_states, max_edges: of a graph without counters.
    """

    counts: counters.Counts
    steps: counters.Steps
    final: NDArray[np.bool_]
    max_states: int
    max_edges: int

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What the graph does not hold itself."""
        arrays = {f"counting_{name}": getattr(self.counts, name) for name in self.counts._fields}
        limits = np.array([self.max_states, self.max_edges], np.int64)
        return arrays | {"counting_shift": self.steps.shift, "counting_limits": limits}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Counting | None:
        """That of a stored graph."""
        if "counting_shift" not in arrays:
            return None
        counts = counters.Counts(*(arrays[f"counting_{name}"] for name in counters.Counts._fields))
        steps = counters.Steps(arrays["out_ptr"], arrays["out_target"], arrays["counting_shift"], arrays["out_set"])
        return cls(counts, steps, arrays["final"], *arrays["counting_limits"].tolist())

    @cached_property
    def endless(self) -> NDArray[np.bool_]:
        """bool [C + 1]: counters without an upper bound, and none."""
        endless: NDArray[np.bool_] = self.counts.most >= counters.UNBOUNDED
        return endless

    @cached_property
    def _span(self) -> int:
        return int(counters.spans(self.counts, self.endless)[0])

    @cached_property
    def _headroom(self) -> NDArray[np.int64]:
        found: NDArray[np.int64] = counters.headroom(self.steps, self.counts)
        return found

    def place(self, state: int) -> Place:
        """The state of the automaton and the counts that a state number stands for."""
        counted, q = divmod(state, len(self.final))
        second, first = divmod(counted, self._span)
        return q, first, second

    def number(self, place: Sequence[int]) -> int:
        """The state number of a place."""
        q, first, second = map(int, place)
        return q + len(self.final) * (first + self._span * second)

    def follow(self, sets: tuple[NDArray[Any], NDArray[Any]], classes: NDArray[np.int32], state: int) -> int:
        """The state number after tokens of some classes, or -1; `sets` are the graph's sets of classes."""
        found = counters.follow(self.steps, sets, self.counts, classes, self.place(state))
        return -1 if found[0] < 0 else self.number(found)

    def ends(self, state: int) -> bool:
        """May a canvas end in a state?"""
        q, *counted = self.place(state)
        return bool(self.final[q] and (counted >= self.counts.least[self.counts.of[q]]).all())

    def free(self, tokens: int, states: Sequence[int]) -> NDArray[np.bool_]:
        """bool [C + 1]: the counters whose upper bounds no `tokens` tokens from `states` can reach."""
        top = np.zeros(len(self.counts.most), np.int64)
        for q, *counted in map(self.place, states):
            np.maximum.at(top, self.counts.of[q], counted)
        return np.asarray(top + self._headroom * tokens <= self.counts.most) | self.endless

    def is_moot(self, free: NDArray[np.bool_]) -> bool:
        """Is there nothing to count if these are free?"""
        return bool((free & (self.counts.least == 0)).all())

    def unroll(self, free: NDArray[np.bool_], starts: Sequence[Place]) -> tuple[counters.Unrolled, NDArray[np.bool_]]:
        """The places reached from some of them, and where a canvas may end. Raises `TooLarge`, `EmptyLanguage`."""
        try:
            found = counters.unroll(self.steps, self.counts, self.final, free, starts, self.max_states, self.max_edges)
        except counters.LimitReached as reached:
            allowed = self.max_states if reached.which == "states" else self.max_edges
            raise TooLarge(reached.which, reached.needed, allowed, "write on a shorter canvas, on which the long "
                           "repetitions of the constraint cannot reach their bounds, or raise Limits") from None
        if not len(found.state):
            raise EmptyLanguage("no tokens of this vocabulary spell a text that satisfies the constraint")
        least = self.counts.least[self.counts.of[found.state]]
        return found, self.final[found.state] & (found.count >= least).all(1)

    def held(self, states: Iterable[int]) -> NDArray[np.int64]:
        """int64 [C + 1]: what upper bounds have to be at least, so that some states are within them."""
        found = least_bounds(self.counts)
        for q, *counted in map(self.place, states):
            np.maximum.at(found, self.counts.of[q], counted + self.counts.ahead[q])
        return found

    def lowered(self, free: NDArray[np.bool_], held: NDArray[np.int64]) -> Iterator[tuple[Counting, int]]:
        """The same, but for the numbers of states, with lower and lower upper bounds (`automaton.bounds`)."""
        for counts, longest in lowered(self.counts, free, held, min(self.max_states, self.max_edges)):
            yield replace(self, counts=counts), longest

    def within(self, states: Sequence[int], most: NDArray[np.int64]) -> bool:
        """Are some states within these upper bounds [C + 1]?"""
        return bool((self.held(states) <= np.maximum(most, least_bounds(self.counts))).all())

    def rows(self, found: counters.Unrolled, free: NDArray[np.bool_], states: Sequence[int]) -> list[int] | None:
        """The rows of some states among the places that were found; None where one is not among them."""
        keys = found.state + len(self.final) * (found.count[:, 0] + self._span * found.count[:, 1])
        rows = []
        for state in states:
            q, *counted = self.place(state)
            of = self.counts.of[q]
            kept = np.where(free[of], np.minimum(counted, self.counts.least[of]), counted)
            at = np.flatnonzero(keys == self.number((q, *kept)))
            if not len(at):
                return None
            rows.append(int(at[0]))
        return rows

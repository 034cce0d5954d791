"""A pushdown automaton over bytes, and its enumeration to a byte automaton of bounded nesting.

Front-ends with nested values emit a `Pushdown`: states with byte edges, *calls* (a value begins here: push a
continuation and go to the callee) and *labels* (a value ends here: pop, and go where the continuation says for this
label). Whitespace is
not spelled out: a state says which kind of gap stands before its next byte.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..deadline import check_time
from ..errors import EmptyLanguage, TooLarge
from ..limits import Limits
from .byte_automaton import ByteAutomaton
from .condense import condense
from .counted import CountedAutomaton, condensed
from .enumeration import ALWAYS_GROWS, GROWS, KEYS, STAYS, enumerate_states
from .small import small_values
from .transitions import Transitions, transitions

SOFT_STATES = 4_000  # recursive definitions are unrolled further while the automaton is smaller than this
FREE_STATES = 600  # and values of free form while it is smaller than this: they double many an automaton
SHALLOW_STATES = 15_000  # of an automaton that is cut off at some depth, because it would be too large otherwise
_SPACES = b" \n\t\r"


class NestedCounters(Exception):
    """Two counters of slot 0 would run at once; `most` is the greatest bound of such."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class _Beyond(Exception):
    """More states than are looked at."""


class Gap(IntEnum):
    """Where whitespace may stand before the next byte."""

    NONE = 0
    INLINE = 1  # around a colon: formatters write at most a space
    BLOCK = 2  # after an opening bracket or a comma, before a closing bracket: also a line break and its indentation
    UNUSUAL = 3  # before and after the whole value, before a comma: formatters write none


class Whitespace(IntEnum):
    """How much whitespace generated text may hold."""

    COMPACT = 0
    FLEXIBLE = 1  # INLINE: one space; BLOCK: one space, or a line break and its indentation
    ANY = 2


@dataclass(frozen=True)
class Pushdown:
    """State 0 starts with an empty stack; a labelled state with an empty stack accepts.

    Attributes:
        edges: int32 [M, 4]: source, lowest byte, highest byte, target; at most one edge a state and byte.
        labels: int32 [P], the label of a state where a value ends, or -1.
        gaps: uint8 [P], a `Gap` a state.
        behind: int32 [P], the state that follows whitespace in the gap of a state: itself, or one that can do less (a
            formatter has no whitespace before a comma). Where any whitespace may stand, it is the state itself, unless
            that ticks.
        calls: int32 [P], the continuation c with which a value is called, or -1.
        callee: int32 [C], the state where the called value begins.
        nests: bool [C], is it nested in a container (and not one of its names)?
        free: bool [C], is it of free form, any value at all?
        counter: int32 [C], the counter that runs while the called value is read, or 0.
        return_offset, returns: after it, continue at returns[return_offset[c] + label]; -1 is lost. int32 [C] and [R].
        counts, ticks: int32 and bool [P, SLOTS], the counters of states, as in `structfill_kernels.counters`. A counter
            of a state in slot 0 goes before one that runs around it.
        bounds: of counters 1, 2, ...: least and most; None: no upper bound.
    """

    edges: NDArray[np.int32]
    labels: NDArray[np.int32]
    gaps: NDArray[np.uint8]
    behind: NDArray[np.int32]
    calls: NDArray[np.int32]
    callee: NDArray[np.int32]
    nests: NDArray[np.bool_]
    free: NDArray[np.bool_]
    counter: NDArray[np.int32]
    return_offset: NDArray[np.int32]
    returns: NDArray[np.int32]
    counts: NDArray[np.int32]
    ticks: NDArray[np.bool_]
    bounds: list[tuple[int, int | None]]

    def enumerate(self, whitespace: Whitespace, limits: Limits) -> ByteAutomaton | CountedAutomaton:
        """The byte automaton of all texts in which no definition nests inside itself more than `limits.depth` times.

        Recursion is unrolled once, twice, ... for as long as the automaton, counts spelled out as states, stays below
        `SOFT_STATES` states, or, as to values of free form, below `FREE_STATES`. What is past `limits.states` without
        recursion is cut off where values nest deeper than keeps it below `SHALLOW_STATES`, and says so (`nesting`).
        Raises `TooLarge` where that leaves no text or the limits allow less, `EmptyLanguage` where there is none,
        `NestedCounters` where a counter of slot 0 runs around another one.
        """
        if len(self.labels) >= KEYS:
            raise TooLarge("states", len(self.labels), KEYS)
        moves = transitions(self.edges, len(self.labels), apart=_SPACES)
        found: _Nested | None = None
        free, row_bytes = limits.depth, 4 * moves.classes
        allowed, by_bytes = min(limits.states, KEYS // 4), limits.bytes // row_bytes
        most = min(allowed, by_bytes)
        for depth in range(limits.depth + 1):
            check_time()
            soft = most if found is None else min(SOFT_STATES, most)  # beyond, it would be dropped
            bound = min(FREE_STATES, soft) if found is not None and free >= depth else soft
            nested = self._nested(moves, whitespace, depth, min(free, depth), free > depth, bound)
            if found is not None and self._size(nested) > bound < soft:
                free = depth - 1
                if not found.declared:  # nothing else grows
                    break
                nested = self._nested(moves, whitespace, depth, free, False, soft)
            if found is not None and self._size(nested) > soft:
                break
            if nested.states > soft:
                shallow = None
                if depth == 0 and most >= 4 * SHALLOW_STATES:
                    shallow = self._shallow(moves, whitespace)
                if shallow is not None:
                    return shallow
                if by_bytes < allowed:
                    raise TooLarge("bytes", nested.states * row_bytes, limits.bytes)
                raise TooLarge("states", nested.states, allowed)
            if (nested.labels >= 0).any():
                found = nested
            if not nested.deferred:
                break
        if found is None:
            raise EmptyLanguage("no text satisfies the constraint")
        return self._condensed(found, moves.byte_class)

    def _shallow(self, moves: Transitions, whitespace: Whitespace) -> ByteAutomaton | CountedAutomaton | None:
        """The automaton of the texts in which values nest as deep as `SHALLOW_STATES` allow, or no deeper than they
        have to, and small values deeper, if that fits; None where none can be found. Ends where more than four times as
        many states are met, as there are in all."""
        found = None
        for nesting in count(1):
            try:
                deeper = self._cut_off(moves, whitespace, nesting)
            except EmptyLanguage:  # until values nest as deep as they have to
                continue
            except NestedCounters:
                if found is None:
                    raise
                break
            except _Beyond:
                break
            if found is not None and len(deeper) > SHALLOW_STATES:
                break
            found = deeper
        if found is None:
            return None
        for nesting, most in ((found.nesting, 300), (found.nesting, 100), (max(1, found.nesting - 1), 300)):
            with suppress(_Beyond, EmptyLanguage, NestedCounters):
                other = self._cut_off(moves, whitespace, nesting, self._small(moves, most))
                if len(found) < len(other) <= SHALLOW_STATES:
                    return other
        return found

    def _cut_off(self, moves: Transitions, whitespace: Whitespace, nesting: int,
                 small: NDArray[np.bool_] | None = None) -> ByteAutomaton | CountedAutomaton:
        """The automaton of the texts in which values nest so deep, and small ones deeper. Raises `EmptyLanguage`, and
        `_Beyond` where it takes too long to tell."""
        check_time()
        nested = self._nested(moves, whitespace, 0, 0, False, 4 * SHALLOW_STATES, small, nesting)
        if nested.states > 4 * SHALLOW_STATES:
            raise _Beyond
        if not (nested.labels >= 0).any():
            raise EmptyLanguage("no text nests so little")
        return replace(self._condensed(nested, moves.byte_class), nesting=nesting)

    def _small(self, moves: Transitions, most: int) -> NDArray[np.bool_]:
        return small_values(moves.start, moves.target, self.calls, self.callee, self.return_offset, self.returns, most)

    def _size(self, nested: _Nested) -> int:
        """How many states there are, counts spelled out."""
        spans = 1.0 + self._tops
        each = spans[self.counts[nested.state_of]].prod(1) * spans[nested.around]
        return nested.states if not self.bounds else int(min(each.sum() + nested.states - len(each), 1e18))

    @cached_property
    def _tops(self) -> NDArray[np.int64]:
        """The highest count of every counter."""
        return np.array([0, *(low if high is None else high for low, high in self.bounds)], np.int64)

    def _condensed(self, nested: _Nested, byte_class: NDArray[np.uint8]) -> ByteAutomaton | CountedAutomaton:
        """The automaton without states that are equal and count alike."""
        if not self.bounds:
            delta, labels = condense(nested.delta, nested.labels)
            return ByteAutomaton(delta, byte_class, labels >= 0)
        of, ticks = self.counts[nested.state_of], self.ticks[nested.state_of]
        twice = (of[:, 0] > 0) & (nested.around > 0)
        if twice.any():
            raise NestedCounters(int(self._tops[[*of[twice, 0], *nested.around[twice]]].max()))
        of[:, 0] = np.where(of[:, 0], of[:, 0], nested.around)
        return condensed(nested.delta, byte_class, nested.labels >= 0, of, ticks, self.bounds)

    def _nested(self, moves: Transitions, whitespace: Whitespace, depth: int, free: int, free_grows: bool,
                most_states: int, small: NDArray[np.bool_] | None = None, deepest: int = KEYS) -> _Nested:
        """Everything that nests `depth` times, and `free` times in values of free form, and, but for `small` values,
        `deepest` times in all; cut off past `most_states`."""
        most = np.where(self.free, free, depth).astype(np.int32)
        grows = np.where(self.free, GROWS if free_grows else STAYS, ALWAYS_GROWS).astype(np.int32)
        everywhere = whitespace == Whitespace.ANY
        small = np.zeros(len(self.callee), np.bool_) if small is None else small
        behind = np.where(everywhere & ~self.ticks.any(1), np.arange(len(self.gaps), dtype=np.int32), self.behind)
        spaces = moves.byte_class[np.frombuffer(_SPACES, np.uint8)].astype(np.int32)
        return _Nested(*enumerate_states(
            moves.start, moves.target, moves.begin, moves.member, moves.classes, self.labels, self.gaps, behind,
            self.calls, self.callee, self.nests, self.counter, self.return_offset, self.returns, spaces,
            int(whitespace), most, grows, small, deepest, most_states))


class _Nested(NamedTuple):
    """An enumeration to some depth."""

    delta: NDArray[np.int32]
    labels: NDArray[np.int32]
    states: int
    deferred: int
    declared: int
    state_of: NDArray[np.int32]
    around: NDArray[np.int32]

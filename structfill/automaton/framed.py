"""Automata with counters whose texts are given at both ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters

from ..errors import EmptyLanguage
from ..limits import Limits
from .byte_automaton import DEAD, ByteAutomaton
from .counted import CountedAutomaton, bounds_of, condensed
from .product import pairs
from .series import literal, over_joint_classes

Int32 = NDArray[np.int32]


class _States(NamedTuple):
    """States that count."""

    accepting: NDArray[np.bool_]  # [S]
    of: Int32  # [S, SLOTS]
    ticks: NDArray[np.bool_]  # [S, SLOTS]

    def at(self, places: Any) -> _States:
        """Some of them, also several times."""
        return _States(*(values[places] for values in self))


def framed(automaton: CountedAutomaton, before: bytes, after: bytes, excluded: Iterable[bytes], limits: Limits
           ) -> ByteAutomaton | CountedAutomaton:
    """The texts of `automaton` that begin with `before` and, behind that, end with `after`, with none of `excluded`
    between.

    What is counted in `before` costs nothing: counters that run where it ends go on with what it leaves of their
    bounds. Raises `EmptyLanguage` if there is no such text by what can follow what, `TooLarge` past ``limits.bytes`` or
    ``limits.states``.
    """
    state, *counted = automaton.place(before)
    if state == DEAD:
        raise EmptyLanguage("no text begins so")
    behind, states = _behind(automaton, state)
    end = _ending(after)
    byte_class, delta, p, q = pairs(behind, end, limits)
    states = states.at(p)._replace(accepting=states.accepting[p] & end.accepting[q])
    rest = ByteAutomaton(delta, byte_class, states.accepting)
    if wrong := [text + after for text in excluded]:
        words = _words(wrong)
        byte_class, delta, p, q = pairs(rest, words, limits)
        states = states.at(p)._replace(accepting=rest.accepting[p] & ~np.append(words.accepting, False)[q])
        rest = ByteAutomaton(delta, byte_class, states.accepting)
    byte_class, (given, delta) = over_joint_classes([literal(before), rest])
    delta = np.concatenate([given[:-1], np.where(delta == DEAD, DEAD, delta + len(before))]).astype(np.int32)
    states = _States(*(np.concatenate([np.zeros((len(before), *column.shape[1:]), column.dtype), column])
                       for column in states))
    bounds = [*automaton.bounds, *_left_over(automaton, state, counted)]
    found = condensed(delta, byte_class, states.accepting, states.of, states.ticks, bounds)
    return replace(found, exact_up_to=automaton.exact_up_to, nesting=automaton.nesting)


def _behind(automaton: CountedAutomaton, state: int) -> tuple[ByteAutomaton, _States]:
    """What comes behind a state, which is state 0. As long as a counter that runs there goes on, it is a counter of its
    own, behind the others, one in each slot; so there is a copy of all states for every set of slots."""
    counts, size, delta = automaton.counts, len(automaton), automaton.delta
    bit = 1 << np.arange(counters.SLOTS)
    goes_on = ((counts.of != 0)[:, None] & (counts.of[delta] == counts.of[:, None])) @ bit  # [S, K], sets of slots
    sets = np.arange(1 << counters.SLOTS)[:, None, None]
    copies = np.where(delta == DEAD, DEAD, 1 + (goes_on & sets) * size + delta).reshape(-1, delta.shape[1])
    own = len(counts.least) + np.arange(counters.SLOTS)
    states = _States(np.tile(automaton.accepting, len(sets)),
                     np.where(sets & bit, own, counts.of).reshape(-1, counters.SLOTS).astype(np.int32),
                     np.tile(counts.ticks, (len(sets), 1)))
    first = int((counts.of[state] != 0) @ bit) * size + state
    states = states.at(np.append(first, np.arange(len(copies))))
    states.ticks[0] = False  # what is counted there is counted
    return ByteAutomaton(np.concatenate([copies[first, None], copies]).astype(np.int32), automaton.byte_class,
                         states.accepting), states


def _left_over(automaton: CountedAutomaton, state: int, counted: Sequence[int]) -> list[tuple[int, int | None]]:
    """The bounds of what runs in a state, where so much is counted in each slot."""
    counts, of = automaton.counts, automaton.counts.of[state]
    most = np.where(counts.most[of] < counters.UNBOUNDED, counts.most[of] - counted, counters.UNBOUNDED)
    return bounds_of(np.maximum(counts.least[of] - counted, 0), most)


def _words(texts: Iterable[bytes]) -> ByteAutomaton:
    """Exactly these texts."""
    rows, last = [[DEAD] * 256], set[int]()
    for text in texts:
        state = 0
        for byte in text:
            if rows[state][byte] == DEAD:
                rows[state][byte] = len(rows)
                rows.append([DEAD] * 256)
            state = rows[state][byte]
        last.add(state)
    accepting = np.isin(np.arange(len(rows)), list(last))
    return ByteAutomaton(np.array(rows, np.int32), np.arange(256, dtype=np.uint8), accepting)


def _ending(text: bytes) -> ByteAutomaton:
    """All texts that end with this one (Knuth, Morris and Pratt 1977)."""
    used = sorted(set(text))
    byte_class = np.full(256, len(used), np.uint8) if len(used) < 256 else np.zeros(256, np.uint8)
    byte_class[used] = np.arange(len(used), dtype=np.uint8)
    delta = np.zeros((len(text) + 1, int(byte_class.max()) + 1), np.int32)
    shorter = 0  # the state of what was read without its first byte
    for state, k in enumerate(byte_class[list(text)].tolist()):
        delta[state] = delta[shorter]
        if state:
            shorter = int(delta[shorter, k])
        delta[state, k] = state + 1
    delta[-1] = delta[shorter]
    return ByteAutomaton(delta, byte_class, np.arange(len(text) + 1) == len(text))

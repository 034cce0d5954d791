"""Automata with counters one after the other, where it is always clear to which of them a byte belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters

from .byte_automaton import DEAD, ByteAutomaton
from .counted import CountedAutomaton, condensed
from .series import over_joint_classes

Int32 = NDArray[np.int32]
Part = ByteAutomaton | CountedAutomaton


def sequence(parts: Sequence[Part]) -> Part | None:
    """The texts of every part, one after the other, counters and all. None where a part may go on with a byte with
    which the next one may begin, or where it is not one state in which a part ends and the next one begins to count:
    then `series` can follow all, without counters. Raises `EmptyLanguage`."""
    byte_class, tables = over_joint_classes([ByteAutomaton(part.delta, part.byte_class, part.accepting)
                                             for part in parts])
    joined = _joined(parts, tables)
    if joined is None:
        return None
    bounds, of, ticks = list[tuple[int, int | None]](), list[Int32](), list[NDArray[np.bool_]]()
    for k, part in enumerate(parts):
        running, ticking = _counters(part)
        running = np.where(running > 0, running + len(bounds), 0).astype(np.int32)
        if k and running[0].any():
            if (end := _last_state(parts[k - 1])) is None:
                return None
            of[-1][end] = running[0]
        of.append(running)
        ticks.append(ticking)
        bounds += part.bounds if isinstance(part, CountedAutomaton) else []
    delta, accepting = joined
    found = condensed(delta, byte_class, accepting, np.concatenate(of), np.concatenate(ticks), bounds)
    exact = [part.exact_up_to for part in parts if part.exact_up_to is not None]
    nesting = [part.nesting for part in parts if part.nesting]
    return replace(found, exact_up_to=min(exact, default=None), nesting=min(nesting, default=0))


def _joined(parts: Sequence[Part], tables: Sequence[Int32]) -> tuple[Int32, NDArray[np.bool_]] | None:
    """`delta` and the accepting states of all parts, from the last one on; None where two could go on."""
    deltas, accepting, first = list[Int32](), list[NDArray[np.bool_]](), sum(map(len, parts))
    begin, may_end = np.full(tables[0].shape[1], DEAD, np.int32), True  # of what is behind a part
    for part, table in zip(reversed(parts), reversed(tables), strict=True):
        first -= len(part)
        moves = np.where(table == DEAD, DEAD, table + first).astype(np.int32)
        leave = np.where(part.accepting[:, None], begin, DEAD)
        if ((moves != DEAD) & (leave != DEAD)).any():
            return None
        deltas.insert(0, np.maximum(moves, leave))
        accepting.insert(0, part.accepting & may_end)
        is_empty = bool(part.accepting[0]) and not _has_to_count(part)
        begin, may_end = np.maximum(moves[0], begin) if is_empty else moves[0], is_empty and may_end
    return np.concatenate(deltas), np.concatenate(accepting)


def _counters(part: Part) -> tuple[Int32, NDArray[np.bool_]]:
    """int32 and bool [S, SLOTS]: what runs in each state, and does it tick?"""
    if isinstance(part, CountedAutomaton):
        return part.counts.of, part.counts.ticks
    shape = len(part), counters.SLOTS
    return np.zeros(shape, np.int32), np.zeros(shape, np.bool_)


def _has_to_count(part: Part) -> bool:
    """Does something run in the first state that cannot end with nothing counted?"""
    return isinstance(part, CountedAutomaton) and bool(part.counts.least[part.counts.of[0]].any())


def _last_state(part: Part) -> int | None:
    """The one state in which a text that is not empty ends, and nothing runs; None if there is no such state."""
    ends = np.flatnonzero(part.accepting)
    if len(ends) != 1 or ends[0] == 0 or (part.delta[ends[0]] != DEAD).any() or _counters(part)[0][ends[0]].any():
        return None
    return int(ends[0])

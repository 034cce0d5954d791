"""Which configurations survive the tokens of a path, asked position by position of many that soon come together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .machine import advance, jit, slot
from .plan import asked

_SIZE = 1 << 16  # twice as many as answers are kept, so the table is never full


class Fates(NamedTuple):
    """Answers of one beam, in open addressing.

    Attributes:
        key: int64, position and configuration, or -1. survives: bool. trail: int64 [N], the present one's way.
        count: int64 [1].
    """

    key: Any
    survives: Any
    trail: Any
    count: Any


@jit
def fates(fixed: Any) -> Any:
    """Room for the answers about a canvas, int64 [N], -1 where open."""
    size = _SIZE if (fixed >= 0).any() else 2
    return Fates(np.full(size, -1, np.int64), np.zeros(size, np.bool_), np.empty(fixed.shape[0], np.int64),
                 np.zeros(1, np.int64))


@jit
def survives(t: Any, s: Any, w: Any, special: Any, known: Any, c: Any, at: Any, last: Any, path: Any, way: Any,
             left: Any) -> Any:
    """Does a configuration before position `at` survive the path up to the last fixed token, with an end that fits?

    known: the `Fates` of this path.
    """
    i, alive, told = at, False, False
    while i <= last and not told:
        key = np.int64(i) << 32 | c
        place = slot(known.key, key)
        if c == way[i]:
            alive, told = True, True
        elif known.key[place] == key:
            alive, told = known.survives[place], True
        else:
            known.trail[i] = c
            i += 1
            c = advance(t, s, w, special, c, path[i - 1])
            told = c < 0
    if not told:
        alive = c == way[last + 1] or asked(t, s, w, c) <= left - (last + 1)
    _remember(known, at, i, alive)
    return alive


@jit
def _remember(known: Any, first: Any, end: Any, alive: Any) -> None:
    """The fate of what the trail holds from position `first` to `end`."""
    for i in range(first, end):
        if 2 * known.count[0] >= known.key.shape[0]:
            return
        place = slot(known.key, np.int64(i) << 32 | known.trail[i])
        known.key[place], known.survives[place] = np.int64(i) << 32 | known.trail[i], alive
        known.count[0] += 1

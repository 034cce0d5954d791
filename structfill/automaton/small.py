"""Which values of a pushdown automaton are small: with all that they hold, they take few states wherever they stand."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from .hashing import BARE

_UNKNOWN = -1


def small_values(start: Any, target: Any, calls: Any, callee: Any, return_offset: Any, returns: Any,
                 most: int) -> NDArray[np.bool_]:
    """bool [C]: whether the value that a continuation calls takes at most `most` states, those of the values in it
    counted each time. One that holds itself never does. Arguments are those of `Transitions` and `Pushdown`."""
    ends = np.append(return_offset[1:], len(returns)).astype(np.int64)
    size = np.full(len(calls), _UNKNOWN, np.int64)  # by the state where a value begins
    entries, seen, queue = np.unique(callee), np.full(len(calls), -1, np.int64), np.empty(len(calls), np.int64)
    while _sized(size, entries, seen, queue, start, target, calls, callee, return_offset, ends, returns, most):
        seen[:] = -1  # another round, because values that hold these may be known now
    return np.asarray((size[callee] != _UNKNOWN) & (size[callee] <= most))


@nb.njit(**BARE)  # type: ignore[untyped-decorator]
def _sized(size: Any, entries: Any, seen: Any, queue: Any, start: Any, target: Any, calls: Any, callee: Any,
           begins: Any, ends: Any, returns: Any, most: int) -> bool:
    """Find sizes of values whose parts are known; was any found? A size over `most` stays unknown."""
    found = False
    for entry in entries:
        if size[entry] != _UNKNOWN:
            continue
        seen[entry], queue[0], first, last, total = entry, entry, 0, 1, 0
        while first < last and total <= most:
            q = queue[first]
            first, total = first + 1, total + 1
            for g in range(start[q], start[q + 1]):
                if seen[target[g]] != entry:
                    seen[target[g]], queue[last], last = entry, target[g], last + 1
            c = calls[q]
            if c >= 0:
                total += size[callee[c]] if size[callee[c]] != _UNKNOWN else most + 1
                for x in range(begins[c], ends[c]):
                    if returns[x] >= 0 and seen[returns[x]] != entry:
                        seen[returns[x]], queue[last], last = entry, returns[x], last + 1
        if total <= most:
            size[entry] = total
            found = True
    return found

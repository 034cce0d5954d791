"""Lower upper bounds for counters whose counts would be too many states."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters

LOWERED_STATES = 60_000  # of a graph whose upper bounds are lowered, because it would be too large otherwise
SHORT = 100  # lower bounds than this are worth more states


def least_bounds(counts: Any) -> NDArray[np.int64]:
    """int64 [C + 1]: the upper bounds without which some state could not be left; `counts` is `counters.Counts`."""
    found: NDArray[np.int64] = counts.least.copy()
    for slot in range(counters.SLOTS):
        np.maximum.at(found, counts.of[:, slot], counts.ahead[:, slot])
    return found


def lowered(counts: Any, free: NDArray[np.bool_], held: NDArray[np.int64], most_states: int
            ) -> Iterator[tuple[Any, int]]:
    """The same counters with lower and lower upper bounds, and the least of those each time; none is below `held`
    (int64 [C + 1]), and those that are `free` have none.

    The first are such that there are about `LOWERED_STATES` states, or at most `most_states`, with every count from
    the beginning of a text. Nothing where so many are not allowed.
    """
    if most_states < LOWERED_STATES:
        return
    floor = least_bounds(counts)
    highest = int(counts.most.max(initial=0, where=counts.most < counters.UNBOUNDED))

    def places(cap: int) -> int:
        top = np.where(free, counts.least, np.minimum(counts.most, np.maximum(cap, floor)))[counts.of] + 1
        return int(np.where(counts.of == 0, 1, top).astype(np.float64).prod(1).sum())

    cap = bisect_right(range(highest), LOWERED_STATES, key=places) - 1
    if cap < SHORT:
        cap = bisect_right(range(highest), most_states, key=places) - 1
    room = max(cap, SHORT)
    while room >= 0:
        most = np.where(free, counts.most, np.minimum(counts.most, np.maximum(floor, held) + room))
        yield counts._replace(most=most), int(most.min(initial=highest, where=most < counts.most))
        room = room // 2 if room else -1

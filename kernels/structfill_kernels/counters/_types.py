"""What the counters' kernels share: the arrays of counters, the layout of a step, the limit's exception."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

SLOTS = 2  # counters that may run at once
STATE_BITS, LEFT_BITS = 24, 1
COUNT_BITS = 9
SLOT_BITS = LEFT_BITS + 2 * COUNT_BITS
LONGEST = (1 << COUNT_BITS) - 1  # bytes of a token, so that its counts fit
UNBOUNDED = 1 << 30  # in `most`: no upper bound


class LimitReached(Exception):
    """A counted limit was passed; `needed` is the count that would have been reached."""

    def __init__(self, which: str, needed: int) -> None:
        super().__init__(which, needed)
        self.which, self.needed = which, needed


class Counts(NamedTuple):
    """The counters of a deterministic automaton of S states. Counter 0 stands for none."""

    of: Any  # int32 [S, SLOTS], the counter that runs in a state
    ticks: Any  # bool [S, SLOTS], does arriving here, while it runs, count one more?
    ahead: Any  # int32 [S, SLOTS], the least that is still to be counted before it can end
    least: Any  # int64 [C + 1], what has to be counted at its end
    most: Any  # int64 [C + 1], what may be

    @classmethod
    def of_none(cls, states: int) -> Counts:
        """No counter at all."""
        zero = np.zeros(1, np.int64)
        none = np.zeros((states, SLOTS), np.int32)
        return cls(none, none.astype(np.bool_), none, zero, zero + UNBOUNDED)


class Steps(NamedTuple):
    """Edges sorted by source, with what they do to the counters."""

    ptr: Any  # int64 [S + 1]
    target: Any  # int32 [E]
    shift: Any  # int64 [E], as in the package
    label: Any  # int32 [E], whatever the edge is for


class Unrolled(NamedTuple):
    """The states that are reached, with their counts, and the edges between them."""

    state: Any  # int32 [X]
    count: Any  # int64 [X, SLOTS]
    ptr: Any  # int64 [X + 1]
    target: Any  # int32 [Y]
    origin: Any  # int32 [Y], the edge that it comes from

"""Counters of deterministic automata: repetitions with bounds that cost no states.

A state says which counter runs in it, in each of `SLOTS` slots; counters that may run at once have different slots.
A counter begins at 0 where a path comes from a state in which it does not run, counts one more wherever the path
arrives in a state that `ticks`, and ends where the path leaves for a state in which it does not run, or where the text
ends in a state of its own; what is counted then must lie within its bounds, `least` and `most`. A state has `ahead` of
it what has to be counted at least before its counter can end, so that no path goes where it could not end.

What a path does to the counts is known without them, but for what they were where it began. Its *shift* says of each
slot: does the counter that ran at the beginning end (or another one begin)? how much is counted for it before; and how
much by the one that runs at the end, if that is another one. It is an integer: `LEFT_BITS` for the first answer and
`COUNT_BITS` for each of the others, slot 0 lowest. Behind `STATE_BITS` for the state where the path ends, a *move*.

`running(counts, q)` -> the slots in which a counter runs in state q, as bits.

`advance(counts, begun, move, after)` -> the move of a path that goes on to state `after`, from a state in which the
    slots `begun` were running; -1 where no count at its beginning would do.

`steps(delta, counts)` -> `Steps`: the transitions of int32 [S, K], labelled with their classes.

`unroll(steps, counts, final, free, starts, max_states, max_edges)` -> `Unrolled`: everything that is reached from one
    of the `starts`, each a state and its counts (1 + SLOTS numbers, within the bounds), and from which a `final` state
    (bool [S]) can be reached within the bounds, by state and counts. Counters that are `free` (bool [C + 1]) have no
    upper bound: their counts end at `least`. Raises `LimitReached`.

`follow(steps, sets, counts, classes, start)` -> int64 [1 + SLOTS]: state and counts after a path of classes (int32 [L])
    from such a place; state -1 where it leaves the automaton or the bounds. `sets` are the (ptr, members) of the sets
    of classes that label the steps.

`spans(counts, free)` -> [SLOTS]: how many different counts there are in each slot, where some counters are free.

`headroom(steps, counts)` -> int64 [C + 1]: the most that one step counts for each counter.
"""

from ._types import (
    COUNT_BITS,
    LONGEST,
    SLOT_BITS,
    SLOTS,
    STATE_BITS,
    UNBOUNDED,
    Counts,
    LimitReached,
    Steps,
    Unrolled,
)
from .cpu import advance, follow, headroom, running, spans, steps, unroll

__all__ = ["COUNT_BITS", "LONGEST", "SLOTS", "SLOT_BITS", "STATE_BITS", "UNBOUNDED", "Counts", "LimitReached", "Steps",
           "Unrolled", "advance", "follow", "headroom", "running", "spans", "steps", "unroll"]

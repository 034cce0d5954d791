"""The coarsest alphabet that tells some character sets apart."""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.charset import LAST, CharSet

Int32 = NDArray[np.int32]


@nb.njit(cache=True, nogil=True)
def _refine(cuts: Int32, ranges: Int32, owner_start: Int32) -> tuple[Int32, Int32, Int32]:
    """Splits the intervals that begin at `cuts` into classes, one set after the other.

    `ranges` [M, 2] are (first, past) code points, those of set s at ``owner_start[s]:owner_start[s + 1]``.
    Returns (class of every interval, start [N + 1] and content of the sets' lists of classes).
    """
    n_sets, n = owner_start.shape[0] - 1, cuts.shape[0]
    places = np.searchsorted(cuts, ranges.ravel()).reshape(ranges.shape)
    classes = np.zeros(n, np.int32)
    size = np.zeros(n, np.int32)
    size[0] = n
    covered = np.zeros(n, np.int32)
    moved = np.full(n, -1, np.int32)
    count = 1
    for s in range(n_sets):
        for x in range(owner_start[s], owner_start[s + 1]):
            for i in range(places[x, 0], places[x, 1]):
                covered[classes[i]] += 1
        for x in range(owner_start[s], owner_start[s + 1]):
            for i in range(places[x, 0], places[x, 1]):
                c = classes[i]
                if moved[c] < 0:
                    if covered[c] == size[c]:
                        moved[c] = c
                    else:
                        moved[c] = count
                        moved[count] = count
                        size[count] = covered[c]
                        size[c] -= covered[c]
                        count += 1
                classes[i] = moved[c]
        for x in range(owner_start[s], owner_start[s + 1]):
            for i in range(places[x, 0], places[x, 1]):
                covered[classes[i]] = 0
                moved[classes[i]] = -1
        for c in range(count):
            if covered[c]:
                covered[c] = 0
                moved[c] = -1
    start = np.zeros(n_sets + 1, np.int32)
    content = np.empty(16, np.int32)
    seen = np.full(count, -1, np.int32)
    for s in range(n_sets):
        start[s + 1] = start[s]
        for x in range(owner_start[s], owner_start[s + 1]):
            for i in range(places[x, 0], places[x, 1]):
                if seen[classes[i]] != s:
                    seen[classes[i]] = s
                    if start[s + 1] == content.shape[0]:
                        longer = np.empty(2 * content.shape[0], np.int32)
                        longer[: content.shape[0]] = content
                        content = longer
                    content[start[s + 1]] = classes[i]
                    start[s + 1] += 1
    return classes, start, content[: start[n_sets]].copy()


def alphabet(sets: Sequence[CharSet]) -> tuple[Int32, Int32, Int32, Int32]:
    """Intervals and classes such that every set is a union of classes.

    Returns (bounds int32 [R], classes int32 [R], start int32 [N + 1], members int32): the classes of set s
    are
    ``members[start[s]:start[s + 1]]``. Cost: intervals covered, summed over the sets.
    """
    flat = [bound for chars in sets for first, last in chars.ranges for bound in (first, last + 1)]
    ranges = np.array(flat, np.int32).reshape(-1, 2)
    owner_start = np.zeros(len(sets) + 1, np.int32)
    np.cumsum([len(chars.ranges) for chars in sets], out=owner_start[1:])
    cuts = np.unique(np.append(ranges.ravel(), np.int32(0)))
    cuts = cuts[cuts <= LAST]
    classes, start, members = _refine(cuts, ranges, owner_start)
    return cuts, classes, start, members

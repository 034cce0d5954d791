"""Graphs without counters, as canvases need them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters, token_walk

from . import linking
from .counting import Counting
from .errors import Narrowed, TooLarge

if TYPE_CHECKING:
    from .tokengraph import TokenGraph


class PlainGraph(NamedTuple):
    """A graph without counters. Some were free; the others have upper bounds, `most` where these had to be lowered;
    `places` are what its states stand for, None where they are the states."""

    free: NDArray[np.bool_]
    most: NDArray[np.int64] | None
    graph: TokenGraph
    places: counters.Unrolled | None

    def serves(self, counting: Counting, free: NDArray[np.bool_], states: Sequence[int]) -> bool:
        """Will it do where these counters are free? What counts more does."""
        if self.most is None:
            return not (self.free & ~free).any()
        return np.array_equal(self.free, free) and counting.within(states, self.most)


def plain_graph(graph: TokenGraph, counting: Counting, free: NDArray[np.bool_], states: Sequence[int]) -> PlainGraph:
    """The graph in which some counters are free, with lowered bounds on the others where it would be too large; what is
    counted in `states` is not above them. Raises `TooLarge` where that does not do."""
    most = None
    try:
        found, places = without_counters(graph, counting, free)
    except TooLarge:
        lowered = counting.lowered(free, states)
        if lowered is None:
            raise
        fewer, longest = lowered
        found, places = without_counters(graph, fewer, free)
        most = fewer.counts.most
        warnings.warn(Narrowed(longest=longest), stacklevel=4)  # behind this, `unrolled` and a trellis
    found.__dict__.update(_plans=graph._plans, _members=graph._members)  # of the same classes
    return PlainGraph(free, most, found, places)


def without_counters(graph: TokenGraph, counting: Counting, free: NDArray[np.bool_],
                     start: int = 0) -> tuple[TokenGraph, counters.Unrolled | None]:
    """The graph in which some counters are free, and its places; None where these are the states."""
    if counting.is_moot(free):
        return graph.uncounted, None
    found, final = counting.unroll(free, start)
    links = token_walk.Links(np.repeat(np.arange(len(final), dtype=np.int32), np.diff(found.ptr)), found.target,
                             graph.out_set[found.origin], graph.set_ptr, graph.set_class)
    arrays, _ = linking.index(links, graph.token_class, final)
    return replace(graph, **arrays, counting=None), found

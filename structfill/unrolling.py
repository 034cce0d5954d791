"""Graphs without counters, as canvases need them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters, token_walk

from . import linking
from .automaton.bounds import LOWERED_STATES
from .counting import Counting
from .errors import EmptyLanguage, Narrowed, TooLarge, warn_caller

if TYPE_CHECKING:
    from .tokengraph import TokenGraph


class PlainGraph(NamedTuple):
    """A graph without counters.

    Attributes:
        free: bool [C + 1], the counters whose upper bounds it does not know.
        roomy: int64 [C + 1], where the upper bounds had to be lowered: beyond these counts a text is near them.
        graph: it. places: what its states stand for.
    """

    free: NDArray[np.bool_]
    roomy: NDArray[np.int64] | None
    graph: TokenGraph
    places: counters.Unrolled

    def is_exact(self, free: NDArray[np.bool_]) -> bool:
        """Is it exact where these counters are free? What counts more is."""
        return self.roomy is None and not (self.free & ~free).any()

    def has_room(self, counting: Counting, free: NDArray[np.bool_], states: Sequence[int]) -> bool:
        """Is it a graph with lowered bounds where these are free, and are some states far from them?"""
        return self.roomy is not None and np.array_equal(self.free, free) and counting.within(states, self.roomy)

    def rows(self, counting: Counting, states: Sequence[int]) -> list[int] | None:
        """The states of `graph` that some of the graph with counters are; None where one is not in it."""
        return counting.rows(self.places, self.free, states)


def another_plain_graph(graph: TokenGraph, counting: Counting, free: NDArray[np.bool_], states: Sequence[int],
                        given: Sequence[int]) -> PlainGraph:
    """The graph in which some counters are free, where none that is kept is exact then; with lowered bounds on the
    others where it would be too large. It has `states`, the states `given`, and from all of these a shortest end.
    Raises `TooLarge` where that does not do."""
    known: Sequence[PlainGraph] = graph._plain
    for one in known:
        if one.has_room(counting, free, [*states, *given]) and one.rows(counting, states) is not None:
            return one
    hopeless = any(one.roomy is not None and not (free & ~one.free).any() for one in known)  # those count no more
    too_large = TooLarge("states", counting.max_states + 1, counting.max_states)
    try:
        if not hopeless:
            return PlainGraph(free, None, *without_counters(graph, counting, free))
    except TooLarge as error:
        if min(counting.max_states, counting.max_edges) < LOWERED_STATES:
            raise
        too_large = error
    for fewer, longest in counting.lowered(free, held := counting.held([*given, *_ways(graph, states)])):
        with contextlib.suppress(TooLarge, EmptyLanguage):
            found, places = without_counters(graph, fewer, free, states, longest)
            warn_caller(Narrowed(longest=longest))
            return PlainGraph(free, (held + fewer.counts.most) // 2, found, places)
    near = [one for one in known if not (one.free & ~free).any() and one.rows(counting, states) is not None]
    if not near:
        raise too_large
    return near[-1]  # the text is near its bounds, but there is always a way on


def plain_graph_from(graph: TokenGraph, counting: Counting, free: NDArray[np.bool_], state: int
                     ) -> tuple[TokenGraph, int]:
    """The graph in which some counters are free, from one state on, and this state in it."""
    if counting.is_moot(free):
        return graph.uncounted, state % graph.states
    found, places = without_counters(graph, counting, free, [state])
    if (rows := counting.rows(places, free, [state])) is None:
        raise ValueError(f"no text of the language leads through state {state}")
    return found, rows[0]


def _ways(graph: TokenGraph, states: Sequence[int]) -> list[int]:
    """The states on a shortest end of each, which a graph with lowered bounds has to have, too: what a canvas before
    was allowed for it must remain possible."""
    found = list(states)
    for state in states:
        with contextlib.suppress(TooLarge):
            found += graph.way_to_end(state)
    return found


def without_counters(graph: TokenGraph, counting: Counting, free: NDArray[np.bool_],
                     starts: Sequence[int] = (0,), lowered: int = 0) -> tuple[TokenGraph, counters.Unrolled]:
    """The graph in which some counters are free, from some states on, and its places."""
    assert graph.counting is not None
    found, final = counting.unroll(free, list(map(graph.counting.place, starts)))
    links = token_walk.Links(np.repeat(np.arange(len(final), dtype=np.int32), np.diff(found.ptr)), found.target,
                             graph.out_set[found.origin], graph.set_ptr, graph.set_class)
    arrays, _ = linking.index(links, graph.token_class, final)
    plain = replace(graph, **arrays, counting=None, lowered=lowered)
    plain.__dict__.update(_plans=graph._plans, _members=graph._members)  # of the same classes
    return plain, found

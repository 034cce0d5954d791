"""Which lengths a hole of fixed layout can have, and what that means for models that grow and shrink it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from structfill.errors import EmptyLanguage, SpecError
from structfill.tokengraph import TokenGraph

from .arguments import LENGTH, check_graph, whole
from .evidence import OPEN, Bits, everywhere, integers, leading, paths, reached, unrolled

Tokens = Sequence[int] | NDArray[np.int64]


@dataclass(frozen=True)
class HoleLengths:
    """The numbers of open positions, ascending, with which a hole between fixed tokens has a valid filling."""

    lengths: tuple[int, ...]

    def __contains__(self, length: int) -> bool:
        return length in self.lengths

    def may_grow(self, length: int) -> bool:
        """May a model with an expand token (DreamOn) use it? Not where no longer filling is valid."""
        return bool(self.lengths) and length < self.lengths[-1]

    def may_shrink(self, length: int) -> bool:
        """May a model with a delete token use it? Not where no shorter filling is valid."""
        return bool(self.lengths) and length > self.lengths[0]

    def longer(self, length: int) -> int | None:
        """The next longer length that has a filling."""
        return next((n for n in self.lengths if n > length), None)

    def shorter(self, length: int) -> int | None:
        """The next shorter length that has a filling."""
        return next((n for n in reversed(self.lengths) if n < length), None)


@dataclass(frozen=True)
class Gap:
    """A stretch of open positions, and the lengths that it could have with everything around it as it is."""

    first: int
    length: int
    possible: HoleLengths


def feasible_lengths(graph: TokenGraph, left: Tokens, right: Tokens, most: int) -> HoleLengths:
    """The lengths 0..`most` in tokens that a hole between the tokens `left` and `right` can have.

    With nothing in `right` the text ends behind the hole; end-of-text and padding do not count as a filling. Integers
    only; the cost is that of reachability on a canvas of `most` positions. Raises `SpecError` for arguments of another
    kind.
    """
    check_graph(graph, TokenGraph, "feasible_lengths")
    left, right, most = _text(left, "left"), _text(right, "right"), whole(most, "most", 0, LENGTH)
    begun = graph.run(left)
    if begun < 0:
        return HoleLengths(())
    try:
        graph, (start,) = unrolled(graph, most + len(right), [begun], [])
    except EmptyLanguage:  # no tokens of the vocabulary go on there
        return HoleLengths(())
    after = np.array([graph.run(right, state) for state in range(graph.states)])
    good = np.append(graph.final, False)[after]  # -1, off the language, is the last
    return _between(graph, np.array([start]), good, most)


def gaps(graph: TokenGraph, layout: Tokens, more: int) -> list[Gap]:
    """The open stretches of a text whose tokens are `layout`, -1 where open, each with the lengths that it could have:
    those with which a valid text of no end-of-text or padding remains, at most `more` tokens longer than now.

    One look at reachability on the layout, and one on each gap. Raises `SpecError` for arguments of another kind.
    """
    check_graph(graph, TokenGraph, "gaps")
    fixed, more = np.maximum(_text(layout, "layout"), OPEN), whole(more, "more", 0, LENGTH)
    graph, (start,) = unrolled(graph, len(fixed) + more, [graph.start], [leading(fixed)])
    ahead, behind = paths(graph, fixed, start, _closing(graph))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fixed == OPEN, [False]])))
    found = []
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        starts = np.flatnonzero(_at(ahead, first))
        found.append(Gap(first, end - first, _between(graph, starts, _at(behind, end), end - first + more)))
    return found


def _text(tokens: Any, name: str) -> NDArray[np.int64]:
    found = integers(tokens, name)
    if found.ndim != 1:
        raise SpecError(f"{name} must be the tokens of one text, not an array of shape {found.shape}")
    return found


def _between(graph: TokenGraph, starts: NDArray[np.int64], goals: NDArray[np.bool_], most: int) -> HoleLengths:
    """The numbers of tokens, up to `most`, that lead from one of `starts` to one of `goals` bool [S]."""
    usable = everywhere(graph, most)
    usable[_closing(graph)] = 0
    bits = np.bitwise_or.reduce(reached(graph, usable, starts)[goals], axis=0)
    places = np.arange(most + 1)
    flags = bits[places >> 6] >> (places & 63).astype(np.uint64) & np.uint64(1)
    return HoleLengths(tuple(np.flatnonzero(flags).tolist()))


def _at(bits: Bits, position: int) -> NDArray[np.bool_]:
    return np.asarray(bits[:, position >> 6] >> np.uint64(position & 63) & np.uint64(1), np.bool_)


def _closing(graph: TokenGraph) -> NDArray[np.int64]:
    """The sets of classes that lead to the end and loop there: of end-of-text and padding."""
    end = graph.states - 1
    return graph.in_set[graph.in_ptr[end] :].astype(np.int64) if graph.vocab.eos_ids else np.empty(0, np.int64)

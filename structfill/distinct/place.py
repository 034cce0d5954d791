"""States of a `DistinctGraph`, and what is known of the text that led there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tokengraph import TokenGraph
from ..trellis import Trellis

Tokens = NDArray[np.int64]
Key = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Known:
    """What was found out on the way of one text. No other text sees it, so that none depends on what was written
    before.

    Attributes:
        ends: by place, tokens that finish the text there so that no item repeats.
        told: by place, ends behind one of several tokens each.
        along: by place and end, where on the way of the end each state comes first; the last one only.
    """

    ends: dict[Key, list[int]] = field(default_factory=dict)
    told: dict[Key, list[tuple[Tokens, list[int]]]] = field(default_factory=dict)
    along: dict[tuple[Key, tuple[int, ...]], dict[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """A state of a `DistinctGraph`: that of the texts whose items may repeat, and the tokens that led there; with what
    is `known` of the text, which all places share that `DistinctGraph.run` leads to from one."""

    state: int
    written: tuple[int, ...] = ()
    known: Known = field(default_factory=Known, compare=False, repr=False)

    @property
    def key(self) -> Key:
        """What tells it from other places."""
        return self.state, self.written


class Span(NamedTuple):
    """Where a canvas stands: behind `place`, with tokens `fixed` int64 [N], and with `more` tokens behind it."""

    place: Place
    fixed: Tokens
    more: int

    def trellis(self, graph: TokenGraph, state: int) -> Trellis:
        """The canvases of another graph there, from its state behind what is written."""
        return Trellis(graph, len(self.fixed), self.fixed, start=state, more=self.more)


def keep(known: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    """Put a value into a memory of the newest `most`."""
    if key not in known and len(known) >= most:
        known.pop(next(iter(known)))
    known[key] = value

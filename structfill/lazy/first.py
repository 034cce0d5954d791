"""A first valid canvas for what is fixed: searches of several kinds, the quick ones first."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import lalr

from structfill.errors import BudgetTooSmall, EmptyLanguage, NotFound, StructfillError, TooLarge
from structfill.front.lark.machine import Configuration, question
from structfill.trellis import OPEN
from structfill.trellis.evidence import agreeing

from .bridging import Effort, bridged
from .graph import LazyGraph
from .reading import Reading, reading

# Widths with which a first canvas is searched, and seeds of the noise; the last ones only if all tokens are tried.
SEARCH, WHOLE = ((32, 0), (256, 1), (256, 2)), ((2048, 3), (8192, 4))
# Bridges to fixed tokens: the first one, and once beams have failed one that gets deep into brackets of one kind.
QUICK, ASKED, STUBBORN = Effort(5_000, 1), Effort(5_000, 1, 60_000), Effort(15_000, 16, turns=16)
Tokens = NDArray[np.int64]


class Row(NamedTuple):
    """One canvas: what is fixed, where it begins, and canvases found for it so far, the latest last."""

    fixed: Tokens
    start: Configuration
    known: deque[Tokens]

    def path(self) -> Tokens | None:
        """The latest known canvas that agrees with what is fixed."""
        return agreeing(self.known, self.fixed)


@question
def beamed(graph: LazyGraph, row: Row, given: Reading, path: Tokens | None, more: int, width: int) -> lalr.Lattice:
    """The ways that a beam of some width keeps, `path` among them."""
    known = np.empty(0, np.int64) if path is None else path
    return lalr.Lattice(*graph.machine.call(
        lalr.beam, graph.special, graph.ends, graph.number(row.start), given.cand, given.size, given.common,
        given.logits, given.top, given.norm, row.fixed, known, more, width, words=True))


def first_canvas(graph: LazyGraph, row: Row, more: int) -> Tokens | None:
    """Some valid canvas; None where none is needed, because the way to the end of the text fits an open canvas.

    `more` tokens are left behind the canvas. Raises what `LazyTrellis` does.
    """
    return _Search(graph, row, more).run()


class _Search(NamedTuple):
    """What the searches have in common."""

    graph: LazyGraph
    row: Row
    more: int

    @property
    def length(self) -> int:
        return len(self.row.fixed)

    @property
    def all_open(self) -> bool:
        return bool((self.row.fixed == OPEN).all())

    def run(self) -> Tokens | None:
        """See `first_canvas`."""
        budget, needed = self.length + self.more, self.graph.needed(self.row.start)
        if needed is not None and max(1, needed) <= budget and self.all_open:
            return None
        searches = [partial(self.bridge, QUICK), partial(self.beams, SEARCH), partial(self.bridge, ASKED)]
        searches += [partial(self.beams, WHOLE)] if self.graph.everything else []
        searches += [partial(self.bridge, STUBBORN)]
        full: TooLarge | None = None
        for search in searches:
            try:
                if (path := search()) is not None:
                    return path
            except TooLarge as error:  # what the next one may find is not lost with this one
                full = error
        if full is not None:
            raise full
        if self.all_open:
            raise self.none()
        raise NotFound(f"no valid canvas of {self.length} tokens that agrees with the fixed tokens was found; one may "
                       "exist (give the holes more positions, or the tokens of a canvas that is known to be valid)")

    def none(self) -> StructfillError:
        """What tells that there is no canvas."""
        if not self.all_open:
            return EmptyLanguage(f"no valid text of {self.length} tokens agrees with the fixed tokens")
        budget, needed = self.length + self.more, self.graph.needed(self.row.start)
        return BudgetTooSmall(budget, budget + 1 if needed is None or needed <= budget else needed)

    def beams(self, searches: tuple[tuple[int, int], ...]) -> Tokens | None:
        """A canvas that beams of some widths find; raises where the whole of the language was looked at in vain."""
        for width, seed in searches:
            lattice = beamed(self.graph, self.row, blank(self.graph, self.length, seed), None, self.more, width)
            if lattice.found:
                best: Tokens = lattice.best
                return best
            if lattice.whole and self.graph.everything:
                raise self.none()
        return None

    def bridge(self, effort: Effort) -> Tokens | None:
        """A canvas that bridges from one fixed text to the next."""
        if self.all_open:
            return None
        return _bridged(self.graph, self.row, self.more, effort)


@question
def _bridged(graph: LazyGraph, row: Row, more: int, effort: Effort) -> Tokens | None:
    return bridged(graph, graph.number(row.start), row.fixed, more, effort)


def blank(graph: LazyGraph, length: int, seed: int = 0) -> Reading:
    """A reading in which all tokens are about equally likely and only structural ones are tried."""
    x, ids = np.zeros((length, len(graph.vocab)), np.float32), graph.structural
    noise = torch.rand((length, len(ids)), generator=torch.Generator().manual_seed(seed))
    x[:, ids] = noise.numpy()
    return reading(graph, x)

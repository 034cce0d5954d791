"""The canvases of a `DistinctGraph`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import BudgetTooSmall, EmptyLanguage, NotFound, SpecError, UnsupportedFeature
from ..trellis import OPEN, Constrained, Posterior, Trellis
from ..trellis.arguments import check_graph, many, numbers_of_rows, shown
from ..trellis.constrain import lift
from ..trellis.evidence import Evidence, Row, agreeing, as_array, behind
from ..trellis.left_to_right import LeftToRight
from ..trellis.parts import as_tensor
from .graph import TRIES, DistinctGraph
from .place import Known, Place, Span, Tokens

_MEMORY = 256  # canvases remembered per row


class DistinctTrellis(LeftToRight, Trellis):
    """Valid canvases of `length` tokens under a `DistinctGraph` and fixed tokens. Arguments are those of `Trellis`,
    `start` a state of the graph, and so are methods: canvases are valid, in the budget and around what is fixed; masks,
    entropies and masses are those of texts whose items may repeat.

    Canvases that were returned are remembered, here and in every trellis made from this one: what agrees with one of
    them can always be fixed, and the next canvas can always begin behind it. Raises also `NotFound` where the fixed
    tokens leave a canvas, but none without repeated items was found, and `UnsupportedFeature` for tokens fixed behind
    the canvas.
    """

    exact = False
    what = "unique items are"

    def __init__(self, graph: DistinctGraph, length: int, fixed: Evidence | None = None, rows: int = 1,
                 start: Place | Sequence[Place] | None = None, more: int | Evidence = 0) -> None:
        check_graph(graph, DistinctGraph, "DistinctTrellis")
        more, following = behind(more)
        if following is not None:
            raise UnsupportedFeature("fixed tokens", "tokens fixed behind the first canvas are not honoured where "
                                     "uniqueItems is over an endless language", hint="use a longer canvas")
        places = [graph.start] if start is None else _places(start)
        try:
            super().__init__(graph.repeating, length, fixed, rows, [place.state for place in places], more)
        except BudgetTooSmall as error:
            needed = max(graph.needed(place) or 0 for place in places)
            raise BudgetTooSmall(error.given, max(error.needed, needed)) from None
        self._of = graph
        self._places = places * self.rows if len(places) == 1 else places
        self._known = [deque[Tokens](maxlen=_MEMORY) for _ in self._rows]
        self._find_all()

    def _span(self, row: Row, place: Place) -> Span:
        return Span(place, row.fixed, self.more)

    def _find_all(self) -> None:
        """A known canvas for every row."""
        found: dict[tuple[Known, Place, bytes], Tokens] = {}
        for row, place, known in zip(self._rows, self._places, self._known, strict=True):
            if not self._of.ended(place) and agreeing(known, row.fixed) is None:
                if (key := (place.known, place, row.fixed.tobytes())) not in found:
                    found[key] = self._found(self._span(row, place))
                known.append(found[key])

    def _found(self, span: Span) -> Tokens:
        canvas = self._along_known_end(span)
        if canvas is None:
            shortest = _nearest(span.trellis(self._of.repeating, span.place.state), slice(0, self.length))
            canvas = self._of.mended(shortest, span, _nearest, TRIES)
        if canvas is not None:
            return canvas
        needed = self._of.needed(span.place)
        if needed is not None and needed > self.length + self.more and (span.fixed == OPEN).all():
            raise BudgetTooSmall(self.length + self.more, needed)
        raise NotFound(f"no valid canvas of {self.length} tokens without repeated items was found; one may exist")

    def _along_known_end(self, span: Span) -> Tokens | None:
        """The canvas that begins with the end which is known for what was written, where the fixed tokens allow it."""
        if not span.place.written or (end := self._of.end_of(span.place)) is None:
            return None
        laid, rest = np.full(self.length, OPEN), end[self.length :]
        laid[: len(end)] = end[: self.length]
        if len(rest) > self.more or ((span.fixed != OPEN) & (laid != OPEN) & (span.fixed != laid)).any():
            return None
        try:
            graph, place = self._of.repeating, span.place
            canvas = _nearest(span._replace(fixed=np.maximum(laid, span.fixed)).trellis(graph, place.state), slice(0))
        except EmptyLanguage:
            return None
        if rest:
            self._of.remember(self._of.run(canvas, place), rest)
        return self._of.mended(canvas, span, _nearest, TRIES)

    def _with(self, fixed: NDArray[np.int64]) -> DistinctTrellis:
        other = super()._with(fixed)
        assert isinstance(other, DistinctTrellis)
        if len(fixed) != len(self._known):
            other._known, other._places = [deque(self._known[0], _MEMORY) for _ in fixed], self._places * len(fixed)
        other._find_all()
        return other

    def rows_of(self, rows: Sequence[int]) -> DistinctTrellis:
        """As `Trellis.rows_of`; copies of a row remember on their own from here on."""
        rows = numbers_of_rows(rows, self.rows)
        other = super().rows_of(rows)
        assert isinstance(other, DistinctTrellis)
        other._places = [self._places[row] for row in rows]
        other._known = [deque(self._known[row], _MEMORY) for row in rows]
        return other

    def _valid(self, canvases: torch.Tensor, logits: Any,
               choose: Callable[[Trellis, Any], torch.Tensor]) -> torch.Tensor:
        """`canvases` [(B,) N] with repeated items written anew, and remembered."""
        x, flat = as_tensor(logits), canvases.dim() == 1
        found = []
        for b, (given, canvas) in enumerate(zip(x[None] if flat else x, canvases[None] if flat else canvases,
                                                strict=True)):
            at = b if self.rows > 1 else 0
            row, place, known = self._rows[at], self._places[at], self._known[at]
            if self._of.ended(place):
                found.append(canvas.cpu())
                continue
            valid = self._of.mended(_ids(canvas), self._span(row, place), partial(_chosen, choose, given))
            if valid is None:
                valid = agreeing(known, row.fixed)
                assert valid is not None  # `_find_all` has seen to it
            known.append(valid)
            found.append(torch.from_numpy(valid))
        out = torch.stack(found).to(canvases.device)
        return out[0] if flat else out

    def best(self, logits: Any) -> torch.Tensor:
        """int64 [(B,) N]: the most probable canvas, item by item."""
        return self._valid(super().best(logits), logits, Trellis.best)

    def sample(self, logits: Any, generator: torch.Generator | None = None, temperature: float = 1.0) -> torch.Tensor:
        """int64 [(B,) N]: a draw in which items that repeat are drawn again; `best` at temperature 0."""
        return self._valid(super().sample(logits, generator, temperature), logits, _drawing(generator, temperature))

    def posterior(self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None,
                  temperature: float = 1.0, margin: bool = False) -> Posterior:
        """As `Trellis.posterior`; tokens that were written anew count as unsure."""
        found = super().posterior(logits, draw=draw, generator=generator, temperature=temperature, margin=margin)
        best = self._valid(found.best, logits, Trellis.best)
        kept = best == found.best
        made = replace(found, best=best, confidence=found.confidence * kept)
        if found.sample is not None and found.sample_confidence is not None:
            sample = self._valid(found.sample, logits, _drawing(generator, temperature))
            kept = sample == found.sample
            made = replace(made, sample=sample, sample_confidence=found.sample_confidence * kept)
        return made if found.margin is None else replace(made, margin=found.margin * kept)

    def constrain(self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None,
                  temperature: float = 1.0, out: torch.Tensor | None = None) -> Constrained:
        """As `Trellis.constrain`."""
        found = super().constrain(logits, draw=draw, generator=generator, temperature=temperature, out=out)
        path, flat = self._valid(found.path, logits, Trellis.best), found.path.dim() == 1
        rows = (part[None] if flat else part for part in (found.logits, path, found.path))
        for given, new, old in zip(*rows, strict=True):
            if not torch.equal(new, old):
                top = given.amax(1).to(torch.float64).cpu().numpy()
                lift(given, new, top, np.zeros(self.length, np.bool_))
        sample = found.sample
        if sample is not None:
            sample = self._valid(sample, logits, _drawing(generator, temperature))
        return replace(found, path=path, sample=sample)

    def finish(self, tokens: Any, first: Sequence[int]) -> torch.Tensor:
        """As `Trellis.finish`, with an end in which no item repeats; raises `NotFound` where none is found."""
        first = many(first)
        found = super().finish(tokens, first)
        for canvas, at, place in zip(found, first, self._places, strict=True):
            given = np.where(np.arange(self.length) < at, _ids(canvas), np.int64(OPEN))
            if self._of.ended(place):
                continue
            mended = self._of.mended(_ids(canvas), Span(place, given, self.more), _nearest, TRIES)
            if mended is None:
                raise NotFound("no end without repeated items was found; one may exist")
            canvas[:] = torch.from_numpy(mended)
        return found

    @property
    def language(self) -> Any:
        """The `DistinctGraph`, whose states `begins` are."""
        return self._of

    @property
    def begins(self) -> list[Any]:
        """Where every row begins."""
        return list(self._places)

    def window(self, first: Sequence[int], length: int) -> Trellis:
        """Raises `UnsupportedFeature`: a part of a text cannot be judged."""
        raise UnsupportedFeature("uniqueItems", "there are no windows where uniqueItems is over an endless language")


def _places(start: Any) -> list[Place]:
    """One state of a `DistinctGraph` or several. Raises `SpecError` for what is none."""
    found = [start] if isinstance(start, Place) else many(start)
    if not found or not all(isinstance(place, Place) for place in found):
        raise SpecError(f"start must be a Place or one a row, as the graph's `run` gives, not {shown(start)}")
    return found


def _ids(canvas: torch.Tensor) -> Tokens:
    return as_array(canvas).astype(np.int64)


def _chosen(choose: Callable[[Trellis, Any], torch.Tensor], logits: torch.Tensor, trellis: Trellis,
            part: slice) -> Tokens:
    """By the logits [N, V] of the canvas; before and behind it all tokens are alike."""
    inside = logits[max(part.start, 0) : max(part.stop, 0)]
    around = [logits.new_zeros(count, logits.shape[1]) for count in (
        min(part.stop, 0) - min(part.start, 0), max(part.stop, len(logits)) - max(part.start, len(logits)))]
    read = inside if len(inside) == trellis.length else torch.cat([around[0], inside, around[1]])
    return _ids(choose(trellis, read))


def _nearest(trellis: Trellis, _: slice) -> Tokens:
    """The canvas of the shortest text."""
    return _ids(trellis.finish(trellis.fixed, [0])[0])


def _drawing(generator: torch.Generator | None, temperature: float) -> Callable[[Trellis, Any], torch.Tensor]:
    return lambda trellis, logits: trellis.sample(logits, generator, temperature)

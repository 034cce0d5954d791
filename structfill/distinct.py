"""Arrays of unique items where there is no end of items: which ones an array has is more than a state can hold.

The engine writes texts in which items may repeat. Where one does, all of its text but one such item is kept, and what
may stand there instead, less the other items of the array, is regular again: that item is written anew, under the same
logits and fixed tokens. So every canvas is valid; which one is most probable is found item by item.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray

from .automaton.byte_automaton import ByteAutomaton
from .errors import BudgetTooSmall, EmptyLanguage, NotFound, TooLarge, UnsupportedFeature
from .front.between import around
from .front.constraint import Constraint, Repeat
from .limits import Limits
from .tokengraph import TokenGraph, build
from .trellis import OPEN, Constrained, Posterior, Trellis
from .trellis.constrain import lift
from .trellis.evidence import Evidence, agreeing, as_array
from .vocab import Vocab

TRIES = 256  # items written anew for one canvas
WHOLE = 24  # of them, such as need another number of tokens, where the logits of the whole canvas are read for each
_MEMORY = 256  # canvases remembered per row
Tokens = NDArray[np.int64]
Choose = Callable[[Trellis, slice], Tokens]  # a canvas, for some positions of the canvas at hand


@dataclass(frozen=True, eq=False)
class DistinctGraph:
    """A schema with unique items over a vocabulary; states are those of `repeating`, the graph of texts whose items may
    repeat, so that a text is judged when it is whole."""

    exact: ClassVar[bool] = False
    constraint: Constraint
    repeating: TokenGraph = field(repr=False)
    limits: Limits = field(repr=False)

    @property
    def vocab(self) -> Vocab:
        """The vocabulary."""
        return self.repeating.vocab

    @property
    def start(self) -> int:
        """The state of an empty text."""
        return self.repeating.start

    def run(self, tokens: Any, state: int = 0) -> int:
        """As `TokenGraph.run`."""
        return self.repeating.run(tokens, state)

    def ended(self, state: int) -> bool:
        """Can nothing but end-of-text follow?"""
        return self.repeating.ended(state)

    def lost(self, state: int) -> bool:
        """Did the tokens that led here leave the language?"""
        return self.repeating.lost(state)

    def may_end(self, state: int) -> bool:
        """May a text end in `state`, if no item repeats in it?"""
        return self.repeating.may_end(state)

    def needed(self, state: int) -> int | None:
        """Tokens of a text that finishes what led to `state`, a short one but maybe not the shortest; None if none is
        known."""
        if state != self.start:
            return self.repeating.needed(state)
        return None if self._shortest is None else len(self._shortest)

    def shortest_from(self, state: int) -> list[int]:
        """Token ids of such a text, without end-of-text. Raises `EmptyLanguage` where none is known."""
        if state != self.start:
            return self.repeating.shortest_from(state)
        if self._shortest is None:
            raise EmptyLanguage("no text without repeated items is known")
        return self._shortest

    def next_columns(self, state: int, left: int | None, columns: int, device: torch.device) -> torch.Tensor:
        """Raises `UnsupportedFeature`."""
        _left_to_right()

    @cached_property
    def _shortest(self) -> list[int] | None:
        """The shortest text, with repeated items written anew as short as they can be."""
        tokens, tried = self.repeating.shortest_from(self.start), _Others(self)
        for _ in range(TRIES):
            ones = self.constraint.repeats(self.vocab.decode(tokens))
            if ones is None:
                return tokens
            found = ((one, graph) for one in ones if (graph := self._whole(one, tried)) is not None)
            one, graph = next(found, (None, None))
            if one is None or graph is None:
                break
            tokens = graph.shortest_from(graph.start)
            tried.add(one, self.vocab.decode(tokens))
        return None

    def mended(self, canvas: Tokens, fixed: Tokens, choose: Choose, whole: int = WHOLE) -> Tokens | None:
        """int64 [N]: `canvas` [N] with repeated items written anew by `choose`, around the tokens that are `fixed` [N];
        None where that leads nowhere. `whole` of them may come to have another number of tokens."""
        tried = _Others(self)
        for _ in range(TRIES):
            ones = self.constraint.repeats(self.vocab.text(canvas))
            if ones is None:
                return canvas
            mended = self._first(self._in_place(canvas, one, tried, fixed, choose) for one in ones)
            if mended is None and whole:
                whole -= 1
                mended = self._first(self._at_any_length(one, tried, fixed, choose) for one in ones)
            if mended is None:
                return None
            canvas = mended
        return None

    @staticmethod
    def _first(found: Iterable[Tokens | None]) -> Tokens | None:
        return next((tokens for tokens in found if tokens is not None), None)

    def _in_place(self, canvas: Tokens, one: Repeat, tried: _Others, fixed: Tokens, choose: Choose) -> Tokens | None:
        """The canvas with other tokens where an item stands, as many as it has."""
        before, item = (text.encode("utf-8", "surrogatepass")
                        for text in (one.text[: one.start], one.text[one.start : one.end]))
        ends = np.cumsum([len(self.vocab.tokens[token]) for token in canvas])
        first = int(np.searchsorted(ends, len(before), "right"))
        last = int(np.searchsorted(ends, len(before) + len(item))) + 1
        part, spelled = slice(first, last), self.vocab.decode_bytes(canvas[first:last])
        begin = len(before) - (int(ends[first - 1]) if first else 0)
        if (fixed[part] != OPEN).all() or (other := tried.other(one)) is None:
            return None
        try:
            around_it = around(other, spelled[:begin], spelled[begin + len(item) :], self.limits)
            chosen = choose(Trellis(build(around_it, self._endless, self.limits), last - first, fixed[part]), part)
        except (BudgetTooSmall, EmptyLanguage, TooLarge):
            return None
        mended = np.concatenate([canvas[:first], chosen, canvas[last:]])
        tried.add(one, self.vocab.text(mended))
        return mended

    def _at_any_length(self, one: Repeat, tried: _Others, fixed: Tokens, choose: Choose) -> Tokens | None:
        """The canvas of the same text but for another item."""
        if (graph := self._whole(one, tried)) is None:
            return None
        try:
            canvas = choose(Trellis(graph, len(fixed), fixed), slice(0, len(fixed)))
        except (BudgetTooSmall, EmptyLanguage):
            return None
        tried.add(one, self.vocab.text(canvas))
        return canvas

    def _whole(self, one: Repeat, tried: _Others) -> TokenGraph | None:
        """The graph of a text with another item."""
        if (other := tried.other(one)) is None:
            return None
        try:
            before, after = (text.encode("utf-8", "surrogatepass")
                             for text in (one.text[: one.start], one.text[one.end :]))
            return build(around(other, before, after, self.limits), self.vocab, self.limits)
        except (EmptyLanguage, TooLarge):
            return None

    @cached_property
    def _endless(self) -> Vocab:
        """The vocabulary without an end-of-text: what it fills is a part of a text."""
        vocab = Vocab(self.vocab.tokens, (), None, None)
        vocab.__dict__["trie"] = self.vocab.trie
        return vocab

    @cached_property
    def automaton(self) -> ByteAutomaton:
        """The texts whose items may repeat."""
        repeating = self.constraint.repeating()
        assert repeating is not None  # or there would be no such graph
        return repeating.automaton(self.limits)


class _Others:
    """What may stand in place of each item of a canvas that is being mended, less what was written there before, which
    repeats of other arrays may have brought back."""

    def __init__(self, graph: DistinctGraph) -> None:
        self._graph = graph
        self._tried: dict[str, list[str]] = {}
        self._known: dict[Repeat, ByteAutomaton | None] = {}  # of the text at hand

    def other(self, one: Repeat) -> ByteAutomaton | None:
        """Items that may stand there, or None if there is none."""
        if one not in self._known:
            graph, tried = self._graph, self._tried.get(one.place, [])
            try:
                self._known[one] = graph.constraint.another(graph.automaton, one, tried, graph.limits)
            except (EmptyLanguage, TooLarge):
                self._known[one] = None
        return self._known[one]

    def add(self, one: Repeat, text: str) -> None:
        """Keep what stands there in `text`, which is otherwise as it was."""
        self._tried.setdefault(one.place, []).append(text[one.start : len(text) - (len(one.text) - one.end)])
        self._known.clear()


class DistinctTrellis(Trellis):
    """Valid canvases of `length` tokens under a `DistinctGraph` and fixed tokens. Arguments are those of `Trellis`, and
    so are methods: canvases are valid, in the budget and around what is fixed; masks, entropies and masses are those of
    texts whose items may repeat.

    Canvases that were returned are remembered, here and in every trellis made from this one: what agrees with one of
    them can always be fixed. Raises also `NotFound` where the fixed tokens leave a canvas, but none without repeated
    items was found, and `UnsupportedFeature` for a text of several canvases.
    """

    exact = False

    def __init__(self, graph: DistinctGraph, length: int, fixed: Evidence | None = None, rows: int = 1,
                 start: int | Sequence[int] = 0, more: int | Evidence = 0) -> None:
        starts = [start] if isinstance(start, int) else list(start)
        ended = all(graph.ended(state) for state in starts)
        if not ended and (more if isinstance(more, int) else len(more)) or any(
                state != graph.start and not graph.ended(state) for state in starts):
            raise UnsupportedFeature("uniqueItems", "uniqueItems over an endless language is written on one canvas",
                                     hint="let the canvas have as many tokens as the budget (canvas_length)")
        try:
            super().__init__(graph.repeating, length, fixed, rows, start, more)
        except BudgetTooSmall as error:
            raise BudgetTooSmall(error.given, max(error.needed, graph.needed(graph.start) or 0)) from None
        self._of, self._ended = graph, ended
        self._known = [deque[Tokens](maxlen=_MEMORY) for _ in self._rows]
        self._find_all()

    def _find_all(self) -> None:
        """A known canvas for every row."""
        if self._ended:
            return
        found: dict[bytes, Tokens] = {}
        for row, known in zip(self._rows, self._known, strict=True):
            if agreeing(known, row.fixed) is None:
                if (key := row.fixed.tobytes()) not in found:
                    found[key] = self._first(row.fixed)
                known.append(found[key])

    def _first(self, fixed: Tokens) -> Tokens:
        shortest = _nearest(Trellis(self._of.repeating, self.length, fixed), slice(0, self.length))
        canvas = self._of.mended(shortest, fixed, _nearest, TRIES)
        if canvas is not None:
            return canvas
        needed = self._of.needed(self._of.start)
        if needed is not None and needed > self.length and (fixed == OPEN).all():
            raise BudgetTooSmall(self.length, needed)
        raise NotFound(f"no valid canvas of {self.length} tokens without repeated items was found; one may exist")

    def _with(self, fixed: Tokens) -> DistinctTrellis:
        other = super()._with(fixed)
        assert isinstance(other, DistinctTrellis)
        if len(fixed) != len(self._known):
            other._known = [deque(self._known[0], _MEMORY) for _ in fixed]
        other._find_all()
        return other

    def rows_of(self, rows: Sequence[int]) -> DistinctTrellis:
        """As `Trellis.rows_of`; copies of a row remember on their own from here on."""
        other = super().rows_of(rows)
        assert isinstance(other, DistinctTrellis)
        other._known = [deque(self._known[row], _MEMORY) for row in rows]
        return other

    def _valid(self, canvases: torch.Tensor, logits: Any,
               choose: Callable[[Trellis, Any], torch.Tensor]) -> torch.Tensor:
        """`canvases` [(B,) N] with repeated items written anew, and remembered."""
        if self._ended:
            return canvases
        x, flat = torch.as_tensor(logits), canvases.dim() == 1
        found = []
        for b, (given, canvas) in enumerate(zip(x[None] if flat else x, canvases[None] if flat else canvases,
                                                strict=True)):
            row, known = (self._rows[b], self._known[b]) if self.rows > 1 else (self._rows[0], self._known[0])
            valid = self._of.mended(_ids(canvas), row.fixed, partial(_chosen, choose, given))
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
        found = super().finish(tokens, first)
        for canvas, at in zip(found, first, strict=True):
            given = np.where(np.arange(self.length) < at, _ids(canvas), np.int64(OPEN))
            mended = self._of.mended(_ids(canvas), given, _nearest, TRIES)
            if mended is None:
                raise NotFound("no end without repeated items was found; one may exist")
            canvas[:] = torch.from_numpy(mended)
        return found

    def next_classes(self, row: int, state: int, position: int) -> NDArray[np.int64]:
        """Raises `UnsupportedFeature`."""
        _left_to_right()

    def window(self, first: Sequence[int], length: int) -> Trellis:
        """Raises `UnsupportedFeature`: a part of a text cannot be judged."""
        raise UnsupportedFeature("uniqueItems", "there are no windows where uniqueItems is over an endless language")


def _ids(canvas: torch.Tensor) -> Tokens:
    return as_array(canvas).astype(np.int64)


def _chosen(choose: Callable[[Trellis, Any], torch.Tensor], logits: Any, trellis: Trellis, part: slice) -> Tokens:
    return _ids(choose(trellis, logits[part]))


def _nearest(trellis: Trellis, _: slice) -> Tokens:
    """The canvas of the shortest text."""
    return _ids(trellis.finish(trellis.fixed, [0])[0])


def _drawing(generator: torch.Generator | None, temperature: float) -> Callable[[Trellis, Any], torch.Tensor]:
    return lambda trellis, logits: trellis.sample(logits, generator, temperature)


def _left_to_right() -> NoReturn:
    raise UnsupportedFeature("uniqueItems", "uniqueItems over an endless language is not written from the left to the "
                             "right", hint='json_schema(..., approximate="sound") writes a part of what it allows')

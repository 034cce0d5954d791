"""A text that is written canvas after canvas, within a total budget that is exact; of any kind of graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray

from .distinct import DistinctGraph, DistinctTrellis
from .errors import ModelError, SpecError, UnsupportedFeature
from .lazy import LazyGraph, LazyTrellis
from .tokengraph import TokenGraph
from .trellis import OPEN, Trellis
from .trellis.arguments import LENGTH, many, shown, whole
from .trellis.evidence import Evidence, behind, by_position, integers
from .vocab import Vocab


class Graph(Protocol):
    """What a `TokenGraph`, a `LazyGraph` and a `DistinctGraph` have in common; states are numbers, stacks of the lazy
    one, and `Place`s."""

    @property
    def vocab(self) -> Vocab: ...

    @property
    def exact(self) -> bool: ...

    @property
    def start(self) -> Any: ...

    def run(self, tokens: Any, state: Any = ...) -> Any: ...

    def ended(self, state: Any) -> bool: ...

    def lost(self, state: Any) -> bool: ...

    def may_end(self, state: Any) -> bool: ...

    def needed(self, state: Any) -> int | None: ...

    def shortest_from(self, state: Any) -> list[int]: ...

    def next_columns(self, state: Any, left: int | None, columns: int, device: torch.device) -> torch.Tensor: ...


def is_graph(value: Any) -> TypeGuard[Graph]:
    """Is this one of them?"""
    return isinstance(value, TokenGraph | LazyGraph | DistinctGraph)


def trellis_of(graph: Graph, length: int, fixed: Evidence | None = None, start: Sequence[Any] | None = None,
               more: int | Evidence = 0) -> Any:
    """The canvases of a graph, a `Trellis`, `LazyTrellis` or `DistinctTrellis`: arguments and errors as there.

    Raises `UnsupportedFeature` for tokens fixed behind the canvas unless the graph is a `TokenGraph`, and `SpecError`
    for what is no graph.
    """
    _check(graph)
    states = [graph.start] if start is None else many(start)
    if isinstance(graph, TokenGraph):
        return Trellis(graph, length, fixed, len(states), states, more)
    if isinstance(graph, DistinctGraph):
        return DistinctTrellis(graph, length, fixed, len(states), states, more)
    assert isinstance(graph, LazyGraph)
    more, following = behind(more)
    if following is not None:
        raise UnsupportedFeature("fixed tokens", "tokens fixed behind the first canvas are not honoured in a language "
                                 "that is explored lazily", hint="use a longer canvas")
    return LazyTrellis(graph, length, fixed, len(states), states, more)


class Blocks:
    """One text on its way: ask for the trellis of the next canvas, fill it by any rule, hand the tokens back.

    Args:
        graph: the compiled constraint, of `compile` or `compile_or_explore`.
        max_tokens: tokens that the text may have, over all canvases; None for what the first canvas holds.
        fixed: token ids by position in the whole text, a mapping or a sequence with -1 where open.

    Attributes:
        state: where in the graph the next canvas begins.
        written: tokens in the canvases so far.

    Raises `SpecError` for what is no graph, for a budget that is no positive integer, for fixed tokens that are no
    integers; `trellis` raises what `Trellis` does, for the first
    canvas or never.
    """

    def __init__(self, graph: Graph, max_tokens: int | None = None,
                 fixed: Mapping[int, int] | Any | None = None) -> None:
        _check(graph)
        self.graph, self.written = graph, 0
        self.max_tokens = None if max_tokens is None else whole(max_tokens, "max_tokens", 1, LENGTH)
        self.state: Any = graph.start
        self._fixed = _as_mapping(fixed)

    @property
    def ended(self) -> bool:
        """Can nothing but padding follow?"""
        return self.graph.ended(self.state)

    @property
    def left(self) -> int:
        """Tokens of the budget that are left; 0 before the first canvas where no budget was given."""
        return max(0, (self.max_tokens or 0) - self.written)

    def trellis(self, length: int) -> Any:
        """The canvas that comes next, of `length` positions; those beyond the budget hold end-of-text and padding."""
        length = whole(length, "length", 1, LENGTH)
        if self.max_tokens is None:
            self.max_tokens = length
        left = self.left
        room, more, later = min(length, left), max(0, left - length), dict[int, int]()
        fixed = np.full(length, OPEN)
        for position, token in self._fixed.items():
            if not 0 <= position < self.max_tokens:
                raise SpecError(f"a token is fixed at position {position}, outside the budget of {self.max_tokens}")
            if position >= self.written + length:
                later[position - self.written - length] = token
            elif position >= self.written:
                fixed[position - self.written] = token
        if room < length and not self.ended:
            if (needed := self.graph.needed(self.state)) is None or needed > left:
                trellis_of(self.graph, left, start=[self.state])  # tells by how much the budget is too small
            fixed[room] = self._end_of_text(room)
        return trellis_of(self.graph, length, fixed, [self.state], _laid(later, more) if later else more)

    def _end_of_text(self, room: int) -> int:
        if not self.graph.vocab.eos_ids:
            raise SpecError(f"{room} tokens are left for a whole canvas, and the vocabulary has no end-of-text token",
                            hint="let max_tokens be a multiple of the canvas")
        return self.graph.vocab.eos_ids[0]

    def advance(self, tokens: Any) -> None:
        """Go on behind a finished canvas; what follows an end-of-text token is not looked at.

        Raises `ModelError` where the tokens are not a beginning that the last trellis allows, `SpecError` where they
        are not the integers of one canvas.
        """
        ids = integers(tokens, "tokens")
        if ids.ndim != 1:
            raise SpecError(f"tokens of shape {ids.shape} are not those of one canvas")
        text = ids[: len(self.graph.vocab.before_end(ids)) + 1]
        state = self.state if self.ended else self.graph.run(text, self.state)
        if self.graph.lost(state):
            at = next(i for i in range(len(text)) if self.graph.lost(self.graph.run(text[: i + 1], self.state)))
            raise ModelError(f"the finished canvas breaks the constraint at position {at} (token {int(text[at])}): "
                             "something changed the tokens after structfill had chosen them")
        self.state, self.written = state, self.written + len(ids)


def _laid(tokens: Mapping[int, int], length: int) -> NDArray[np.int64]:
    """int64 [length]: tokens at their positions, `OPEN` elsewhere."""
    found = np.full(length, OPEN)
    found[list(tokens)] = list(tokens.values())
    return found


def _check(graph: Any) -> None:
    if not is_graph(graph):
        raise SpecError(f"a graph is needed, not {shown(graph)}",
                        hint="compile the constraint first: structfill.compile(constraint, vocab)")


def _as_mapping(fixed: Mapping[int, int] | Any | None) -> dict[int, int]:
    if fixed is None:
        return {}
    if isinstance(fixed, Mapping):
        given = by_position(fixed)
    else:
        tokens = integers(fixed, "fixed tokens")
        if tokens.ndim != 1:
            raise SpecError(f"fixed tokens of shape {tokens.shape} are not those of one text")
        given = dict(enumerate(tokens.tolist()))
    return {position: token for position, token in given.items() if token != OPEN}

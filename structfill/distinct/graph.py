"""The graph: texts whose items may repeat, with what was written so far, and how repeated items are written anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch

from ..automaton.byte_automaton import ByteAutomaton
from ..errors import BudgetTooSmall, EmptyLanguage, TooLarge
from ..front.between import around
from ..front.constraint import Constraint, Repeat
from ..limits import Limits
from ..tokengraph import TokenGraph, build
from ..trellis import OPEN, Trellis
from ..trellis.evidence import as_array
from ..turn import Turn
from ..vocab import Vocab
from .following import Following
from .place import Place, Span, Tokens, keep

TRIES = 256  # items written anew for one canvas
WHOLE = 24  # of them, such as need another number of tokens, where the logits of the whole canvas are read for each
_ENDS = 256  # remembered of a text, and of all texts together those that depend on nothing but their places
Choose = Callable[[Trellis, slice], Tokens]
"""A canvas for some positions of the canvas at hand; they may begin before it, and end behind it."""


@dataclass(frozen=True, eq=False)
class DistinctGraph:
    """A schema with unique items over a vocabulary. States are `Place`s: a text is judged with all that was written,
    and depends on no other one. Threads may share a graph; they take turns."""

    exact: ClassVar[bool] = False
    constraint: Constraint
    repeating: TokenGraph = field(repr=False)
    limits: Limits = field(repr=False)
    _turn: Turn = field(default_factory=Turn, init=False, repr=False)

    @property
    def vocab(self) -> Vocab:
        """The vocabulary."""
        return self.repeating.vocab

    @property
    def start(self) -> Place:
        """The state of an empty text, of another one each time."""
        return Place(self.repeating.start)

    def run(self, tokens: Any, state: Place | None = None) -> Place:
        """As `TokenGraph.run`; what repeats is not looked at."""
        place, ids = state or self.start, as_array(tokens).astype(np.int64)
        written = *place.written, *self.vocab.before_end(ids).tolist()
        return Place(self.repeating.run(ids, place.state), written, place.known)

    def ended(self, state: Place) -> bool:
        """Can nothing but end-of-text follow?"""
        return self.repeating.ended(state.state)

    def lost(self, state: Place) -> bool:
        """Did the tokens that led here leave the language?"""
        return self.repeating.lost(state.state)

    def may_end(self, state: Place) -> bool:
        """May a text end in `state`, if no item repeats in it?"""
        return self.repeating.may_end(state.state)

    def needed(self, state: Place) -> int | None:
        """Tokens of a text that finishes what led to `state`, a short one but maybe not the shortest; None if none is
        known."""
        end = self.end_of(state)
        return None if end is None else len(end)

    def shortest_from(self, state: Place) -> list[int]:
        """Token ids of such a text, without end-of-text. Raises `EmptyLanguage` where none is known."""
        end = self.end_of(state)
        if end is None:
            raise EmptyLanguage("no text without repeated items is known")
        return list(end)

    def next_columns(self, state: Place, left: int | None, columns: int, device: torch.device) -> torch.Tensor:
        """As `TokenGraph.next_columns`: the tokens behind which an end without repeated items is known, or almost sure
        to exist."""
        if self.ended(state):
            return self.repeating.next_columns(state.state, left, columns, device)
        may = torch.zeros(columns, dtype=torch.bool)
        with self._turn:
            may[: len(self.vocab)] = torch.from_numpy(self._following.tokens(state, left))
        return may.to(device)

    @cached_property
    def _following(self) -> Following:
        return Following(self)

    def end_of(self, place: Place, most: int | None = None) -> list[int] | None:
        """Tokens that finish what led to `place` so that no item repeats; None if none are known. Where those known are
        more than `most`, fewer are looked for."""
        with self._turn:
            return self._end_of(place, most)

    def _end_of(self, place: Place, most: int | None) -> list[int] | None:
        known, joined = place.known.ends.get(place.key), None
        if known is None:
            joined = self._joined(place)
            known = self._without_repeats(place, joined)
            if known is not None:
                self.remember(place, known)
        if known is None or most is not None and len(known) > most:
            shortest = self.repeating.shortest_from(place.state)
            short = None if shortest == joined else self._without_repeats(place, shortest)
            if short is not None and (known is None or len(short) < len(known)):
                self.remember(place, short)
                return short
        return known

    def remember(self, place: Place, end: list[int]) -> None:
        """`end` finishes what led to `place`."""
        with self._turn:
            keep(place.known.ends, place.key, end, _ENDS)

    def _joined(self, place: Place) -> list[int]:
        """The shortest way to the end that is known for what was written a token before, and along it."""
        before = self.run(place.written[:-1], Place(self.repeating.start, known=place.known))
        end = place.known.ends.get(before.key) if place.written else None
        if end is None:
            return self.repeating.shortest_from(place.state)
        at, state = self._states_along(before, end), place.state
        if state in at:
            return end[at[state] :]
        shortest = self.repeating.shortest_from(state)
        for count, token in enumerate(shortest, 1):
            state = self.repeating.run([token], state)
            if state in at:
                return [*shortest[:count], *end[at[state] :]]
        return shortest

    def _states_along(self, place: Place, end: list[int]) -> dict[int, int]:
        """Where on the way of `end` each state comes first; kept for one place."""
        key = place.key, tuple(end)
        if key not in place.known.along:
            at, state = {place.state: 0}, place.state
            for count, token in enumerate(end, 1):
                state = self.repeating.run([token], state)
                at.setdefault(state, count)
            keep(place.known.along, key, at, 1)
        return place.known.along[key]

    def _without_repeats(self, place: Place, end: list[int]) -> list[int] | None:
        """`_shortened`, remembered: many texts begin alike."""
        key = place.key, tuple(end)
        if key not in self._mended_ends:
            keep(self._mended_ends, key, self._shortened(place, end), _ENDS)
        return self._mended_ends[key]

    @cached_property
    def _mended_ends(self) -> dict[Any, list[int] | None]:
        return {}

    def _shortened(self, place: Place, end: list[int]) -> list[int] | None:
        """An end behind what is written, with repeated items written anew as short as they can be."""
        tried = _Others(self)
        for _ in range(TRIES):
            ones = self._repeats(np.array([*place.written, *end], np.int64), len(place.written))
            if ones is None:
                return end
            found = ((one, *way) for one in ones if (way := self._whole(one, tried, place)) is not None)
            one, graph, state = next(found, (None, None, 0))
            if one is None or graph is None:
                break
            end = graph.shortest_from(state)
            tried.add(one, self.vocab.decode([*place.written, *end]))
        return None

    def mended(self, canvas: Tokens, span: Span, choose: Choose, whole: int = WHOLE) -> Tokens | None:
        """int64 [N]: `canvas` [N] with repeated items written anew by `choose`, around what is fixed; None where that
        leads nowhere. `whole` of them may come to have another number of tokens. The end of its text is remembered."""
        with self._turn:
            return self._mended(canvas, span, choose, whole)

    def _mended(self, canvas: Tokens, span: Span, choose: Choose, whole: int) -> Tokens | None:
        tried, draft = _Others(self), self._draft(canvas, span)
        for _ in range(TRIES):
            ones = self._repeats(draft.tokens, len(draft.before))
            if ones is None:
                self.remember(self.run(draft.canvas, span.place), draft.end.tolist())
                return draft.canvas
            mended = _first(self._in_place(draft, one, tried, choose) for one in ones)
            if mended is None and whole:
                whole -= 1
                mended = _first(self._at_any_length(span, one, tried, choose) for one in ones)
            if mended is None:
                return None
            draft = mended
        return None

    def _repeats(self, tokens: Tokens, written: int) -> list[Repeat] | None:
        """What repeats in a text, of which so many tokens are written: first an item that these have begun, as there
        may be least in its place, and it gives way only to those before it."""
        ones = self.constraint.repeats(self.vocab.decode(tokens.tolist()))
        if not ones or not written:
            return ones
        count = len(self.vocab.decode_bytes(tokens[:written]).decode("utf-8", "ignore"))
        begun = [one._replace(others=one.others[: one.before]) for one in ones if one.start < count <= one.end]
        return begun + [one for one in ones if not one.start < count <= one.end]

    def _draft(self, canvas: Tokens, span: Span) -> _Draft:
        """The canvas with the end that is known for it, or the shortest."""
        place = self.run(canvas, span.place)
        end = place.known.ends.get(place.key)
        if self.ended(place):
            end = []
        elif end is None or len(end) > span.more:
            end = self.repeating.shortest_from(place.state)
        return self._with_end(canvas, end, span)

    def _with_end(self, canvas: Tokens, end: list[int], span: Span) -> _Draft:
        return _Draft(np.array(span.place.written, np.int64), canvas, np.array(end, np.int64), span.fixed,
                      len(self.vocab.before_end(canvas)))

    def _in_place(self, draft: _Draft, one: Repeat, tried: _Others, choose: Choose) -> _Draft | None:
        """Other tokens where an item stands, as many as it has."""
        before, item = (text.encode("utf-8", "surrogatepass")
                        for text in (one.text[: one.start], one.text[one.start : one.end]))
        tokens = draft.tokens
        ends = np.cumsum([len(self.vocab.tokens[token]) for token in tokens])
        first = int(np.searchsorted(ends, len(before), "right"))
        last = int(np.searchsorted(ends, len(before) + len(item))) + 1
        part, spelled = slice(first, last), self.vocab.decode_bytes(tokens[first:last])
        begin, fixed = len(before) - (int(ends[first - 1]) if first else 0), draft.given[part]
        if (fixed != OPEN).all() or (other := tried.other(one)) is None:
            return None
        try:
            around_it = around(other, spelled[:begin], spelled[begin + len(item) :], self.limits)
            graph, shift = build(around_it, self.endless, self.limits), len(draft.before)
            chosen = choose(Trellis(graph, last - first, fixed), slice(first - shift, last - shift))
        except (BudgetTooSmall, EmptyLanguage, TooLarge):
            return None
        mended = draft.with_tokens(np.concatenate([tokens[:first], chosen, tokens[last:]]))
        tried.add(one, self.vocab.decode(mended.tokens.tolist()))
        return mended

    def _at_any_length(self, span: Span, one: Repeat, tried: _Others, choose: Choose) -> _Draft | None:
        """A text that is the same but for an item."""
        way = self._whole(one, tried, span.place)
        if way is None:
            return None
        graph, state = way
        try:
            canvas = choose(span.trellis(graph, state), slice(0, len(span.fixed)))
        except (BudgetTooSmall, EmptyLanguage):
            return None
        behind = graph.run(canvas, state)
        end = [] if graph.ended(behind) else graph.shortest_from(behind)
        mended = self._with_end(canvas, end, span)
        tried.add(one, self.vocab.decode(mended.tokens.tolist()))
        return mended

    def _whole(self, one: Repeat, tried: _Others, place: Place) -> tuple[TokenGraph, int] | None:
        """The graph of a text with another item, and its state behind what is written."""
        if (other := tried.other(one)) is None:
            return None
        try:
            before, after = (text.encode("utf-8", "surrogatepass")
                             for text in (one.text[: one.start], one.text[one.end :]))
            graph = build(around(other, before, after, self.limits), self.vocab, self.limits)
        except (EmptyLanguage, TooLarge):
            return None
        state = graph.run(np.array(place.written, np.int64))
        return None if graph.lost(state) else (graph, state)

    @cached_property
    def endless(self) -> Vocab:
        """The vocabulary without an end-of-text: what it fills is a part of a text."""
        vocab = Vocab(self.vocab.tokens, (), None, None)
        vocab.__dict__["trie"] = self.vocab.trie
        return vocab

    @property
    def automaton(self) -> ByteAutomaton:
        """The texts whose items may repeat. Raises `TooLarge`, which is found out once."""
        if isinstance(self._enumerated, TooLarge):
            raise self._enumerated
        return self._enumerated

    @cached_property
    def _enumerated(self) -> ByteAutomaton | TooLarge:
        repeating = self.constraint.repeating()
        assert repeating is not None  # or there would be no such graph
        try:
            return repeating.automaton(self.limits)
        except TooLarge as error:
            return error


class _Draft(NamedTuple):
    """A whole text: what was written before, a canvas [N] whose first `used` tokens are text, and an end behind it."""

    before: Tokens
    canvas: Tokens
    end: Tokens
    fixed: Tokens  # [N]
    used: int

    @property
    def tokens(self) -> Tokens:
        """Those of the text."""
        return np.concatenate([self.before, self.canvas[: self.used], self.end])

    @property
    def given(self) -> Tokens:
        """The same where they may not be changed, `OPEN` elsewhere."""
        return np.concatenate([self.before, self.fixed[: self.used], np.full(len(self.end), OPEN)])

    def with_tokens(self, tokens: Tokens) -> _Draft:
        """The same with other tokens in the place of its own."""
        first, last = len(self.before), len(self.before) + self.used
        canvas = np.concatenate([tokens[first:last], self.canvas[self.used :]])
        return self._replace(canvas=canvas, end=tokens[last:])


class _Others:
    """What may stand in place of each item of a text that is being mended, less what was written there before, which
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


def _first(found: Iterable[_Draft | None]) -> _Draft | None:
    return next((draft for draft in found if draft is not None), None)

"""What may come next, from the left to the right, where no item may repeat.

A token has to go on as the texts whose items may repeat go on, and, in every open array, towards an item that is unlike
those before it, which is regular (`Constraint.differing`). Behind a comma there may be no such item left: so an end of
the text is sought behind one token of every kind with a comma, and behind each that holds more of the next item.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..automaton.byte_automaton import DEAD, ByteAutomaton
from ..automaton.series import series
from ..errors import EmptyLanguage, TooLarge
from ..front.constraint import Begun
from ..tokengraph import TokenGraph, build
from .place import Place, keep

if TYPE_CHECKING:
    from .graph import DistinctGraph

Flags = NDArray[np.bool_]
Ids = NDArray[np.int64]
TIGHT = 16  # tokens: with less than this and twice a known end left, an end is sought behind every kind of token
_FEW = 16  # tokens that lead to the same states, each of which is tried where it is tight
_KEPT = 64  # graphs of items, and places
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?$)', re.S)
_REST_OF_STRING = re.compile(rb'(?:[^"\\]|\\.)*(?:"|\\?$)', re.S)
_ESCAPE = re.compile(r"\\.", re.S)
_BEGINNING = re.compile(rb'[ \t\r\n]*["\[{]?')  # says no more of an item than of what kind it is


class _Item(NamedTuple):
    """What may stand from the beginning of an item on."""

    automaton: ByteAutomaton
    graph: TokenGraph


class _At(NamedTuple):
    """A graph, and the state in it behind what is written."""

    graph: TokenGraph
    state: int

    def next_tokens(self, left: int | None = None) -> Flags:
        """bool [V]: the tokens that may come next."""
        if self.state == DEAD:
            return np.zeros(len(self.graph.token_class), np.bool_)
        chosen = np.zeros(self.graph.classes + 1, np.bool_)
        chosen[self.graph.next_classes(self.state, left)] = True
        return chosen[self.graph.token_class]  # -1, no class, is the last


class Following:
    """Answers for one graph. Raises `TooLarge` where its texts take too many states."""

    def __init__(self, graph: DistinctGraph) -> None:
        self._graph, self._items = graph, dict[tuple[int, tuple[str, ...]], _Item | None]()
        self._automaton = graph.automaton  # now, before anything is written

    def tokens(self, place: Place, left: int | None) -> Flags:
        """bool [V]: the tokens behind which an end of the text of at most ``left - 1`` tokens is known, or almost sure
        to exist (None: of any number). None of them where no end is known at `place`."""
        end, ways = self._end_of(place, left), [_At(self._graph.repeating, place.state)]
        may = ways[0].next_tokens(left)
        if end is None or left is not None and len(end) > left:
            return np.zeros_like(may)
        text, count = self._text(place, end)
        for begun in self._graph.constraint.begun(text[:count], text[count:]):
            ways.append(self._towards(begun, text, place))
            may &= ways[-1].next_tokens()
        tight = left is not None and left < 2 * len(end) + TIGHT
        told = list[tuple[Ids, list[int]]]()
        for token, alike in self._kinds(ways, may, _in_string(text[:count]), tight):
            known = self._graph.end_of(self._graph.run([token], place), None if left is None else left - 1)
            may[alike] = known is not None and (left is None or len(known) < left)
            told += [] if known is None else [(alike, known)]
        if end:
            may[end[0]] = True
            told.append((np.array(end[:1]), end[1:]))
        keep(place.known.told, place.key, told, _KEPT)
        return may

    def _end_of(self, place: Place, left: int | None) -> list[int] | None:
        """An end of at most `left` tokens, if one is known: also one that was found behind a token like the last."""
        graph, end = self._graph, self._graph.end_of(place, left)
        if not place.written or end is not None and (left is None or len(end) <= left):
            return end
        *before, last = place.written
        told = place.known.told.get(graph.run(before).key, [])
        for other in (found for alike, found in told if last in alike and (left is None or len(found) <= left)):
            if graph.constraint.repeats(graph.vocab.decode([*place.written, *other])) is None:
                graph.remember(place, other)
                return other
        return end

    def _text(self, place: Place, end: list[int]) -> tuple[str, int]:
        """What is written with its end, and how many whole characters of it are written."""
        written = self._graph.vocab.decode_bytes(place.written)
        return self._graph.vocab.decode([*place.written, *end]), len(written.decode("utf-8", "ignore"))

    def _towards(self, begun: Begun, text: str, place: Place) -> _At:
        """The way towards an item unlike the others."""
        before = text[: begun.start].encode("utf-8", "surrogatepass")
        item = self._item(self._automaton.run(before), begun.others)
        if item is None:
            return _At(self._graph.repeating, DEAD)
        return _At(item.graph, item.automaton.run(self._graph.vocab.decode_bytes(place.written)[len(before) :]))

    def _item(self, state: int, others: tuple[str, ...]) -> _Item | None:
        """The items that may begin in a state and are unlike others, with blanks before them and anything behind."""
        key, graph = (state, others), self._graph
        if key not in self._items:
            item = None
            with contextlib.suppress(EmptyLanguage, TooLarge):
                differing = graph.constraint.differing(self._automaton, state, others, graph.limits)
                automaton = series([_BLANKS, differing, _BEHIND, _ANYTHING], graph.limits)
                item = _Item(automaton, build(automaton, graph.endless, graph.limits))
            keep(self._items, key, item, _KEPT)
        return self._items[key]

    def _kinds(self, ways: list[_At], may: Flags, in_string: bool, tight: bool) -> Iterator[tuple[int, Ids]]:
        """Tokens behind which an end is to be sought, each with those to which the answer applies: such as lead to the
        same states."""
        parting, telling = self._commas[in_string]
        seek = may.copy() if tight else may & parting
        for token in np.flatnonzero(seek & telling):
            yield int(token), np.array([token])
        ids = np.flatnonzero(seek & ~telling)
        classes = np.stack([way.graph.token_class[ids] for way in ways])
        _, first, which = np.unique(classes, axis=1, return_index=True, return_inverse=True)
        behind = [tuple(way.graph.run([token], way.state) for way in ways) for token in ids[first]]
        numbers = {states: number for number, states in enumerate(dict.fromkeys(behind))}
        kind = np.array([numbers[states] for states in behind], np.int64)[which.ravel()]
        for number in range(len(numbers)):
            alike = ids[kind == number]
            for group in alike[:, None] if tight and len(alike) <= _FEW else [alike]:
                yield int(group[0]), group

    @cached_property
    def _commas(self) -> tuple[tuple[Flags, Flags], tuple[Flags, Flags]]:
        """For tokens that begin outside of a string, and inside: which hold a comma between values, and which of these
        more of a value behind it than its first sign, or two commas."""
        tokens = self._graph.vocab.tokens
        found = tuple((np.zeros(len(tokens), np.bool_), np.zeros(len(tokens), np.bool_)) for _ in range(2))
        for token, spelled in enumerate(tokens):
            if spelled and b"," in spelled:
                for (parting, telling), rest in zip(found, (spelled, _REST_OF_STRING.sub(b"", spelled, count=1)),
                                                    strict=True):
                    signs = _STRING.sub(lambda string: b"s" * len(string[0]), rest)
                    parting[token] = b"," in signs
                    behind = rest[signs.rfind(b",") + 1 :]
                    telling[token] = signs.count(b",") > 1 or parting[token] and not _BEGINNING.fullmatch(behind)
        return found[0], found[1]


def _in_string(text: str) -> bool:
    """Does the beginning of a JSON text end inside a string?"""
    return _ESCAPE.sub("", text).count('"') % 2 == 1


def _one_of(members: bytes, again: bool) -> ByteAutomaton:
    """One of these bytes, or, with `again`, any number of them."""
    byte_class = np.ones(256, np.uint8)
    byte_class[list(members)] = 0
    delta = np.array([[0, DEAD]] if again else [[1, DEAD], [DEAD, DEAD]], np.int32)
    return ByteAutomaton(delta, byte_class, np.array([True] if again else [False, True]))


_BLANKS = _one_of(b" \t\r\n", again=True)
_BEHIND = _one_of(b",] \t\r\n", again=False)
_ANYTHING = _one_of(bytes(range(256)), again=True)

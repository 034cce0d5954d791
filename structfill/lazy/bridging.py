"""A first canvas around fixed tokens: every hole is bridged to the fixed tokens behind it, then spelled in as many
tokens as it has positions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import lalr

from structfill.errors import EmptyLanguage, StructfillError

from .graph import LazyGraph

_GOALS = (1, 8, 48)  # ways to the end of a hole that are executed, the first ones first
_TOPS = 1_000  # paths that are kept of those which the fixed text asks for
_KEPT = 32  # searches whose ways are kept
_Way = tuple[list[int], int]
Tokens = NDArray[np.int64]


class NothingFollows(EmptyLanguage):
    """What is fixed in one piece behind a hole stands in no text there, however long the hole is."""


class Effort(NamedTuple):
    """How far a hole is searched: stacks met at most, those of them with the same two states on top that are gone on
    from, paths looked at that the fixed text behind the hole asks for, and holes filled anew before all is
    given up."""

    most: int
    tried: int
    asked: int = 0
    turns: int = 0


def bridged(graph: LazyGraph, start: int, fixed: Tokens, more: int, effort: Effort) -> Tokens | None:
    """A valid canvas that agrees with `fixed`, hole after hole; None where none is found.

    start: the number of the configuration in which the canvas begins. Where a hole is not bridged, the one before is
    filled in another way. Raises `NothingFollows` where what is fixed in one piece is known to follow nothing.
    """
    out, holes, turns = fixed.copy(), _holes(fixed), 0
    first = holes[0].begin if holes else len(fixed)
    number = int(graph.follow(start, fixed[:first])[-1])
    if number < 0 or not holes:
        return out if number >= 0 and _ends(graph, number, 0, more) else None
    tried = [_fillings(graph, number, fixed, holes[0], more, effort)]
    while tried and turns < len(holes) + effort.turns:
        hole, filled = holes[len(tried) - 1], next(tried[-1], None)
        if filled is None:
            tried.pop()
            continue
        out[hole.begin : hole.end] = filled[0]
        if hole.after == len(fixed):
            return out
        turns += 1
        tried.append(_fillings(graph, filled[1], fixed, holes[len(tried)], more, effort))
    return None


class _Hole(NamedTuple):
    """Open positions ``[begin, end)``, and the fixed ones behind them, up to `after`."""

    begin: int
    end: int
    after: int


def _holes(fixed: Tokens) -> list[_Hole]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fixed < 0, [False]]).astype(np.int8))).tolist()
    return [_Hole(*row) for row in zip(edges[::2], edges[1::2], [*edges[2::2], len(fixed)], strict=False)]


def _ends(graph: LazyGraph, number: int, left: int, more: int) -> bool:
    return number == lalr.ENDED or int(graph.machine.call(lalr.rest, number, words=True)) <= left + more


def _fillings(graph: LazyGraph, number: int, fixed: Tokens, hole: _Hole, more: int, effort: Effort
              ) -> Iterator[tuple[Tokens, int]]:
    """(tokens, configuration behind what is fixed after them) that lead from a configuration through a hole and what is
    fixed behind it, and find an end if nothing else is fixed."""
    size, tokens = hole.end - hole.begin, fixed[hole.end : hole.after]
    left = -1 if (fixed[hole.after :] >= 0).any() else len(fixed) - hole.after
    ends = _finished(graph, number, size, tokens, more)
    if ends is not None:
        yield ends, int(graph.follow(number, np.concatenate([ends, tokens]))[-1])
    if number == lalr.ENDED:
        return
    seen = set[int]()
    for way, q in _ways(graph, number, tokens, left, more, effort):
        for text, gaps in _spelled(graph, number, way, q):
            for ids in _tokenised(graph, text, gaps, size):
                last = int(graph.follow(number, np.concatenate([ids, tokens]))[-1])
                if last >= 0 and last not in seen and (left < 0 or _ends(graph, last, left, more)):
                    seen.add(last)
                    yield ids, last


class _Replayed:
    """What an iterator gives, and raises, as often as it is asked for."""

    def __init__(self, source: Iterator[_Way]) -> None:
        self._source, self._given = source, list[_Way]()
        self._end: Exception | None = None

    def __iter__(self) -> Iterator[_Way]:
        for place in count():
            if place == len(self._given):
                self._look_further()
            if place == len(self._given):
                return
            yield self._given[place]

    def _look_further(self) -> None:
        try:
            if self._end is None:
                self._given.append(next(self._source))
        except (StopIteration, StructfillError) as end:
            self._end = end
        if isinstance(self._end, StructfillError):
            raise self._end


def _ways(graph: LazyGraph, number: int, tokens: Tokens, left: int, more: int, effort: Effort) -> _Replayed:
    """`_searched`, kept: holes of other lengths with the same text around them have the same ways."""
    known, key = graph.machine.found, (number, tokens.tobytes(), left, more, effort)
    if key not in known:
        while len(known) >= _KEPT:
            known.pop(next(iter(known)))
        known[key] = _Replayed(_searched(graph, number, tokens, left, more, effort))
    found: _Replayed = known[key]
    return found


def _searched(graph: LazyGraph, number: int, tokens: Tokens, left: int, more: int, effort: Effort) -> Iterator[_Way]:
    """Terminals, and the lexer state behind them, with which a configuration comes to where `tokens` can follow."""
    known, tops = 0, _tops(graph, tokens, left == more == 0, effort)
    for wanted in _GOALS:
        parent, step, goals = graph.machine.call(lalr.bridge, graph.special, number, *graph.near, tokens, left, more,
                                                 tops, effort.most, effort.tried, wanted, words=True)
        for place, q in goals[known:].tolist():
            yield _way(graph, parent, step, place), q
        known = len(goals)
        if known < wanted:
            return


def _tops(graph: LazyGraph, tokens: Tokens, closes: bool, effort: Effort) -> lalr.Tops:
    """What the text of some tokens asks for; closes: does it end with them?"""
    special = np.flatnonzero(graph.special[tokens])
    text = graph.vocab.decode_bytes(tokens[: special[0] if len(special) else None].tolist()) if effort.asked else b""
    if not text:
        nothing: lalr.Tops = lalr.no_tops(len(graph.machine.tables.act))
        return nothing
    closes |= len(special) > 0
    asking = np.frombuffer(text, np.uint8)
    impossible = lalr.follows_nothing(graph.machine.tables, *graph.near, asking, closes)
    if not impossible:
        found: lalr.Tops = graph.machine.call(lalr.tops, *graph.near, *graph.into, asking, closes, effort.asked, _TOPS)
    if impossible or found.none:
        raise NothingFollows(f"no text goes on as fixed behind a hole: {text.decode('utf-8', 'replace')[:40]!r}")
    return found


def _way(graph: LazyGraph, parent: Tokens, step: Tokens, place: int) -> list[int]:
    """The terminals on the way to a stack."""
    t, steps = graph.machine.tables, list[list[int]]()
    while place > 0:
        one = int(step[place])
        steps.append([-1 - one] if one < 0 else t.seq_term[t.seq_ptr[one] : t.seq_ptr[one + 1]].tolist())
        place = int(parent[place])
    return [terminal for terminals in reversed(steps) for terminal in terminals]


def _finished(graph: LazyGraph, number: int, size: int, tokens: Tokens, more: int) -> Tokens | None:
    """The rest of the text and padding, where nothing but padding is fixed behind the hole."""
    if not all(graph.special[token] for token in tokens.tolist()):
        return None
    out, room = list[int](), size + (more if not len(tokens) else 0)
    length = int(graph.machine.call(lalr.rest, number, words=True)) if number != lalr.ENDED else 0
    if length > room:
        return None
    for _ in range(min(length, size)):
        token, number = graph.machine.store.rest[number, 1:3].tolist()
        out.append(token)
    first, pad = graph.vocab.eos_ids[0], graph.vocab.pad_id
    ends = [first, *[first if pad is None else pad] * size]
    if number == lalr.ENDED:
        ends = ends[1:]
    filled = np.array([*out, *ends][:size], np.int64)
    return filled if not len(tokens) or graph.follow(number, np.append(filled[len(out):], tokens))[-1] >= 0 else None


def _spelled(graph: LazyGraph, number: int, way: list[int], q: int) -> Iterator[tuple[bytes, list[int]]]:
    """Texts that read the terminals of `way` and bring the lexer to q, with the places where a filler may stand."""
    t = graph.machine.tables
    node, state = graph.machine.store.conf[number].tolist()
    out, gaps, pending = bytearray(), list[int](), -1
    for n, one in enumerate([*way, -1]):
        begin = state
        if n or not way:
            begin = int(t.begin[graph.machine.store.node[node, 1]]) if n else state
        piece = _way_to_terminal(graph, begin, one) if one >= 0 else _way_to_state(graph, begin, q)
        if piece is None:
            return
        if n and pending >= 0 and piece:
            k = t.cls[piece[0]]
            if not (t.delta[state, k] < 0 and t.ends[state, k] == pending) and len(t.fillers):
                out += bytes([int(t.fillers[0])])
        if n:
            gaps.append(len(out))
        out += piece
        state = begin
        for byte in piece:
            state = int(t.delta[state, t.cls[byte]])
        if one >= 0:
            pending = one
            if not t.ignored[one]:
                node = int(graph.machine.call(lalr.feed, node, one))
                if node < 0:  # LALR's lookaheads forbid the way
                    return
    text = bytes(out)
    for form in dict.fromkeys((text, text.upper(), text.lower(), b" " + text, b" " + text.upper())):
        yield form, [gap + len(form) - len(text) for gap in gaps] + [0, len(form)]


def _way_to_terminal(graph: LazyGraph, q: int, terminal: int) -> bytes | None:
    t, out = graph.machine.tables, bytearray()
    if t.far[q, terminal] < 0:
        return None
    while t.far[q, terminal] > 0:
        out.append(int(t.way[q, terminal]))
        q = int(t.delta[q, t.cls[out[-1]]])
    return bytes(out)


def _way_to_state(graph: LazyGraph, start: int, q: int) -> bytes | None:
    t, out = graph.machine.tables, bytearray()
    far, before, last = lalr.entered(t.delta, start)
    if far[q] < 0:
        return None
    while q != start or far[q] > 0:
        out.append(graph.byte_of[int(last[q])])
        q = int(before[q])
    return bytes(reversed(out))


def _tokenised(graph: LazyGraph, text: bytes, gaps: list[int], size: int) -> Iterator[Tokens]:
    """`size` tokens that spell a text, lengthened by fillers at one of its gaps or by shorter tokens where it is short.
    """
    whole = graph.vocab.spell(text)
    if whole is None or len(whole) > size:
        return
    if len(whole) == size:
        yield np.array(whole, np.int64)
        return
    for filler in graph.filler_tokens:
        for gap in dict.fromkeys(gaps):
            left, right = graph.vocab.spell(text[:gap]), graph.vocab.spell(text[gap:])
            if left is not None and right is not None and len(left) + len(right) <= size:
                yield np.array([*left, *[filler] * (size - len(left) - len(right)), *right], np.int64)
    split = _split(graph, whole, size)
    if split is not None:
        yield np.array(split, np.int64)


def _split(graph: LazyGraph, tokens: list[int], size: int) -> list[int] | None:
    """The same text in exactly `size` tokens, some of them cut in two."""
    out, ids = list(tokens), graph.vocab.ids
    at = 0
    while len(out) < size and at < len(out):
        text = graph.vocab.tokens[out[at]]
        cut = next((i for i in range(1, len(text)) if text[:i] in ids and text[i:] in ids), None)
        if cut is None:
            at += 1
        else:
            out[at:at + 1] = [ids[text[:cut]], ids[text[cut:]]]
    return out if len(out) == size else None

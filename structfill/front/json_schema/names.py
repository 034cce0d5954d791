"""Property names in the pushdown automaton: one trie for all states of an object.

The states of an object differ in which names may still come. Where the names below a node of the trie lead to the same
places, states share the node, so n optional names cost the length of all of them and not n times as much. What leaves
the trie of an open object is an undeclared name: the node falls through to the automaton of these.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from ...automaton.char_dfa import CharDFA
from ...automaton.json_string import Fragment, quoted
from .residue import REJECT

NOWHERE = -1  # the end of a name that may not come


class Emitter(Protocol):
    """What is needed of the pushdown automaton in the making."""

    def state(self) -> int:
        """A new state."""

    def edge(self, source: int, byte: bytes, target: int) -> None:
        """A transition."""

    def call(self, state: int, callee: int, after: tuple[int, ...]) -> None:
        """Whatever else `state` reads is what `callee` reads; behind it, go on at `after`, by label."""

    def fragment(self, dfa: CharDFA, spell: Callable[[CharDFA], Fragment]) -> tuple[int, Fragment]:
        """The offset of an automaton's copy, and itself."""


class _Node(NamedTuple):
    """Names ``first`` to ``first + len(ends)`` of a family (by number) agree on the `depth` bytes before this node.

    `ends` are the states behind them, `NOWHERE` for names that may not come; `others` the states behind undeclared
    names, by label, none where no such name can come any more; `inner` is the state of their automaton here, which
    begins at `offset`.
    """

    family: int
    first: int
    depth: int
    ends: tuple[int, ...]
    others: tuple[int, ...]
    offset: int
    inner: int


class Names:
    """The tries of all objects."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._states: dict[_Node, int] = {}
        self._numbers: dict[tuple[str, ...], int] = {}
        self._families: list[list[tuple[bytes, str]]] = []  # the names of an object by their spelling
        self._waiting: list[_Node] = []
        self._steps: dict[int, dict[tuple[int, int], int]] = {}  # of the automata of undeclared names

    def entry(self, names: Mapping[str, int], after: Sequence[int], undeclared: CharDFA | None,
              others: tuple[int, ...]) -> int:
        """The state behind the opening quote; name n leads to ``after[names[n]]``, one that `undeclared` labels l to
        ``others[l]``."""
        key = tuple(names)
        if key not in self._numbers:
            self._numbers[key] = len(self._families)
            self._families.append(sorted((spelled, n) for n in names if (spelled := _spelled(n)) is not None))
        number = self._numbers[key]
        ends = tuple(NOWHERE if names[n] == REJECT else after[names[n]] for _, n in self._families[number])
        offset = NOWHERE if undeclared is None else self._fragment(undeclared)
        entry = self._at(self._node(number, 0, 0, ends, others, offset, 0, ord('"')))
        while self._waiting:
            self._fill(self._waiting.pop())
        return entry

    def _node(self, family: int, first: int, depth: int, ends: tuple[int, ...], others: tuple[int, ...], offset: int,
              inner: int, byte: int) -> _Node:
        """A node behind `byte`, which the automaton of undeclared names has still to read in its state `inner`."""
        after = self._steps[offset].get((inner, byte)) if others else None
        if after is None:
            return _Node(family, first, depth, ends, (), NOWHERE, 0)
        return _Node(family, first, depth, ends, others, offset, after)

    def _fragment(self, undeclared: CharDFA) -> int:
        offset, fragment = self._emitter.fragment(undeclared, quoted)
        if offset not in self._steps:
            self._steps[offset] = {(source, byte): target for source, low, high, target in fragment.edges.tolist()
                                   for byte in range(low, high + 1)}
        return offset

    def _at(self, node: _Node) -> int:
        if node not in self._states:
            self._states[node] = self._emitter.state()
            self._waiting.append(node)
        return self._states[node]

    def _fill(self, node: _Node) -> None:
        """The edges of a node's state."""
        state, names = self._states[node], self._families[node.family]
        first, past = node.first, node.first + len(node.ends)
        if first < past and len(names[first][0]) == node.depth:
            if node.ends[0] != NOWHERE or node.others:
                self._emitter.edge(state, b'"', node.ends[0])
            first += 1
        while first < past:
            byte, last = names[first][0][node.depth], first + 1
            while last < past and names[last][0][node.depth] == byte:
                last += 1
            ends = node.ends[first - node.first : last - node.first]
            below = self._node(node.family, first, node.depth + 1, ends, node.others, node.offset, node.inner, byte)
            if below.others or any(end != NOWHERE for end in ends):
                self._emitter.edge(state, bytes([byte]), self._at(below))
            first = last
        if node.others:
            self._emitter.call(state, node.offset + node.inner, node.others)


def _spelled(name: str) -> bytes | None:
    """The canonical spelling between the quotes; None for half a surrogate pair, which has none."""
    try:
        return json.dumps(name, ensure_ascii=False)[1:-1].encode()
    except UnicodeEncodeError:
        return None

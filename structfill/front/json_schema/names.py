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
        self._branching: dict[tuple[int, int, int, int], tuple[bool, list[tuple[int, int, int]]]] = {}
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
        states = [*after, NOWHERE]  # REJECT is -1
        ends = tuple([states[names[n]] for _, n in self._families[number]])
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
        state, first = self._states[node], node.first
        if len(node.ends) == 1:
            self._spell(node, state)
            return
        ended, branches = self._branches(node.family, first, first + len(node.ends), node.depth)
        if ended and (node.ends[0] != NOWHERE or node.others):
            self._emitter.edge(state, b'"', node.ends[0])
        for byte, begin, end in branches:
            ends = node.ends[begin - first : end - first]
            below = self._node(node.family, begin, node.depth + 1, ends, node.others, node.offset, node.inner, byte)
            if below.others or max(ends) != NOWHERE:
                self._emitter.edge(state, bytes([byte]), self._at(below))
        if node.others:
            self._emitter.call(state, node.offset + node.inner, node.others)

    def _spell(self, node: _Node, state: int) -> None:
        """What is left of the only name below a node, which no other node shares in part."""
        spelled, end, others, inner = self._families[node.family][node.first][0], node.ends[0], node.others, node.inner
        for depth in range(node.depth, len(spelled)):
            if others:
                self._emitter.call(state, node.offset + inner, others)
                inner = self._steps[node.offset].get((inner, spelled[depth]), NOWHERE)
                others = others if inner != NOWHERE else ()
            if not others and end == NOWHERE:
                return
            source, state = state, self._emitter.state()
            self._emitter.edge(source, spelled[depth : depth + 1], state)
        if end != NOWHERE or others:
            self._emitter.edge(state, b'"', end)
        if others:
            self._emitter.call(state, node.offset + inner, others)

    def _branches(self, family: int, first: int, past: int, depth: int) -> tuple[bool, list[tuple[int, int, int]]]:
        """Does the first of some names end at this depth, and the (byte, first name, end) of the others' next bytes;
        kept for all states of the object."""
        key = family, first, past, depth
        if key not in self._branching:
            names, branches = self._families[family], list[tuple[int, int, int]]()
            ended = first < past and len(names[first][0]) == depth
            begin = first + ended
            while begin < past:
                byte, end = names[begin][0][depth], begin + 1
                while end < past and names[end][0][depth] == byte:
                    end += 1
                branches.append((byte, begin, end))
                begin = end
            self._branching[key] = ended, branches
        return self._branching[key]


def _spelled(name: str) -> bytes | None:
    """The canonical spelling between the quotes; None for half a surrogate pair, which has none."""
    try:
        return json.dumps(name, ensure_ascii=False)[1:-1].encode()
    except UnicodeEncodeError:
        return None

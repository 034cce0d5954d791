"""Property names in the pushdown automaton: one trie for all states of an object.

The states of an object differ in which names may still come. Where the names below a node of the trie lead to the same
places, states share the node, so n optional names cost the length of all of them and not n times as much. What leaves
the trie of an open object is an undeclared name: the node falls through to the automaton of these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from ...automaton.tries import NOWHERE, Requests, Tries, Words, grow

Int32 = NDArray[np.int32]


class Names:
    """The tries of all objects, made at once when all are known."""

    def __init__(self) -> None:
        self._families: dict[tuple[str, ...], tuple[int, dict[str, int]]] = {}  # names -> first word, ranks of all
        self._words: list[bytes] = []
        self._entries: dict[tuple[int, tuple[int, ...], tuple[int, ...], int], int] = {}
        self.others: dict[tuple[int, ...], int] = {}  # where undeclared names lead, by label -> number

    def asked(self, declared: tuple[str, ...], targets: Mapping[str, int], inner: int, others: tuple[int, ...],
              state: int) -> int:
        """The state behind the opening quote: `state`, unless there is one already; a declared name leads to its
        target, if it has one, and one that the automaton of undeclared names in state `inner` (-1: none) labels l to
        ``others[l]``."""
        if declared not in self._families:
            spelled = sorted((word, n) for n in declared if (word := _spelled(n)) is not None)
            self._families[declared] = len(self._words), {n: rank for rank, (_, n) in enumerate(spelled)}
            self._words += [word for word, _ in spelled]
        first, ranks = self._families[declared]
        ends = [NOWHERE] * len(ranks)
        for name, target in targets.items():
            if name in ranks:
                ends[ranks[name]] = target
        self.others.setdefault(others, len(self.others))
        return self._entries.setdefault((first, tuple(ends), others, inner), state)

    def tries(self, automata: Int32, states: int, most: int) -> Tries:
        """All tries, with new states from number `states` on, as far as there are `most` of them.

        `automata` are the edges of all automata of undeclared names, by source.
        """
        asked = [(first, len(ends), self.others[others], inner, state)
                 for (first, ends, others, inner), state in self._entries.items()]
        first, sizes, others, inner, state = np.array(asked, np.int32).reshape(-1, 5).T.copy()
        ends = np.fromiter(chain.from_iterable([ends for _, ends, _, _ in self._entries]), np.int32)
        words = Words(np.frombuffer(b"".join(self._words), np.uint8).copy(), _starts(map(len, self._words)))
        return grow(words, Requests(state, first, _starts(sizes.tolist()), ends, others, inner), automata, states, most)


def _starts(sizes: Iterable[int]) -> Int32:
    """Where each of some runs begins, and the last one ends."""
    return np.fromiter(accumulate(sizes, initial=0), np.int32)


def _spelled(name: str) -> bytes | None:
    """The canonical spelling between the quotes; None for half a surrogate pair, which has none."""
    try:
        return json.dumps(name, ensure_ascii=False)[1:-1].encode()
    except UnicodeEncodeError:
        return None

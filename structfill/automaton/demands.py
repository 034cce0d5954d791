"""Lookaheads: a NFA whose edges lay demands on the rest of the text -> one without demands.

A state of the result is a state of the given NFA together with the demands that are still open, each a state
of a deterministic automaton. A demand that nothing can break any more is dropped, a broken one ends the
thread.
"""

from __future__ import annotations

from structfill.automaton.char_dfa import CharDFA
from structfill.automaton.charset import CharSet
from structfill.automaton.nfa import ALWAYS, END, FINAL, NFA
from structfill.errors import TooLarge
from structfill.limits import Limits

_Open = tuple[tuple[int, int], ...]  # sorted (language, state) pairs


def without_demands(nfa: NFA, start: int, limits: Limits) -> tuple[NFA, int]:
    """An equal NFA without demands, and its start state. Raises `TooLarge`."""
    return _Threads(nfa, limits).run(start)


class _Threads:
    def __init__(self, nfa: NFA, limits: Limits) -> None:
        self.nfa, self.limits = nfa, limits
        self.out = NFA(limits)
        self.out.behind = nfa.behind
        self.number: dict[tuple[int, _Open], int] = {(FINAL, ()): FINAL}
        self.queue: list[tuple[int, _Open]] = [(FINAL, ())]
        self.languages: list[CharDFA] = []
        self.index: dict[bytes, int] = {}
        self.work = 0
        self.sets = list(nfa.sets)
        self.empty_edges: dict[int, list[tuple[int, int, tuple[int, int] | None]]] = {}
        self._moves: dict[tuple[int, int], list[tuple[CharSet, tuple[int, int] | None]]] = {}
        for source, target, condition in zip(nfa.eps[::3], nfa.eps[1::3], nfa.eps[2::3], strict=True):
            self.empty_edges.setdefault(source, []).append((target, condition, None))
        for source, target, condition, rest in nfa.demands:
            self.empty_edges.setdefault(source, []).append((target, condition, (self._language(rest), 0)))

    def _language(self, dfa: CharDFA) -> int:
        if dfa.key not in self.index:
            self.index[dfa.key] = len(self.languages)
            self.languages.append(dfa)
        return self.index[dfa.key]

    def run(self, start: int) -> tuple[NFA, int]:
        entry = self._thread(start, ())
        for state, demands in self.queue:
            source = self.number[state, demands]
            for target, condition, demand in self.empty_edges.get(state, ()):
                opened = demands if demand is None else tuple(sorted({*demands, demand}))
                self.out.skip(source, self._thread(target, opened), condition)
            if self.nfa.set_of[state] >= 0:
                self._read(source, self.sets[self.nfa.set_of[state]], self.nfa.char_to[state], demands)
            if state == FINAL and demands and all(self.languages[d].labels[q] >= 0 for d, q in demands):
                self.out.skip(source, FINAL, END)
        return self.out, entry

    def _thread(self, state: int, demands: _Open) -> int:
        key = (state, demands)
        if key not in self.number:
            self.number[key] = self.out.state()
            self.queue.append(key)
        return self.number[key]

    def _read(self, source: int, chars: CharSet, target: int, demands: _Open) -> None:
        """The character edges of a thread: one for every way in which its demands move on."""
        pieces: list[tuple[CharSet, frozenset[tuple[int, int]]]] = [(chars, frozenset())]
        for demand in demands:
            moves = self._moves_of(demand)
            self.work += len(pieces) * len(moves)
            if self.work > self.limits.work:
                raise TooLarge("work", self.work, self.limits.work)
            pieces = [(both, after if move is None else after | {move})
                      for piece, after in pieces for moved, move in moves if (both := piece & moved)]
        merged: dict[frozenset[tuple[int, int]], CharSet] = {}
        for piece, after in pieces:
            merged[after] = merged[after] | piece if after in merged else piece
        for after, piece in merged.items():
            reader = source if len(merged) == 1 else self.out.state()
            self.out.read(reader, piece, self._thread(target, tuple(sorted(after))))
            if reader != source:
                self.out.skip(source, reader, ALWAYS)

    def _moves_of(self, demand: tuple[int, int]) -> list[tuple[CharSet, tuple[int, int] | None]]:
        """(characters, demand after them; None: fulfilled) of an open demand."""
        if demand not in self._moves:
            language, state = demand
            dfa = self.languages[language]
            targets: dict[int, CharSet] = {}
            for chars, target in zip(dfa.class_sets(), dfa.delta[state].tolist(), strict=True):
                if target >= 0:
                    targets[target] = targets[target] | chars if target in targets else chars
            self._moves[demand] = [(chars, None if self._kept(dfa, target) else (language, target))
                                   for target, chars in targets.items()]
        return self._moves[demand]

    @staticmethod
    def _kept(dfa: CharDFA, state: int) -> bool:
        """Is every text accepted from here? In a minimal automaton such a state leads to itself only."""
        return bool(dfa.labels[state] >= 0 and (dfa.delta[state] == state).all())

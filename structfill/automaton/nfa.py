"""Nondeterministic automata over characters, with assertions; built backwards from the final state.

Beside characters an edge may wait for a condition on the place in the text (`BEGIN`, `END`, a word boundary,
what stands before) or lay a *demand* on the rest of the text: a lookahead.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from structfill.automaton import subset
from structfill.automaton.alphabet import alphabet
from structfill.automaton.char_dfa import CharDFA
from structfill.automaton.charset import CharSet
from structfill.deadline import check_time
from structfill.errors import TooLarge
from structfill.limits import Limits

# Conditions. From BEHIND on there is one for every lookbehind.
ALWAYS, BEGIN, AFTER_OTHER, AFTER_WORD, END, BOUNDARY, NO_BOUNDARY, BEHIND = range(8)
MAX_BEHIND = 62 - BEHIND
_LATE = (1 << END) | (1 << BOUNDARY) | (1 << NO_BOUNDARY)
_BY_CHARACTER = {AFTER_OTHER, AFTER_WORD, BOUNDARY, NO_BOUNDARY}
FINAL = 0
Int32 = NDArray[np.int32]


class NFA:
    """States with at most one character edge each and any number of empty edges; state 0 is final.

    Attributes:
        behind: prefix languages of the lookbehinds; condition ``BEHIND + i`` holds where the text before is
            in the i-th.
        demands: (source, target, condition, language of the rest of the text) of the lookaheads.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.sets: dict[CharSet, int] = {}
        self.set_of = array("i", [-1])
        self.char_to = array("i", [-1])
        self.eps = array("i")  # source, target, condition
        self.behind: list[CharDFA] = []
        self.demands: list[tuple[int, int, int, CharDFA]] = []

    def state(self) -> int:
        """A new state without edges."""
        if len(self.set_of) >= self.limits.states:
            raise TooLarge("states", len(self.set_of) + 1, self.limits.states)
        self.set_of.append(-1)
        self.char_to.append(-1)
        return len(self.set_of) - 1

    def read(self, source: int, chars: CharSet, target: int) -> None:
        """The character edge of `source`."""
        self.set_of[source] = self.sets.setdefault(chars, len(self.sets))
        self.char_to[source] = target

    def skip(self, source: int, target: int, condition: int = ALWAYS) -> None:
        """An empty edge."""
        if len(self.eps) >= 3 * self.limits.edges:
            raise TooLarge("edges", len(self.eps) // 3 + 1, self.limits.edges)
        self.eps.extend((source, target, condition))

    def demand(self, source: int, target: int, rest: CharDFA, condition: int = ALWAYS) -> None:
        """An empty edge for texts whose rest from here on is in the language `rest`."""
        if rest.is_everything():
            self.skip(source, target, condition)
        elif not rest.is_empty():
            self.demands.append((source, target, condition, rest))

    def determinise(self, start: int, word: CharSet, absorbing: bool, context: int = 0) -> CharDFA:
        """The canonical automaton of a NFA without demands.

        Args:
            word: the characters between which and the others a word boundary lies.
            absorbing: any text follows the final state.
            context: what stands before: 0 nothing, 1 a character that is not in `word`, 2 one that is.
        """
        eps = np.array(self.eps, np.int32).reshape(-1, 3)
        order = np.argsort(eps[:, 0], kind="stable")
        eps_start = np.zeros(len(self.set_of) + 1, np.int32)
        np.cumsum(np.bincount(eps[:, 0], minlength=len(self.set_of)), out=eps_start[1:])
        used = set(self.eps[2::3])
        first = [word] if used & _BY_CHARACTER else []
        extra = [chars for dfa in self.behind for chars in dfa.class_sets()]
        bounds, classes, set_start, set_classes = alphabet([*first, *self.sets, *extra])
        kind = np.zeros(int(classes.max()) + 1, np.int32)
        if first:
            kind[set_classes[:set_start[1]]] = 1
            set_start = set_start[1:]
        if self.behind:
            contexts, early, late = _with_behind(kind, bounds, classes, self.behind, self.limits)
        elif first:
            contexts, early, late = _contexts(np.tile(1 + kind, (3, 1)), np.arange(3) == 2)
        else:
            # Without words one context will do, two if the beginning matters.
            contexts = np.full((1 + (BEGIN in used), kind.size), int(BEGIN in used), np.int32)
            contexts, early, late = _contexts(contexts, np.zeros(len(contexts), np.bool_))
            context = min(context, len(contexts) - 1)
        graph = subset.Graph(
            np.ascontiguousarray(eps[order, 1:]), eps_start, np.array(self.set_of, np.int32),
            np.array(self.char_to, np.int32), set_start, set_classes, kind, contexts, early, late, _LATE,
            FINAL, absorbing)
        limits = self.limits
        check_time()
        status, needed, delta, labels = subset.subsets(graph, start, context, limits.states, limits.work)
        if status != subset.DONE:
            name = "states" if status == subset.STATES else "work"
            raise TooLarge(name, needed, getattr(limits, name))
        return CharDFA.build(bounds, classes, delta, labels)


_Tables = tuple[Int32, NDArray[np.int64], NDArray[np.int64]]


def _contexts(contexts: Int32, word_before: NDArray[np.bool_]) -> _Tables:
    """What to remember of the text before: (next context [C, K], early masks [C], late masks [C, 3])."""
    n = len(contexts)
    early = np.where(word_before, 1 << AFTER_WORD, 1 << AFTER_OTHER).astype(np.int64) | (1 << ALWAYS)
    early[0] = (1 << ALWAYS) | (1 << BEGIN)
    late = np.zeros((n, 3), np.int64)
    for follows in range(3):
        late[:, follows] = np.where(word_before != (follows == 1), 1 << BOUNDARY, 1 << NO_BOUNDARY)
    late[:, subset.NEXT_END] |= 1 << END
    return contexts, early, late


def _with_behind(kind: Int32, bounds: Int32, classes: Int32, behind: list[CharDFA],
                 limits: Limits) -> _Tables:
    """Contexts that also run the lookbehinds' prefix automata; context 0 is the beginning of the text."""
    samples = [int(bounds[np.flatnonzero(classes == k)[0]]) for k in range(kind.size)]
    start = (0, *(0 for _ in behind))
    number = {start: 0}
    queue = [start]
    rows = []
    for context in queue:
        row = []
        for k, code in enumerate(samples):
            prefixes = zip(behind, context[1:], strict=True)
            after = (1 + int(kind[k]), *(dfa.step(q, code) for dfa, q in prefixes))
            if after not in number:
                if len(queue) >= limits.states:
                    raise TooLarge("states", len(queue) + 1, limits.states)
                number[after] = len(queue)
                queue.append(after)
            row.append(number[after])
        rows.append(row)
    tables = _contexts(np.array(rows, np.int32), np.array([context[0] == 2 for context in queue]))
    for i, dfa in enumerate(behind):
        holds = np.array([q[1 + i] >= 0 and dfa.labels[q[1 + i]] >= 0 for q in queue])
        tables[1][holds] |= 1 << (BEHIND + i)
    return tables

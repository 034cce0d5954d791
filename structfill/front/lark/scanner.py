"""The contextual lexer of Lark as one deterministic automaton over characters.

A state is an ordered list of threads (what a backtracking matcher would still try, most preferred first) and the
keywords that the lexeme may still turn out to be. Every context, the terminals that some parser state accepts, has a
start state of its own; all else is shared between contexts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from structfill.automaton.alphabet import alphabet
from structfill.automaton.charset import CharSet
from structfill.errors import TooLarge, UnsupportedFeature
from structfill.limits import Limits

from .patterns import AHEAD, BEHIND, CHAR, EDGE, MATCH, SPLIT, Program

Int32 = NDArray[np.int32]
DEAD = -1
_UNKNOWN, _END = -1, -2  # instead of the class of a character: not known; none, the text ends
_State = tuple[bool, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Context:
    """What one of Lark's lexers tries: entries of its terminals in order of preference, and of its keywords."""

    entries: tuple[int, ...]
    keywords: tuple[int, ...]


@dataclass(frozen=True)
class Scanner:
    """A deterministic automaton over characters in K classes.

    Attributes:
        bounds, classes: int32 [R], the first code point of every interval and its class.
        delta: int32 [Q, K], the state after a character, or -1.
        ends: int32 [Q, K + 1], the terminal of a lexeme that ends here if a character of class k follows (K: if the
            text ends), or -1. Where `delta` goes on, the lexeme goes on; what ended last counts.
        starts: the start state of every context; no state leads back to one.
    """

    bounds: Int32
    classes: Int32
    delta: Int32
    ends: Int32
    starts: list[int]

    def spell(self, text: str) -> list[int]:
        """The class of every character."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.int32)
        found: list[int] = self.classes[np.searchsorted(self.bounds, codes, side="right") - 1].tolist()
        return found


@dataclass
class _Builder:
    program: Program
    retyped: Mapping[int, Sequence[int]]  # terminal -> keywords that take its place where they match all of it
    fed: Mapping[int, int]  # keyword -> the terminal that it is then, if another one
    limits: Limits
    numbers: dict[_State, int] = field(default_factory=dict)
    queue: list[_State] = field(default_factory=list)
    work: int = 0

    def __post_init__(self) -> None:
        sets = list(dict.fromkeys(step.chars for step in self.program.steps if step.chars is not None))
        self.bounds, self.classes, start, members = alphabet(sets or [CharSet()])
        self.width = int(self.classes.max()) + 1
        content = {chars: members[start[i]:start[i + 1]].tolist() for i, chars in enumerate(sets)}
        self.members: list[list[int]] = [content[step.chars] if step.chars is not None else []
                                         for step in self.program.steps]
        self.inside = [frozenset(found) for found in self.members]
        self.known: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}

    def number(self, state: _State) -> int:
        """The number of a state; new ones are queued."""
        if state not in self.numbers:
            if len(self.queue) >= self.limits.states:
                raise TooLarge("states", len(self.queue) + 1, self.limits.states)
            self.numbers[state] = len(self.queue)
            self.queue.append(state)
        return self.numbers[state]

    def closure(self, seeds: Iterable[int], before: int) -> tuple[int, ...]:
        """Threads, most preferred first, up to the first one that ends; `before` is the class of the last character.

        A thread is twice the place of its instruction, plus 1 where a word character stands before.
        """
        threads, seen = [], set[int]()
        stack = list(reversed(list(seeds)))
        while stack:
            place = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            self.work += 1
            step = self.program.steps[place]
            if step.kind == SPLIT:
                stack.extend(reversed(step.targets))
            elif step.kind == BEHIND:
                if before == _UNKNOWN:
                    raise UnsupportedFeature("a lookbehind at the beginning of a terminal",
                                             hint="what stands before a terminal is another terminal's matter")
                if before in self.inside[place]:
                    stack.extend(step.targets)
            elif step.kind == EDGE:
                if before == _UNKNOWN:
                    raise UnsupportedFeature("\\b or \\B at the beginning of a terminal",
                                             hint="what stands before a terminal is another terminal's matter")
                threads.append(2 * place + (before in self.inside[place]))
            else:
                threads.append(2 * place)
                if step.kind == MATCH:
                    break
        if self.work > self.limits.work:
            raise TooLarge("work", self.work, self.limits.work)
        return tuple(threads)

    def after(self, seeds: tuple[int, ...], before: int) -> tuple[int, ...]:
        """As `closure`, remembered."""
        key = seeds, before
        if key not in self.known:
            self.known[key] = self.closure(seeds, before)
        return self.known[key]

    def waits(self, threads: Iterable[int]) -> bool:
        return any(self.program.steps[thread >> 1].kind in (AHEAD, EDGE) for thread in threads)

    def settled(self, threads: tuple[int, ...], ahead: int) -> tuple[int, ...]:
        """The threads once the next character's class (or `_END`) is known: none waits any more."""
        out, seen = [], set[int]()
        stack = list(reversed(threads))
        while stack:
            thread = stack.pop()
            if thread in seen:
                continue
            seen.add(thread)
            self.work += 1
            place, word_before = thread >> 1, thread & 1
            step = self.program.steps[place]
            if step.kind == AHEAD:
                holds = ahead in self.inside[place] or (ahead == _END and bool(step.end))
            elif step.kind == EDGE:
                holds = ((ahead in self.inside[place]) != bool(word_before)) != bool(step.end)
            else:
                out.append(thread)
                if step.kind == MATCH:
                    break
                continue
            if holds:
                stack.extend(reversed(self._unwound(step.targets, word_before)))
        return tuple(out)

    def _unwound(self, targets: Iterable[int], word_before: int) -> list[int]:
        """The threads behind an assertion that held. Lookbehinds there would need the last character again."""
        threads, stack, seen = [], list(reversed(list(targets))), set[int]()
        while stack:
            place = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            step = self.program.steps[place]
            if step.kind == SPLIT:
                stack.extend(reversed(step.targets))
            elif step.kind == BEHIND:
                raise UnsupportedFeature("a lookbehind right behind a lookahead", hint="put the lookbehind first")
            else:
                threads.append(2 * place + (word_before if step.kind == EDGE else 0))
        return threads

    def row(self, state: _State) -> tuple[list[int], list[int]]:
        """(delta, ends) of a state."""
        _, threads, keywords = state
        delta, ends = [DEAD] * self.width, [DEAD] * (self.width + 1)
        words = [self.program.steps[place].end for place in keywords if self.program.steps[place].kind == MATCH]
        if self.waits(threads):
            moves: dict[int, list[int]] = {}
            for k in range(self.width + 1):
                now = self.settled(threads, k if k < self.width else _END)
                ends[k] = self._ended(now, words)
                for thread in now:
                    if k in self.inside[thread >> 1]:
                        moves.setdefault(k, []).append(self.program.steps[thread >> 1].targets[0])
        else:
            ends = [self._ended(threads, words)] * (self.width + 1)
            moves = self._moves(thread >> 1 for thread in threads)
        spelled = self._moves(keywords)
        for k, seeds in moves.items():
            after = self.after(tuple(seeds), k)
            if after:
                delta[k] = self.number((False, after, tuple(spelled.get(k, ()))))
        return delta, ends

    def _moves(self, places: Iterable[int]) -> dict[int, list[int]]:
        """By class, where instructions that read it go on, most preferred first."""
        moves: dict[int, list[int]] = {}
        for place in places:
            step = self.program.steps[place]
            if step.kind == CHAR:
                for k in self.members[place]:
                    moves.setdefault(k, []).append(step.targets[0])
        return moves

    def _ended(self, threads: Sequence[int], words: Sequence[int]) -> int:
        """The terminal that threads end with, a keyword where one matches the same text."""
        last = self.program.steps[threads[-1] >> 1] if threads else None
        if last is None or last.kind != MATCH:
            return DEAD
        return next((self.fed.get(word, word) for word in self.retyped.get(last.end, ()) if word in words), last.end)


def build(program: Program, contexts: Sequence[Context], retyped: Mapping[int, Sequence[int]], fed: Mapping[int, int],
          limits: Limits, blame: Callable[[UnsupportedFeature, Context], UnsupportedFeature]) -> Scanner:
    """The automaton of all contexts; `retyped` and `fed` as `_Builder` has them. `blame` places an error that a
    context's terminals caused."""
    builder = _Builder(program, retyped, fed, limits)
    starts = []
    for context in contexts:
        try:
            entry = True, builder.closure(context.entries, _UNKNOWN), context.keywords
        except UnsupportedFeature as error:
            raise blame(error, context) from None
        starts.append(builder.number(entry))
    rows = [builder.row(state) for state in builder.queue]  # the queue grows while it is read
    delta = np.array([row for row, _ in rows], np.int32).reshape(len(rows), builder.width)
    ends = np.array([row for _, row in rows], np.int32).reshape(len(rows), builder.width + 1)
    return Scanner(builder.bounds, builder.classes, delta, ends, starts)

"""Python's regular expressions -> programs of ordered threads (Thompson's construction, as a backtracking matcher
prefers its alternatives).

Lark joins the terminals of a context to one alternation and takes the match that Python's `re` finds first, which is
not always the longest one. So the order of preference is part of the meaning here and lives in the order of the
threads.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from re import _constants as op
from re import _parser as sre
from typing import Any, Final, NamedTuple

from structfill.automaton.charset import CharSet
from structfill.errors import TooLarge, UnsupportedFeature
from structfill.limits import Limits

from . import characters as chars

CHAR: Final = 0  # reads one character of a set
SPLIT: Final = 1  # goes on at several places, the first preferred
AHEAD: Final = 2  # the next character is in a set, or the text ends and that is fine too
BEHIND: Final = 3  # the character before is in a set
EDGE: Final = 4  # a word boundary, or none (`end`)
MATCH: Final = 5  # the terminal ends here

_WAY_OUT = "write the terminal without it, or say the same with priorities and other terminals"
_Build = Generator[tuple[Any, int, int], int, int]


class Step(NamedTuple):
    """One instruction: its kind, the set it reads or asks for, where it goes on, and a flag or terminal."""

    kind: int
    chars: CharSet | None = None
    targets: tuple[int, ...] = ()
    end: int = 0


@dataclass
class Program:
    """Instructions of all terminals; grows by `add`. Raises `TooLarge` past ``limits.states`` instructions."""

    limits: Limits
    steps: list[Step] = field(default_factory=list)

    def add(self, step: Step) -> int:
        """Appends an instruction; returns its place."""
        if len(self.steps) >= self.limits.states:
            raise TooLarge("states", len(self.steps) + 1, self.limits.states)
        self.steps.append(step)
        return len(self.steps) - 1

    def compile(self, pattern: str, terminal: int) -> int:
        """The entry of `pattern`, whose matches are `terminal`. Raises `UnsupportedFeature` for what is not honoured.
        """
        tree = sre.parse(pattern)
        if tree.state.flags & ~re.UNICODE:
            raise UnsupportedFeature("a flag for the whole pattern", hint="write (?i:...) around the pattern")
        return self._run(tree, self.add(Step(MATCH, end=terminal)), 0)

    def _run(self, tree: Any, follow: int, flags: int) -> int:
        """Drives the builders with a stack of its own, so that nesting costs memory only."""
        stack = [self._sequence(tree, follow, flags)]
        entry: int | None = None
        while stack:
            try:
                asked, after, mode = next(stack[-1]) if entry is None else stack[-1].send(entry)
            except StopIteration as done:
                stack.pop()
                entry = done.value
                continue
            entry = None
            stack.append(self._sequence(asked, after, mode))
        assert entry is not None
        return entry

    def _sequence(self, tree: Any, follow: int, flags: int) -> _Build:
        for kind, value in reversed(list(tree)):
            read = _one_character(kind, value, flags)
            if read is not None:
                follow = self.add(Step(CHAR, read, (follow,)))
            elif kind is op.BRANCH:
                entries = []
                for branch in value[1]:
                    entries.append((yield branch, follow, flags))
                follow = self.add(Step(SPLIT, None, tuple(entries)))
            elif kind is op.SUBPATTERN:
                _, added, removed, body = value
                follow = yield body, follow, (flags | added) & ~removed
            elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
                follow = yield from self._repeat(kind is op.MIN_REPEAT, value, follow, flags)
            else:
                follow = self._assertion(kind, value, follow, flags)
        return follow

    def _repeat(self, lazy: bool, value: Any, follow: int, flags: int) -> _Build:
        """``body{low,high}``: the optional or endless rest first, then `low` copies before it."""
        low, high, body = value
        if high is op.MAXREPEAT:
            if body.getwidth()[0] == 0 and _prefers_empty(body):
                raise UnsupportedFeature("a repeated group that may match nothing and has alternatives", hint=_WAY_OUT)
            loop = self.add(Step(SPLIT))
            inner = yield body, loop, flags
            self.steps[loop] = Step(SPLIT, None, (follow, inner) if lazy else (inner, follow))
            entry = loop
        else:
            entry = follow
            for _ in range(high - low):
                inner = yield body, entry, flags
                entry = self.add(Step(SPLIT, None, (follow, inner) if lazy else (inner, follow)))
        for _ in range(low):
            entry = yield body, entry, flags
        return entry

    def _assertion(self, kind: Any, value: Any, follow: int, flags: int) -> int:
        if kind is op.AT:
            if value in (op.AT_BOUNDARY, op.AT_NON_BOUNDARY):
                return self.add(Step(EDGE, chars.word(flags), (follow,), int(value is op.AT_NON_BOUNDARY)))
            if value is op.AT_END_STRING or (value is op.AT_END and flags & re.MULTILINE):
                newline = CharSet.chars("\n") if value is op.AT_END else CharSet()
                return self.add(Step(AHEAD, newline, (follow,), 1))
            raise UnsupportedFeature("the anchor " + ("$" if value is op.AT_END else "^"), hint=_WAY_OUT)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            direction, body = value
            found = _single(body, flags)
            name = "a lookahead" if direction > 0 else "a lookbehind"
            if found is None:
                raise UnsupportedFeature(f"{name} of more than one character", hint=_WAY_OUT)
            wanted, end = found
            if kind is op.ASSERT_NOT:
                wanted, end = ~wanted, not end
            return self.add(Step(AHEAD if direction > 0 else BEHIND, wanted, (follow,), int(end)))
        names = {op.GROUPREF: "a backreference", op.GROUPREF_EXISTS: "a conditional group",
                 op.ATOMIC_GROUP: "an atomic group", op.POSSESSIVE_REPEAT: "a possessive quantifier"}
        raise UnsupportedFeature(names.get(kind, str(kind).lower()), hint=_WAY_OUT)


def _one_character(kind: Any, value: Any, flags: int) -> CharSet | None:
    """The characters that a node of one character matches; None for other nodes."""
    if kind is op.LITERAL:
        return chars.literal(value, flags)
    if kind is op.NOT_LITERAL:
        return chars.one_of([(op.NEGATE, None), (op.LITERAL, value)], flags)
    if kind is op.ANY:
        return chars.any_character(flags)
    return chars.one_of(value, flags) if kind is op.IN else None


def _single(tree: Any, flags: int) -> tuple[CharSet, bool] | None:
    """The characters that a lookaround of one character names, and whether the end of the text is among them."""
    found, end = CharSet(), False
    stack = [(tree, flags)]
    while stack:
        part, mode = stack.pop()
        items = list(part)
        if len(items) != 1:
            return None
        kind, value = items[0]
        read = _one_character(kind, value, mode)
        if read is not None:
            found = found | read
        elif kind is op.BRANCH:
            stack.extend((branch, mode) for branch in value[1])
        elif kind is op.SUBPATTERN:
            stack.append((value[3], (mode | value[1]) & ~value[2]))
        elif kind is op.AT and value is op.AT_END_STRING:
            end = True
        else:
            return None
    return found, end


def _prefers_empty(tree: Any) -> bool:
    """Is there an alternative or lazy quantifier inside, so that an empty turn of a loop may come first?"""
    stack = [tree]
    while stack:
        for kind, value in stack.pop():
            if kind in (op.BRANCH, op.MIN_REPEAT):
                return True
            if kind is op.MAX_REPEAT:
                stack.append(value[2])
            elif kind is op.SUBPATTERN:
                stack.append(value[3])
    return False

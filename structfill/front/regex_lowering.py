"""Parsed patterns -> character automata."""

from __future__ import annotations

from collections.abc import Generator
from typing import cast

from structfill.automaton.char_dfa import CharDFA
from structfill.automaton.charset import CharSet
from structfill.automaton.demands import without_demands
from structfill.automaton.nfa import (
    AFTER_OTHER,
    AFTER_WORD,
    ALWAYS,
    BEGIN,
    BEHIND,
    BOUNDARY,
    END,
    FINAL,
    MAX_BEHIND,
    NFA,
    NO_BOUNDARY,
)
from structfill.errors import Span, TooLarge, UnsupportedFeature
from structfill.front import regex_syntax as syntax
from structfill.front.unicode_sets import WORD
from structfill.limits import Limits

_CONDITIONS = {"^": BEGIN, "$": END, "b": BOUNDARY, "B": NO_BOUNDARY}
_CONTEXTS = (BEGIN, AFTER_OTHER, AFTER_WORD)
_ANY = CharSet.everything()
# A lookbehind: the language of the text before. A lookahead: the language of the rest, by what stands before.
_Looks = dict[int, CharDFA | list[tuple[int, CharDFA]]]
# Yields (node, state that follows), is sent the entry state of that node, returns the own one.
_Build = Generator[tuple[int, int], int, int]


def lower(pattern: str, search: bool, limits: Limits) -> CharDFA:
    """The automaton of a pattern, for a match anywhere (`search`) or of the whole string."""
    tree = syntax.Parser(pattern).parse()
    looks: _Looks = {}
    for node, (kind, *fields) in enumerate(tree.nodes):  # children stand before their parents
        if kind == syntax.LOOK:
            body, negative, behind, start, end = cast(tuple[int, bool, bool, int, int], tuple(fields))
            span = Span(pattern, start, end)
            looks[node] = (_behind(tree, body, negative, span, limits) if behind
                           else _ahead(tree, looks, body, negative, span, limits))
    if len({found.key for found in looks.values() if isinstance(found, CharDFA)}) > MAX_BEHIND:
        raise UnsupportedFeature(f"more than {MAX_BEHIND} lookbehinds", span=Span(pattern, 0, len(pattern)))
    return _whole(tree, looks, tree.root, limits, begin=search, end=search)


def _whole(tree: syntax.Pattern, looks: _Looks, node: int, limits: Limits, begin: bool, end: bool,
           context: int = 0) -> CharDFA:
    """The texts that `node` matches, after any text (`begin`) and before any text (`end`)."""
    lowering = _Lowering(tree, looks, limits)
    nfa = lowering.nfa
    entry = lowering.run(node, FINAL)
    if end:
        nfa.read(FINAL, _ANY, FINAL)
    if begin:
        start = nfa.state()
        nfa.read(start, _ANY, start)
        nfa.skip(start, entry)
        entry = start
    if nfa.demands:
        nfa, entry = without_demands(nfa, entry, limits)
    return nfa.determinise(entry, WORD, end, context)


def _inside(tree: syntax.Pattern, node: int) -> set[object]:
    """The kinds of assertions and lookarounds below a node."""
    found: set[object] = set()
    seen = {node}
    stack = [node]
    while stack:
        kind, *fields = tree.nodes[stack.pop()]
        if kind == syntax.ASSERT:
            found.add(fields[0])
        elif kind == syntax.LOOK:
            found.add("lookbehind" if fields[2] else "lookahead")
        children: object = []
        if kind in (syntax.CAT, syntax.ALT):
            children = fields[0]
        elif kind in (syntax.REPEAT, syntax.LOOK):
            children = fields[:1]
        for child in cast(list[int], children):
            if child not in seen:
                seen.add(child)
                stack.append(child)
    return found


def _ahead(tree: syntax.Pattern, looks: _Looks, body: int, negative: bool, span: Span,
           limits: Limits) -> list[tuple[int, CharDFA]]:
    """(condition, language of the rest of the text) pairs of a lookahead."""
    inside = _inside(tree, body)
    if "lookbehind" in inside:
        raise UnsupportedFeature("lookbehind in a lookahead", span=span)
    by_context = bool(inside & {"^", "b", "B"})
    languages = [_whole(tree, looks, body, limits, False, True, context)
                 for context in range(3 if by_context else 1)]
    if negative:
        languages = [~language for language in languages]
    if len({language.key for language in languages}) == 1:
        return [(ALWAYS, languages[0])]
    return list(zip(_CONTEXTS, languages, strict=True))


def _behind(tree: syntax.Pattern, body: int, negative: bool, span: Span, limits: Limits) -> CharDFA:
    """The language of the text before a place where a lookbehind holds."""
    found = sorted(str(kind) for kind in _inside(tree, body) - {"^"})
    if found:
        raise UnsupportedFeature(f"{found[0]} in a lookbehind", span=span)
    language = _whole(tree, {}, body, limits, True, False)
    return ~language if negative else language


class _Lowering:
    """Pattern -> NFA, built from the end: every node is told the state that follows and returns its entry."""

    def __init__(self, tree: syntax.Pattern, looks: _Looks, limits: Limits) -> None:
        self.tree, self.looks, self.limits = tree, looks, limits
        self.nfa = NFA(limits)
        self.behind: dict[bytes, int] = {}  # prefix language -> its number
        self.steps = 0

    def run(self, node: int, follow: int) -> int:
        """Drives the builders with a stack of its own, so that nesting costs memory only."""
        stack = [self._build(node, follow)]
        entry: int | None = None
        while stack:
            self.steps += 1
            if self.steps > self.limits.work:
                raise TooLarge("work", self.steps, self.limits.work)
            try:
                asked = next(stack[-1]) if entry is None else stack[-1].send(entry)
            except StopIteration as done:
                stack.pop()
                entry = done.value
                continue
            entry = self._leaf(*asked)
            if entry is None:
                stack.append(self._build(*asked))
        return cast(int, entry)

    def _leaf(self, node: int, follow: int) -> int | None:
        """The entry of a node without children, or None."""
        kind, *fields = self.tree.nodes[node]
        if kind == syntax.EMPTY:
            return follow
        if kind == syntax.CHARS:
            entry = self.nfa.state()
            self.nfa.read(entry, cast(CharSet, fields[0]), follow)
            return entry
        if kind == syntax.ASSERT:
            entry = self.nfa.state()
            self.nfa.skip(entry, follow, _CONDITIONS[cast(str, fields[0])])
            return entry
        if kind == syntax.LOOK:
            return self._look(node, follow)
        return None

    def _look(self, node: int, follow: int) -> int:
        entry = self.nfa.state()
        found = self.looks[node]
        if isinstance(found, CharDFA):
            if found.key not in self.behind:
                self.behind[found.key] = len(self.nfa.behind)
                self.nfa.behind.append(found)
            self.nfa.skip(entry, follow, BEHIND + self.behind[found.key])
        else:
            for condition, rest in found:
                self.nfa.demand(entry, follow, rest, condition)
        return entry

    def _build(self, node: int, follow: int) -> _Build:
        kind, *fields = self.tree.nodes[node]
        if kind == syntax.CAT:
            return self._sequence(cast(list[int], fields[0]), follow)
        if kind == syntax.ALT:
            return self._alternatives(cast(list[int], fields[0]), follow)
        if kind == syntax.REPEAT:
            child, low, high = cast(tuple[int, int, int | None], tuple(fields))
            return self._repeat(child, low, high, follow)
        return self._single(node, follow)

    def _single(self, node: int, follow: int) -> _Build:
        return (yield node, follow)

    def _sequence(self, children: list[int], follow: int) -> _Build:
        for child in reversed(children):
            follow = yield child, follow
        return follow

    def _alternatives(self, children: list[int], follow: int) -> _Build:
        entry = self.nfa.state()
        for child in children:
            self.nfa.skip(entry, (yield child, follow))
        return entry

    def _repeat(self, child: int, low: int, high: int | None, follow: int) -> _Build:
        """``child{low,high}``: the optional or endless rest first, then `low` copies before it."""
        chars = self.tree.nodes[child][1] if self.tree.nodes[child][0] == syntax.CHARS else None
        if high is None:
            loop = self.nfa.state()
            if isinstance(chars, CharSet):
                self.nfa.read(loop, chars, loop)
                inner = loop
            else:
                inner = yield child, loop
                self.nfa.skip(loop, inner)
            self.nfa.skip(loop, follow)
            entry = loop if low == 0 or isinstance(chars, CharSet) else inner
            low -= entry != loop
        else:
            entry = follow
            for _ in range(high - low):
                choice = self.nfa.state()
                if isinstance(chars, CharSet):
                    self.nfa.read(choice, chars, entry)
                else:
                    self.nfa.skip(choice, (yield child, entry))
                self.nfa.skip(choice, follow, ALWAYS)
                entry = choice
        for _ in range(low):
            entry = yield child, entry
        return entry

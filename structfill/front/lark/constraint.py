"""The constraint that a grammar in Lark's notation stands for."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from functools import cached_property

import numpy as np
from structfill_kernels import lalr

from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.automaton.condense import condense
from structfill.cache import Cache
from structfill.errors import EmptyLanguage, Span, SpecError, TooLarge
from structfill.front.constraint import Constraint, check_text
from structfill.limits import Limits
from structfill.vocab import Vocab

from . import stored
from .grammar import Grammar, load
from .machine import Machine
from .reader import Reader
from .tables import tables

SOFT_STATES = 4_000  # recursion is unrolled further while the automaton is smaller than this
AUTO_STATES = 10_000  # what needs more is explored lazily, unless the caller says otherwise
ENGINES = ("auto", "exact", "lazy")
_WORTH_KEEPING = 500  # states of a parser; Lark makes smaller ones within half a second
_SEARCH = 20_000  # configurations looked at before a prefix without a planned way to the end is given up


class LarkGrammar(Constraint):
    """The texts that Lark's LALR parser with its contextual lexer accepts. Made by `lark`.

    Texts that are generated keep to a part of them: a lexeme never goes on in vain (``1e`` before a name, where ``1``
    ended before), and by the exact engine no parser state stands on the stack more than ``limits.depth`` times.
    """

    def __init__(self, text: str, start: str, limits: Limits, engine: str = "auto", cache: Cache | None = None) -> None:
        self.text, self.start, self.engine = text, start, engine
        self.grammar: Grammar
        self.tables: lalr.Tables
        self.grammar, self.tables = _made(text, start, limits, cache)
        self._reader = Reader(self.grammar)
        self._lazy: dict[Limits, bool] = {}

    @property
    def identity(self) -> str:
        """What Lark made of the grammar, imports included, and the engine."""
        return f"lark:{self.engine}:{self.grammar.digest}"

    def accepts(self, text: str) -> bool:
        """Is this text in the language? Exactly as Lark reads it."""
        check_text(text)
        return self._reader.accepts(text)

    def accepts_prefix(self, text: str) -> bool:
        """Can this text be continued into the language? True only where a continuation has been found and read.

        Raises `TooLarge` where none is found and the search had to stop before it had seen everything.
        """
        return self.accepts(text) or self._continued(text) or any(self._continued(text + one) for one in self._probes)

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """All texts up to a depth of nesting: once, twice, ... ``limits.depth`` times the same parser state on the
        stack, for as long as the automaton stays below `SOFT_STATES` states.

        Raises `TooLarge` past the limits, `EmptyLanguage` where no text is left.
        """
        found, _ = self.enumerated(limits)
        return found

    def enumerated(self, limits: Limits, soft: int = SOFT_STATES) -> tuple[ByteAutomaton, bool]:
        """`automaton`, and whether it went all the way to ``limits.depth``."""
        found, whole = None, True
        row_bytes = 4 * self.tables.delta.shape[1]
        hard = min(limits.states, limits.bytes // row_bytes)
        for depth in range(1, limits.depth + 1):
            most = hard if found is None else min(soft, hard)
            machine = Machine(self.tables, Vocab.of_tokens([b"\0"]), limits.bytes)
            first = machine.number(((0,), -1))
            delta, accepting, needed, cut = machine.call(lalr.enumerate_configurations, first, depth, most)
            if needed > most:
                if found is None:
                    raise TooLarge("states", needed, hard)
                whole = False
                break
            if accepting.any():
                found = delta, accepting
            if not cut:
                break
        if found is None:
            raise EmptyLanguage("the grammar has no text that nests so little", hint="raise Limits(depth=...)")
        delta, labels = condense(found[0], np.where(found[1], 0, -1).astype(np.int32))
        return ByteAutomaton(delta, self.tables.cls.astype(np.uint8), labels >= 0), whole

    def lazily(self, limits: Limits, cache: Cache | None = None) -> LarkGrammar | None:
        """Itself, where `is_lazy`."""
        return self if self.is_lazy(limits) else None

    def is_lazy(self, limits: Limits) -> bool:
        """Is it explored lazily? By `engine`, or, left to itself, where enumeration to ``limits.depth`` grows large."""
        if self.engine != "auto":
            return self.engine == "lazy"
        if limits not in self._lazy:
            try:
                _, whole = self.enumerated(replace(limits, states=min(limits.states, AUTO_STATES)), AUTO_STATES)
            except TooLarge:
                whole = False
            self._lazy[limits] = not whole
        return self._lazy[limits]

    def _continued(self, text: str) -> bool:
        """Is there a known continuation?"""
        machine = self._machine
        for stack, lexeme in self._reader.pending(text):
            number = machine.number((tuple(stack), -1))
            data = np.frombuffer(lexeme.encode("utf-8", "surrogatepass"), np.uint8).copy()
            if number >= 0 and len(data):
                number = int(machine.call(lalr.run, number, data))
            if number >= 0 and (rest := self._rest(number)) is not None and self._reads(text, rest):
                return True
        return False

    def _reads(self, text: str, rest: bytes) -> bool:
        try:
            return self.accepts(text + rest.decode())
        except UnicodeDecodeError:
            return False

    def _rest(self, number: int) -> bytes | None:
        """The bytes of a way from a configuration to the end of the text, by plan or else by search."""
        machine = self._machine
        length = int(machine.call(lalr.rest, number, words=True))
        if length >= lalr.NEVER:
            return self._searched(number)
        out = bytearray()
        for _ in range(length):
            _, token, number, _ = machine.store.rest[number].tolist()
            out.append(token)
        return bytes(out)

    def _searched(self, number: int) -> bytes | None:
        """Breadth first, byte by byte."""
        machine, came = self._machine, dict[int, tuple[int, int]]()
        queue, known = [number], {number}
        for here in queue:
            if machine.call(lalr.may_end, here):
                out = bytearray()
                while here != number:
                    here, byte = came[here]
                    out.append(byte)
                return bytes(reversed(out))
            for byte in self._bytes:
                after = int(machine.call(lalr.run, here, np.array([byte], np.uint8)))
                if after >= 0 and after not in known:
                    known.add(after)
                    came[after] = here, byte
                    queue.append(after)
            if len(queue) > _SEARCH:
                raise TooLarge("work", len(queue), _SEARCH)
        return None

    @cached_property
    def _machine(self) -> Machine:
        return Machine(self.tables, Vocab.bytes(), Limits().bytes)

    @cached_property
    def _bytes(self) -> list[int]:
        """A byte of every class."""
        found = {int(k): byte for byte, k in reversed(list(enumerate(self.tables.cls)))}
        return [byte for k, byte in found.items() if (self.tables.delta[:, k] >= 0).any()]

    @cached_property
    def _probes(self) -> list[str]:
        """A character of every class: what can make a lexeme fail that went on in vain."""
        return [chr(byte) for byte in self._bytes if byte < 128]


def _made(text: str, start: str, limits: Limits, cache: Cache | None) -> tuple[Grammar, lalr.Tables]:
    """The grammar and its tables, from the cache if it has them."""
    key = "" if cache is None else stored.key(text, start, limits)
    known = None if cache is None else cache.load(key)
    if known is not None:
        with contextlib.suppress(KeyError, ValueError, TypeError, IndexError):  # an entry of another kind is a miss
            return stored.from_arrays(known)
    grammar = load(text, start, limits)
    made = tables(grammar)
    if cache is not None and len(grammar.act) >= _WORTH_KEEPING:
        cache.store(key, stored.to_arrays(grammar, made))
    return grammar, made


def lark(text: str, start: str = "start", *, engine: str = "auto", limits: Limits | None = None) -> LarkGrammar:
    """Texts of a context-free grammar in Lark's notation, as ``lark.Lark(text, parser="lalr", lexer="contextual")``
    reads them: priorities, ``%ignore``, imports, templates, keywords before names.

    `engine` "exact" enumerates the texts up to a depth of nesting, "lazy" explores them where the model leads and
    bounds no depth, and "auto" enumerates where that goes as deep as the limits say and stays small.

    Raises `SpecError` for what Lark refuses (conflicts between reductions, undefined names, ...), `UnsupportedFeature`
    for what cannot be honoured exactly (lookarounds of more than one character, backreferences, ``%declare``), both
    with line and column, `EmptyLanguage` if no text can be derived, `TooLarge` past the limits.
    """
    if not isinstance(text, str) or not isinstance(start, str):
        raise SpecError("a grammar and its start rule must be strings")
    if (found := re.search("[\ud800-\udfff]", text)) is not None:
        raise SpecError("the grammar holds half a surrogate pair, which is no text",
                        span=Span(text, found.start(), found.end()), hint="write the whole character")
    if engine not in ENGINES:
        raise SpecError(f"engine must be one of {', '.join(ENGINES)}, not {engine!r}")
    return LarkGrammar(text, start, Limits.of(limits), engine)

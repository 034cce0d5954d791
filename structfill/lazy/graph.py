"""A grammar over a vocabulary, ready to be explored: the lazy counterpart of the token graph."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import lalr

from structfill.errors import EmptyLanguage, UnsupportedFeature
from structfill.front.lark.constraint import LarkGrammar
from structfill.front.lark.machine import Configuration, Machine, question
from structfill.front.lark.tables import priced, spellable, spelling
from structfill.limits import Limits
from structfill.vocab import Vocab

ENDED: Configuration = ((), 0)  # behind end-of-text
LOST: Configuration = ((), -1)  # off the language
_KEPT = 16  # configurations whose tokens are remembered, V numbers each
_ALL = 512  # vocabularies up to this size are tried whole at every position


class LazyGraph:
    """Moves between configurations (stack of the parser, state of the lexer), made when they are first asked for. What
    was asked before changes no answer. Threads may share a graph; they take turns.

    Attributes:
        vocab: the vocabulary. exact: False, distributions are approximate.
        start: the configuration of an empty text. compile_ms: wall time of the making.

    Raises `UnsupportedFeature` for a vocabulary without an end-of-text token, `EmptyLanguage` where no text is found
    that the vocabulary spells.
    """

    exact = False
    states = 0  # as many as were met; none is numbered for good

    def __init__(self, constraint: LarkGrammar, vocab: Vocab, limits: Limits | None = None) -> None:
        started = time.perf_counter()
        if not vocab.eos_ids:
            raise UnsupportedFeature("a vocabulary without an end-of-text token", hint="name it with Vocab.of(eos=...)")
        self.constraint, self.vocab, limits = constraint, vocab, limits or Limits()
        grammar = constraint.grammar
        tables = spellable(constraint.tables, [token[0] for token in vocab.tokens if len(token) == 1])
        self.machine = Machine(tables, vocab, limits.bytes)
        self.spellings = [spelling(tables, t) for t in range(len(grammar.terminals))]
        cost = np.array([self._tokens(spelled) for spelled in self.spellings], np.int32)
        self.machine.tables = priced(tables, grammar, cost)
        self.start: Configuration = ((0,), -1)
        self.special = np.zeros(len(vocab), np.int8)
        if vocab.pad_id is not None:
            self.special[vocab.pad_id] = 2
        self.special[list(vocab.eos_ids)] = 1
        self.ends = np.flatnonzero(self.special)
        self.rank = self._ranks()
        if self.machine.number(self.start) < 0:
            raise EmptyLanguage("no text satisfies the constraint")
        self.compile_ms = (time.perf_counter() - started) * 1e3

    @property
    def vocab_fingerprint(self) -> str:
        """The fingerprint of the vocabulary."""
        return self.vocab.fingerprint

    @question
    def run(self, tokens: Any, state: Configuration | None = None) -> Configuration:
        """The configuration after `tokens` (ids, end-of-text and padding included), `LOST` off the language."""
        ids = np.asarray(tokens, np.int64)
        way = self.follow(self.number(self.start if state is None else state), ids)
        return self._configuration(int(way[-1]))

    def follow(self, number: int, tokens: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64 [N + 1]: numbers of the configurations along `tokens`, -1 off the language. Numbers are for use within
        one `question`."""
        found: NDArray[np.int64] = self.machine.call(lalr.follow, self.special, number, tokens, words=True)
        return found

    def number(self, state: Configuration) -> int:
        """The machine's number of a configuration, for use within one `question`."""
        return lalr.ENDED if state == ENDED else -1 if state == LOST else self.machine.number(state)

    def ended(self, state: Configuration) -> bool:
        """Can nothing but end-of-text follow?"""
        return state == ENDED

    def lost(self, state: Configuration) -> bool:
        """Did the tokens that led here leave the language?"""
        return state == LOST

    @question
    def may_end(self, state: Configuration) -> bool:
        """May a text end in `state`?"""
        number = self.number(state)
        return number >= 0 and bool(self.machine.call(lalr.may_end, number))

    def following(self, state: Configuration) -> NDArray[np.int32]:
        """int32 [V]: how many tokens a known text has behind each token that may come next in `state`, without
        end-of-text; `lalr.NEVER` for the others. Exact masks of one position, but for texts whose end no plan finds."""
        return self._following(state)

    def next_columns(self, state: Configuration, left: int | None, columns: int, device: torch.device) -> torch.Tensor:
        """As `TokenGraph.next_columns`."""
        may = np.zeros(columns, np.bool_)
        may[: len(self.vocab)] = self.following(state) < (lalr.NEVER if left is None else min(left, lalr.NEVER))
        return torch.from_numpy(may).to(device)

    @question
    def needed(self, state: Configuration) -> int | None:
        """Tokens of a text that finishes what led to `state`, a short one but maybe not the shortest, or None if none
        is known."""
        number = self.number(state)
        found = int(self.machine.call(lalr.rest, number, words=True)) if number >= 0 else lalr.NEVER
        return found if found < lalr.NEVER else None

    @question
    def shortest_from(self, state: Configuration) -> list[int]:
        """Token ids of such a text, without end-of-text. Raises `EmptyLanguage` where none is known."""
        length, number, out = self.needed(state), self.number(state), list[int]()
        if length is None:
            raise EmptyLanguage("no text that goes on from here is known")
        for _ in range(length):
            _, token, number, _ = self.machine.store.rest[number].tolist()
            out.append(token)
        return out

    @cached_property
    def structural(self) -> NDArray[np.int64]:
        """Tokens that grammars need wherever the model looks: those that spell a terminal, alone or behind a filler, in
        upper or lower case, and the bytes that keep terminals apart; all of them where the vocabulary is small."""
        spelled = [i for i, token in enumerate(self.vocab.tokens) if token]
        if len(spelled) <= _ALL:
            return np.array(spelled, np.int64)
        ids, fillers = self.vocab.ids, [bytes([b]) for b in self.machine.tables.fillers.tolist()]
        words = set[bytes](fillers)
        for one in filter(None, self.spellings):
            for form in (one, one.upper(), one.lower(), one.title()):
                words.update((form, *(filler + form for filler in fillers[:1]), form[:1]))
        return np.array(sorted(ids[word] for word in words if word in ids), np.int64)

    @cached_property
    def everything(self) -> bool:
        """Are all tokens tried at every position?"""
        return len(self.structural) == sum(map(bool, self.vocab.tokens))

    @cached_property
    def near(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """CSR: the lexer states that a lexeme begun in one can be in, those behind fewer bytes first; none for states
        in which no lexeme begins."""
        t = self.machine.tables
        far = {int(q): lalr.entered(t.delta, int(q))[0] for q in np.unique(t.begin)}
        found = [np.argsort(far[q], kind="stable")[(far[q] < 0).sum() :] if q in far else np.empty(0, np.int64)
                 for q in range(len(t.delta))]
        return np.cumsum([0, *map(len, found)]), np.concatenate(found)

    @cached_property
    def into(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """CSR by state of the parser: (state, edge) of the edges that lead to it."""
        t = self.machine.tables
        source = np.repeat(np.arange(len(t.edge_ptr) - 1), np.diff(t.edge_ptr))
        order = np.argsort(t.edge[:, 0], kind="stable")
        ptr = np.searchsorted(t.edge[order, 0], np.arange(len(t.edge_ptr)))
        return ptr.astype(np.int64), np.stack([source[order], order], 1).astype(np.int64)

    @cached_property
    def byte_of(self) -> list[int]:
        """A byte of every class of the lexer, one that reads well."""
        found = dict[int, int]()
        for byte in [*range(97, 123), *range(48, 58), *range(32, 127), *range(256)]:
            found.setdefault(int(self.machine.tables.cls[byte]), byte)
        return [found[k] for k in range(len(found))]

    @cached_property
    def filler_tokens(self) -> list[int]:
        """Tokens of one byte that alone is an ignored lexeme."""
        spelled = (bytes([byte]) for byte in self.machine.tables.fillers.tolist())
        return [self.vocab.ids[one] for one in spelled if one in self.vocab.ids]

    def _tokens(self, text: bytes) -> int:
        """How many tokens spell a terminal, the longest first, with a filler before it where that takes fewer."""
        counts = [1 << 10]
        for form in (text, b" " + text):
            data, at, count = np.frombuffer(form + b"\0", np.uint8).copy(), 0, 0
            while at < len(form):
                token = int(lalr.longest_token(self.machine.words, data[at:], len(form) - at))
                if token < 0:
                    count = 1 << 10
                    break
                at, count = at + len(self.vocab.tokens[token]), count + 1
            counts.append(count)
        return max(1, min(counts))

    def _ranks(self) -> NDArray[np.int64]:
        """int64 [V]: the place of every token in the order of spellings, then of ids."""
        order = sorted(range(len(self.vocab)), key=self.vocab.tokens.__getitem__)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return rank

    @cached_property
    def _following(self) -> Callable[[Configuration], NDArray[np.int32]]:
        """`_walked`, remembered for the states asked for last."""
        return lru_cache(_KEPT)(self._walked)

    @question
    def _walked(self, state: Configuration) -> NDArray[np.int32]:
        trie, out = self.vocab.trie, np.full(len(self.vocab), lalr.NEVER, np.int32)
        if not self.ended(state):
            behind = self.machine.call(lalr.following, self.number(state), trie.prefixes, trie.longest, words=True)
            out = np.append(behind, np.int32(lalr.NEVER))[trie.end - 1]  # node 0, of no text, finds the last
        closing = self.special > 0 if self.ended(state) else self.special == 1
        if self.may_end(state):
            out[closing] = 0
        return out

    def _configuration(self, number: int) -> Configuration:
        if number < 0:
            return LOST
        return ENDED if number == lalr.ENDED else self.machine.configuration(number)

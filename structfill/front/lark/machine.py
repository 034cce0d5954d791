"""The grammar's machine with a store that grows: what the constraint and the lazy engine call kernels through."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np
from structfill_kernels import lalr

from structfill.errors import TooLarge
from structfill.turn import Turn
from structfill.vocab import Vocab

Configuration = tuple[tuple[int, ...], int]  # states from the bottom of the stack, lexer state (-1: a lexeme begins)
P = ParamSpec("P")
T = TypeVar("T")


class Machine:
    """Configurations of one grammar over one vocabulary, for one thread at a time, by its `turn`.

    `most_bytes` bounds the store; `TooLarge` past it. Numbers of configurations hold until the store is cleared: as
    long as a `question` is answered, or without end where none is asked.
    """

    def __init__(self, tables: lalr.Tables, vocab: Vocab, most_bytes: int) -> None:
        self.tables, self.most_bytes = tables, most_bytes
        self.words = words(vocab)
        self.store = lalr.store(1 << 14, 1 << 13)
        self.found: dict[Any, Any] = {}  # by searches, of configurations by their numbers: forgotten with these
        self.turn, self.answering = Turn(), False

    def call(self, kernel: Callable[..., Any], *arguments: Any, words: bool = False) -> Any:
        """The result of a kernel; where the store was too small for it, it grows and the kernel runs again."""
        head = (self.words,) if words else ()
        with self.turn:
            while True:
                result = kernel(self.tables, self.store, *head, *arguments)
                if not self.store.count[3]:
                    return result
                self._grow()

    def number(self, configuration: Configuration) -> int:
        """The number of a configuration, -1 where it is dead."""
        states, q = configuration
        return int(self.call(lalr.root, np.array(states, np.int64), q))

    def configuration(self, number: int) -> Configuration:
        """What the number of a configuration other than the end stands for."""
        node, q = self.store.conf[number].tolist()
        states = []
        while node >= 0:
            node, state = self.store.node[node].tolist()
            states.append(state)
        return tuple(reversed(states)), q

    def clear(self) -> None:
        """Forgets everything."""
        self.store = lalr.store(len(self.store.node), len(self.store.conf))
        self.found.clear()

    @property
    def half_full(self) -> bool:
        """Is more than half of a store in use that may not grow?"""
        store, (nodes, confs, feeds, _, looked_up, _) = self.store, self.store.count.tolist()
        in_use = max(nodes / len(store.node), confs / len(store.conf), 2 * feeds / len(store.fed_key),
                     2 * looked_up / len(store.conf_key))
        return in_use > 0.5 and _bytes(2 * len(store.node), 2 * len(store.conf)) > self.most_bytes

    def _grow(self) -> None:
        nodes, confs = 2 * len(self.store.node), 2 * len(self.store.conf)
        if (needed := _bytes(nodes, confs)) > self.most_bytes:
            raise TooLarge("bytes", needed, self.most_bytes)
        self.store = lalr.grown(self.tables, self.store, nodes, confs)


class HasMachine(Protocol):
    """What questions are asked of."""

    @property
    def machine(self) -> Machine: ...


Asked = TypeVar("Asked", bound=HasMachine)


def question(answer: Callable[Concatenate[Asked, P], T]) -> Callable[Concatenate[Asked, P], T]:
    """A function of something with a machine, in whose turn it runs.

    Numbers of configurations hold inside, but not from one question to the next: what was explored is forgotten before
    one where the store is half full, and where there is too little room all the same, it is answered once more, from an
    empty store. So answers, `TooLarge` among them, do not depend on what was asked before.
    """

    @wraps(answer)
    def answered(of: Asked, /, *arguments: P.args, **named: P.kwargs) -> T:
        machine = of.machine
        with machine.turn:
            if machine.answering:  # this is a part of another one
                return answer(of, *arguments, **named)
            machine.answering = True
            try:
                if machine.half_full:
                    machine.clear()
                return answer(of, *arguments, **named)
            except TooLarge:
                machine.clear()
                return answer(of, *arguments, **named)
            finally:
                machine.answering = False

    return answered


def _bytes(nodes: int, confs: int) -> int:
    """Of all arrays of a store."""
    return 176 * nodes + 76 * confs


def words(vocab: Vocab) -> lalr.Words:
    """The vocabulary as the kernels read it."""
    lengths = np.fromiter(map(len, vocab.tokens), np.int64, len(vocab))
    ptr = np.zeros(len(vocab) + 1, np.int64)
    np.cumsum(lengths, out=ptr[1:])
    trie = vocab.trie
    text, bytes_ = np.frombuffer(b"".join(vocab.tokens) + b"\0", np.uint8), np.ascontiguousarray(trie.prefixes["byte"])
    return lalr.words(ptr, text, trie.parent, bytes_, trie.end)

"""The grammar's machine with a store that grows: what the constraint and the lazy engine call kernels through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from structfill_kernels import lalr

from structfill.errors import TooLarge
from structfill.vocab import Vocab

Configuration = tuple[tuple[int, ...], int]  # states from the bottom of the stack, lexer state (-1: a lexeme begins)


class Machine:
    """Configurations of one grammar over one vocabulary. Not for several threads at once.

    `most_bytes` bounds the store; `TooLarge` past it. Numbers of configurations hold until `clear_if_full`.
    """

    def __init__(self, tables: lalr.Tables, vocab: Vocab, most_bytes: int) -> None:
        self.tables, self.most_bytes = tables, most_bytes
        self.words = words(vocab)
        self.store = lalr.store(1 << 14, 1 << 13)
        self.found: dict[Any, Any] = {}  # by searches, of configurations by their numbers: forgotten with these

    def call(self, kernel: Callable[..., Any], *arguments: Any, words: bool = False) -> Any:
        """The result of a kernel; where the store was too small for it, it grows and the kernel runs again."""
        head = (self.words,) if words else ()
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

    def clear_if_full(self) -> None:
        """Forgets everything, to be called between two canvases, where more than half of a store is in use that may not
        grow."""
        nodes, confs = len(self.store.node), len(self.store.conf)
        in_use = max(self.store.count[0] / nodes, self.store.count[1] / confs)
        if in_use > 0.5 and _bytes(2 * nodes, 2 * confs) > self.most_bytes:
            self.store = lalr.store(nodes, confs)
            self.found.clear()

    def _grow(self) -> None:
        nodes, confs = 2 * len(self.store.node), 2 * len(self.store.conf)
        if (needed := _bytes(nodes, confs)) > self.most_bytes:
            raise TooLarge("bytes", needed, self.most_bytes)
        self.store = lalr.grown(self.tables, self.store, nodes, confs)


def _bytes(nodes: int, confs: int) -> int:
    """Of all arrays of a store."""
    return 176 * nodes + 72 * confs


def words(vocab: Vocab) -> lalr.Words:
    """The vocabulary as the kernels read it."""
    lengths = np.fromiter(map(len, vocab.tokens), np.int64, len(vocab))
    ptr = np.zeros(len(vocab) + 1, np.int64)
    np.cumsum(lengths, out=ptr[1:])
    trie = vocab.trie
    text, bytes_ = np.frombuffer(b"".join(vocab.tokens) + b"\0", np.uint8), np.ascontiguousarray(trie.prefixes["byte"])
    return lalr.words(ptr, text, trie.parent, bytes_, trie.end)

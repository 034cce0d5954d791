"""The deterministic byte automaton: what every front-end lowers to, and all that the token graph reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import EmptyLanguage
from .minimise import minimise

DEAD = -1


@dataclass(frozen=True)
class ByteAutomaton:
    """A partial deterministic automaton over bytes. State 0 starts; every state is reachable and live.

    Attributes:
        delta: int32 [S, K], the state after a byte of class k, or `DEAD`.
        byte_class: uint8 [256], the class of every byte (K <= 256 classes).
        accepting: bool [S].
        exact_up_to: texts of more bytes may break the constraint; None: no text does.
        nesting: values nest no deeper, but for small ones, though the constraint allows them to; 0: no such bound.
    """

    delta: NDArray[np.int32]
    byte_class: NDArray[np.uint8]
    accepting: NDArray[np.bool_]
    exact_up_to: int | None = None
    nesting: int = 0

    @classmethod
    def minimal(cls, delta: NDArray[np.int32], byte_class: NDArray[np.uint8], labels: NDArray[np.int32],
                exact_up_to: int | None = None, nesting: int = 0) -> ByteAutomaton:
        """The minimal automaton of transitions whose states accept unless labelled -1. Raises `EmptyLanguage`."""
        delta, labels = minimise(delta, labels)
        if not (labels >= 0).any():
            raise EmptyLanguage("no text satisfies the constraint")
        return cls(delta, byte_class, labels >= 0, exact_up_to, nesting)

    def between(self, state: int, ends: NDArray[np.bool_]) -> ByteAutomaton:
        """The texts that lead from `state` to one of `ends` (bool [S]). Raises `EmptyLanguage`."""
        order = np.arange(len(self), dtype=np.int32)
        order[[0, state]] = order[[state, 0]]  # the start is state 0
        delta = np.where(self.delta == DEAD, np.int32(DEAD), order[self.delta])[order]
        labels = np.where(ends[order], 0, -1).astype(np.int32)
        return ByteAutomaton.minimal(delta, self.byte_class, labels, self.exact_up_to, self.nesting)

    def __len__(self) -> int:
        return len(self.accepting)

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self.delta.nbytes + self.byte_class.nbytes + self.accepting.nbytes

    def run(self, text: bytes, state: int = 0) -> int:
        """The state after `text`, or `DEAD`."""
        for byte in text:
            if state == DEAD:
                break
            state = int(self.delta[state, self.byte_class[byte]])
        return state

    def accepts(self, text: bytes) -> bool:
        """Is `text` in the language?"""
        state = self.run(text)
        return state != DEAD and bool(self.accepting[state])

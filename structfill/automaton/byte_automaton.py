"""The deterministic byte automaton: what every front-end lowers to, and all that the token graph reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEAD = -1


@dataclass(frozen=True)
class ByteAutomaton:
    """A partial deterministic automaton over bytes. State 0 starts; every state is reachable and live.

    Attributes:
        delta: int32 [S, K], the state after a byte of class k, or `DEAD`.
        byte_class: uint8 [256], the class of every byte (K <= 256 classes).
        accepting: bool [S].
    """

    delta: NDArray[np.int32]
    byte_class: NDArray[np.uint8]
    accepting: NDArray[np.bool_]

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


def dense_table(edges: NDArray[np.int32], states: int,
                apart: bytes = b"") -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Byte classes uint8 [256], and range edges [M, 4] (source, lowest byte, highest byte, target) as int32 [S, K].

    Every byte of `apart` gets a class of its own.
    """
    starts = np.zeros(257, np.bool_)
    starts[edges[:, 1]] = True
    starts[edges[:, 2] + 1] = True
    for byte in apart:
        starts[byte:byte + 2] = True
    byte_class = (np.cumsum(starts[:256]) - starts[0]).astype(np.uint8)
    table = np.full((states, int(byte_class.max()) + 1), DEAD, np.int32)
    first, last = byte_class[edges[:, 1]], byte_class[edges[:, 2]]
    for shift in range(int((last - first).max(initial=0)) + 1):
        wide = first + shift <= last
        table[edges[wide, 0], first[wide] + shift] = edges[wide, 3]
    return byte_class, table

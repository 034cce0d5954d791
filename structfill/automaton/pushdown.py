"""A pushdown automaton over bytes, and its enumeration to a byte automaton of bounded nesting.

Front-ends with nested values emit a `Pushdown`: states with byte edges, *calls* (a value begins here: push a
continuation and go to the callee) and *labels* (a value ends here: pop, and go where the continuation says for this
label). Whitespace is
not spelled out: a state says which kind of gap stands before its next byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..errors import EmptyLanguage, TooLarge
from ..limits import Limits
from .byte_automaton import ByteAutomaton, dense_table
from .enumeration import SPACES_PER_LEVEL, enumerate_states
from .minimise import minimise, trim

SOFT_STATES = 1_000  # recursive definitions are unrolled further while the automaton is smaller than this


class Gap(IntEnum):
    """Where whitespace may stand before the next byte."""

    NONE = 0
    INLINE = 1  # around a colon: formatters write at most a space
    BLOCK = 2  # after an opening bracket or a comma, before a closing bracket: also a line break and its indentation
    OUTSIDE = 3  # before and after the whole value


class Whitespace(IntEnum):
    """How much whitespace generated text may hold."""

    COMPACT = 0
    FLEXIBLE = 1  # INLINE: one space; BLOCK: one space, or a line break and up to 4 spaces or a tab a level
    ANY = 2


@dataclass(frozen=True)
class Pushdown:
    """State 0 starts with an empty stack; a labelled state with an empty stack accepts.

    Attributes:
        edges: int32 [M, 4]: source, lowest byte, highest byte, target; at most one edge a state and byte.
        labels: int32 [P], the label of a state where a value ends, or -1.
        gaps: uint8 [P], a `Gap` a state.
        calls: int32 [P], the continuation c with which a value is called, or -1.
        callee: int32 [C], the state where the called value begins.
        nests: bool [C], is it nested in a container (and not one of its names)?
        return_offset, returns: after it, continue at returns[return_offset[c] + label]; -1 is lost. int32 [C] and [R].
    """

    edges: NDArray[np.int32]
    labels: NDArray[np.int32]
    gaps: NDArray[np.uint8]
    calls: NDArray[np.int32]
    callee: NDArray[np.int32]
    nests: NDArray[np.bool_]
    return_offset: NDArray[np.int32]
    returns: NDArray[np.int32]

    def enumerate(self, whitespace: Whitespace, limits: Limits) -> ByteAutomaton:
        """The byte automaton of all texts in which no definition nests inside itself more than `limits.depth` times.

        Recursion is unrolled once, twice, ... for as long as the automaton stays below `SOFT_STATES` states.
        Raises `TooLarge` past `limits.states`, `EmptyLanguage` where no text is left.
        """
        byte_class, table = dense_table(self.edges, len(self.labels), apart=b" \n\t\r")
        found: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None
        for depth in range(limits.depth + 1):
            delta, labels, states, deferred = enumerate_states(
                table, self.labels, self.gaps, self.calls, self.callee, self.nests, self.return_offset, self.returns,
                byte_class[np.frombuffer(b" \n\t\r", np.uint8)].astype(np.int64), int(whitespace), depth, limits.states)
            if states > limits.states:
                if found is None:
                    raise TooLarge("states", int(states), limits.states)
                break
            if found is not None and states > SOFT_STATES:
                break
            if deferred:  # else all states of a pushdown of live goals are live
                delta, labels = trim(delta, labels)
            if (labels >= 0).any():
                found = delta, labels
            if not deferred:
                break
        if found is None:
            raise EmptyLanguage("no text satisfies the constraint")
        delta, labels = minimise(*found)
        return ByteAutomaton(delta, byte_class, labels >= 0)


__all__ = ["SPACES_PER_LEVEL", "Gap", "Pushdown", "Whitespace"]

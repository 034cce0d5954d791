"""What the two implementations of the walk share: results and the limit's exception."""

from __future__ import annotations

from typing import Any, NamedTuple


class LimitReached(Exception):
    """A counted limit was passed; `needed` is the count that would have been reached."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


class Trie(NamedTuple):
    """All prefixes of some spellings, short ones first: node 0 is the empty one, node i + 1 is prefix i."""

    parent: Any  # int32 [P], the node of the prefix less its last byte
    byte: Any  # uint8 [P], that byte
    end: Any  # int32 [R], the node of every spelling; 0 stands for what no text can hold


class Walk(NamedTuple):
    """Classes of all spellings and the partial function of every class (CSR of pairs)."""

    spelling_class: Any  # int32 [R], -1 = never
    pair_ptr: Any  # int64 [C + 1]
    pair_state: Any  # int32 [P]
    pair_target: Any  # int32 [P]
    work: int
    moves: Any = None  # int64, with counters: what the numbers in `pair_target` stand for


class Links(NamedTuple):
    """Edges sorted by source, and the sets of classes they carry (CSR)."""

    source: Any  # int32 [E]
    target: Any  # int32 [E]
    set: Any  # int32 [E]
    set_ptr: Any  # int64 [T + 1]
    set_class: Any  # int32 [M]

"""What the two implementations of the walk share: results and the limit's exception."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class LimitReached(Exception):
    """A counted limit was passed; `needed` is the count that would have been reached."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


# What the walk reads of a prefix, in one place of memory: most of its time goes to waiting for it.
PREFIX = np.dtype([
    ("below", np.uint64),  # which bytes the prefixes that begin with this one go on with, see `bytesets.group_of`
    ("after", np.int32),  # the first prefix behind these
    ("first", np.int32),  # how many distinct spellings stand before the prefix
    ("last", np.int32),  # and before `after`
    ("depth", np.uint16),  # bytes of the prefix less one
    ("byte", np.uint8),  # its last byte
    ("spelled", np.uint8),  # is it a spelling? 0 or 1
])


class Trie(NamedTuple):
    """All prefixes of some spellings, depth first, in byte order: node 0 is the empty one, node i + 1 is prefix i."""

    prefixes: Any  # PREFIX [P]
    parent: Any  # int32 [P], the node of the prefix less its last byte
    characters: Any  # int32, the characters that each distinct spelling begins, or would if it were UTF-8
    end: Any  # int32 [R], the node of every spelling; 0 stands for what no text can hold
    rank: Any  # int32 [R], the place of every spelling among the distinct ones; their number for what no text can hold
    longest: int  # bytes of the longest spelling


class Walk(NamedTuple):
    """Classes of all spellings, and the partial function of every class: CSR of (group of states, target)."""

    spelling_class: Any  # int32 [R], -1 = never
    ptr: Any  # int64 [C + 1]
    group: Any  # int32 [P]: a number below S is that state alone
    target: Any  # int32 [P], different for every group of a class
    kid_ptr: Any  # int64 [G + 1]: group S + g is the union of the groups kid[kid_ptr[g] : kid_ptr[g + 1]], all apart
    kid: Any  # int32
    work: int
    moves: Any = None  # int64, with counters: what the numbers in `target` stand for
    copies: Any = None  # `copies.Copies`: pairs of common states stand for one pair a copy


class Links(NamedTuple):
    """Edges sorted by source, and the sets of classes they carry (CSR)."""

    source: Any  # int32 [E]
    target: Any  # int32 [E]
    set: Any  # int32 [E]
    set_ptr: Any  # int64 [T + 1]
    set_class: Any  # int32 [M]

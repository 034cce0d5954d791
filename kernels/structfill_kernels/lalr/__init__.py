"""LALR(1) parsing with a contextual lexer over bytes, as moves between hash-consed configurations.

A configuration is a stack of parser states and the lexer state of the lexeme that is being spelled. `machine` makes and
moves them, `plan` finds a way to the end of the text from each and executes it, `following` says which tokens may come
next, `bridge` finds ways to fixed text, led by what `prestar` says that the text asks for, unless `impossible` says at
once that there are none, `beam` searches likely canvases, `lattice` weighs what the search kept. The store's arrays are
bounded: a call that fills one sets ``store.count[3]``, its result means nothing, and the caller repeats it with a
`grown` store. `reference` says the same in plain Python.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._types import DEAD, ENDED, NEVER, UNKNOWN, Store, Tables, Words, store
from .beam import Lattice, beam, prepare
from .bridge import bridge, entered
from .following import following
from .impossible import follows_nothing
from .lattice import backward, draw, forward, summary, weights
from .machine import (
    advance,
    config,
    enumerate_configurations,
    feed,
    fill_words,
    follow,
    may_end,
    refill,
    rehash_configurations,
    root,
    run,
    spell,
    step,
)
from .plan import longest_token, planned, rest
from .prestar import Tops, no_tops, on_top, tops

__all__ = ["DEAD", "ENDED", "NEVER", "UNKNOWN", "Lattice", "Store", "Tables", "Tops", "Words", "advance", "backward",
           "beam", "bridge", "config", "draw", "entered", "enumerate_configurations", "feed", "follow", "following",
           "follows_nothing", "forward", "grown", "longest_token", "may_end", "no_tops", "on_top", "planned", "prepare",
           "rest", "root", "run", "spell", "step", "store", "summary", "tops", "weights", "words"]


def grown(tables: Tables, old: Store, nodes: int, confs: int) -> Store:
    """A store of `nodes` stacks and `confs` configurations (powers of two) that holds what `old` does, numbered alike.

    Ways that were being weighed when `old` became full are forgotten.
    """
    new = store(nodes, confs)
    refill(old, new)
    rehash_configurations(tables, new)
    new.plan[new.plan[:, 0] == NEVER] = UNKNOWN
    new.rest[1:][new.rest[1:, 0] == NEVER] = UNKNOWN
    return new


def words(ptr: Any, text: Any, parent: Any, byte: Any, end: Any) -> Words:
    """A vocabulary from its spellings (int64 [V + 1], uint8) and its trie (`token_walk.Trie`)."""
    size = 1 << max(4, int(2 * len(parent)).bit_length())
    key, child = np.full(size, -1, np.int64), np.full(size, -1, np.int32)
    token = np.full(len(parent) + 1, -1, np.int32)
    fill_words(parent, byte, end, key, child, token)
    return Words(ptr, np.array(text), key, child, token)

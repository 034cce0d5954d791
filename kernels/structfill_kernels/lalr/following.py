"""Which tokens may come next, and what each of them still asks for: one walk of the vocabulary's trie."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._types import NEVER
from .borrowing import borrowed
from .machine import config, jit, step
from .plan import rest


@jit
def following(t: Any, s: Any, w: Any, c: Any, prefixes: Any, deepest: Any) -> Any:
    """int32 by prefix of the trie: tokens that a known way to the end of the text has from behind the token that is
    spelled there; NEVER where none is spelled, where it cannot follow on configuration `c` and where no way is known.

    `prefixes`: the trie in its order (`token_walk.Trie`); `deepest`: bytes of the longest token.
    """
    t, s, w = borrowed(t), borrowed(s), borrowed(w)
    out = np.full(prefixes.shape[0], NEVER, np.int32)
    node, q = np.empty(deepest + 1, np.int64), np.empty(deepest + 1, np.int64)
    node[0], q[0] = s.conf[c, 0], s.conf[c, 1]
    here, behind = (np.int64(-1), np.int64(-1)), np.int64(NEVER)  # in texts and names all tokens lead to the same
    i = 0
    while i < prefixes.shape[0] and s.count[3] == 0:
        depth = prefixes[i].depth
        node[depth + 1], q[depth + 1] = step(t, s, node[depth], q[depth], prefixes[i].byte)
        if node[depth + 1] < 0:
            i = prefixes[i].after
            continue
        if prefixes[i].spelled:
            if here != (node[depth + 1], q[depth + 1]):
                here = node[depth + 1], q[depth + 1]
                after = config(t, s, node[depth + 1], q[depth + 1])
                behind = rest(t, s, w, after) if after >= 0 else np.int64(NEVER)
            out[i] = behind
        i += 1
    return out

"""Which tokens may come next, and what each of them still asks for: one walk of the vocabulary's trie."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._types import NEVER
from .machine import config, jit, step
from .plan import rest


@jit
def following(t: Any, s: Any, w: Any, c: Any, prefixes: Any, deepest: Any) -> Any:
    """int32 by prefix of the trie: tokens that a known way to the end of the text has from behind the token that is
    spelled there; NEVER where none is spelled, where it cannot follow on configuration `c` and where no way is known.

    `prefixes`: the trie in its order (`token_walk.Trie`); `deepest`: bytes of the longest token.
    """
    out = np.full(prefixes.shape[0], NEVER, np.int32)
    node, q = np.empty(deepest + 1, np.int64), np.empty(deepest + 1, np.int64)
    node[0], q[0] = s.conf[c, 0], s.conf[c, 1]
    here, behind = np.int64(-1), np.int64(NEVER)  # texts and names: one configuration behind most tokens
    i = 0
    while i < prefixes.shape[0] and s.count[3] == 0:
        depth = prefixes[i].depth
        node[depth + 1], q[depth + 1] = step(t, s, node[depth], q[depth], prefixes[i].byte)
        if node[depth + 1] < 0:
            i = prefixes[i].after
            continue
        if prefixes[i].spelled:
            after = config(t, s, node[depth + 1], q[depth + 1])
            if after >= 0 and after != here:
                here, behind = after, rest(t, s, w, after)
            if after >= 0:
                out[i] = behind
        i += 1
    return out

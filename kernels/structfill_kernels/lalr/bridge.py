"""Ways from a configuration to a stack that survives fixed tokens: breadth first over terminals.

Every stack that is met is tried with every state of the lexer that a lexeme begun there can be in, so fixed text may
begin in the middle of a lexeme. Bounded by the number of stacks, so that finding none proves nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._types import DEAD, ENDED
from .machine import advance, config, feed, jit
from .plan import rest


@jit
def entered(delta: Any, start: Any) -> Any:
    """(far, before, class), int32 [Q] each: bytes from a lexer state to every other (-1: none), and the last step."""
    states, classes = delta.shape
    far, before = np.full(states, -1, np.int32), np.full(states, -1, np.int32)
    last, queue = np.full(states, -1, np.int32), np.empty(states, np.int32)
    queue[0], far[start], count, at = start, 0, 1, 0
    while at < count:
        q = queue[at]
        at += 1
        for k in range(classes):
            after = delta[q, k]
            if after >= 0 and far[after] < 0:
                far[after], before[after], last[after] = far[q] + 1, q, k
                queue[count] = after
                count += 1
    return far, before, last


@jit
def meets(t: Any, s: Any, w: Any, special: Any, c: Any, tokens: Any, left: Any, more: Any) -> Any:
    """Does a configuration survive `tokens`, with an end of the text in `left` positions (0: right there, or in
    `more`)? left < 0: whatever follows."""
    for token in tokens:
        c = advance(t, s, w, special, c, token)
        if c < 0:
            return False
    if left < 0 or c == ENDED:
        return True
    return rest(t, s, w, c) <= left + more


@jit
def bridge(t: Any, s: Any, w: Any, special: Any, first: Any, reach: Any, tokens: Any, left: Any, more: Any,
           most: Any, wanted: Any) -> Any:
    """(node, parent, terminal, goals): up to `most` stacks met, breadth first, each with the one it came from and the
    terminal read in between, and up to `wanted` goals, int64 [G, 2]: (place of a stack, lexer state).

    reach: bool [P, Q], the lexer states that a lexeme begun in a parser state can be in. Place 0 is the first
    configuration itself, its lexeme still open.
    """
    node, parent = np.empty(most, np.int64), np.full(most, -1, np.int64)
    terminal, goals = np.full(most, -1, np.int64), np.empty((wanted, 2), np.int64)
    known = np.zeros(s.node.shape[0], np.bool_)
    node[0], count, at, found = s.conf[first, 0], 1, 0, 0
    open_q = s.conf[first, 1]
    opened, _, _ = entered(t.delta, open_q)
    k = t.cls[w.text[w.ptr[tokens[0]]]] if tokens.shape[0] and w.ptr[tokens[0]] < w.ptr[tokens[0] + 1] else -1
    while at < count and found < wanted and s.count[3] == 0:
        here = node[at]
        state = s.node[here, 1]
        q_here = open_q if at == 0 else t.begin[state]
        for q in range(t.delta.shape[0]):
            if (opened[q] < 0 if at == 0 else not reach[state, q]) or found == wanted:
                continue
            if k >= 0 and t.delta[q, k] < 0:  # the lexeme would end before the fixed text: does the parser take it?
                ended = t.ends[q, k]
                if q == t.begin[state]:
                    if t.delta[q, k] < 0:
                        continue
                elif ended < 0 or not (t.ignored[ended] or t.act[state, ended] != 0):
                    continue
            c = config(t, s, here, q)
            if c >= 0 and meets(t, s, w, special, c, tokens, left, more):
                goals[found, 0], goals[found, 1] = at, q
                found += 1
        for x in range(t.lex_ptr[q_here], t.lex_ptr[q_here + 1]):
            one = np.int64(t.lex_term[x])
            after = np.int64(DEAD)
            if not t.ignored[one]:
                after = feed(t, s, here, one)
            elif at == 0:
                after = here  # the ignored lexeme that is open ends
            if after >= 0 and count < most and not known[after]:
                known[after] = True
                node[count], parent[count], terminal[count] = after, at, one
                count += 1
        at += 1
    return node[:count].copy(), parent[:count].copy(), terminal[:count].copy(), goals[:found].copy()

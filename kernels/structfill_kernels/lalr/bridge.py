"""Ways from a configuration to a stack that survives fixed tokens, the cheapest first.

A step reads the cheapest text of a symbol that may follow, or of what completes an item. Every stack that is met is
tried with every state of the lexer that a lexeme begun there can be in, so fixed text may begin in the middle of a
lexeme. Bounded by the number of stacks, so that finding none proves nothing. LALR's lookaheads are not asked, so a way
has to be executed to be believed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._types import ENDED
from .machine import advance, config, feed, jit, push
from .plan import reduced, rest
from .prestar import on_top
from .queue import PRICES, dequeue, enqueue, new_queue


class _Search(NamedTuple):
    """Stacks that were met, and a queue of them by price.

    Attributes:
        node, parent, step: int64 by place. known: bool by node, gone on from? waiting: the places to go on from.
    """

    node: Any
    parent: Any
    step: Any
    known: Any
    waiting: Any


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
def _goals(t: Any, s: Any, w: Any, special: Any, node: Any, states: Any, tokens: Any, left: Any, more: Any, place: Any,
           seen: Any, goals: Any, found: Any) -> Any:
    """How many goals there are with those of one stack: of the lexer states from which fixed text goes on alike, the
    first. seen: int64 [Q + T], the place that met such a state, or a terminal that ends before the text, last."""
    k = t.cls[w.text[w.ptr[tokens[0]]]] if tokens.shape[0] and w.ptr[tokens[0]] < w.ptr[tokens[0] + 1] else -1
    state = s.node[node, 1]
    for q in states:
        behind = np.int64(q if k < 0 else t.delta[q, k])
        if behind < 0:  # the lexeme would end before the fixed text: does the parser take it?
            ended = t.ends[q, k]
            if q == t.begin[state] or ended < 0 or not (t.ignored[ended] or t.act[state, ended] != 0):
                continue
            behind = t.delta.shape[0] + ended
        if seen[behind] == place or found == goals.shape[0]:
            continue
        seen[behind] = place
        c = config(t, s, node, q)
        if c >= 0 and meets(t, s, w, special, c, tokens, left, more):
            goals[found, 0], goals[found, 1] = place, q
            found += 1
    return found


@jit
def _goals_above(t: Any, s: Any, w: Any, special: Any, f: Any, tops: Any, place: Any, tokens: Any, left: Any, more: Any,
                 goals: Any, count: Any, found: Any) -> Any:
    """(how many stacks are met, how many goals there are) with those of the paths that lead on from one stack."""
    state = s.node[f.node[place], 1]
    for x in range(tops.ptr[state], tops.ptr[state + 1]):
        first = on_top(s, tops, f.node[place], x)
        if first < 0:
            continue
        node, edges, i = f.node[place], 0, first
        while tops.edge[i] >= 0 and node >= 0:
            node = push(s, node, t.edge[tops.edge[i], 0])
            edges, i = edges + 1, tops.rest[i]
        if found == goals.shape[0] or count + edges > f.node.shape[0] or node < 0:
            break
        c = config(t, s, node, tops.lexer[first])
        if c < 0 or not meets(t, s, w, special, c, tokens, left, more):
            continue
        goals[found, 0], goals[found, 1] = count + edges - 1, tops.lexer[first]
        found, before, node, i = found + 1, place, f.node[place], first
        while tops.edge[i] >= 0:
            node = push(s, node, t.edge[tops.edge[i], 0])
            f.node[count], f.parent[count], f.step[count] = node, before, t.edge[tops.edge[i], 2]
            before, count, i = count, count + 1, tops.rest[i]
    return count, found


@jit
def _meet(f: Any, count: Any, after: Any, place: Any, step: Any, price: Any) -> Any:
    """How many stacks are met with one more, unless it is dead or was gone on from before."""
    if after < 0 or count == f.node.shape[0] or f.known[after]:
        return count
    f.node[count], f.parent[count], f.step[count] = after, place, step
    enqueue(f.waiting, count, min(price, PRICES))
    return count + 1


@jit
def _go_on(t: Any, s: Any, f: Any, place: Any, cost: Any, open_q: Any, count: Any) -> Any:
    """How many stacks are met with those that follow one; open_q: the state of a lexeme that has to end first, or -1.
    """
    here = f.node[place]
    state = s.node[here, 1]
    if open_q >= 0:
        for x in range(t.lex_ptr[open_q], t.lex_ptr[open_q + 1]):
            one = np.int64(t.lex_term[x])
            after = here if t.ignored[one] else feed(t, s, here, one)
            count = _meet(f, count, after, place, -1 - one, cost + t.cost[one])
        return count
    for x in range(t.edge_ptr[state], t.edge_ptr[state + 1]):
        count = _meet(f, count, push(s, here, t.edge[x, 0]), place, t.edge[x, 2], cost + t.edge[x, 1])
    for x in range(t.item_ptr[state], t.item_ptr[state + 1]):
        if t.item[x, 1] >= 0:
            count = _meet(f, count, reduced(t, s, here, x), place, t.item[x, 3], cost + t.item[x, 2])
    return count


@jit
def bridge(t: Any, s: Any, w: Any, special: Any, first: Any, near_ptr: Any, near: Any, tokens: Any, left: Any,
           more: Any, tops: Any, most: Any, tried: Any, wanted: Any) -> Any:
    """(parent, step, goals): up to `most` stacks met, each with the place of the one it came from and what was read in
    between, and up to `wanted` goals, int64 [G, 2]: (place of a stack, lexer state). A step is a number of `seq_ptr`,
    or -1 - a terminal.

    near_ptr, near: CSR, the lexer states that follow the one in which a lexeme begins, nearest first. Place 0 is the
    first configuration itself, its lexeme still open. tops: paths that may lead to a goal. Of the stacks with the same
    two states on top, `tried` are gone on from.
    """
    free = np.full((3, most), -1, np.int64)
    f = _Search(free[0], free[1], free[2], np.zeros(s.node.shape[0], np.bool_), new_queue(most))
    met = np.zeros((t.act.shape[0] + 1, t.act.shape[0]), np.int16)  # by the state below and the state on top
    seen, goals = np.full(t.delta.shape[0] + t.act.shape[1], -1, np.int64), np.empty((wanted, 2), np.int64)
    f.node[0], count, found, cost, open_q = s.conf[first, 0], 1, 0, 0, s.conf[first, 1]
    far, _, _ = entered(t.delta, open_q)
    reached = np.argsort(far)[(far < 0).sum() :]
    enqueue(f.waiting, 0, 0)
    while cost <= PRICES and found < wanted and s.count[3] == 0:
        place = dequeue(f.waiting, cost)
        if place < 0:
            cost += 1
            continue
        here = f.node[place]
        state, below = s.node[here, 1], s.node[here, 0]
        under = s.node[below, 1] if below >= 0 else -1
        if f.known[here] or met[under, state] == tried:
            continue
        f.known[here] = place > 0  # the first one comes again once an ignored lexeme has ended
        met[under, state] += place > 0
        states = near[near_ptr[t.begin[state]] : near_ptr[t.begin[state] + 1]] if place else reached
        found = _goals(t, s, w, special, here, states, tokens, left, more, place, seen, goals, found)
        count, found = _goals_above(t, s, w, special, f, tops, place, tokens, left, more, goals, count, found)
        is_open = place == 0 and open_q != t.begin[state]
        count = _go_on(t, s, f, place, cost, open_q if is_open else np.int64(-1), count)
    return f.parent[:count].copy(), f.step[:count].copy(), goals[:found].copy()

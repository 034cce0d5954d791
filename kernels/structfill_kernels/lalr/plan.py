"""Ways to the end of the text: planned by the grammar, then executed, so that what is promised has been seen.

A plan finishes the lexeme, then completes one item of the top state's kernel after the other, the cheapest ones. It may
be wrong (a conflict was resolved the other way, two terminals run together): then the execution fails and the
configuration counts as one without a known way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._types import DEAD, NEVER, UNKNOWN
from .machine import feed, jit, may_end, push, slot, spell

_STALLED = 64  # lexemes after which a way that comes no nearer to the end, by plan, is given up
_AHEAD = 16  # bytes of a plan that are spelled to choose a token


@jit
def _below(s: Any, node: Any, pops: Any) -> Any:
    for _ in range(pops):
        node = np.int64(s.node[node, 0])
    return node


@jit
def reduced(t: Any, s: Any, node: Any, item: Any) -> Any:
    """The stack once an item is complete, or DEAD."""
    base = _below(s, np.int64(node), t.item[item, 0])
    state = t.goto[s.node[base, 1], t.item[item, 1]]
    return push(s, base, state) if state >= 0 else np.int64(DEAD)


@jit
def plan_cost(t: Any, s: Any, start: Any) -> Any:
    """Tokens from a stack to the end of the text, by plan; NEVER where there is no way. Remembered for all stacks met.

    Items with one symbol before the dot lead to a stack of equal height: those are weighed together. All others lead to
    lower stacks, whose costs are found first. Of plans that cost alike the one counts that completes the fewest items
    on stacks of that height, then the first: what is planned does not depend on what was asked before.
    """
    if s.plan[start, 0] != UNKNOWN:
        return np.int64(s.plan[start, 0])
    stacks = t.goto.shape[1] + 1  # of one height: one that may end with a terminal, and one for every nonterminal
    level, price, choice = np.empty(stacks, np.int64), np.empty(stacks, np.int64), np.empty(stacks, np.int64)
    todo, top = np.empty(1024, np.int64), 1
    todo[0] = start
    while top and s.count[3] == 0:
        here = todo[top - 1]
        if s.plan[here, 0] != UNKNOWN:
            top -= 1
            continue
        size, edge, missing = _level(t, s, here, level, price, choice)
        if missing >= 0:
            if top == todo.shape[0]:
                todo = np.concatenate((todo, np.empty_like(todo)))
            todo[top] = missing
            top += 1
        elif s.count[3] == 0:  # else a stack had no room, and an item none to lead to
            _weigh(edge, price, choice)
            for x in range(size):
                s.plan[level[x], 0], s.plan[level[x], 1] = price[x] // stacks, choice[x]
    return np.int64(s.plan[start, 0]) if s.count[3] == 0 else np.int64(NEVER)


@jit
def _level(t: Any, s: Any, here: Any, level: Any, price: Any, choice: Any) -> Any:
    """(how many stacks, edges, a lower stack whose plan has to be found first or -1) of the stacks of equal height that
    completed items lead to from one, on and on.

    Fills, by stack, `level`, and `price` and `choice` of the best item that leads down. A price is tokens times the
    most stacks there may be, and one for every item completed at this height. An edge is (source, target, price, item).
    """
    stacks, size, at, count = level.shape[0], 1, 0, 0
    edge = np.empty((64, 4), np.int64)
    level[0] = here
    while at < size:
        state = s.node[level[at], 1]
        price[at], choice[at] = NEVER * stacks, -1
        for item in range(t.item_ptr[state], t.item_ptr[state + 1]):
            if t.item[item, 1] < 0:
                price[at], choice[at] = 0, item
                continue
            after = reduced(t, s, level[at], item)
            if after < 0:
                continue
            if t.item[item, 0] != 1:
                if s.plan[after, 0] == UNKNOWN:
                    return size, edge[:count], after
                total = (np.int64(s.plan[after, 0]) + t.item[item, 2]) * stacks
                if total < price[at]:
                    price[at], choice[at] = total, item
                continue
            to = 0
            while to < size and level[to] != after:
                to += 1
            if to == size:
                level[to] = after
                size += 1
            if count == edge.shape[0]:
                edge = np.concatenate((edge, edge))
            edge[count, 0], edge[count, 1], edge[count, 2], edge[count, 3] = at, to, t.item[item, 2] * stacks + 1, item
            count += 1
        at += 1
    return size, edge[:count], np.int64(-1)


@jit
def _weigh(edge: Any, price: Any, choice: Any) -> None:
    """Lowers prices along edges, and then chooses the first edge of those with the lowest price."""
    changed = True
    while changed:
        changed = False
        for e in range(edge.shape[0]):
            total = price[edge[e, 1]] + edge[e, 2]
            if total < price[edge[e, 0]]:
                price[edge[e, 0]], changed = total, True
    for e in range(edge.shape[0] - 1, -1, -1):
        if price[edge[e, 0]] == price[edge[e, 1]] + edge[e, 2]:
            choice[edge[e, 0]] = edge[e, 3]


@jit
def _finish(t: Any, s: Any, node: Any, q: Any) -> Any:
    """The terminal that the lexeme in q should become (-1: none), by cost of all that follows, in tokens, then bytes.
    """
    best, terminal = np.int64(NEVER), np.int64(-1)
    for x in range(t.lex_ptr[q], t.lex_ptr[q + 1]):
        one = np.int64(t.lex_term[x])
        if t.far[q, one] < 0:
            continue
        after = np.int64(node) if t.ignored[one] else feed(t, s, node, one)
        if after < 0:
            continue
        cost = np.int64(s.plan[after, 0])
        if cost == UNKNOWN:
            cost = plan_cost(t, s, after)
        if cost < NEVER:
            cost = cost * 64 + min(np.int64(t.far[q, one]), 63)
            if cost < best:
                best, terminal = cost, one
    return terminal


@jit
def planned(t: Any, s: Any, c: Any, out: Any) -> Any:
    """The first bytes of a way from a configuration to the end of the text, spelled into `out` (uint8).

    Returns (how many, is that the whole way?), or (-1, False) where no way is known.
    """
    node, q = np.int64(s.conf[c, 0]), np.int64(s.conf[c, 1])
    n, pending, goal = 0, np.int64(-1), node
    if q != t.begin[s.node[node, 1]]:
        pending = _finish(t, s, node, q)
        if pending < 0:
            return -1, False
        while t.far[q, pending] > 0:
            if n >= out.shape[0]:
                return n, False
            out[n] = t.way[q, pending]
            q = np.int64(t.delta[q, t.cls[out[n]]])
            n += 1
        goal = node if t.ignored[pending] else feed(t, s, node, pending)
    while n < out.shape[0]:
        if s.plan[goal, 0] == UNKNOWN:
            plan_cost(t, s, goal)
        if s.plan[goal, 0] >= NEVER or s.plan[goal, 0] == UNKNOWN:
            return -1, False
        item = s.plan[goal, 1]
        if t.item[item, 1] < 0:
            after = node if pending < 0 or t.ignored[pending] else feed(t, s, node, pending)
            ends = after >= 0 and feed(t, s, after, t.act.shape[1] - 1) >= 0
            if pending >= 0 and t.ends[q, t.ends.shape[1] - 1] != pending:
                ends = False
            return (n, True) if ends else (-1, False)
        goal = reduced(t, s, goal, item)
        for x in range(t.seq_ptr[t.item[item, 3]], t.seq_ptr[t.item[item, 3] + 1]):
            terminal = np.int64(t.seq_term[x])
            after = node if pending < 0 or t.ignored[pending] else feed(t, s, node, pending)
            if after < 0:
                return -1, False
            begin = np.int64(t.begin[s.node[after, 1]])
            if t.far[begin, terminal] < 1:
                return -1, False
            if pending >= 0 and not _closes(t, q, pending, t.way[begin, terminal]):
                filler = _filler(t, q, pending, begin, t.way[begin, terminal])
                if filler < 0:
                    return -1, False
                if n >= out.shape[0]:
                    return n, False
                out[n] = filler
                n += 1
            node, q = after, begin  # the lexeme before is closed by what comes next
            while t.far[q, terminal] > 0:
                if n >= out.shape[0]:
                    return n, False
                out[n] = t.way[q, terminal]
                q = np.int64(t.delta[q, t.cls[out[n]]])
                n += 1
            pending = terminal
    return n, False


@jit
def _closes(t: Any, q: Any, terminal: Any, byte: Any) -> Any:
    """Does the lexeme in q end as `terminal` before this byte?"""
    k = t.cls[byte]
    return t.delta[q, k] < 0 and t.ends[q, k] == terminal


@jit
def _filler(t: Any, q: Any, terminal: Any, begin: Any, byte: Any) -> Any:
    """A byte that ends the lexeme in q, is ignored and lets `byte` begin the next one; -1 if there is none."""
    for filler in t.fillers:
        if _closes(t, q, terminal, filler):
            gap = t.delta[begin, t.cls[filler]]
            if gap >= 0:
                ended = t.ends[gap, t.cls[byte]]
                if t.delta[gap, t.cls[byte]] < 0 and ended >= 0 and t.ignored[ended]:
                    return np.int64(filler)
    return np.int64(-1)


@jit
def longest_token(w: Any, text: Any, size: Any) -> Any:
    """The longest token that ``text[:size]`` begins with, or -1."""
    at, found = np.int64(0), np.int64(-1)
    for i in range(size):
        key = at * 256 + text[i]
        place = slot(w.key, key)
        if w.key[place] != key:
            break
        at = np.int64(w.child[place])
        if w.token[at] >= 0:
            found = np.int64(w.token[at])
    return found


@jit
def rest(t: Any, s: Any, w: Any, start: Any) -> Any:
    """Tokens from a configuration to the end of the text along a way that was executed; NEVER where none is known.

    ``s.rest`` keeps it with its first token, for every configuration on the way.
    """
    chain = np.empty(256, np.int64)
    text = np.empty(_AHEAD, np.uint8)
    size, c, total = 0, np.int64(start), np.int64(NEVER)
    nearest, since = np.int64(NEVER), 0
    while since < _STALLED and c >= 0 and s.count[3] == 0:
        if s.rest[c, 0] != UNKNOWN:
            total = np.int64(s.rest[c, 0])
            break
        if may_end(t, s, c):
            s.rest[c, 0] = total = np.int64(0)
            break
        s.rest[c, 0] = NEVER  # until it is known: a way that comes back here is none
        if size == chain.shape[0]:
            chain = np.concatenate((chain, np.empty_like(chain)))
        chain[size] = c
        size, since = size + 1, since + (size > 0 and s.conf[c, 0] != s.conf[chain[size - 1], 0])
        cost = plan_cost(t, s, np.int64(s.conf[c, 0]))
        if cost < nearest:
            nearest, since = cost, 0
        n, _ = planned(t, s, c, text)
        token = longest_token(w, text, n) if n > 0 else np.int64(-1)
        if token < 0:
            break
        after = spell(t, s, w, c, token)
        s.rest[c, 1], s.rest[c, 2] = token, after
        c = after
    for i in range(size - 1, -1, -1):
        total = min(total + 1, np.int64(NEVER))
        s.rest[chain[i], 0] = total
    return np.int64(s.rest[start, 0])


@jit
def asked(t: Any, s: Any, w: Any, start: Any) -> Any:
    """`rest`, with a note that the beam at hand has asked for it, on the whole way."""
    needed, c = rest(t, s, w, start), np.int64(start)
    while s.asked[c] != s.count[5]:
        s.asked[c] = s.count[5]
        if 0 < s.rest[c, 0] < NEVER:
            c = np.int64(s.rest[c, 2])
    return needed

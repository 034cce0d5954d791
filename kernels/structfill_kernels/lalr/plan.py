"""Ways to the end of the text: planned by the grammar, then executed, so that what is promised has been seen.

A plan finishes the lexeme, then completes one item of the top state's kernel after the other, the cheapest ones. It may
be wrong (a conflict was resolved the other way, two terminals run together): then the execution fails and the
configuration counts as one without a known way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._types import DEAD, ENDED, NEVER, UNKNOWN
from .machine import feed, jit, may_end, push, slot, spell

_LEVEL = 512  # stacks of one height that a plan weighs against each other
_CHAIN = 1 << 20  # tokens of the longest way that is executed
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

    Items with one symbol before the dot lead to a stack of equal height: those are weighed together until nothing
    changes. All others lead to lower stacks, whose costs are found first.
    """
    if s.plan[start, 0] != UNKNOWN:
        return np.int64(s.plan[start, 0])
    level = np.empty(_LEVEL, np.int64)
    cost = np.empty(_LEVEL, np.int64)
    choice = np.empty(_LEVEL, np.int64)
    todo = np.empty(1024, np.int64)
    todo[0] = start
    top = 1
    while top:
        if s.count[3]:
            return np.int64(NEVER)
        here = todo[top - 1]
        if s.plan[here, 0] != UNKNOWN:
            top -= 1
            continue
        level[0] = here
        size, at, missing = 1, 0, np.int64(-1)
        while at < size and missing < 0:
            node = level[at]
            cost[at], choice[at] = NEVER, -1
            if s.plan[node, 0] != UNKNOWN:
                cost[at], choice[at] = s.plan[node, 0], s.plan[node, 1]
                at += 1
                continue
            state = s.node[node, 1]
            for item in range(t.item_ptr[state], t.item_ptr[state + 1]):
                if t.item[item, 1] < 0:
                    cost[at], choice[at] = 0, item
                    continue
                after = reduced(t, s, node, item)
                if after < 0:
                    continue
                if t.item[item, 0] == 1:
                    known = False
                    for x in range(size):
                        known |= level[x] == after
                    if not known and size < _LEVEL:
                        level[size] = after
                        size += 1
                elif s.plan[after, 0] == UNKNOWN:
                    missing = after
                    break
                elif s.plan[after, 0] + t.item[item, 2] < cost[at]:
                    cost[at], choice[at] = s.plan[after, 0] + t.item[item, 2], item
            at += 1
        if missing >= 0:
            if top == todo.shape[0]:
                todo = np.concatenate((todo, np.empty_like(todo)))
            todo[top] = missing
            top += 1
            continue
        changed = True
        while changed:
            changed = False
            for x in range(size):
                state = s.node[level[x], 1]
                for item in range(t.item_ptr[state], t.item_ptr[state + 1]):
                    if t.item[item, 0] != 1 or t.item[item, 1] < 0:
                        continue
                    after = reduced(t, s, level[x], item)
                    for y in range(size):
                        if level[y] == after and cost[y] + t.item[item, 2] < cost[x]:
                            cost[x], choice[x] = cost[y] + t.item[item, 2], item
                            changed = True
        for x in range(size):
            s.plan[level[x], 0] = cost[x]
            s.plan[level[x], 1] = choice[x]
        top -= 1
    return np.int64(s.plan[start, 0])


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
    while size < _CHAIN and c >= 0 and s.count[3] == 0:
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
        size += 1
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
def ended(c: Any) -> Any:
    """Is this the end of the text?"""
    return c == ENDED

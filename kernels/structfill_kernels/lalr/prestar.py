"""What has to be on top of a stack for fixed text to follow, whatever is below: weighted pre* of the text, lazily.

The text is read from every state on top, with the stack below it unknown. A reduction that reaches below what is known
leaves it open: every state from which an edge leads to the lowest known one is then put below, the cheapest first. What
survives is a path of edges: its first states may stand on a stack already, the others are put on it.

After Bouajjani, Esparza, Maler (1997), for one text instead of a regular set, and by demand.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._types import DEAD
from .machine import jit, push, slot
from .queue import PRICES, dequeue, enqueue, new_queue

_DEEP = 512  # states of a stack that is read with
_ALIKE = 4  # surviving paths with the same first state and the same lexer state at their ends
_KEYS = (1 << 62) - 1
_LONGEST = 1 << 20  # bytes of a text whose places have keys of their own
_SURVIVES, _DIES, _OPEN = 0, 1, 2


class Tops(NamedTuple):
    """Paths of edges, shared from their ends on, and those that survive.

    Attributes:
        state: int64 [n], the first state of a path. lexer: int64 [n], the lexer state behind its last edge.
        edge, rest: int64 [n], the first edge of a path (`Tables.edge`) and the path behind it; -1: it is but a state.
        ptr: int64 [P + 1], path: int64 [m, 2], CSR by state: (surviving path, place of the state on it), the cheapest
            first.
        none: bool, is it known that the text can follow on no stack?
    """

    state: Any
    lexer: Any
    edge: Any
    rest: Any
    ptr: Any
    path: Any
    none: Any


class _Search(NamedTuple):
    """As `Tops`, and what each path is read with.

    Attributes:
        stack, at, q, price: int64 [n], the stack (a node without a parent at its bottom), bytes that are read, the
            state of the lexer there, and the price of the path.
        known: int64, hash set of (stack, bytes read, lexer state, is it open?).
    """

    state: Any
    lexer: Any
    edge: Any
    rest: Any
    stack: Any
    at: Any
    q: Any
    price: Any
    known: Any


@jit
def no_tops(states: Any) -> Any:
    """Where none are looked for."""
    none = np.empty(0, np.int64)
    return Tops(none, none, none, none, np.zeros(states + 1, np.int64), np.empty((0, 2), np.int64), False)


@jit
def _fed(t: Any, s: Any, node: Any, terminal: Any) -> Any:
    """(outcome, stack) once a terminal is shifted; the stack before the reduction that reaches too deep where it is
    open."""
    while True:
        action = t.act[s.node[node, 1], terminal]
        if action == 0:
            return _DIES, node
        if action > 0:
            return _SURVIVES, push(s, node, action - 1)
        base = np.int64(node)
        for _ in range(t.rule[-1 - action, 0]):
            base = np.int64(s.node[base, 0])
            if base < 0:
                return _OPEN, node
        state = t.goto[s.node[base, 1], t.rule[-1 - action, 1]]
        if state < 0:
            return _DIES, node
        node = push(s, base, state)
        if node < 0:
            return _DIES, node


@jit
def _read(t: Any, s: Any, text: Any, closes: Any, node: Any, at: Any, q: Any) -> Any:
    """(outcome, stack, bytes read, lexer state): as far as the stack is known. closes: does the last lexeme have to be
    whole, because the text ends?"""
    while at < text.shape[0]:
        k = t.cls[text[at]]
        after = np.int64(t.delta[q, k])
        if after < 0:
            terminal = t.ends[q, k]
            if terminal < 0:
                return _DIES, node, at, q
            if not t.ignored[terminal]:
                outcome, node = _fed(t, s, node, terminal)
                if outcome != _SURVIVES or node < 0:
                    return outcome, node, at, q
            q = np.int64(t.begin[s.node[node, 1]])
            after = np.int64(t.delta[q, k])
            if after < 0:
                return _DIES, node, at, q
        q = after
        at += 1
    if closes:
        terminal = t.ends[q, t.ends.shape[1] - 1]
        if terminal < 0 or t.ignored[terminal]:
            return _DIES if terminal < 0 else _SURVIVES, node, at, q
        outcome, node = _fed(t, s, node, terminal)
        return outcome, node, at, q
    found = _DIES  # unless what was read last can become something
    for x in range(t.lex_ptr[q], t.lex_ptr[q + 1]):
        if t.ignored[t.lex_term[x]]:
            return _SURVIVES, node, at, q
        outcome, _ = _fed(t, s, node, t.lex_term[x])
        if outcome == _SURVIVES:
            return _SURVIVES, node, at, q
        if outcome == _OPEN:
            found = _OPEN
    return found, node, at, q


@jit
def _put_below(s: Any, node: Any, state: Any, room: Any) -> Any:
    """The stack with one more state at its bottom; DEAD where it is too deep."""
    depth = 0
    while node >= 0:
        if depth == room.shape[0]:
            return np.int64(DEAD)
        room[depth] = s.node[node, 1]
        node = np.int64(s.node[node, 0])
        depth += 1
    node = push(s, np.int64(-1), state)
    for x in range(depth - 1, -1, -1):
        if node >= 0:
            node = push(s, node, room[x])
    return node


@jit
def _is_new(f: Any, count: Any, states: Any, outcome: Any) -> Any:
    """Is it the first path that is read with this stack, here? Another one has the same chances, at a higher price."""
    key = (((f.stack[count] << 20 | f.at[count]) * states + f.q[count]) << 1 | (outcome == _OPEN)) & _KEYS
    place = slot(f.known, key)
    if f.known[place] == key:
        return False
    f.known[place] = key
    return True


@jit
def _start(t: Any, s: Any, f: Any, waiting: Any, near_ptr: Any, near: Any, text: Any, closes: Any) -> Any:
    """(how many paths there are of one state, does a state alone let the text follow?): every state on top, with every
    lexer state that goes on otherwise."""
    count, alone, first = 0, False, t.cls[text[0]]
    seen = np.full(t.delta.shape[0] + t.act.shape[1], -1, np.int64)
    for p in range(t.act.shape[0]):
        begin = t.begin[p]
        for q in near[near_ptr[begin] : near_ptr[begin + 1]]:
            behind = np.int64(t.delta[q, first])
            if behind < 0:
                ended = t.ends[q, first]
                if q == begin or ended < 0 or not (t.ignored[ended] or t.act[p, ended] != 0):
                    continue
                behind = t.delta.shape[0] + ended
            if seen[behind] == p or count == f.state.shape[0]:
                continue
            seen[behind] = p
            outcome, node, at, now = _read(t, s, text, closes, push(s, np.int64(-1), p), 0, np.int64(q))
            alone |= outcome == _SURVIVES
            if outcome != _OPEN:
                continue
            f.state[count], f.lexer[count], f.edge[count], f.rest[count] = p, q, -1, -1
            f.stack[count], f.at[count], f.q[count], f.price[count] = node, at, now, 0
            if _is_new(f, count, t.delta.shape[0], outcome):
                enqueue(waiting, count, 0)
                count += 1
    return count, alone


@jit
def _go_below(t: Any, s: Any, f: Any, waiting: Any, i: Any, count: Any, into_ptr: Any, into: Any, text: Any,
              closes: Any, room: Any, alike: Any, found: Any, known: Any) -> Any:
    """(how many paths, how many survive, are all of them there?) with those that have one more edge before path i."""
    whole = True
    for x in range(into_ptr[f.state[i]], into_ptr[f.state[i] + 1]):
        if count == f.state.shape[0] or known == found.shape[0]:
            whole = False
            break
        below = _put_below(s, f.stack[i], into[x, 0], room)
        if below < 0:
            whole = False
            continue
        outcome, node, at, now = _read(t, s, text, closes, below, f.at[i], f.q[i])
        if outcome == _DIES:
            continue
        f.state[count], f.lexer[count], f.edge[count], f.rest[count] = into[x, 0], f.lexer[i], into[x, 1], i
        f.stack[count], f.at[count], f.q[count] = node, at, now
        f.price[count] = min(f.price[i] + t.edge[into[x, 1], 1], PRICES)
        if not _is_new(f, count, t.delta.shape[0], outcome):
            continue
        if outcome == _SURVIVES:
            same = alike[into[x, 0], f.lexer[i]]
            found[known] = count
            known += same < _ALIKE
            alike[into[x, 0], f.lexer[i]] = min(same + 1, _ALIKE)
        else:
            enqueue(waiting, count, f.price[count])
        count += 1
    return count, known, whole


@jit
def tops(t: Any, s: Any, near_ptr: Any, near: Any, into_ptr: Any, into: Any, text: Any, closes: Any, most: Any,
         wanted: Any) -> Any:
    """The `Tops` of a text (uint8, not empty): up to `most` paths, `wanted` of which survive. closes: does it end here?

    near_ptr, near: as in `bridge`. into_ptr, into: CSR by state, int64 [E, 2], (state, edge) of the edges that lead to
    it.
    """
    free, size = np.empty((8, most), np.int64), 16
    while size < 4 * most:
        size *= 2
    f = _Search(free[0], free[1], free[2], free[3], free[4], free[5], free[6], free[7], np.full(size, -1, np.int64))
    waiting, found, survive = new_queue(most), np.empty(wanted, np.int64), 0
    count, alone = _start(t, s, f, waiting, near_ptr, near, text, closes)
    cost, room, whole = 0, np.empty(_DEEP, np.int64), count < most and text.shape[0] < _LONGEST
    alike = np.zeros((t.act.shape[0], t.delta.shape[0]), np.int8)
    while cost <= PRICES and survive < wanted and count < most and s.count[3] == 0:
        i = dequeue(waiting, cost)
        if i < 0:
            cost += 1
            continue
        count, survive, all_there = _go_below(t, s, f, waiting, i, count, into_ptr, into, text, closes, room, alike,
                                              found, survive)
        whole &= all_there
    cheapest = found[:survive][np.argsort(f.price[found[:survive]], kind="mergesort")]
    ptr, path = _by_state(f, cheapest, t.act.shape[0])
    none = whole and cost > PRICES and not alone and survive == 0
    return Tops(f.state[:count].copy(), f.lexer[:count].copy(), f.edge[:count].copy(), f.rest[:count].copy(), ptr, path,
                none)


@jit
def _by_state(f: Any, survivors: Any, states: Any) -> Any:
    """(ptr, path) of `Tops`, without the ends of paths."""
    ptr = np.zeros(states + 1, np.int64)
    for survivor in survivors:
        i = survivor
        while f.rest[i] >= 0:
            ptr[f.state[i] + 1] += 1
            i = f.rest[i]
    ptr = np.cumsum(ptr)
    path, placed = np.empty((ptr[-1], 2), np.int64), ptr.copy()
    for survivor in survivors:
        i, at = survivor, 0
        while f.rest[i] >= 0:
            path[placed[f.state[i]], 0], path[placed[f.state[i]], 1] = survivor, at
            placed[f.state[i]] += 1
            i, at = f.rest[i], at + 1
    return ptr, path


@jit
def on_top(s: Any, found: Any, node: Any, x: Any) -> Any:
    """What is left of path x of `Tops.path`, whose place there is the state on top of a stack; -1 where the states
    before do not stand below."""
    i = found.path[x, 0]
    for at in range(found.path[x, 1]):
        under = np.int64(node)
        for _ in range(found.path[x, 1] - at):
            under = np.int64(s.node[under, 0]) if under >= 0 else under
        if under < 0 or s.node[under, 1] != found.state[i]:
            return np.int64(-1)
        i = found.rest[i]
    return i

"""One position of a beam: all that follows the kept configurations, merged where it is equal.

What follows is kept as (stack, lexer state) pairs; configurations are looked up and proven alive only for those that
get a place. The candidates of a position are sorted by their bytes, so a dead prefix costs once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np

from ._types import DEAD, ENDED, NEVER
from .machine import feed, jit, may_end, slot

FLOOR = -1e9  # nats: odds beyond this within one position count as this
KINDS = 4096  # kinds of configurations are told apart by a hash of so many values


class Frontier(NamedTuple):
    """What follows a position: M pairs, and E edges that lead to them. Rows are reused from position to position.

    Attributes:
        pair: int64 [M, 3], stack and lexer state (-1: the end of the text), and the kind. value: float64 [M], of the
            likeliest way. back: int64 [M], its last edge.
        edge: int64 [E, 3], place of the source, pair, token. score: float64 [E], log probability.
        key, stamp, found: open addressing, pair -> its number, at this position if stamped with it.
        count: int64 [2], M and E.
    """

    pair: Any
    value: Any
    back: Any
    edge: Any
    score: Any
    key: Any
    stamp: Any
    found: Any
    count: Any


class Spelled(NamedTuple):
    """The candidates of a position, C at most, beside what walking them takes. Rows are reused like the frontier's.

    Attributes:
        start: int64 [C + 1], candidate y is spelled ``cls[start[y]:start[y + 1]]``. cls: int64, byte classes.
        node, lexer: int64 [bytes of the longest + 1], the way into the present candidate.
    """

    start: Any
    cls: Any
    node: Any
    lexer: Any


@jit
def spelled(most: Any, longest: Any) -> Any:
    """Room for `most` candidates of up to `longest` bytes."""
    return Spelled(np.zeros(most + 1, np.int64), np.empty(most * longest, np.int64), np.empty(longest + 1, np.int64),
                   np.empty(longest + 1, np.int64))


@jit
def spell_out(t: Any, w: Any, b: Any, cand: Any) -> None:
    """Fills `b` for the candidates of a position."""
    for y in range(cand.shape[0]):
        begin, end, at = w.ptr[cand[y]], w.ptr[cand[y] + 1], b.start[y]
        b.start[y + 1] = at + end - begin
        for k in range(end - begin):
            b.cls[at + k] = t.cls[w.text[begin + k]]


@jit
def frontier(most: Any) -> Any:
    """Room for `most` edges."""
    size = 16
    while size < 2 * most:
        size *= 2
    return Frontier(np.empty((most, 3), np.int64), np.empty(most, np.float64), np.empty(most, np.int64),
                    np.empty((most, 3), np.int64), np.empty(most, np.float64), np.empty(size, np.int64),
                    np.full(size, -1, np.int64), np.empty(size, np.int64), np.zeros(2, np.int64))


@jit
def kind_of(top: Any, group: Any) -> Any:
    """A hash of the top state of a stack and the group of a lexer state: those with both have much the same future."""
    return (np.int64(top) * 31 + np.int64(group) * 517) & (KINDS - 1)


@nb.njit(inline="always")
def _add(f: Any, at: Any, x: Any, node: Any, q: Any, kind: Any, states: Any, total: Any, token: Any, gain: Any) -> None:
    """An edge to a pair, which is made where it is new."""
    key, e = node * states + q, f.count[1]
    place = _place(f.key, f.stamp, at, key)
    if f.stamp[place] != at:
        z = f.count[0]
        f.stamp[place], f.key[place], f.found[place], f.count[0] = at, key, z, z + 1
        f.pair[z, 0], f.pair[z, 1], f.pair[z, 2], f.value[z], f.back[z] = node, q, kind, total, e
    else:
        z = f.found[place]
        if total > f.value[z]:
            f.value[z], f.back[z] = total, e
    f.edge[e, 0], f.edge[e, 1], f.edge[e, 2], f.score[e] = x, z, token, gain
    f.count[1] = e + 1


@nb.njit(inline="always")
def _place(keys: Any, stamp: Any, at: Any, key: Any) -> Any:
    """Where a pair is or would go."""
    mask = keys.shape[0] - 1
    place = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & mask
    while stamp[place] == at and keys[place] != key:
        place = (place + 1) & mask
    return place


@nb.njit(inline="always")
def _own(s: Any, c: Any) -> Any:
    """The first token of a configuration's way to the end if the beam at hand has asked for it and it has one, else -1.
    """
    return np.int64(s.rest[c, 1]) if s.asked[c] == s.count[5] and s.rest[c, 0] < NEVER else np.int64(-1)


@jit
def expand(t: Any, s: Any, f: Any, b: Any, at: Any, conf: Any, value: Any, cand: Any, gain: Any, common: Any,
           slack: Any, ours: Any, token: Any) -> Any:
    """Adds what follows the configurations kept before position `at` by the candidates that spell something.

    conf, value: of those kept. b: of `cand`, with log probabilities `gain`; common: bytes that each has in common with
    the one before. What is `slack` below the best so far is left out, but for the token of a configuration's own way to
    the end, and for `token` behind the `ours`-th. Returns whether anything was left out.
    """
    delta, ends, act, begin_of = t.delta, t.ends, t.act, t.begin
    ignored, group = t.ignored, t.group
    node_of, fed_key, fed_val, conf_of = s.node, s.fed_key, s.fed_val, s.conf
    start, classes, nodes, lexers = b
    pair, best, back, edge, score, keys, stamp, found, count = f
    mask, m, e = keys.shape[0] - 1, count[0], count[1]
    states, terminals, peak, cut = delta.shape[0], act.shape[1], -np.inf, False
    for x in range(conf.shape[0]):
        if conf[x] == ENDED:
            continue
        nodes[0], lexers[0] = conf_of[conf[x], 0], conf_of[conf[x], 1]
        own = _own(s, conf[x])
        valid, dead = np.int64(0), False  # bytes walked, and whether the next one is impossible
        fed_from, fed_by, fed_to = np.int64(-1), np.int64(-1), np.int64(-1)
        for y in range(cand.shape[0]):
            total = value[x] + gain[y]
            if total < peak - slack and cand[y] != own and not (x == ours and cand[y] == token):
                cut = True
                if common[y] <= valid:
                    valid, dead = np.int64(common[y]), False
                continue
            if dead and common[y] > valid:
                continue
            begin, stop = start[y], start[y + 1] - start[y]
            valid, dead = min(valid, np.int64(common[y])), False
            node, q = nodes[valid], lexers[valid]
            while valid < stop:
                k = classes[begin + valid]
                after_q = np.int64(delta[q, k])
                if after_q < 0:
                    terminal = np.int64(ends[q, k])
                    if terminal < 0:
                        dead = True
                        break
                    if not ignored[terminal]:
                        if node != fed_from or terminal != fed_by:
                            fed_from, fed_by, fed_to = node, terminal, np.int64(DEAD)
                            if act[node_of[node, 1], terminal] != 0:
                                key = node * terminals + terminal
                                place = slot(fed_key, key)
                                fed_to = (np.int64(fed_val[place]) if fed_key[place] == key
                                          else feed(t, s, node, terminal))
                        node = fed_to
                        if node < 0:
                            dead = True
                            break
                    after_q = np.int64(delta[begin_of[node_of[node, 1]], k])
                    if after_q < 0:
                        dead = True
                        break
                valid += 1
                q = after_q
                nodes[valid], lexers[valid] = node, q
            if not dead:
                peak = max(peak, total)
                key = node * states + q
                place = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & mask
                while stamp[place] == at and keys[place] != key:
                    place = (place + 1) & mask
                if stamp[place] != at:
                    z = m
                    stamp[place], keys[place], found[place] = at, key, m
                    pair[m, 0], pair[m, 1], pair[m, 2] = node, q, kind_of(node_of[node, 1], group[q])
                    best[m], back[m] = total, e
                    m += 1
                else:
                    z = found[place]
                    if total > best[z]:
                        best[z], back[z] = total, e
                edge[e, 0], edge[e, 1], edge[e, 2], score[e] = x, z, cand[y], gain[y]
                e += 1
    count[0], count[1] = m, e
    return cut


@nb.njit(inline="always")
def _add_known(s: Any, group: Any, f: Any, at: Any, x: Any, after: Any, states: Any, value: Any, token: Any,
               gain: Any) -> None:
    """An edge to a configuration that is known."""
    node, q, kind = np.int64(-1), np.int64(ENDED), np.int64(0)
    if after != ENDED:
        node, q = np.int64(s.conf[after, 0]), np.int64(s.conf[after, 1])
        kind = kind_of(s.node[node, 1], group[q])
    _add(f, at, x, node, q, kind, states, value + gain, token, gain)


@jit
def add_known(t: Any, s: Any, f: Any, at: Any, x: Any, after: Any, value: Any, token: Any, gain: Any) -> None:
    """An edge to a configuration that is known."""
    _add_known(s, t.group, f, at, x, after, t.delta.shape[0], value, token, gain)


@jit
def finish(t: Any, s: Any, f: Any, special: Any, ends: Any, at: Any, conf: Any, value: Any, logits: Any, top: Any,
           norm: Any, mark: Any, ours: Any, token: Any, after: Any) -> None:
    """Adds the ends of the text, the first token of every configuration's own way to the end, and `token` of a path,
    which leads from the `ours`-th to `after`. Tokens v with ``mark[v] == at`` were candidates.
    """
    states, rest, count = t.delta.shape[0], s.rest, ends.shape[0]
    for x in range(conf.shape[0]):
        c = conf[x]
        may = c == ENDED or rest[c, 3] == 1 or (rest[c, 3] != 0 and may_end(t, s, c))
        for y in range(count if may else 0):
            if c == ENDED or special[ends[y]] == 1:
                _add_known(s, t.group, f, at, x, np.int64(ENDED), states, value[x], ends[y],
                           odds(logits, top, norm, at, ends[y]))
        own = _own(s, c)
        if own >= 0 and mark[own] != at:
            _add_known(s, t.group, f, at, x, np.int64(rest[c, 2]), states, value[x], own,
                       odds(logits, top, norm, at, own))
        if x == ours and after > 0 and mark[token] != at and token != own:
            _add_known(s, t.group, f, at, x, after, states, value[x], token, odds(logits, top, norm, at, token))


@jit
def odds(logits: Any, top: Any, norm: Any, i: Any, token: Any) -> Any:
    """Log probability of a token; one that cannot be scored or is impossible gets the floor."""
    if top[i] == -np.inf:
        return -norm[i]  # nothing is possible: all tokens count alike
    below = np.float64(logits[i, token]) - top[i]
    if not below > FLOOR:
        below = FLOOR if np.float64(logits[i, token]) != top[i] else 0.0
    return min(below, 0.0) - norm[i]


@jit
def number_of(f: Any, at: Any, node: Any, q: Any, states: Any) -> Any:
    """The number of a pair at this position, or -1."""
    place = _place(f.key, f.stamp, at, node * states + q)
    return f.found[place] if f.stamp[place] == at else np.int64(-1)

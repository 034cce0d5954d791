"""A beam of likely configurations at every position of a canvas, and all edges between those that were kept.

Integers decide what may follow; scores only rank. A configuration is *safe* if a way to the end of the canvas is known
from it that was executed: behind the last fixed token, a way to the end of the text that fits (`plan.rest`); before it,
if it survives the tokens of a given path, which agrees with all that is fixed. The token that a safe configuration's
way begins with is always tried, so what follows a safe configuration is never empty, and if the first one is safe, or a
path is given, the beam ends in a valid canvas. Places that are left go to configurations that may not be safe.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._types import DEAD, ENDED, NEVER, UNKNOWN
from .machine import config, feed, jit, may_end, slot, spell
from .plan import rest

FLOOR = -1e9  # nats: odds beyond this within one position count as this
_KINDS = 4096  # kinds of configurations are told apart by a hash of so many values
_TRIES = 4  # how many configurations a place may be tested for survival of the path


class Lattice(NamedTuple):
    """What a beam kept, N positions.

    Attributes:
        found: does some kept way end well? whole: was nothing dropped for want of places?
        size: int64 [N + 1], configurations kept before each position. conf: int64 [N + 1, W].
        good: bool [W], may the canvas end there?
        ptr: int64 [N + 1], edges of position i are ``ptr[i]:ptr[i + 1]``, by `source`. source, target: int32, places in
            `conf`. token: int32. score: float64, log probability.
        best: int64 [N], the tokens of the likeliest way, or empty.
    """

    found: bool
    whole: bool
    size: Any
    conf: Any
    good: Any
    ptr: Any
    source: Any
    target: Any
    token: Any
    score: Any
    best: Any


@jit
def advance(t: Any, s: Any, w: Any, special: Any, c: Any, token: Any) -> Any:
    """The configuration after any token, or DEAD. special: int8 [V], 1 ends the text, 2 only pads behind its end."""
    if c < 0 or token < 0 or token >= special.shape[0]:
        return np.int64(DEAD)
    if special[token] or c == ENDED:
        if c == ENDED:
            return np.int64(ENDED if special[token] else DEAD)
        return np.int64(ENDED if special[token] == 1 and may_end(t, s, c) else DEAD)
    return spell(t, s, w, c, token)


@jit
def follow(t: Any, s: Any, w: Any, special: Any, first: Any, tokens: Any) -> Any:
    """int64 [N + 1], the configurations along some tokens; DEAD from where they cannot follow."""
    out = np.full(tokens.shape[0] + 1, DEAD, np.int64)
    out[0] = first
    for i in range(tokens.shape[0]):
        out[i + 1] = advance(t, s, w, special, out[i], tokens[i])
    return out


@jit
def prepare(w: Any, rank: Any, ids: Any) -> Any:
    """(candidates int64 [N, C] by spelling, how many int64 [N], bytes in common with the one before int32 [N, C]).

    ids: int64 [N, C] in any order, repeated ones and those that spell nothing among them; rank: int64 [V], the place of
    every token in the order of spellings.
    """
    rows, most = ids.shape
    out, size, common = np.empty_like(ids), np.zeros(rows, np.int64), np.zeros((rows, most), np.int32)
    for i in range(rows):
        order = np.argsort(rank[ids[i]])
        n = 0
        for x in order:
            token = ids[i, x]
            a, b = w.ptr[token], w.ptr[token + 1]
            if a == b or (n and out[i, n - 1] == token):
                continue
            if n:
                c, d = w.ptr[out[i, n - 1]], w.ptr[out[i, n - 1] + 1]
                k = 0
                while a + k < b and c + k < d and w.text[a + k] == w.text[c + k]:
                    k += 1
                common[i, n] = k
            out[i, n] = token
            n += 1
        size[i] = n
    return out, size, common


@jit
def _score(logits: Any, top: Any, norm: Any, i: Any, token: Any) -> Any:
    """Log probability of a token; one that cannot be scored or is impossible gets the floor."""
    below = np.float64(logits[i, token]) - top[i]
    if not below > FLOOR:
        below = FLOOR if np.float64(logits[i, token]) != top[i] else 0.0
    return min(below, 0.0) - norm[i]


@jit
def _survives(t: Any, s: Any, w: Any, special: Any, c: Any, at: Any, last: Any, path: Any, way: Any, left: Any) -> Any:
    """Does a configuration before position `at` survive the path up to the last fixed token, with an end that fits?"""
    for i in range(at, last + 1):
        if c == way[i]:
            return True
        c = advance(t, s, w, special, c, path[i])
        if c < 0:
            return False
    return c == way[last + 1] or rest(t, s, w, c) <= left - (last + 1)


@jit
def beam(t: Any, s: Any, w: Any, special: Any, ends: Any, first: Any, cand: Any, size: Any, common: Any, logits: Any,
         top: Any, norm: Any, fixed: Any, path: Any, more: Any, width: Any) -> Any:
    """The arrays of a `Lattice`.

    first: a configuration. cand, size, common: from `prepare`. logits: float [N, Vl]; top, norm: float64 [N], a token's
    log probability is its logit - top - norm. ends: int64, the special tokens. fixed: int64 [N], tokens, -1 where open.
    path: int64 [N], a valid canvas that agrees with `fixed`, or empty. more: tokens that canvases after this one have.
    width: W.
    """
    length = fixed.shape[0]
    conf = np.full((length + 1, width), -1, np.int64)
    kept = np.zeros(length + 1, np.int64)
    value = np.full((length + 1, width), -np.inf)
    back = np.full((length + 1, width), -1, np.int64)
    good = np.zeros(width, np.bool_)
    room = 4096
    source, target = np.empty(room, np.int32), np.empty(room, np.int32)
    token, score = np.empty(room, np.int32), np.empty(room, np.float64)
    ptr = np.zeros(length + 1, np.int64)
    last = np.int64(-1)
    for i in range(length):
        if fixed[i] >= 0:
            last = np.int64(i)
    guided = path.shape[0] == length
    way = follow(t, s, w, special, first, path) if guided else np.full(length + 1, np.int64(-2), np.int64)
    conf[0, 0], kept[0], value[0, 0] = first, 1, 0.0
    edges, whole = 0, True
    of_kind = np.zeros(_KINDS, np.int64)
    mark = np.full(logits.shape[1], -1, np.int32)
    seen_at = np.full(s.conf.shape[0], -1, np.int32)
    seen_as = np.zeros(s.conf.shape[0], np.int32)
    deepest = 0
    for i in range(length):
        for y in range(size[i]):
            deepest = max(deepest, w.ptr[cand[i, y] + 1] - w.ptr[cand[i, y]])
    nodes, lexers = np.empty(deepest + 1, np.int64), np.empty(deepest + 1, np.int64)
    for i in range(length):
        most = kept[i] * (size[i] + ends.shape[0] + 2) + 1
        while edges + most > room:
            source, target = np.concatenate((source, source)), np.concatenate((target, target))
            token, score = np.concatenate((token, token)), np.concatenate((score, score))
            room *= 2
        new_conf, new_value = np.empty(most, np.int64), np.empty(most, np.float64)
        new_back = np.empty(most, np.int64)
        m, start = 0, edges
        for y in range(size[i]):
            mark[cand[i, y]] = i
        for x in range(kept[i]):
            c = conf[i, x]
            tried = 0
            if fixed[i] >= 0:
                tried = 1
            elif c == ENDED:
                tried = ends.shape[0]
            else:
                tried = size[i] + ends.shape[0] + 2
            valid, dead = 0, False
            if c != ENDED:
                nodes[0], lexers[0] = s.conf[c, 0], s.conf[c, 1]
            for y in range(tried):
                if fixed[i] >= 0:
                    one = fixed[i]
                    after = advance(t, s, w, special, c, one)
                elif c == ENDED:
                    one, after = ends[y], np.int64(ENDED)
                elif y < size[i]:  # candidates are sorted: what they have in common with the one before is known
                    one = cand[i, y]
                    begin = w.ptr[one]
                    stop = w.ptr[one + 1] - begin
                    if dead and common[i, y] > valid:
                        continue
                    valid, dead = min(valid, np.int64(common[i, y])), False
                    while valid < stop:
                        node, q, k = nodes[valid], lexers[valid], t.cls[w.text[begin + valid]]
                        after_q = np.int64(t.delta[q, k])
                        if after_q < 0:
                            terminal = t.ends[q, k]
                            if terminal < 0:
                                dead = True
                                break
                            if not t.ignored[terminal]:
                                if t.act[s.node[node, 1], terminal] == 0:
                                    dead = True
                                    break
                                key = node * t.act.shape[1] + terminal
                                place = slot(s.fed_key, key)
                                node = (np.int64(s.fed_val[place]) if s.fed_key[place] == key
                                        else feed(t, s, node, terminal))
                                if node < 0:
                                    dead = True
                                    break
                            after_q = np.int64(t.delta[t.begin[s.node[node, 1]], k])
                            if after_q < 0:
                                dead = True
                                break
                        valid += 1
                        nodes[valid], lexers[valid] = node, after_q
                    if dead:
                        continue
                    key = nodes[stop] * t.delta.shape[0] + lexers[stop]
                    place = slot(s.conf_key, key)
                    after = (np.int64(s.conf_val[place]) if s.conf_key[place] == key
                             else config(t, s, nodes[stop], lexers[stop]))
                elif y < size[i] + ends.shape[0]:
                    one = ends[y - size[i]]
                    if special[one] != 1:
                        continue
                    known = s.rest[c, 3]
                    if known == 0:
                        continue
                    after = np.int64(ENDED if known == 1 or may_end(t, s, c) else DEAD)
                elif y == tried - 2:  # the first token of its own way to the end
                    if s.rest[c, 0] == UNKNOWN or s.rest[c, 0] >= NEVER or s.rest[c, 1] < 0:
                        continue
                    one = np.int64(s.rest[c, 1])
                    if mark[one] == i:
                        continue
                    after = np.int64(s.rest[c, 2])
                else:
                    if not guided or c != way[i]:
                        continue
                    one = path[i]
                    own = s.rest[c, 0] != UNKNOWN and s.rest[c, 0] < NEVER and s.rest[c, 1] == one
                    if mark[one] == i or special[one] or own:
                        continue
                    after = way[i + 1]
                if after < 0:
                    continue
                gain = _score(logits, top, norm, i, one)
                total = value[i, x] + gain
                if seen_at[after] != i:
                    seen_at[after] = i
                    seen_as[after] = m
                    new_conf[m], new_value[m], new_back[m] = after, total, edges
                    m += 1
                elif total > new_value[seen_as[after]]:
                    new_value[seen_as[after]] = total
                    new_back[seen_as[after]] = edges
                source[edges], target[edges], token[edges], score[edges] = x, seen_as[after], one, gain
                edges += 1
        if s.count[3]:
            break
        order = np.argsort(-new_value[:m])
        place_of = np.full(m, -1, np.int64)
        n, n_free, tests = 0, 0, 0
        here, left = i + 1, length + more
        forced = np.int64(seen_as[way[here]]) if guided and way[here] >= 0 and seen_at[way[here]] == i else np.int64(-1)
        if forced >= 0:
            place_of[forced] = n
            n += 1
        if here <= last:
            free = width // 2 if guided else width
            for z in order:
                if place_of[z] < 0 and n_free < free and n < width:
                    place_of[z] = n
                    n += 1
                    n_free += 1
        # First the likeliest of each kind: those with one top state and lexer state have much the same future, and a
        # beam full of them would lose the others. Then whatever is likeliest.
        for turn in range(2):
            for z in order:
                if n >= width or s.count[3]:
                    break
                if place_of[z] >= 0:
                    continue
                c = new_conf[z]
                kind = (s.node[s.conf[c, 0], 1] * 31 + s.conf[c, 1] * 517) & (_KINDS - 1) if c != ENDED else 0
                if turn == 0 and c != ENDED and of_kind[kind] == here:
                    continue
                if here > last:
                    needed = np.int64(s.rest[c, 0])
                    safe = (rest(t, s, w, c) if needed == UNKNOWN else needed) <= left - here
                elif guided and tests < _TRIES * width:
                    tests += 1
                    safe = _survives(t, s, w, special, c, here, last, path, way, left)
                else:
                    safe = False
                if safe:
                    of_kind[kind] = here
                    place_of[z] = n
                    n += 1
        for z in order:
            if place_of[z] < 0:
                if n < width:
                    place_of[z] = n
                    n += 1
                else:
                    whole = False
        for z in range(m):
            if place_of[z] >= 0:
                conf[here, place_of[z]], value[here, place_of[z]] = new_conf[z], new_value[z]
        kept[here] = n
        renumbered = np.full(edges - start, -1, np.int64)
        free_edge = start
        for e in range(start, edges):
            y = place_of[target[e]]
            if y >= 0:
                renumbered[e - start] = free_edge
                source[free_edge], target[free_edge] = source[e], y
                token[free_edge], score[free_edge] = token[e], score[e]
                free_edge += 1
        for z in range(m):
            if place_of[z] >= 0:
                back[here, place_of[z]] = renumbered[new_back[z] - start]
        edges = free_edge
        ptr[here] = edges
        if n == 0:
            break
    best, at = np.empty(0, np.int64), np.int64(-1)
    if kept[length] and s.count[3] == 0:
        for x in range(kept[length]):
            c = conf[length, x]
            good[x] = may_end(t, s, c) if more == 0 else rest(t, s, w, c) <= more
            if good[x] and (at < 0 or value[length, x] > value[length, at]):
                at = np.int64(x)
        if at >= 0:
            best = np.empty(length, np.int64)
            x = at
            for i in range(length, 0, -1):
                best[i - 1] = token[back[i, x]]
                x = np.int64(source[back[i, x]])
    return (at >= 0, whole, kept, conf, good, ptr, source[:edges].copy(), target[:edges].copy(), token[:edges].copy(),
            score[:edges].copy(), best)

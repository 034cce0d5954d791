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

from ._types import NEVER
from .borrowing import borrowed
from .choosing import choose, hopes, keep
from .fates import fates
from .frontier import KINDS, add_known, expand, finish, frontier, odds, spell_out, spelled
from .machine import advance, follow, jit, may_end
from .plan import asked, rest

_TOLL = 0.1  # what a token to the end of the text costs in the ranking, in spreads of the candidates
_STEEPEST = 30.0  # nats: the largest spread of one position that counts
_WIDTH, _SLACK, _SLACKS = 96, 3.25, 1.75  # nats and spreads that ways may be below the best in a beam so wide


class Lattice(NamedTuple):
    """What a beam kept, N positions.

    Attributes:
        found: does some kept way end well? whole: was nothing left out?
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
def _gains(logits: Any, top: Any, norm: Any, fixed: Any, cand: Any, size: Any, gain: Any) -> Any:
    """Fills `gain` [N, C] with log probabilities; returns what a token costs that the model did not ask for: nats
    between the best candidate of an open position and their mean, on average."""
    total, count = 0.0, 0
    for i in range(fixed.shape[0]):
        if fixed[i] < 0 and size[i]:
            most, mean = -np.inf, 0.0
            for y in range(size[i]):
                gain[i, y] = odds(logits, top, norm, i, cand[i, y])
                most = max(most, gain[i, y])
                mean += gain[i, y] / size[i]
            total += min(most - mean, _STEEPEST)
            count += 1
    return total / max(count, 1)


@jit
def _longest(w: Any, cand: Any, size: Any) -> Any:
    """Bytes of the longest candidate."""
    most = 0
    for i in range(cand.shape[0]):
        for y in range(size[i]):
            most = max(most, w.ptr[cand[i, y] + 1] - w.ptr[cand[i, y]])
    return most


@jit
def _ending(t: Any, s: Any, w: Any, conf: Any, value: Any, n: Any, more: Any, good: Any) -> Any:
    """Fills `good` [W]; returns the likeliest good place, or -1."""
    at = np.int64(-1)
    for x in range(n):
        good[x] = may_end(t, s, conf[x]) if more == 0 else rest(t, s, w, conf[x]) <= more
        if good[x] and (at < 0 or value[x] > value[at]):
            at = np.int64(x)
    return at


@jit
def _traced(length: Any, x: Any, back: Any, source: Any, token: Any) -> Any:
    """int64 [N]: the tokens of the likeliest way to a place."""
    out = np.empty(length, np.int64)
    for i in range(length, 0, -1):
        out[i - 1] = token[back[i, x]]
        x = np.int64(source[back[i, x]])
    return out


@jit
def _expanded(t: Any, s: Any, w: Any, special: Any, ends: Any, f: Any, b: Any, i: Any, conf: Any, value: Any, cand: Any,
              gain: Any, common: Any, logits: Any, top: Any, norm: Any, fixed: Any, path: Any, way: Any, mark: Any,
              slack: Any) -> Any:
    """Fills the frontier behind position i, returns whether anything was left out.

    conf, value: of the kept ones; cand, gain, common: of the position.
    """
    if fixed[i] >= 0:
        gained = odds(logits, top, norm, i, fixed[i])
        for x in range(conf.shape[0]):
            after = advance(t, s, w, special, conf[x], fixed[i])
            if after >= 0:
                add_known(t, s, f, i, x, after, value[x], fixed[i], gained)
        return False
    for y in range(cand.shape[0]):
        mark[cand[y]] = i
    ours = np.int64(-1)
    for x in range(conf.shape[0]):
        if conf[x] == way[i]:
            ours = np.int64(x)
    token = path[i] if ours >= 0 else -1
    spell_out(t, w, b, cand)
    cut = expand(t, s, f, b, i, conf, value, cand, gain, common, slack, ours, token)
    finish(t, s, f, special, ends, i, conf, value, logits, top, norm, mark, ours, token, way[i + 1])
    return cut


@jit
def _searched(t: Any, s: Any, w: Any, special: Any, ends: Any, first: Any, cand: Any, size: Any, common: Any,
              logits: Any, top: Any, norm: Any, fixed: Any, path: Any, more: Any, width: Any, f: Any, b: Any,
              known: Any) -> Any:
    """As `beam`, with room for all."""
    t, s, w, f, b, known = borrowed(t), borrowed(s), borrowed(w), borrowed(f), borrowed(b), borrowed(known)
    length, last = fixed.shape[0], np.int64(-1)
    for i in range(length):
        if fixed[i] >= 0:
            last = np.int64(i)
    conf, kept = np.full((length + 1, width), -1, np.int64), np.zeros(length + 1, np.int64)
    value, back = np.full((length + 1, width), -np.inf), np.full((length + 1, width), -1, np.int64)
    hope, place = np.empty(f.value.shape[0]), np.empty(f.value.shape[0], np.int64)
    source, target, token, score = (np.empty(4096, np.int32), np.empty(4096, np.int32), np.empty(4096, np.int32),
                                    np.empty(4096, np.float64))
    ptr, of_kind = np.zeros(length + 1, np.int64), np.zeros(KINDS, np.int64)
    mark = np.full(logits.shape[1], -1, np.int32)
    guided, whole = path.shape[0] == length, True
    way = follow(t, s, w, special, first, path) if guided else np.full(length + 1, np.int64(-2), np.int64)
    gain = np.empty(cand.shape, np.float64)
    spread = _gains(logits, top, norm, fixed, cand, size, gain)
    toll, slack = _TOLL * spread, (_SLACK + _SLACKS * spread) * width / _WIDTH  # a wide beam is there to be filled
    conf[0, 0], kept[0], value[0, 0] = first, 1, 0.0
    s.count[5] += 1  # what other beams have asked for changes nothing
    asked(t, s, w, first)
    for i in range(length):
        here, n, edges = i + 1, kept[i], ptr[i]
        searching = here <= last and not guided  # then all that is different counts
        f.count[:] = 0
        cut = _expanded(t, s, w, special, ends, f, b, i, conf[i, :n], value[i, :n], cand[i, :size[i]],
                        gain[i], common[i], logits, top, norm, fixed, path, way, mark, np.inf if searching else slack)
        if s.count[3]:
            break
        while edges + f.count[1] > token.shape[0]:
            source, target = np.concatenate((source, source)), np.concatenate((target, target))
            token, score = np.concatenate((token, token)), np.concatenate((score, score))
        # nothing is late unless a way is searched: plans may overestimate what is needed
        hopes(t, s, f, toll, length + more - here if searching else NEVER, hope)
        kept[here], fits = choose(t, s, w, special, f, known, hope, of_kind, here, last, length + more, path, way,
                                  place, conf[here])
        whole = whole and fits and not cut
        ptr[here] = keep(f, place, value[here], back[here], edges, source, target, token, score)
        if kept[here] == 0:
            break
    good, at, edges = np.zeros(width, np.bool_), np.int64(-1), ptr.max()
    if s.count[3] == 0:
        at = _ending(t, s, w, conf[length], value[length], kept[length], more, good)
    best = _traced(length, at, back, source, token) if at >= 0 else np.empty(0, np.int64)
    return (at >= 0, whole, kept, conf, good, ptr, source[:edges].copy(), target[:edges].copy(), token[:edges].copy(),
            score[:edges].copy(), best)


@jit
def beam(t: Any, s: Any, w: Any, special: Any, ends: Any, first: Any, cand: Any, size: Any, common: Any, logits: Any,
         top: Any, norm: Any, fixed: Any, path: Any, more: Any, width: Any) -> Any:
    """The arrays of a `Lattice`.

    first: a configuration. cand, size, common: from `prepare`. logits: float [N, Vl]; top, norm: float64 [N], a token's
    log probability is its logit - top - norm. ends: int64, the special tokens. fixed: int64 [N], tokens, -1 where open.
    path: int64 [N], a valid canvas that agrees with `fixed`, or empty. more: tokens that canvases after this one have.
    width: W.
    """
    f = frontier(width * (cand.shape[1] + ends.shape[0] + 2) + 1)
    b = spelled(cand.shape[1], _longest(w, cand, size))
    return _searched(t, s, w, special, ends, first, cand, size, common, logits, top, norm, fixed, path, more, width, f,
                     b, fates(fixed))

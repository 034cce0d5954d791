"""Which of the pairs that follow a position get a place."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from ._types import ENDED, UNKNOWN
from .fates import survives
from .frontier import number_of
from .machine import config, jit, slot
from .plan import asked, plan_cost

_SPARE = 8  # tokens: who has as many, and twice what the plan costs, is not asked for an executed way
_TRIES = 4  # how many configurations a place may be tested for survival of the path
_NONE = -2  # the place of what is dead
_FAR = 30  # tokens to the end of the text: more cost no more
_LATE = 1e3  # nats for each of them that does not fit


@nb.njit(inline="always")
def _number(t: Any, s: Any, pair: Any, z: Any) -> Any:
    """The configuration of a pair, or DEAD."""
    c = np.int64(ENDED)
    if pair[z, 0] >= 0:
        key = pair[z, 0] * t.delta.shape[0] + pair[z, 1]
        at = slot(s.conf_key, key)
        c = np.int64(s.conf_val[at]) if s.conf_key[at] == key else config(t, s, pair[z, 0], pair[z, 1])
    return c


@jit
def hopes(t: Any, s: Any, f: Any, toll: Any, room: Any, out: Any) -> None:
    """What ranks pairs: the value so far, less `toll` for every token that the text needs to end, by plan; those that
    need more than `room` come last.

    A way that opens more than the model closes would fill the beam, and pay only behind it.
    """
    pair, value = f.pair, f.value
    for z in range(f.count[0]):
        out[z] = value[z]
        node = pair[z, 0]
        if node >= 0 and toll > 0:
            cost = np.int64(s.plan[node, 0])
            if cost == UNKNOWN:
                cost = plan_cost(t, s, node)
            out[z] -= toll * min(cost, _FAR) + _LATE * max(cost - room, 0)


@jit
def _forced(t: Any, s: Any, f: Any, here: Any, way: Any) -> Any:
    """The number of the pair on the path, or -1."""
    c = way[here]
    if c == ENDED:
        return number_of(f, here - 1, np.int64(-1), np.int64(ENDED), t.delta.shape[0])
    if c < 0:
        return np.int64(-1)
    return number_of(f, here - 1, np.int64(s.conf[c, 0]), np.int64(s.conf[c, 1]), t.delta.shape[0])


@jit
def _place_free(t: Any, s: Any, f: Any, order: Any, n: Any, free: Any, place: Any, conf: Any) -> Any:
    """Places for up to `free` pairs in order, whether safe or not; returns how many are taken then."""
    width, pair, taken = conf.shape[0], f.pair, 0
    for z in order:
        if taken == free or n == width or s.count[3]:
            break
        if place[z] != -1:
            continue
        c = _number(t, s, pair, z)
        place[z] = n if c >= 0 else _NONE
        if c >= 0:
            conf[n] = c
            n += 1
            taken += 1
    return n


@jit
def _place_kinds(t: Any, s: Any, f: Any, order: Any, n: Any, of_kind: Any, here: Any, place: Any, conf: Any) -> Any:
    """Places for the best pair of each kind, whether safe or not; returns how many are taken then."""
    pair, width = f.pair, conf.shape[0]
    for z in order:
        if n == width or s.count[3]:
            break
        kind = pair[z, 2]
        if place[z] == -1 and (pair[z, 0] < 0 or of_kind[kind] != here):
            c = _number(t, s, pair, z)
            place[z] = n if c >= 0 else _NONE
            if c >= 0:
                of_kind[kind], conf[n] = here, c
                n += 1
    return n


@jit
def _place_safe(t: Any, s: Any, w: Any, special: Any, f: Any, known: Any, order: Any, n: Any, of_kind: Any, here: Any,
                last: Any, left: Any, path: Any, way: Any, place: Any, conf: Any) -> Any:
    """Places for safe pairs, first the best of each kind, then the others; returns how many are taken then.

    Those of one kind have much the same future: a beam full of them would lose the others. Once one is safe, or on the
    path, plans are believed where there is much room: to execute them all would take as long as all the rest.
    """
    pair, width, tests, sure = f.pair, conf.shape[0], 0, way[0] >= 0
    for turn in range(2):
        for z in order:
            if n == width or s.count[3]:
                break
            kind = pair[z, 2]
            if place[z] != -1 or (turn == 0 and pair[z, 0] >= 0 and of_kind[kind] == here):
                continue
            c = _number(t, s, pair, z)
            if c < 0:
                place[z] = _NONE
                continue
            safe = False
            if here > last:
                believed = False
                if sure and pair[z, 0] >= 0 and s.asked[c] != s.count[5]:
                    cost = np.int64(s.plan[pair[z, 0], 0])
                    if cost == UNKNOWN:
                        cost = plan_cost(t, s, pair[z, 0])
                    believed = 2 * cost + _SPARE <= left - here
                safe = believed or asked(t, s, w, c) <= left - here
                sure = sure or safe
            elif way[0] >= 0 and tests < _TRIES * width:
                tests += 1
                safe = survives(t, s, w, special, known, c, here, last, path, way, left)
            if safe:
                of_kind[kind], place[z], conf[n] = here, n, c
                n += 1
    return n


@jit
def choose(t: Any, s: Any, w: Any, special: Any, f: Any, known: Any, hope: Any, of_kind: Any, here: Any, last: Any,
           left: Any, path: Any, way: Any, place: Any, conf: Any) -> Any:
    """Gives places before position `here` to pairs: fills `place` (below 0: none) and `conf` [W], returns (how many,
    was none refused?).

    The one on the path comes first. Behind the last fixed token the others have to be safe; before it half of the
    places are free, all of them where there is no path. Places that are left go to whatever is best.
    """
    width, n = conf.shape[0], np.int64(0)
    order = np.argsort(-hope[:f.count[0]])
    place[:f.count[0]] = -1
    forced = _forced(t, s, f, here, way)
    if forced >= 0:
        place[forced], conf[0], n = 0, way[here], np.int64(1)
    if here <= last:
        if way[0] < 0:  # what leads to the fixed tokens is not known, so all that is different may
            n = _place_kinds(t, s, f, order, n, of_kind, here, place, conf)
        n = _place_free(t, s, f, order, n, width // 2 if way[0] >= 0 else width, place, conf)
    n = _place_safe(t, s, w, special, f, known, order, n, of_kind, here, last, left, path, way, place, conf)
    n = _place_free(t, s, f, order, n, width, place, conf)
    for z in order:
        if place[z] == -1 and s.count[3] == 0 and _number(t, s, f.pair, z) >= 0:
            return n, False
    return n, True


@jit
def keep(f: Any, place: Any, value: Any, back: Any, edges: Any, source: Any, target: Any, token: Any,
          score: Any) -> Any:
    """Copies the edges to pairs with a place behind the `edges` that are there, returns how many there are then."""
    for z in range(f.count[0]):
        if place[z] >= 0:
            value[place[z]] = f.value[z]
    for e in range(f.count[1]):
        z = f.edge[e, 1]
        if place[z] >= 0:
            source[edges], target[edges] = f.edge[e, 0], place[z]
            token[edges], score[edges] = f.edge[e, 2], f.score[e]
            if f.back[z] == e:
                back[place[z]] = edges
            edges += 1
    return edges

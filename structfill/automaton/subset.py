"""Subset construction with assertions, in Numba.

A nondeterministic automaton has at most one character edge per state and any number of empty edges, each with a
condition. A condition is *early* if what stands before the place decides it (``^``), *late* if the next character
or the end of the text does (``$``, ``\\b``). A deterministic state is a set of states closed under early conditions,
together with a context: what has to be remembered of the text before.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.hashing import mix

Int32 = NDArray[np.int32]
DONE, STATES, WORK = 0, 1, 2
NEXT_END = 2  # what comes next: 0 a character that is not a word character, 1 a word character, 2 the end
_CELL_WORK = 5  # steps charged per transition, so that tables stay below 1 GiB


@nb.njit(cache=True, nogil=True)
def _closure(seeds: Int32, begin: int, stop: int, mask: int, late: int, eps: Int32, eps_start: Int32,
             set_of: Int32, final: int, stamp: NDArray[np.int64], turn: int, out: Int32,
             stack: Int32) -> tuple[int, bool, bool, int]:
    """Follows empty edges whose condition is in `mask` from ``seeds[begin:stop]``.

    Writes the states that matter later to `out`: with a character edge, a late condition, or final.
    Returns (how many, is one waiting for a late condition?, is the final state among them?, steps).
    """
    top = 0
    count = 0
    steps = 0
    waiting = False
    ended = False
    for i in range(begin, stop):
        q = seeds[i]
        if stamp[q] != turn:
            stamp[q] = turn
            stack[top] = q
            top += 1
    while top:
        top -= 1
        q = stack[top]
        waits = False
        for x in range(eps_start[q], eps_start[q + 1]):
            steps += 1
            condition = eps[x, 1]
            if (mask >> condition) & 1:
                r = eps[x, 0]
                if stamp[r] != turn:
                    stamp[r] = turn
                    stack[top] = r
                    top += 1
            elif (late >> condition) & 1:
                waits = True
        if q == final:
            ended = True
        if waits:
            waiting = True
        if waits or q == final or set_of[q] >= 0:
            out[count] = q
            count += 1
    return count, waiting, ended, steps + count + stop - begin


@nb.njit(cache=True, nogil=True)
def _buckets(members: Int32, count: int, set_of: Int32, char_to: Int32, set_start: Int32, set_classes: Int32,
             kind: Int32, wanted: int, end: NDArray[np.int64], targets: Int32) -> tuple[Int32, int]:
    """The successors of `members` by class, for classes of the `wanted` kind (-1: all).

    ``end[k]`` becomes the place in `targets` after the successors of class k. Returns (targets, steps).
    """
    end[:] = 0
    for i in range(count):
        s = set_of[members[i]]
        if s >= 0:
            for x in range(set_start[s], set_start[s + 1]):
                k = set_classes[x]
                if wanted < 0 or kind[k] == wanted:
                    end[k] += 1
    total = 0
    for k in range(end.shape[0]):
        size = end[k]
        end[k] = total
        total += size
    if total > targets.shape[0]:
        targets = np.empty(2 * total, np.int32)
    for i in range(count):
        s = set_of[members[i]]
        if s >= 0:
            for x in range(set_start[s], set_start[s + 1]):
                k = set_classes[x]
                if wanted < 0 or kind[k] == wanted:
                    targets[end[k]] = char_to[members[i]]
                    end[k] += 1
    return targets, total


@nb.njit(cache=True, nogil=True)
def _rehash(hashes: NDArray[np.uint64], count: int, size: int) -> Int32:
    table = np.full(size, -1, np.int32)
    mask = np.uint64(size - 1)
    for i in range(count):
        slot = hashes[i] & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = i
    return table


@nb.njit(cache=True, nogil=True)
def _longer(a: Int32, n: int) -> Int32:
    out = np.empty(max(n, 2 * a.shape[0]), a.dtype)
    out[: a.shape[0]] = a
    return out


@nb.njit(cache=True, nogil=True)
def _taller(a: Int32) -> Int32:
    out = np.empty((2 * a.shape[0], a.shape[1]), a.dtype)
    out[: a.shape[0]] = a
    return out


@nb.njit(cache=True, nogil=True)
def _same_set(pool: Int32, begin: int, stop: int, count: int, stamp: NDArray[np.int64], turn: int) -> bool:
    """Has ``pool[begin:stop]`` exactly the `count` members stamped with `turn`?"""
    if stop - begin != count:
        return False
    for i in range(begin, stop):  # noqa: SIM110 (Numba loop)
        if stamp[pool[i]] != turn:
            return False
    return True


@nb.njit(cache=True, nogil=True)
def subsets(eps: Int32, eps_start: Int32, set_of: Int32, char_to: Int32, set_start: Int32, set_classes: Int32,
            kind: Int32, contexts: Int32, early: NDArray[np.int64], late: NDArray[np.int64],
            late_conditions: int, first: int, start: int, final: int, absorbing: bool, max_states: int,
            max_work: int) -> tuple[int, int, Int32, Int32]:
    """The deterministic automaton of all reachable sets, breadth first.

    Args:
        eps: [E, 2] (target, condition) of the empty edges, grouped by source through `eps_start` [Q + 1].
        set_of: [Q] character set of the character edge or -1; `char_to` [Q] its target.
        set_start, set_classes: the classes of every character set.
        kind: [K] 1 for classes of word characters.
        contexts: [C, K] the context after a character of a class; `first` is that of the start.
        early: [C] bit mask of the conditions that hold in a context; late: [C, 3] the late ones, by what is next.
        absorbing: does every text follow once `final` is reached?
    Returns (status, needed, delta [S, K], labels [S]).
    """
    n_states, n_classes = set_of.shape[0], kind.shape[0]
    pool = np.empty(256, np.int32)
    begin = np.zeros(65, np.int64)
    context = np.zeros(64, np.int32)
    waiting = np.zeros(64, np.bool_)
    hashes = np.empty(64, np.uint64)
    delta = np.full((64, n_classes), -1, np.int32)
    labels = np.full(64, -1, np.int32)
    size = 256
    slots = np.full(size, -1, np.int32)
    stamp = np.zeros(n_states, np.int64)
    turn = 0
    out = np.empty(n_states, np.int32)
    members = np.empty(n_states, np.int32)
    stack = np.empty(n_states, np.int32)
    member_stamp = np.zeros(n_states, np.int64)
    targets = np.empty(256, np.int32)
    end = np.zeros(n_classes, np.int64)
    seeds = np.full(1, start, np.int32)
    count = 0
    work = 0
    done = -1
    while done < count:
        # Turn -1 enters the start set; the others fill one row each.
        n_members = 0
        n_kinds = 1
        if done >= 0:
            lo, hi = begin[done], begin[done + 1]
            n_members = hi - lo
            n_kinds = 2 if waiting[done] else 1
            mask = early[context[done]]
            ended = False
            if waiting[done]:
                turn += 1
                _, _, ended, steps = _closure(pool, lo, hi, mask | late[context[done], NEXT_END], 0, eps,
                                              eps_start, set_of, final, member_stamp, turn, members, stack)
                work += steps
            else:
                for i in range(n_members):
                    members[i] = pool[lo + i]
                    if members[i] == final:
                        ended = True
            labels[done] = 0 if ended else -1
        for wanted in range(n_kinds):
            if done >= 0:
                if waiting[done]:
                    turn += 1
                    n_members, _, _, steps = _closure(
                        pool, begin[done], begin[done + 1], early[context[done]] | late[context[done], wanted], 0,
                        eps, eps_start, set_of, final, member_stamp, turn, members, stack)
                    work += steps
                targets, steps = _buckets(members, n_members, set_of, char_to, set_start, set_classes, kind,
                                          wanted if waiting[done] else -1, end, targets)
                work += steps + n_members + _CELL_WORK * n_classes
            n_turns = 1 if done < 0 else n_classes
            for k in range(n_turns):
                if done < 0:
                    after = first
                    from_seed, to_seed = 0, 1
                else:
                    from_seed = 0 if k == 0 else end[k - 1]
                    to_seed = end[k]
                    if from_seed == to_seed:
                        continue
                    seeds = targets
                    after = contexts[context[done], k]
                turn += 1
                size_out, waits, ended, steps = _closure(seeds, from_seed, to_seed, early[after], late_conditions,
                                                         eps, eps_start, set_of, final, stamp, turn, out, stack)
                work += steps
                if work > max_work:
                    return WORK, work, delta, labels
                if size_out == 0 and done >= 0:
                    continue
                if ended and absorbing:
                    out[0] = final
                    size_out = 1
                    waits = False
                    after = 0
                h = mix(np.uint64(11), after)
                turn += 1  # the closure also stamped states that it only passed through
                for i in range(size_out):
                    h += mix(np.uint64(13), out[i])
                    stamp[out[i]] = turn
                h ^= h >> np.uint64(31)
                slot = h & np.uint64(size - 1)
                while slots[slot] >= 0:
                    d = slots[slot]
                    if hashes[d] == h and context[d] == after and _same_set(pool, begin[d], begin[d + 1], size_out,
                                                                            stamp, turn):
                        break
                    slot = (slot + np.uint64(1)) & np.uint64(size - 1)
                d = slots[slot]
                if d < 0:
                    if count >= max_states:
                        return STATES, count + 1, delta, labels
                    if count == context.shape[0]:
                        begin = _longer(begin, 2 * count + 1)
                        context = _longer(context, 2 * count)
                        waiting = _longer(waiting, 2 * count)
                        hashes = _longer(hashes, 2 * count)
                        labels = _longer(labels, 2 * count)
                        delta = _taller(delta)
                    d = count
                    count += 1
                    if begin[d] + size_out > pool.shape[0]:
                        pool = _longer(pool, begin[d] + size_out)
                    for i in range(size_out):
                        pool[begin[d] + i] = out[i]
                    begin[d + 1] = begin[d] + size_out
                    context[d] = after
                    waiting[d] = waits
                    hashes[d] = h
                    labels[d] = -1
                    delta[d] = -1
                    slots[slot] = d
                    if 2 * count > size:
                        size *= 4
                        slots = _rehash(hashes, count, size)
                if done >= 0:
                    delta[done, k] = d
        done += 1
    return DONE, 0, delta[:count].copy(), labels[:count].copy()

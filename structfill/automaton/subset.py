"""Subset construction with assertions, in Numba.

A nondeterministic automaton has at most one character edge per state and any number of empty edges, each with
a condition. A condition is *early* if what stands before the place decides it (``^``), *late* if the next
character or the end of the text does (``$``, ``\\b``). A deterministic state is a set of states closed under
early conditions, together with a context: what has to be remembered of the text before.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.hashing import mix, rehash, reserve

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
DONE, STATES, WORK = 0, 1, 2
NEXT_END = 2  # what comes next: 0 a character that is not a word character, 1 a word character, 2 the end
_CELL_WORK = 5  # steps charged per transition, so that tables stay below 1 GiB


class Graph(NamedTuple):
    """A nondeterministic automaton with Q states, K character classes and C contexts.

    Attributes:
        eps: int32 [E, 2], (target, condition) of the empty edges, grouped by source.
        eps_start: int32 [Q + 1], where each source's empty edges begin.
        set_of: int32 [Q], character set of the character edge, or -1.
        char_to: int32 [Q], target of the character edge.
        set_start, set_classes: int32, the classes of set s are ``set_classes[set_start[s]:set_start[s +
        1]]``. kind: int32 [K], 1 for classes of word characters. contexts: int32 [C, K], the context after a
        character of a class. early: int64 [C], bit mask of the conditions that a context decides and that
        hold. late: int64 [C, 3], bit masks of the late conditions that hold, by what comes next.
        late_conditions: bit mask of all late conditions. final: the accepting state. absorbing: does any text
        follow once `final` is reached?
    """

    eps: Int32
    eps_start: Int32
    set_of: Int32
    char_to: Int32
    set_start: Int32
    set_classes: Int32
    kind: Int32
    contexts: Int32
    early: Int64
    late: Int64
    late_conditions: int
    final: int
    absorbing: bool


@nb.njit(cache=True, nogil=True)
def _closure(graph: Graph, seeds: Int32, begin: int, stop: int, mask: int, stamp: Int64, turn: int,
             stack: Int32, out: Int32, at: int) -> tuple[int, bool, bool, int]:
    """Follows empty edges whose condition is in `mask` from ``seeds[begin:stop]``.

    Writes the states that matter later to ``out[at:]``: with a character edge, a late condition, or final.
    Returns (end in `out`, is one waiting for a late condition?, is the final state among them?, steps).
    """
    top = 0
    steps = stop - begin
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
        for x in range(graph.eps_start[q], graph.eps_start[q + 1]):
            steps += 1
            condition = graph.eps[x, 1]
            if (mask >> condition) & 1:
                r = graph.eps[x, 0]
                if stamp[r] != turn:
                    stamp[r] = turn
                    stack[top] = r
                    top += 1
            elif (graph.late_conditions >> condition) & 1:
                waits = True
        waiting |= waits
        ended |= q == graph.final
        if waits or q == graph.final or graph.set_of[q] >= 0:
            steps += 1
            out[at] = q
            at += 1
    return at, waiting, ended, steps


@nb.njit(cache=True, nogil=True)
def _successors(graph: Graph, members: Int32, count: int, wanted: int, end: Int64,
                targets: Int32) -> tuple[Int32, int]:
    """The targets of `members` by class, for classes of the `wanted` kind (-1: all).

    ``end[k]`` becomes the place in `targets` after those of class k. Returns (targets, steps).
    """
    end[:] = 0
    for i in range(count):
        s = graph.set_of[members[i]]
        if s >= 0:
            for x in range(graph.set_start[s], graph.set_start[s + 1]):
                k = graph.set_classes[x]
                if wanted < 0 or graph.kind[k] == wanted:
                    end[k] += 1
    total = 0
    for k in range(end.shape[0]):
        size = end[k]
        end[k] = total
        total += size
    if total > targets.shape[0]:
        targets = np.empty(2 * total, np.int32)
    for i in range(count):
        s = graph.set_of[members[i]]
        if s >= 0:
            for x in range(graph.set_start[s], graph.set_start[s + 1]):
                k = graph.set_classes[x]
                if wanted < 0 or graph.kind[k] == wanted:
                    targets[end[k]] = graph.char_to[members[i]]
                    end[k] += 1
    return targets, total + count


@nb.njit(cache=True, nogil=True)
def _slot(pool: Int32, begin: Int64, size: int, stamp: Int64, turn: int, after: int, context: Int32,
          hashes: NDArray[np.uint64], table: Int32, count: int) -> tuple[int, np.uint64]:
    """Where the set ``pool[begin[count]:][:size]`` in context `after` is in the hash table or would go.

    Also returns its hash. Sets compare as sets: the hash adds up, candidates are checked against stamps.
    """
    h = mix(np.uint64(11), after)
    for i in range(begin[count], begin[count] + size):
        h += mix(np.uint64(13), pool[i])
        stamp[pool[i]] = turn
    h ^= h >> np.uint64(31)
    mask = np.uint64(table.shape[0] - 1)
    slot = h & mask
    while table[slot] >= 0:
        d = table[slot]
        if hashes[d] == h and context[d] == after and begin[d + 1] - begin[d] == size:
            i = begin[d]
            while i < begin[d + 1] and stamp[pool[i]] == turn:
                i += 1
            if i == begin[d + 1]:
                break
        slot = (slot + np.uint64(1)) & mask
    return slot, h


@nb.njit(cache=True, nogil=True)
def subsets(graph: Graph, start: int, first: int, max_states: int,
            max_work: int) -> tuple[int, int, Int32, Int32]:
    """The deterministic automaton of all sets reachable from `start` in context `first`, breadth first.

    Returns (status, needed, delta [S, K], labels [S]).
    """
    n_states, n_classes = graph.set_of.shape[0], graph.kind.shape[0]
    # Set d is pool[begin[d]:begin[d + 1]]; the set in the making is written behind the last one.
    pool = np.empty(256 + n_states, np.int32)
    begin = np.zeros(65, np.int64)
    context = np.zeros(64, np.int32)
    waiting = np.zeros(64, np.bool_)
    hashes = np.empty(64, np.uint64)
    delta = np.full((64, n_classes), -1, np.int32)
    labels = np.full(64, -1, np.int32)
    table = np.full(256, -1, np.int32)
    stamp = np.zeros(n_states, np.int64)
    turn = 0
    stack = np.empty(n_states, np.int32)
    members = np.empty(n_states, np.int32)
    targets = np.full(256, start, np.int32)
    end = np.ones(n_classes, np.int64)
    count = 0
    work = 0
    done = -1  # the row being filled; -1 enters the start set, as if a class led there
    while done < count:
        kinds = 1
        if done >= 0:
            kinds = 2 if waiting[done] else 1
            held = graph.early[context[done]]
            if waiting[done]:
                held |= graph.late[context[done], NEXT_END]
            turn += 1
            _, _, ended, steps = _closure(graph, pool, begin[done], begin[done + 1], held, stamp, turn, stack,
                                          members, 0)
            work += steps
            labels[done] = 0 if ended else -1
        for wanted in range(kinds):
            if done >= 0:
                held = graph.early[context[done]]
                if waiting[done]:
                    held |= graph.late[context[done], wanted]
                turn += 1
                n, _, _, steps = _closure(graph, pool, begin[done], begin[done + 1], held, stamp, turn, stack,
                                          members, 0)
                work += steps + _CELL_WORK * n_classes
                targets, steps = _successors(graph, members, n, wanted if waiting[done] else -1, end, targets)
                work += steps
            for k in range(n_classes if done >= 0 else 1):
                lowest = end[k - 1] if k else 0
                if lowest == end[k]:
                    continue
                after = graph.contexts[context[done], k] if done >= 0 else first
                if begin[count] + n_states > pool.shape[0]:
                    pool = reserve(pool, 2 * (begin[count] + n_states))
                turn += 1
                held = graph.early[after]
                stop, waits, ended, steps = _closure(graph, targets, lowest, end[k], held, stamp, turn, stack,
                                                     pool, begin[count])
                work += steps
                if work > max_work:
                    return WORK, work, delta, labels
                if ended and graph.absorbing:
                    pool[begin[count]] = graph.final
                    stop = begin[count] + 1
                    waits = False
                    after = 0
                if stop == begin[count] and done >= 0:
                    continue
                turn += 1
                slot, h = _slot(pool, begin, stop - begin[count], stamp, turn, after, context, hashes, table,
                                count)
                if table[slot] < 0:
                    if count >= max_states:
                        return STATES, count + 1, delta, labels
                    if count + 1 == context.shape[0]:
                        context = reserve(context, 2 * count + 2)
                        waiting = reserve(waiting, 2 * count + 2)
                        hashes = reserve(hashes, 2 * count + 2)
                        labels = reserve(labels, 2 * count + 2)
                        delta = reserve(delta, 2 * count + 2)
                        begin = reserve(begin, 2 * count + 3)
                    table[slot] = count
                    hashes[count] = h
                    context[count] = after
                    waiting[count] = waits
                    delta[count] = -1
                    count += 1
                    begin[count] = stop
                    if done >= 0:
                        delta[done, k] = count - 1
                    if 2 * count > table.shape[0]:
                        table = rehash(hashes, count, 4 * table.shape[0])
                elif done >= 0:
                    delta[done, k] = table[slot]
        done += 1
    return DONE, 0, delta[:count].copy(), labels[:count].copy()

"""LALR(1) tables in Numba: LR(0) states, lookaheads after DeRemer and Pennello (1982), actions.

An item, a rule with a dot, is a number: ``ptr[rule] + rule + dot``. A symbol is a terminal's number 0..T - 1, T for the
end of the text, or T + 1 + a nonterminal's.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.hashing import find_run, rehash, reserve

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Bits = NDArray[np.uint64]


class Rules(NamedTuple):
    """R rules, those of a nonterminal side by side; rule 0 is the root's, which derives the start symbol.

    Attributes:
        left: int32 [R], the nonterminal of a rule.
        ptr, symbol: int64 [R + 1], int32: what it derives, CSR.
        of: int32 [N + 1], the rules of nonterminal n are of[n] to of[n + 1] - 1.
        priority: int64 [R].
        nullable: bool [N], does a nonterminal derive the empty text?
        terminals: T.
    """

    left: Int32
    ptr: Int64
    symbol: Int32
    of: Int32
    priority: Int64
    nullable: NDArray[np.bool_]
    terminals: int


class States(NamedTuple):
    """The LR(0) automaton; state 0 has the empty stack.

    Attributes:
        kernel_ptr, kernel: int64 [S + 1], int32: the items that a state stands for, ascending, CSR.
        move_ptr, symbol, target: int64 [S + 1], int32, int32: its transitions, ascending by symbol, CSR.
    """

    kernel_ptr: Int64
    kernel: Int32
    move_ptr: Int64
    symbol: Int32
    target: Int32


@nb.njit(cache=True, nogil=True)
def items(rules: Rules) -> tuple[Int32, Int32]:
    """(rule, symbol behind the dot or -1) of every item, int32 each."""
    count = rules.ptr[-1] + rules.left.shape[0]
    rule, ahead = np.empty(count, np.int32), np.full(count, -1, np.int32)
    for r in range(rules.left.shape[0]):
        start, size = rules.ptr[r] + r, rules.ptr[r + 1] - rules.ptr[r]
        rule[start : start + size + 1] = r
        ahead[start : start + size] = rules.symbol[rules.ptr[r] : rules.ptr[r + 1]]
    return rule, ahead


@nb.njit(cache=True, nogil=True)
def lr0(rules: Rules, ahead: Int32, most: int) -> tuple[bool, States]:
    """All states, in breadth-first order; False where there are more than `most`."""
    first, nonterminals = rules.terminals + 1, rules.nullable.shape[0]
    pool, begin = np.zeros(64, np.int32), np.zeros(65, np.int64)  # state 0 has item 0
    hashes, table = np.empty(64, np.uint64), np.full(256, -1, np.int32)
    move_ptr, symbol, target, moves = np.zeros(65, np.int64), np.empty(64, np.int32), np.empty(64, np.int32), 0
    head, link = np.full(first + nonterminals, -1, np.int32), np.empty(ahead.shape[0], np.int32)
    used, open_, stamp = np.empty_like(head), np.empty(nonterminals, np.int32), np.full(nonterminals, -1, np.int64)
    state, count, complete = 0, 1, True
    slot, hashes[0] = find_run(pool, begin, 0, 1, hashes, table)
    begin[1], table[slot] = 1, 0
    while state < count and complete:
        touched = _by_symbol(rules, ahead, pool[begin[state] : begin[state + 1]], state, head, link, used, open_, stamp)
        for k in range(touched):
            pool = reserve(pool, begin[count] + ahead.shape[0])
            stop, item = begin[count], head[used[k]]
            while item >= 0:
                pool[stop] = item + 1
                stop, item = stop + 1, link[item]
            head[used[k]] = -1
            pool[begin[count] : stop].sort()
            slot, h = find_run(pool, begin, count, stop, hashes, table)
            if table[slot] < 0 and count == most:
                complete = False
                break
            symbol, target = reserve(symbol, moves + 1), reserve(target, moves + 1)
            symbol[moves], target[moves] = used[k], table[slot]
            if table[slot] < 0:
                target[moves] = count
                hashes, begin, move_ptr = (reserve(hashes, count + 1), reserve(begin, count + 2),
                                           reserve(move_ptr, count + 2))
                hashes[count], begin[count + 1], table[slot] = h, stop, count
                count += 1
                if 2 * count > table.shape[0]:
                    table = rehash(hashes, count, 4 * table.shape[0])
            moves += 1
        state += 1
        move_ptr[state] = moves
    return complete, States(begin[: count + 1].copy(), pool[: begin[count]].copy(), move_ptr[: count + 1].copy(),
                            symbol[:moves].copy(), target[:moves].copy())


@nb.njit(cache=True, nogil=True)
def _by_symbol(rules: Rules, ahead: Int32, kernel: Int32, state: int, head: Int32, link: Int32, used: Int32,
               open_: Int32, stamp: Int64) -> int:
    """Chains the items of a state's closure by the symbol behind the dot, from ``head[symbol]`` on by `link`; returns
    how many symbols are in `used`, ascending."""
    first, touched, top = rules.terminals + 1, 0, 0
    for i in range(kernel.shape[0]):
        touched, top = _chain(kernel[i], ahead, first, state, head, link, used, touched, open_, top, stamp)
    while top:
        top -= 1
        n = open_[top]
        for r in range(rules.of[n], rules.of[n + 1]):
            touched, top = _chain(rules.ptr[r] + r, ahead, first, state, head, link, used, touched, open_, top, stamp)
    used[:touched].sort()
    return touched


@nb.njit(cache=True, nogil=True)
def _chain(item: int, ahead: Int32, first: int, state: int, head: Int32, link: Int32, used: Int32, touched: int,
           open_: Int32, top: int, stamp: Int64) -> tuple[int, int]:
    """Adds an item to the chain of its symbol; a nonterminal that is new to the state is opened."""
    symbol = ahead[item]
    if symbol < 0:
        return touched, top
    if head[symbol] < 0:
        used[touched] = symbol
        touched += 1
    link[item], head[symbol] = head[symbol], item
    if symbol >= first and stamp[symbol - first] != state:
        stamp[symbol - first] = state
        open_[top] = symbol - first
        top += 1
    return touched, top


@nb.njit(cache=True, nogil=True)
def _move(states: States, state: int, symbol: int) -> int:
    """The number of a state's transition, -1 if it has none."""
    low, high = states.move_ptr[state], states.move_ptr[state + 1]
    while low < high:
        middle = (low + high) // 2
        if states.symbol[middle] < symbol:
            low = middle + 1
        else:
            high = middle
    return low if low < states.move_ptr[state + 1] and states.symbol[low] == symbol else -1


@nb.njit(cache=True, nogil=True)
def _walk(rules: Rules, states: States, state: int, rule: int, dot: int, x: int, number: Int64, pairs: Int32,
          count: int) -> tuple[int, int, Int32]:
    """Follows a rule from its dot on. What comes before an end that may be empty includes transition `x`: (it, x) is
    added to `pairs`. Returns (the state behind the rule, count, pairs)."""
    first, stop = rules.terminals + 1, rules.ptr[rule + 1]
    rest = stop  # from here on all may be empty
    while rest > rules.ptr[rule] and rules.symbol[rest - 1] >= first and rules.nullable[rules.symbol[rest - 1] - first]:
        rest -= 1
    for at in range(rules.ptr[rule] + dot, stop):
        move = _move(states, state, rules.symbol[at])
        if rules.symbol[at] >= first and at + 1 >= rest:
            pairs = reserve(pairs, count + 1)
            pairs[count, 0], pairs[count, 1] = number[move], x
            count += 1
        state = states.target[move]
    return state, count, pairs


@nb.njit(cache=True, nogil=True)
def _relations(rules: Rules, states: States, rule_of: Int32, number: Int64) -> tuple[Int32, Int32]:
    """(includes, lookback), int32 [.., 2]: pairs of nonterminal transitions, the first of which includes the second;
    and (state, rule, transition) [.., 3] of reductions.

    As in Lark, a rule that is under way in a state that has a transition by its nonterminal counts for that one, too.
    """
    first = rules.terminals + 1
    includes, lookback, many, reductions = np.empty((64, 2), np.int32), np.empty((64, 3), np.int32), 0, 0
    for state in range(states.move_ptr.shape[0] - 1):
        for i in range(states.kernel_ptr[state], states.kernel_ptr[state + 1]):
            item = states.kernel[i]
            rule = rule_of[item]
            move = _move(states, state, first + rules.left[rule])
            dot = item - rules.ptr[rule] - rule
            if move >= 0 and dot > 0:
                _, many, includes = _walk(rules, states, state, rule, dot, number[move], number, includes, many)
        for move in range(states.move_ptr[state], states.move_ptr[state + 1]):
            if states.symbol[move] < first:
                continue
            n = states.symbol[move] - first
            for rule in range(rules.of[n], rules.of[n + 1]):
                after, many, includes = _walk(rules, states, state, rule, 0, number[move], number, includes, many)
                lookback = reserve(lookback, reductions + 1)
                lookback[reductions, 0], lookback[reductions, 1], lookback[reductions, 2] = after, rule, number[move]
                reductions += 1
    return includes[:many].copy(), lookback[:reductions].copy()


@nb.njit(cache=True, nogil=True)
def _reads(rules: Rules, states: States, number: Int64, count: int) -> tuple[Bits, Int32]:
    """(terminals that may come right behind each nonterminal transition, as bits uint64 [X, T / 64]; pairs of such
    transitions, the first of which reads the second, which may be empty)."""
    first = rules.terminals + 1
    direct, pairs, many = np.zeros((count, first // 64 + 1), np.uint64), np.empty((64, 2), np.int32), 0
    for move in range(states.symbol.shape[0]):
        x = number[move]
        if x < 0:
            continue
        after = states.target[move]
        for k in range(states.move_ptr[after], states.move_ptr[after + 1]):
            symbol = states.symbol[k]
            if symbol < first:
                direct[x, symbol >> 6] |= np.uint64(1) << np.uint64(symbol & 63)
            elif rules.nullable[symbol - first]:
                pairs = reserve(pairs, many + 1)
                pairs[many, 0], pairs[many, 1] = x, number[k]
                many += 1
    root = number[_move(states, 0, rules.symbol[0])]
    direct[root, rules.terminals >> 6] |= np.uint64(1) << np.uint64(rules.terminals & 63)
    return direct, pairs[:many].copy()


@nb.njit(cache=True, nogil=True)
def _rows(pairs: Int32, count: int) -> tuple[Int64, Int32]:
    """CSR by the first of each pair."""
    ptr, second = np.zeros(count + 2, np.int64), np.empty(pairs.shape[0], np.int32)
    for k in range(pairs.shape[0]):
        ptr[pairs[k, 0] + 2] += 1
    for x in range(count):
        ptr[x + 2] += ptr[x + 1]
    for k in range(pairs.shape[0]):
        second[ptr[pairs[k, 0] + 1]] = pairs[k, 1]
        ptr[pairs[k, 0] + 1] += 1
    return ptr[:-1].copy(), second


@nb.njit(cache=True, nogil=True)
def _close(pairs: Int32, sets: Bits) -> None:
    """Adds to the set of every x those of all that it is related to, in place; one walk over the strongly connected
    components (Tarjan 1972)."""
    count = sets.shape[0]
    ptr, related = _rows(pairs, count)
    at, low, order = ptr[:-1].copy(), np.zeros(count, np.int64), np.zeros(count, np.int64)  # low: 0 new, -1 done
    calls, component, depth, size = np.empty(count, np.int64), np.empty(count, np.int64), 0, 0
    for root in range(count):
        y = root if low[root] == 0 else -1
        while y >= 0 or depth:
            if y >= 0:  # go into y
                calls[depth], component[size] = y, y
                depth, size = depth + 1, size + 1
                low[y] = order[y] = size
            x = calls[depth - 1]
            y = -1
            if at[x] < ptr[x + 1]:
                z = related[at[x]]
                at[x] += 1
                if low[z] == 0:
                    y = z
                else:
                    if low[z] > 0:
                        low[x] = min(low[x], low[z])
                    sets[x] |= sets[z]
                continue
            depth -= 1
            if low[x] == order[x]:
                while size >= order[x]:
                    size -= 1
                    z = component[size]
                    low[z], sets[z] = -1, sets[x]
            if depth:
                parent = calls[depth - 1]
                if low[x] > 0:
                    low[parent] = min(low[parent], low[x])
                sets[parent] |= sets[x]


@nb.njit(cache=True, nogil=True)
def tables(rules: Rules, states: States, rule_of: Int32) -> tuple[Int32, Int32, Int32]:
    """(act, goto, conflicts): ``act[s, t]`` is 1 + the state shifted to, -1 - the rule that is reduced, or 0, int32
    [S, T + 1]; goto int32 [S, N], or -1; conflicts int32 [.., 3], (state, terminal, rule) where several rules might be
    reduced and none goes before the others."""
    first, size = rules.terminals + 1, states.move_ptr.shape[0] - 1
    number, count = np.full(states.symbol.shape[0], -1, np.int64), 0
    for move in range(states.symbol.shape[0]):
        if states.symbol[move] >= first:
            number[move] = count
            count += 1
    follow, reads = _reads(rules, states, number, count)
    _close(reads, follow)
    includes, lookback = _relations(rules, states, rule_of, number)
    _close(includes, follow)
    act, goto = np.zeros((size, first), np.int32), np.full((size, rules.nullable.shape[0]), -1, np.int32)
    tied = np.zeros((size, first), np.bool_)
    for k in range(lookback.shape[0]):
        state, rule, x = lookback[k]
        for t in range(first):
            if _has(follow, x, t):
                _reduce(rules.priority, act, tied, state, t, rule)
    conflicts = _conflicts(tied, lookback, follow)
    for state in range(size):
        for move in range(states.move_ptr[state], states.move_ptr[state + 1]):
            if states.symbol[move] < first:
                act[state, states.symbol[move]] = states.target[move] + 1
            else:
                goto[state, states.symbol[move] - first] = states.target[move]
    return act, goto, conflicts


@nb.njit(cache=True, nogil=True)
def _has(sets: Bits, x: int, t: int) -> bool:
    return bool(sets[x, t >> 6] >> np.uint64(t & 63) & np.uint64(1))


@nb.njit(cache=True, nogil=True)
def _conflicts(tied: NDArray[np.bool_], lookback: Int32, follow: Bits) -> Int32:
    found, count = np.empty((64, 3), np.int32), 0
    if tied.any():
        for k in range(lookback.shape[0]):
            state, rule, x = lookback[k]
            for t in range(tied.shape[1]):
                if tied[state, t] and _has(follow, x, t):
                    found = reserve(found, count + 1)
                    found[count, 0], found[count, 1], found[count, 2] = state, t, rule
                    count += 1
    return found[:count].copy()


@nb.njit(cache=True, nogil=True)
def _reduce(priority: Int64, act: Int32, tied: NDArray[np.bool_], state: int, terminal: int, rule: int) -> None:
    """Enters a reduction; of several the one of the highest priority counts."""
    known = -1 - act[state, terminal]
    if act[state, terminal] == 0 or priority[rule] > priority[known]:
        act[state, terminal], tied[state, terminal] = -1 - rule, False
    elif rule != known and priority[rule] == priority[known]:
        tied[state, terminal] = True

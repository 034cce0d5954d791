"""Grammar -> the integer tables of `structfill_kernels.lalr`: the lexer in bytes, and the plans' cheapest texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray
from structfill_kernels import lalr

from structfill.automaton.utf8 import lower
from structfill.errors import EmptyLanguage, TooLarge

from .grammar import Grammar

Int32 = NDArray[np.int32]
_MERGED = 20_000_000  # states looked at to merge those of the lexer that nothing tells apart: some three seconds
_NEVER = 1 << 20  # the cost of what derives no text
_NICE = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ _.,;:()[]{}<>=+-*/'\""


def tables(grammar: Grammar) -> lalr.Tables:
    """All tables; every terminal costs one token until `priced` says otherwise. Raises `EmptyLanguage`."""
    delta, ends, cls = _bytes(grammar)
    terminals, starts = len(grammar.terminals), np.array(grammar.scanner.starts, np.int64)
    delta, ends, merged = _minimal(delta, ends, starts)
    starts = merged[starts]
    reps = _representatives(cls)
    way, far = _ways(delta, ends, reps, terminals)
    begin = np.array([starts[c] for c in grammar.context], np.int32)
    ignored = np.zeros(terminals + 1, np.bool_)
    ignored[list(grammar.ignored)] = True
    where = [np.flatnonzero(row >= 0).astype(np.int32) for row in far]
    act, goto, rule = parser(grammar)
    fillers = _fillers(delta, ends, cls, ignored, begin)
    made = lalr.Tables(act, goto, rule, delta, ends, cls, _groups(where, ends), begin, ignored, *_csr(where), way, far,
                       fillers, *_priced(grammar, act, goto, np.ones(terminals, np.int32)))
    if made.item.shape[0] == 0 or _derivations(grammar, made.cost)[0][grammar.rules[_root(grammar)][0]] >= _NEVER:
        raise EmptyLanguage("the grammar derives no text")
    return made


def priced(made: lalr.Tables, grammar: Grammar, cost: Int32) -> lalr.Tables:
    """The same tables where terminal t costs ``cost[t]`` tokens (int32 [T])."""
    fields = ("item_ptr", "item", "seq_ptr", "seq_term", "edge_ptr", "edge", "cost")
    return made._replace(**dict(zip(fields, _priced(grammar, made.act, made.goto, cost), strict=True)))


def spellable(made: lalr.Tables, available: Sequence[int]) -> lalr.Tables:
    """The same tables with ways that keep to some bytes, those that a vocabulary spells alone."""
    allowed = set(available)
    reps = {int(made.cls[byte]): byte for byte in reversed([*_NICE, *range(256)]) if byte in allowed}
    order = np.array(sorted(reps.items(), key=lambda pair: (_NICE + bytes(range(256))).index(pair[1])), np.int32)
    way, far = _ways(made.delta, made.ends, order.reshape(-1, 2), made.far.shape[1])
    fillers = np.array([byte for byte in made.fillers.tolist() if byte in allowed], np.int32)
    return made._replace(way=way, far=far, fillers=fillers)


def spelling(made: lalr.Tables, terminal: int) -> bytes:
    """One of the shortest spellings of a terminal where one of its contexts begins; empty if no context has it."""
    starts = np.unique(made.begin)
    far = made.far[starts, terminal]
    if not (far >= 1).any():
        return b""
    q = int(starts[np.where(far >= 1, far, np.iinfo(np.int32).max).argmin()])
    out = bytearray()
    while made.far[q, terminal] > 0:
        out.append(int(made.way[q, terminal]))
        q = int(made.delta[q, made.cls[out[-1]]])
    return bytes(out)


def _bytes(grammar: Grammar) -> tuple[Int32, Int32, Int32]:
    """(delta [Q, K], ends [Q, K + 1], class of every byte): the lexer over UTF-8.

    What ends before a character beyond ASCII is known only where all of them agree; else it is a lexeme that goes on
    or nothing, a sound part of the lexer.
    """
    scanner = grammar.scanner
    size = len(scanner.delta)
    edges, labels = lower(scanner.bounds, scanner.classes, scanner.delta, np.zeros(size, np.int32), False)
    whole = np.full((len(labels), 256), -1, np.int32)
    for source, low, high, target in edges.tolist():
        whole[source, low:high + 1] = target
    ascii_class = scanner.classes[np.searchsorted(scanner.bounds, np.arange(128), side="right") - 1]
    beyond = np.unique(scanner.classes[np.append(scanner.bounds[1:], 0x110000) > 128])
    ends = np.full((len(labels), 257), -1, np.int32)
    ends[:size, :128] = scanner.ends[:, ascii_class]
    agreed = scanner.ends[:, beyond]
    same = (agreed == agreed[:, :1]).all(1)
    ends[:size, 128:256] = np.where(same, agreed[:, 0], -1)[:, None]
    ends[:size, 256] = scanner.ends[:, -1]
    columns = np.concatenate([whole, ends[:, :256]])
    _, first, cls = np.unique(columns, axis=1, return_index=True, return_inverse=True)
    kept = np.append(first, 256)
    return (np.ascontiguousarray(whole[:, first]), np.ascontiguousarray(ends[:, kept]),
            cls.ravel().astype(np.int32))


def _minimal(delta: Int32, ends: Int32, starts: NDArray[np.int64]) -> tuple[Int32, Int32, NDArray[np.int64]]:
    """The same lexer with states merged that nothing tells apart, and the new number of every old state (Moore).

    States in which a lexeme begins stay apart from the others: they say that none has begun.
    """
    def numbered(rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        packed = np.ascontiguousarray(rows, np.int32).view(np.dtype((np.void, 4 * rows.shape[1])))
        _, first, group = np.unique(packed.ravel(), return_index=True, return_inverse=True)
        return first, group.ravel()

    begins, work = np.isin(np.arange(len(delta)), starts), 0
    first, group = numbered(np.column_stack([begins, ends]))
    while True:
        if (work := work + len(delta)) > _MERGED:  # a repetition of thousands
            raise TooLarge("states of the lexer, times the length of its terminals", work, _MERGED)
        before = len(first)
        first, group = numbered(np.column_stack([group, np.where(delta >= 0, group[delta], -1)]))
        if len(first) == before:
            moved = np.where(delta >= 0, group[delta], -1)[first]
            return np.ascontiguousarray(moved, np.int32), np.ascontiguousarray(ends[first]), group


def _groups(live: Sequence[Int32], ends: Int32) -> Int32:
    """int32 [Q]: equal for lexer states with the same live terminals and the same one before the end of the text."""
    number = dict[tuple[bytes, int], int]()
    keys = ((one.tobytes(), int(end)) for one, end in zip(live, ends[:, -1], strict=True))
    return np.array([number.setdefault(key, len(number)) for key in keys], np.int32)


def _representatives(cls: Int32) -> Int32:
    """A byte of every class, one that reads well if there is one; classes in order of preference: int32 [K, 2]."""
    order = list(dict.fromkeys([*_NICE, *range(256)]))
    found: dict[int, int] = {}
    for byte in order:
        found.setdefault(int(cls[byte]), byte)
    return np.array(list(found.items()), np.int32)


@nb.njit(cache=True, nogil=True)
def _ways(delta: Any, ends: Any, reps: Any, terminals: int) -> Any:
    """(way, far), both int32 [Q, T]: the next byte on a shortest way to the end of each terminal, and its length.

    A terminal that ends only before some bytes, by a lookahead, ends there; where there is another way, that counts.
    """
    states, last = delta.shape[0], ends.shape[1] - 1
    way = np.full((states, terminals), -1, np.int32)
    far = np.full((states, terminals), -1, np.int32)
    for q in range(states):
        if ends[q, last] >= 0:
            far[q, ends[q, last]] = 0
    _spread(delta, reps, way, far)
    conditional = False
    for q in range(states):
        for k in range(last):
            if ends[q, k] >= 0 and far[q, ends[q, k]] < 0:
                far[q, ends[q, k]], conditional = 0, True
    if conditional:
        _spread(delta, reps, way, far)
    return way, far


@nb.njit(cache=True, nogil=True)
def _spread(delta: Any, reps: Any, way: Any, far: Any) -> None:
    """Ways to what is reached already, in place, from all states that have none; the shortest first."""
    states, terminals = far.shape
    distance, changed = 0, True
    while changed:
        changed = False
        for q in range(states):
            for x in range(reps.shape[0]):
                after = delta[q, reps[x, 0]]
                if after < 0:
                    continue
                for t in range(terminals):
                    if far[after, t] > distance:
                        changed = True  # later
                    elif far[q, t] < 0 and far[after, t] == distance:
                        far[q, t] = distance + 1
                        way[q, t] = reps[x, 1]
                        changed = True
        distance += 1


def _fillers(delta: Int32, ends: Int32, cls: Int32, ignored: NDArray[np.bool_], begin: Int32) -> Int32:
    """Bytes that alone are an ignored lexeme in some context, those that read well first."""
    found = []
    for byte in dict.fromkeys([*b" \n\t", *_NICE, *range(256)]):
        after = delta[begin, cls[byte]]
        ended = ends[after[after >= 0], -1]
        if (ignored[ended] & (ended >= 0)).any():
            found.append(byte)
    return np.array(found[:8], np.int32)


def _csr(lists: Sequence[Any]) -> tuple[Int32, Int32]:
    ptr = np.zeros(len(lists) + 1, np.int32)
    np.cumsum([len(one) for one in lists], out=ptr[1:])
    flat = np.concatenate([np.asarray(one, np.int32) for one in lists]) if lists else np.empty(0, np.int32)
    return ptr, flat.astype(np.int32)


def parser(grammar: Grammar) -> tuple[Int32, Int32, Int32]:
    """The tables `act`, `goto` and `rule`."""
    states, terminals = len(grammar.actions), len(grammar.terminals)
    act = np.zeros((states, terminals + 1), np.int32)
    goto = np.full((states, len(grammar.nonterminals)), -1, np.int32)
    for state, row in enumerate(grammar.actions):
        for terminal, action in row.items():
            act[state, terminal] = action + 1 if action >= 0 else action
    for state, row in enumerate(grammar.gotos):
        for nonterminal, after in row.items():
            goto[state, nonterminal] = after
    return act, goto, np.array([(len(right), left) for left, right in grammar.rules], np.int32).reshape(-1, 2)


def _root(grammar: Grammar) -> int:
    """The rule that derives the start symbol."""
    return grammar.kernels[grammar.first][0].rule


def _derivations(grammar: Grammar, price: Int32) -> tuple[list[int], list[int]]:
    """(cost, rule) of the cheapest derivation of every nonterminal (Knuth 1977, by iteration to the fixed point)."""
    first = len(grammar.terminals) + 1
    cost, rule = [_NEVER] * len(grammar.nonterminals), [-1] * len(grammar.nonterminals)
    changed = True
    while changed:
        changed = False
        for number, (left, right) in enumerate(grammar.rules):
            total = sum(int(price[symbol]) if symbol < first - 1 else cost[symbol - first] for symbol in right)
            if total < cost[left]:
                cost[left], rule[left], changed = total, number, True
    return cost, rule


def _priced(grammar: Grammar, act: Int32, goto: Int32, price: Int32) -> tuple[Int32, ...]:
    """(item_ptr, item, seq_ptr, seq_term, edge_ptr, edge, cost)."""
    cost, rule = _derivations(grammar, price)
    ptr, item, sequences = _items(grammar, price, cost, rule)
    first, total = len(grammar.terminals) + 1, np.concatenate([price, cost]).astype(np.int32)
    behind = np.hstack([act[:, :-1] - 1, np.where(np.array(cost) < _NEVER, goto, -1)])  # -1: not shifted, no such state
    state, symbol = np.nonzero(behind >= 0)
    edge = np.column_stack([behind[state, symbol], total[symbol], len(sequences) + symbol]).astype(np.int32)
    edge_ptr = np.searchsorted(state, np.arange(len(act) + 1)).astype(np.int32)
    sequences += [_terminals(grammar, [one], rule, first) if total[n] < _NEVER else []
                  for n, one in enumerate([*range(first - 1), *range(first, first + len(cost))])]
    return (ptr, item, *_csr(sequences), edge_ptr, edge, price)


def _items(grammar: Grammar, price: Int32, cost: Sequence[int], rule: Sequence[int]
           ) -> tuple[Int32, Int32, list[list[int]]]:
    """(item_ptr, item, sequences): what completing each kernel item takes; items that no text completes are left out.
    """
    first = len(grammar.terminals) + 1
    ptr, items, sequences = [0], list[tuple[int, int, int, int]](), list[list[int]]()
    for state, kernel in enumerate(grammar.kernels):
        if state == grammar.last:
            items.append((0, -1, 0, 0))
        for one in kernel:
            left, right = grammar.rules[one.rule]
            tail = right[one.dot:]
            total = sum(int(price[symbol]) if symbol < first - 1 else cost[symbol - first] for symbol in tail)
            if total >= _NEVER or (state == grammar.last and not tail):
                continue
            if state == grammar.first:  # the start symbol is pushed on the empty stack
                left = tail[0] - first
            items.append((one.dot, left, total, len(sequences)))
            sequences.append(_terminals(grammar, tail, rule, first))
        ptr.append(len(items))
    return np.array(ptr, np.int32), np.array(items, np.int32).reshape(-1, 4), sequences


def _terminals(grammar: Grammar, symbols: Sequence[int], rule: Sequence[int], first: int) -> list[int]:
    """The terminals of the cheapest text of some symbols."""
    out, stack = list[int](), list(reversed(symbols))
    while stack:
        symbol = stack.pop()
        if symbol < first - 1:
            out.append(symbol)
        else:
            stack.extend(reversed(grammar.rules[rule[symbol - first]][1]))
    return out

"""What completes an open parse at the least cost: the plans in `structfill_kernels.lalr.Tables`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from .grammar import Grammar

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
FIELDS = "item_ptr", "item", "seq_ptr", "seq_term", "edge_ptr", "edge", "cost"
_NEVER = 1 << 20  # the cost of what derives no text


def plans(grammar: Grammar, price: Int32) -> dict[str, Int32]:
    """The `FIELDS` where terminal t costs ``price[t]`` tokens (int32 [T]), without items that no text completes."""
    first = len(grammar.terminals) + 1
    left = np.array([n for n, _ in grammar.rules], np.int64)
    ptr = np.cumsum([0, *(len(right) for _, right in grammar.rules)])
    flat = np.array([symbol for _, right in grammar.rules for symbol in right], np.int64)
    cost = np.full(first + len(grammar.nonterminals), _NEVER, np.int64)  # of every symbol
    cost[: first - 1] = price
    cheapest = _derivations(left, ptr, flat, cost, first)
    texts = _texts(grammar, cheapest, cost)

    rule, dot = grammar.kernels.T.astype(np.int64)
    state = np.repeat(np.arange(len(grammar.act)), np.diff(grammar.kernel_ptr))
    spent = np.append(0, np.cumsum(cost[flat]))
    total = spent[ptr[rule + 1]] - spent[ptr[rule] + dot]
    accepts = (state == grammar.last) & (ptr[rule] + dot == ptr[rule + 1])  # it ends the text, which costs nothing
    pushed = np.where(state == 0, grammar.rules[0][1][0] - first, left[rule])  # the start symbol, on the empty stack
    kept = accepts | (total < _NEVER)
    dotted, place = np.unique((ptr[rule] + rule + dot)[kept], return_inverse=True)
    item = np.column_stack([np.where(accepts, 0, dot), np.where(accepts, -1, pushed), total])[kept]
    of = np.searchsorted(ptr + np.arange(len(ptr)), dotted, side="right") - 1
    tails = [[t for symbol in grammar.rules[r][1][d - ptr[r] - r :] for t in texts[symbol]]
             for r, d in zip(of.tolist(), dotted.tolist(), strict=True)]

    goto = np.where(cost[first:] < _NEVER, grammar.goto, -1)
    behind = np.hstack([grammar.act[:, :-1] - 1, np.full((len(goto), 1), -1, np.int32), goto])
    source, symbol = np.nonzero(behind >= 0)  # others are not shifted, or there is no such state
    edge = np.column_stack([behind[source, symbol], cost[symbol], len(tails) + symbol])
    seq_ptr, seq_term = _csr([*tails, *texts])
    made = (np.searchsorted(state[kept], np.arange(len(grammar.act) + 1)), np.column_stack([item, place]), seq_ptr,
            seq_term, np.searchsorted(source, np.arange(len(behind) + 1)), edge, price)
    return {name: np.ascontiguousarray(array, np.int32) for name, array in zip(FIELDS, made, strict=True)}


@nb.njit(cache=True, nogil=True)
def _derivations(left: Int64, ptr: Int64, flat: Int64, cost: Int64, first: int) -> Int64:
    """The rule of the cheapest derivation of every nonterminal, or -1; its cost goes to ``cost[first + nonterminal]``
    (Knuth 1977, by iteration to the fixed point)."""
    rule, changed = np.full(cost.shape[0] - first, -1, np.int64), True
    while changed:
        changed = False
        for r in range(left.shape[0]):
            total = 0
            for symbol in flat[ptr[r] : ptr[r + 1]]:
                total += cost[symbol]
            if total < cost[first + left[r]]:
                cost[first + left[r]], rule[left[r]], changed = total, r, True
    return rule


def _texts(grammar: Grammar, cheapest: Int64, cost: Int64) -> list[list[int]]:
    """The terminals of the cheapest text of every symbol; none where there is no text."""
    first = len(grammar.terminals) + 1
    return [_terminals(grammar, symbol, cheapest, first) if cost[symbol] < _NEVER else []
            for symbol in range(len(cost))]


def _terminals(grammar: Grammar, symbol: int, cheapest: Int64, first: int) -> list[int]:
    out, stack = list[int](), [symbol]
    while stack:
        symbol = stack.pop()
        if symbol < first - 1:
            out.append(symbol)
        else:
            stack.extend(reversed(grammar.rules[cheapest[symbol - first]][1]))
    return out


def _csr(lists: Sequence[Any]) -> tuple[Int32, Int32]:
    ptr = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    return ptr, np.array([x for one in lists for x in one], np.int32)

"""Grammar -> the integer tables of `structfill_kernels.lalr`: the lexer in bytes, and the plans' cheapest texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray
from structfill_kernels import lalr

from structfill.automaton.refine import coarsest
from structfill.automaton.utf8 import lower
from structfill.errors import EmptyLanguage

from .grammar import Grammar
from .plans import plans

Int32 = NDArray[np.int32]
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
    live_ptr = np.cumsum([0, *map(len, where)]).astype(np.int32)
    planned = plans(grammar, np.ones(terminals, np.int32))
    if planned["item_ptr"][1] == 0:
        raise EmptyLanguage("the grammar derives no text")
    return lalr.Tables(grammar.act, grammar.goto, lengths(grammar), delta, ends, cls, _groups(where, ends), begin,
                       ignored, live_ptr, np.concatenate(where), way, far, _fillers(delta, ends, cls, ignored, begin),
                       **planned)


def priced(made: lalr.Tables, grammar: Grammar, cost: Int32) -> lalr.Tables:
    """The same tables where terminal t costs ``cost[t]`` tokens (int32 [T])."""
    return made._replace(**plans(grammar, cost))


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
    cls = _numbered(np.concatenate([whole, ends[:, :256]]).T)
    _, first = np.unique(cls, return_index=True)
    return np.ascontiguousarray(whole[:, first]), np.ascontiguousarray(ends[:, np.append(first, 256)]), cls


def _numbered(rows: NDArray[Any]) -> Int32:
    """int32: equal for equal rows, in the order in which they first come."""
    number = dict[bytes, int]()
    return np.array([number.setdefault(row.tobytes(), len(number)) for row in rows], np.int32)


def _minimal(delta: Int32, ends: Int32, starts: NDArray[np.int64]) -> tuple[Int32, Int32, NDArray[np.int64]]:
    """The same lexer with states merged that nothing tells apart, and the new number of every old state.

    States in which a lexeme begins stay apart from the others: they say that none has begun.
    """
    begins = np.isin(np.arange(len(delta)), starts)
    block = coarsest(delta, _numbered(np.column_stack([begins, ends])), -1)
    _, first, merged = np.unique(block, return_index=True, return_inverse=True)
    moved = np.where(delta >= 0, merged[delta], -1)[first]
    return np.ascontiguousarray(moved, np.int32), np.ascontiguousarray(ends[first]), merged


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


def lengths(grammar: Grammar) -> Int32:
    """The table `rule`."""
    return np.array([(len(right), left) for left, right in grammar.rules], np.int32).reshape(-1, 2)

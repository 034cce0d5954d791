"""Lowering of character automata to bytes, in Numba.

Continuation nodes (what may follow a lead byte or a backslash) are hash-consed: nodes with equal edges are
one, across all character states, so that a state with the loop ``.`` costs about seven of them.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.hashing import mix, rehash, reserve, table_size

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
# JSON's short escapes: characters and the letters that stand for them (RFC 8259, section 7), by letter.
_SHORT = np.array([[0x22, 0x22], [0x5C, 0x5C], [0x08, 0x62], [0x0C, 0x66], [0x0A, 0x6E], [0x0D, 0x72],
                   [0x09, 0x74]], np.int32)
_FINAL = -2  # edges to final states carry -2 - label until the number of states is known


@nb.njit(cache=True, nogil=True)
def _put(edges: Int32, at: int, low: int, high: int, target: int) -> int:
    """Appends the range of a node or a run, joined to the one before where that is possible."""
    if at and edges[at - 1, 2] == target and edges[at - 1, 1] == low - 1:
        edges[at - 1, 1] = high
        return at
    edges[at, 0] = low
    edges[at, 1] = high
    edges[at, 2] = target
    return at + 1


@nb.njit(cache=True, nogil=True)
def _intern(node: Int32, size: int, pool: Int32, start: Int64, hashes: NDArray[np.uint64], table: Int32,
            count: Int64) -> int:
    """The number of the node with these edges; ``count[0]`` is how many there are."""
    h = np.uint64(23)
    for i in range(size):
        h = mix(mix(mix(h, node[i, 0]), node[i, 1]), node[i, 2])
    mask = np.uint64(table.shape[0] - 1)
    slot = h & mask
    while table[slot] >= 0:
        d = table[slot]
        if hashes[d] == h and start[d + 1] - start[d] == size:
            at = start[d]
            i = 0
            while i < size and pool[at + i, 0] == node[i, 0] and pool[at + i, 1] == node[i, 1] and (
                pool[at + i, 2] == node[i, 2]
            ):
                i += 1
            if i == size:
                return int(d)
        slot = (slot + np.uint64(1)) & mask
    d = count[0]
    count[0] = d + 1
    for i in range(size):
        for j in range(3):
            pool[start[d] + i, j] = node[i, j]
    start[d + 1] = start[d] + size
    hashes[d] = h
    table[slot] = d
    return int(d)


@nb.njit(cache=True, nogil=True)
def _fold(runs: Int32, n: int, out: Int32, node: Int32, base: int, pool: Int32, start: Int64,
          hashes: NDArray[np.uint64], table: Int32, count: Int64) -> int:
    """Drops the last six bits: runs over numbers become runs over numbers / 64 that lead to nodes.

    Returns the number of runs in `out`.
    """
    m = 0
    size = 0
    block = -1
    for i in range(n):
        low, high, target = runs[i, 0], runs[i, 1], runs[i, 2]
        while low <= high:
            if low >> 6 != block and size:
                number = base + _intern(node, size, pool, start, hashes, table, count)
                m = _put(out, m, block, block, number)
                size = 0
            block = low >> 6
            stop = min(high, block * 64 + 63)
            if low == block * 64 and stop == block * 64 + 63:
                last = ((high + 1) >> 6) - 1
                node[0, 0] = 0x80
                node[0, 1] = 0xBF
                node[0, 2] = target
                number = base + _intern(node, 1, pool, start, hashes, table, count)
                m = _put(out, m, block, last, number)
                low = (last + 1) * 64
            else:
                size = _put(node, size, 0x80 + (low & 63), 0x80 + (stop & 63), target)
                low = stop + 1
    if size:
        number = base + _intern(node, size, pool, start, hashes, table, count)
        m = _put(out, m, block, block, number)
    return m


@nb.njit(cache=True, nogil=True)
def _clip(runs: Int32, n: int, first: int, last: int, out: Int32) -> int:
    """The part of the runs within ``first..last``."""
    m = 0
    for i in range(n):
        low, high = max(runs[i, 0], first), min(runs[i, 1], last)
        if low <= high:
            m = _put(out, m, low, high, runs[i, 2])
    return m


@nb.njit(cache=True, nogil=True)
def _escapes(ascii_to: Int32, node: Int32, base: int, pool: Int32, start: Int64, hashes: NDArray[np.uint64],
             table: Int32, count: Int64) -> int:
    """The node after a backslash, or -1 if no character of the state needs one."""
    hexes = np.full(2, -1, np.int32)
    for high in range(2):
        size = 0
        for digit in range(16):
            code = 16 * high + digit
            if ascii_to[code] >= 0 and not (_SHORT[:, 0] == code).any():
                byte = 0x30 + digit if digit < 10 else 0x57 + digit
                size = _put(node, size, byte, byte, ascii_to[code])
        if size:
            hexes[high] = base + _intern(node, size, pool, start, hashes, table, count)
    size = 0
    for high in range(2):
        if hexes[high] >= 0:
            size = _put(node, size, 0x30 + high, 0x30 + high, hexes[high])
    unicode = -1
    if size:
        unicode = base + _intern(node, size, pool, start, hashes, table, count)
        for _ in range(2):  # the two zeros of \u00xx
            node[0, 0] = 0x30
            node[0, 1] = 0x30
            node[0, 2] = unicode
            unicode = base + _intern(node, 1, pool, start, hashes, table, count)
    size = 0
    for i in range(_SHORT.shape[0]):
        if ascii_to[_SHORT[i, 0]] >= 0:
            size = _put(node, size, _SHORT[i, 1], _SHORT[i, 1], ascii_to[_SHORT[i, 0]])
    if unicode >= 0:
        size = _put(node, size, 0x75, 0x75, unicode)
    return base + _intern(node, size, pool, start, hashes, table, count) if size else -1


@nb.njit(cache=True, nogil=True)
def _single_bytes(runs: Int32, n: int, as_json: bool, label: int, edges: Int32, node: Int32, base: int,
                  pool: Int32, start: Int64, hashes: NDArray[np.uint64], table: Int32, count: Int64) -> int:
    """The edges of a character state for bytes below 0x80; returns how many."""
    ascii_to = np.full(128, -1, np.int32)
    for i in range(n):
        for code in range(runs[i, 0], min(runs[i, 1], 127) + 1):
            ascii_to[code] = runs[i, 2]
    if as_json:
        escape = _escapes(ascii_to, node, base, pool, start, hashes, table, count)
        ascii_to[:0x20] = -1
        ascii_to[0x22] = _FINAL - label if label >= 0 else -1
        ascii_to[0x5C] = escape
    m = 0
    for code in range(128):
        if ascii_to[code] != -1:
            m = _put(edges, m, code, code, ascii_to[code])
    return m


@nb.njit(cache=True, nogil=True)
def _state_runs(bounds: Int32, classes: Int32, row: Int32, shift: int, runs: Int32) -> int:
    """The transitions of one state as runs (first, last, target), without surrogates."""
    n = 0
    for i in range(bounds.shape[0]):
        target = row[classes[i]]
        if target < 0:
            continue
        low = bounds[i]
        high = bounds[i + 1] - 1 if i + 1 < bounds.shape[0] else 0x10FFFF
        if low < 0xD800:
            n = _put(runs, n, low, min(high, 0xD7FF), target + shift)
        if high > 0xDFFF:
            n = _put(runs, n, max(low, 0xE000), high, target + shift)
    return n


@nb.njit(cache=True, nogil=True)
def lower(bounds: Int32, classes: Int32, delta: Int32, labels: Int32, as_json: bool) -> tuple[Int32, Int32]:
    """(edges [M, 4], labels [S]) of the byte automaton; see `json_string.Fragment`.

    States: [the opening quote,] the character states, the continuation nodes, [one final state per label].
    """
    n_chars, n_runs = delta.shape[0], 2 * bounds.shape[0] + 2
    shift = 1 if as_json else 0
    base = n_chars + shift
    # A fold at most doubles the number of runs; three of them make up to 14 nodes a run.
    runs = np.empty((n_runs, 3), np.int32)
    part = np.empty((n_runs, 3), np.int32)
    folded = np.empty((2 * n_runs + 8, 3), np.int32)
    refolded = np.empty((4 * n_runs + 16, 3), np.int32)
    leads = np.empty((8 * n_runs + 32, 3), np.int32)
    node = np.empty((64, 3), np.int32)
    found = np.empty((256, 3), np.int32)
    pool = np.empty((256, 3), np.int32)
    start = np.zeros(65, np.int64)
    hashes = np.empty(64, np.uint64)
    table = np.full(256, -1, np.int32)
    count = np.zeros(1, np.int64)
    edges = np.empty((256, 4), np.int32)
    m = 0
    for q in range(n_chars):
        n = _state_runs(bounds, classes, delta[q], shift, runs)
        most = 16 * (n + 4)
        pool = reserve(pool, start[count[0]] + 2 * most)
        edges = reserve(edges, m + most + 128)
        if count[0] + most >= hashes.shape[0]:
            longer = np.empty(2 * (count[0] + most), np.uint64)
            longer[: hashes.shape[0]] = hashes
            hashes = longer
            starts = np.zeros(hashes.shape[0] + 1, np.int64)
            starts[: start.shape[0]] = start
            start = starts
            table = rehash(hashes, count[0], table_size(hashes.shape[0]))
        k = _single_bytes(runs, n, as_json, labels[q], found, node, base, pool, start, hashes, table, count)
        for i in range(k):
            edges[m, 0] = q + shift
            for j in range(3):
                edges[m, 1 + j] = found[i, j]
            m += 1
        for width in range(2, 5):
            first = 0x80 if width == 2 else (0x800 if width == 3 else 0x10000)
            last = 0x7FF if width == 2 else (0xFFFF if width == 3 else 0x10FFFF)
            k = _clip(runs, n, first, last, part)
            k = _fold(part, k, folded, node, base, pool, start, hashes, table, count)
            ends = folded
            if width >= 3:
                k = _fold(folded, k, refolded, node, base, pool, start, hashes, table, count)
                ends = refolded
            if width == 4:
                k = _fold(refolded, k, leads, node, base, pool, start, hashes, table, count)
                ends = leads
            mark = 0xC0 if width == 2 else (0xE0 if width == 3 else 0xF0)
            for i in range(k):
                edges[m, 0] = q + shift
                edges[m, 1] = mark + ends[i, 0]
                edges[m, 2] = mark + ends[i, 1]
                edges[m, 3] = ends[i, 2]
                m += 1
    return _assemble(edges, m, pool, start, count[0], labels, base, as_json)


@nb.njit(cache=True, nogil=True)
def _assemble(edges: Int32, m: int, pool: Int32, start: Int64, nodes: int, labels: Int32, base: int,
              as_json: bool) -> tuple[Int32, Int32]:
    """Puts the edges of the character states and of the nodes together and numbers the final states."""
    outcomes = np.unique(labels[labels >= 0])
    shift = 1 if as_json else 0
    out = np.empty((shift + m + start[nodes], 4), np.int32)
    if as_json:
        out[0, 0] = 0
        out[0, 1] = 0x22
        out[0, 2] = 0x22
        out[0, 3] = 1
    for i in range(m):
        for j in range(4):
            out[shift + i, j] = edges[i, j]
        if edges[i, 3] <= _FINAL:
            out[shift + i, 3] = base + nodes + np.searchsorted(outcomes, _FINAL - edges[i, 3])
    at = shift + m
    for d in range(nodes):
        for x in range(start[d], start[d + 1]):
            out[at, 0] = base + d
            for j in range(3):
                out[at, 1 + j] = pool[x, j]
            at += 1
    out_labels = np.full(base + nodes + (outcomes.shape[0] if as_json else 0), -1, np.int32)
    if as_json:
        out_labels[base + nodes:] = outcomes
    else:
        out_labels[:base] = labels
    return out, out_labels

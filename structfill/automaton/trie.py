"""The minimal automaton of a finite set of labelled words, in Numba."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.hashing import mix, table_size

Int32 = NDArray[np.int32]
NO_LABEL = -2  # a node at which no word ends


@nb.njit(cache=True, nogil=True)
def _nodes(text: Int32, ends: NDArray[np.int64],
           word_labels: Int32) -> tuple[Int32, Int32, Int32, Int32, int]:
    """A trie of sorted words: per node (character, first child, next sibling, label); node 0 is the root.

    A node's number is smaller than its descendants' numbers.
    """
    room = text.shape[0] + 1
    char = np.full(room, -1, np.int32)
    child = np.full(room, -1, np.int32)
    sibling = np.full(room, -1, np.int32)
    label = np.full(room, NO_LABEL, np.int32)
    path = np.zeros(room + 1, np.int32)
    count = 1
    before = 0
    begin = 0
    for w in range(ends.shape[0]):
        common = 0
        while common < begin - before and before + common < begin and begin + common < ends[w] and (
            text[before + common] == text[begin + common]
        ):
            common += 1
        for i in range(common, ends[w] - begin):
            parent = path[i]
            char[count] = text[begin + i]
            sibling[count] = child[parent]
            child[parent] = count
            path[i + 1] = count
            count += 1
        label[path[ends[w] - begin]] = word_labels[w]
        before = begin
        begin = ends[w]
    return char, child, sibling, label, count


@nb.njit(cache=True, nogil=True)
def _alike(a: int, b: int, char: Int32, child: Int32, sibling: Int32, label: Int32, same: Int32) -> bool:
    if label[a] != label[b]:
        return False
    x, y = child[a], child[b]
    while x >= 0 and y >= 0 and char[x] == char[y] and same[x] == same[y]:
        x, y = sibling[x], sibling[y]
    return bool(x < 0 and y < 0)


@nb.njit(cache=True, nogil=True)
def word_graph(text: Int32, ends: NDArray[np.int64], word_labels: Int32) -> tuple[Int32, Int32, int]:
    """The words as an acyclic automaton whose equal suffixes are shared.

    Args are the sorted words one after the other (code points), where each ends, and its label.
    Returns (edges [M, 3]: node, character, node; label of every node [n]; number of nodes).
    """
    char, child, sibling, label, count = _nodes(text, ends, word_labels)
    same = np.arange(count).astype(np.int32)
    mask = np.uint64(table_size(count) - 1)
    table = np.full(mask + np.uint64(1), -1, np.int32)
    for q in range(count - 1, -1, -1):  # descendants first
        h = mix(np.uint64(3), label[q])
        x = child[q]
        while x >= 0:
            h = mix(mix(h, char[x]), same[x])
            x = sibling[x]
        slot = h & mask
        while table[slot] >= 0 and not _alike(table[slot], q, char, child, sibling, label, same):
            slot = (slot + np.uint64(1)) & mask
        if table[slot] < 0:
            table[slot] = q
        same[q] = table[slot]
    number = np.full(count, -1, np.int32)
    labels = np.empty(count, np.int32)
    n = 0
    m = 0
    for q in range(count):
        # The root is the only node of its height, so it always stands for itself.
        if same[q] == q:
            number[q] = n
            labels[n] = label[q]
            n += 1
            x = child[q]
            while x >= 0:
                m += 1
                x = sibling[x]
    edges = np.empty((m, 3), np.int32)
    m = 0
    for q in range(count):
        if same[q] == q:
            x = child[q]
            while x >= 0:
                edges[m, 0] = number[q]
                edges[m, 1] = char[x]
                edges[m, 2] = number[same[x]]
                m += 1
                x = sibling[x]
    return edges, labels[:n].copy(), n


@nb.njit(cache=True, nogil=True)
def dense(edges: Int32, labels: Int32, other: int) -> tuple[Int32, Int32, Int32, Int32]:
    """The word graph as (bounds, classes, delta, labels), every character its own class, the rest one class.

    `other` >= 0 adds a state with that label which every text outside the words ends in.
    """
    chars = np.unique(edges[:, 1])
    n, k = labels.shape[0], chars.shape[0]
    total = n + 1 if other >= 0 else n
    bounds = np.empty(2 * k + 1, np.int32)
    classes = np.empty(2 * k + 1, np.int32)
    runs = 0
    after = 0
    for i in range(k):
        if chars[i] > after:
            bounds[runs] = after
            classes[runs] = k
            runs += 1
        bounds[runs] = chars[i]
        classes[runs] = i
        runs += 1
        after = chars[i] + 1
    if after <= 0x10FFFF:
        bounds[runs] = after
        classes[runs] = k
        runs += 1
    delta = np.full((total, k + 1), n if other >= 0 else -1, np.int32)
    for e in range(edges.shape[0]):
        delta[edges[e, 0], np.searchsorted(chars, edges[e, 1])] = edges[e, 2]
    out = np.full(total, other, np.int32)
    for q in range(n):
        out[q] = other if labels[q] == NO_LABEL else labels[q]
    return bounds[:runs].copy(), classes[:runs].copy(), delta, out

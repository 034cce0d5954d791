"""Sums, maxima and shares over sets of classes by a binary tree over the classes, in Numba.

Sets are large and alike: behind every letter of a name stands "all tokens but a few". So the classes are put in an
order in which most sets are a few runs (often held together first), a binary tree is built over it, and each set is
the union of a few of the tree's nodes: 4 % of its members at the 95th percentile of real schemas. Only additions, so
nothing cancels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

U64 = np.uint64
NEVER = -np.inf
BLOCK = 16  # positions at a time: two cache lines a node, and the tree of a thousand classes stays in the caches
LARGE = 8  # smaller sets have no say in the order of the classes


class Cover(NamedTuple):
    """Node 1 is the root of the tree, 2 n and 2 n + 1 are below node n, and the leaf of class c is node `leaf[c]`."""

    leaf: Any  # int32 [C]
    ptr: Any  # int64 [T + 1]: set t is the union of node[ptr[t] : ptr[t + 1]], which do not overlap
    node: Any  # int32


def cover(set_ptr, set_class, classes):
    """The `Cover` of sets of classes; linear in their members."""
    order = np.argsort(_togetherness(set_ptr, set_class, classes), kind="stable")[::-1]
    leaf = np.empty(classes, np.int32)
    width = width_of(leaf)
    leaf[order] = np.arange(width, width + classes, dtype=np.int32)
    return Cover(leaf, *_nodes(set_ptr, set_class, leaf, width))


@njit(cache=True, nogil=True)
def width_of(leaf):
    """Leaves of the tree over so many classes: the next power of two."""
    width = 1
    while width < leaf.shape[0]:
        width *= 2
    return width


@njit(cache=True, nogil=True)
def _togetherness(set_ptr, set_class, classes):
    """uint64 [C]: in how many large sets each class is, and below 2**40 a hash of which."""
    many, which = np.zeros(classes, np.uint64), np.zeros(classes, np.uint64)
    for s in range(set_ptr.shape[0] - 1):
        if set_ptr[s + 1] - set_ptr[s] > LARGE:
            mark = U64(s + 1) * U64(0x9E3779B97F4A7C15)
            mark = (mark ^ (mark >> U64(29))) * U64(0xBF58476D1CE4E5B9)
            for x in range(set_ptr[s], set_ptr[s + 1]):
                many[set_class[x]] += U64(1)
                which[set_class[x]] += mark
    for c in range(classes):
        many[c] = (many[c] << U64(40)) | (which[c] >> U64(24))
    return many


@njit(cache=True, nogil=True)
def _nodes(set_ptr, set_class, leaf, width):
    """The nodes of every set: its runs of leaves, each cut into whole subtrees."""
    sets = set_ptr.shape[0] - 1
    count = np.zeros(width + 1, np.int64)  # the sets of every leaf, so that each set meets its leaves in order
    for c in set_class:
        count[leaf[c] - width + 1] += 1
    first = np.cumsum(count)
    set_at = np.empty(set_class.shape[0], np.int32)
    for s in range(sets):
        for x in range(set_ptr[s], set_ptr[s + 1]):
            place = leaf[set_class[x]] - width
            set_at[first[place]] = s
            first[place] += 1
    node, used = np.empty(set_class.shape[0], np.int32), np.zeros(sets, np.int64)
    begin, end = np.full(sets, -1, np.int64), np.full(sets, -1, np.int64)
    at = 0
    for place in range(width):
        while at < first[place]:
            s = set_at[at]
            if end[s] != place:
                used[s] = _cut(begin[s], end[s], width, node, set_ptr[s], used[s])
                begin[s] = place
            end[s] = place + 1
            at += 1
    ptr = np.zeros(sets + 1, np.int64)
    for s in range(sets):
        used[s] = _cut(begin[s], end[s], width, node, set_ptr[s], used[s])
        ptr[s + 1] = ptr[s] + used[s]
        node[ptr[s] : ptr[s + 1]] = node[set_ptr[s] : set_ptr[s] + used[s]].copy()
    return ptr, node[: ptr[sets]].copy()


@njit(cache=True, nogil=True)
def _cut(begin, end, width, node, at, used):
    """Append the largest subtrees whose leaves are `begin` to `end`."""
    low, high = begin + width, end + width
    while low < high:
        if low & 1:
            node[at + used] = low
            low, used = low + 1, used + 1
        if high & 1:
            high -= 1
            node[at + used] = high
            used += 1
        low, high = low >> 1, high >> 1
    return used


@njit(cache=True, nogil=True)
def _plant(tree, leaf, by_class, start):
    """Fill the leaves with up to `BLOCK` positions from `start` on; returns how many there are."""
    here = min(BLOCK, by_class.shape[0] - start)
    for c in range(leaf.shape[0]):
        for j in range(here):
            tree[leaf[c], j] = by_class[start + j, c]
    return here


@njit(cache=True, nogil=True)
def sums(leaf, ptr, node, by_class):
    """float64 [N, T] from [N, C]: the sum of every set."""
    length, out = by_class.shape[0], np.empty((by_class.shape[0], ptr.shape[0] - 1))
    tree, total = np.zeros((2 * width_of(leaf), BLOCK)), np.empty(BLOCK)
    for start in range(0, length, BLOCK):
        here = _plant(tree, leaf, by_class, start)
        for n in range(tree.shape[0] // 2 - 1, 0, -1):
            for j in range(BLOCK):
                tree[n, j] = tree[2 * n, j] + tree[2 * n + 1, j]
        for s in range(out.shape[1]):
            total[:] = 0.0
            for x in range(ptr[s], ptr[s + 1]):
                part = tree[node[x]]
                for j in range(BLOCK):
                    total[j] += part[j]
            for j in range(here):
                out[start + j, s] = total[j]
    return out


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def peaks(leaf, ptr, node, by_class):
    """float64 [N, T] from [N, C]: the maximum of every set."""
    length, out = by_class.shape[0], np.empty((by_class.shape[0], ptr.shape[0] - 1))
    tree, best = np.full((2 * width_of(leaf), BLOCK), NEVER), np.empty(BLOCK)
    for start in range(0, length, BLOCK):
        here = _plant(tree, leaf, by_class, start)
        for n in range(tree.shape[0] // 2 - 1, 0, -1):
            for j in range(BLOCK):
                left, right = tree[2 * n, j], tree[2 * n + 1, j]
                tree[n, j] = left if left > right else right
        for s in range(out.shape[1]):
            best[:] = NEVER
            for x in range(ptr[s], ptr[s + 1]):
                part = tree[node[x]]
                for j in range(BLOCK):
                    best[j] = best[j] if best[j] > part[j] else part[j]
            for j in range(here):
                out[start + j, s] = best[j]
    return out


@njit(cache=True, nogil=True)
def shares(leaf, ptr, node, set_mass, set_weight, weight, least):
    """float64 [N, C]: the mass of every set [N, T] handed to its classes in proportion to their weight [N, C]. Sets of
    a weight [N, T] below `least` are left out."""
    length, out = set_mass.shape[0], np.empty(weight.shape)
    tree, row = np.empty((2 * width_of(leaf), BLOCK)), np.zeros(BLOCK)
    for start in range(0, length, BLOCK):
        here = min(BLOCK, length - start)
        tree[:] = 0.0
        for s in range(set_mass.shape[1]):
            for j in range(here):
                whole = set_weight[start + j, s]
                row[j] = set_mass[start + j, s] / whole if whole >= least else 0.0
            for x in range(ptr[s], ptr[s + 1]):
                part = tree[node[x]]
                for j in range(BLOCK):
                    part[j] += row[j]
        for n in range(1, tree.shape[0] // 2):
            for j in range(BLOCK):
                tree[2 * n, j] += tree[n, j]
                tree[2 * n + 1, j] += tree[n, j]
        for c in range(leaf.shape[0]):
            for j in range(here):
                out[start + j, c] = tree[leaf[c], j] * weight[start + j, c]
    return out

"""The trie of a vocabulary, in Numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from ._types import Trie
from .bytesets import BROKEN, CHARACTERS, RAGGED, WHOLE, begins, group_of, utf8_after

ONE = np.uint64(1)


@njit(cache=True, nogil=True)
def _shared(data, ptr):
    """How many bytes every spelling has in common with the one before it, and how many prefixes there are."""
    common, nodes = np.zeros(ptr.shape[0] - 1, np.int32), np.int64(0)
    for r in range(common.shape[0]):
        if r:
            limit = min(ptr[r + 1] - ptr[r], ptr[r] - ptr[r - 1])
            while common[r] < limit and data[ptr[r - 1] + common[r]] == data[ptr[r] + common[r]]:
                common[r] += 1
        nodes += ptr[r + 1] - ptr[r] - common[r]
    return common, nodes


@njit(cache=True, nogil=True)
def _build_trie(data, ptr):
    """A spelling opens nodes behind what it has in common with the spelling before it."""
    common, nodes = _shared(data, ptr)
    parent, byte, depth = np.empty(nodes, np.int32), np.empty(nodes, np.uint8), np.empty(nodes, np.int32)
    spelled, end = np.empty(nodes + 1, np.int32), np.zeros(common.shape[0], np.int32)
    characters = np.zeros(common.shape[0], np.int32)
    path, node = np.zeros(1 + (np.diff(ptr).max() if common.shape[0] else 0), np.int32), 0
    for r in range(common.shape[0]):
        for d in range(common[r], ptr[r + 1] - ptr[r]):
            parent[node], byte[node], depth[node], spelled[node] = path[d], data[ptr[r] + d], d, r
            node += 1
            path[d + 1] = node
        end[r] = node
        for x in range(ptr[r], ptr[r + 1]):
            characters[r] += begins(data[x])
    spelled[nodes] = common.shape[0]
    return parent, byte, depth, spelled, characters, end


@njit(cache=True, nogil=True)
def _below(parent, byte, depth, spelled):
    """(after, below) of every prefix, from the last one on: what begins with a prefix stands behind it."""
    nodes = parent.shape[0]
    reader = np.empty(nodes + 1, np.uint8)
    reader[0] = WHOLE
    for i in range(nodes):
        reader[i + 1] = utf8_after(reader[parent[i]], byte[i])
    after, below = np.arange(1, nodes + 1).astype(np.int32), np.zeros(nodes, np.uint64)
    for i in range(nodes - 1, -1, -1):
        if parent[i]:
            up = parent[i] - 1
            after[up] = max(after[up], after[i])
            below[up] |= below[i] | ONE << np.uint64(group_of(byte[i]) if byte[i] < 0x80 else CHARACTERS)
            whole = reader[i + 1] == WHOLE or (reader[i + 1] != BROKEN and spelled[i] == spelled[i + 1])
            if not whole and (byte[i] >= 0x80 or reader[up + 1] != BROKEN):
                below[up] |= ONE << np.uint64(RAGGED)
    for i in range(nodes):
        if not below[i] & ONE << np.uint64(CHARACTERS):
            below[i] &= ~(ONE << np.uint64(RAGGED))
        elif reader[i + 1] != WHOLE:
            below[i] |= ONE << np.uint64(RAGGED)
    return after, below


def build_trie(data, ptr):
    """See the package."""
    parent, byte, depth, spelled, characters, end = _build_trie(data, ptr)
    after, below = _below(parent, byte, depth, spelled)
    longest = int(depth.max(initial=-1)) + 1
    return Trie(parent, byte, depth, after, below, spelled, characters, end, np.arange(len(end), dtype=np.int32),
                longest)

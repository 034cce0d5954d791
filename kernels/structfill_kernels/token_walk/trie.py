"""The trie of a vocabulary, in Numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from ._types import PREFIX, Trie
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
def _fill(data, ptr, common, prefixes, parent, characters, end):
    """A spelling opens nodes behind what it has in common with the spelling before it."""
    path, node = np.zeros(1 + (np.diff(ptr).max() if common.shape[0] else 0), np.int32), 0
    for r in range(common.shape[0]):
        for d in range(common[r], ptr[r + 1] - ptr[r]):
            prefix = prefixes[node]
            prefix.byte, prefix.depth, prefix.first, prefix.last = data[ptr[r] + d], d, r, r
            parent[node] = path[d]
            node += 1
            path[d + 1] = node
        end[r] = node
        prefixes[node - 1].spelled = 1
        for x in range(ptr[r], ptr[r + 1]):
            characters[r] += begins(data[x])


@njit(cache=True, nogil=True)
def _look_below(prefixes, parent):
    """What stands below every prefix, from the last one on: what begins with a prefix stands behind it."""
    nodes = parent.shape[0]
    reader = np.empty(nodes + 1, np.uint8)
    reader[0] = WHOLE
    for i in range(nodes):
        reader[i + 1] = utf8_after(reader[parent[i]], prefixes[i].byte)
        prefixes[i].after = i + 1
    for i in range(nodes - 1, -1, -1):
        here = prefixes[i]
        here.last = max(here.last, here.first + here.spelled)
        if parent[i]:
            up, byte = prefixes[parent[i] - 1], here.byte
            up.after, up.last = max(up.after, here.after), max(up.last, here.last)
            up.below |= here.below | ONE << np.uint64(group_of(byte) if byte < 0x80 else CHARACTERS)
            whole = reader[i + 1] == WHOLE or (reader[i + 1] != BROKEN and not here.spelled)
            if not whole and (byte >= 0x80 or reader[parent[i]] != BROKEN):
                up.below |= ONE << np.uint64(RAGGED)
    for i in range(nodes):
        here = prefixes[i]
        if not here.below & ONE << np.uint64(CHARACTERS):
            here.below &= ~(ONE << np.uint64(RAGGED))
        elif reader[i + 1] != WHOLE:
            here.below |= ONE << np.uint64(RAGGED)


def build_trie(data, ptr):
    """See the package."""
    common, nodes = _shared(data, ptr)
    prefixes, parent = np.zeros(nodes, PREFIX), np.empty(nodes, np.int32)
    characters, end = np.zeros(len(common), np.int32), np.empty(len(common), np.int32)
    _fill(data, ptr, common, prefixes, parent, characters, end)
    _look_below(prefixes, parent)
    longest = int(prefixes["depth"].max(initial=0)) + 1 if nodes else 0
    return Trie(prefixes, parent, characters, end, np.arange(len(end), dtype=np.int32), longest)

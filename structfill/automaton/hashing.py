"""Open-addressing tables and growing arrays for the Numba kernels."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

# For what allocates nothing: without Numba's run-time, which would count the references of every array in every call.
BARE: Any = {"cache": True, "nogil": True, "_nrt": False}


@nb.njit(cache=True, nogil=True, inline="always")
def mix(h, value):  # type: ignore[no-untyped-def]
    """One step of a 64-bit hash; collisions cost time only, since every hit is compared in full."""
    h = (h ^ np.uint64(value)) * np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(29))


@nb.njit(cache=True, nogil=True)
def table_size(n: int) -> int:
    """The power of two that holds `n` keys at most half full."""
    size = 16
    while size < 2 * n:
        size *= 2
    return size


@nb.njit(cache=True, nogil=True)
def rehash(hashes, count, size):  # type: ignore[no-untyped-def]
    """A table of `size` slots (a power of two) with the indexes of ``hashes[:count]``; free slots hold -1."""
    table = np.full(size, -1, np.int32)
    mask = np.uint64(size - 1)
    for i in range(count):
        slot = hashes[i] & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = i
    return table


@nb.njit(cache=True, nogil=True)
def reserve(array, size):  # type: ignore[no-untyped-def]
    """`array` itself if it has `size` entries along its first axis, else a copy at least twice as long."""
    if size <= array.shape[0]:
        return array
    longer = np.empty((max(size, 2 * array.shape[0]),) + array.shape[1:], array.dtype)
    longer[: array.shape[0]] = array
    return longer


@nb.njit(cache=True, nogil=True)
def find_run(pool, begin, count, stop, hashes, table):  # type: ignore[no-untyped-def]
    """Where the numbers ``pool[begin[count]:stop]`` are in a hash table of runs, or would go, and their hash; run d is
    ``pool[begin[d]:begin[d + 1]]``."""
    start, size = begin[count], stop - begin[count]
    h = np.uint64(29)
    for i in range(start, stop):
        h = mix(h, pool[i])
    mask = np.uint64(table.shape[0] - 1)
    slot = h & mask
    while table[slot] >= 0:
        d = table[slot]
        if hashes[d] == h and begin[d + 1] - begin[d] == size:
            i = 0
            while i < size and pool[begin[d] + i] == pool[start + i]:
                i += 1
            if i == size:
                break
        slot = (slot + np.uint64(1)) & mask
    return slot, h

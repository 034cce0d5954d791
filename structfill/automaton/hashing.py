"""Hashing for the open-addressing tables of the Numba kernels."""

from __future__ import annotations

import numba as nb
import numpy as np


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

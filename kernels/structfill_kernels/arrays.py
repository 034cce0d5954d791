"""Arrays that grow."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def grown(array, needed):
    """A copy with room for `needed` entries, at least doubled."""
    bigger = np.empty((max(needed, 2 * array.shape[0]), *array.shape[1:]), array.dtype)
    bigger[: array.shape[0]] = array
    return bigger

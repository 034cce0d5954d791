"""The specification of the token masks: one boolean matrix."""

from __future__ import annotations

import numpy as np


def _allowed(class_bits, positions):
    """bool [C, N]."""
    at = np.arange(positions)
    return (class_bits[:, at >> 6] >> (at & 63).astype(np.uint64) & np.uint64(1)).astype(bool)


def token_masks(class_bits, class_ptr, class_token, out):
    """Unpacked, then packed again."""
    allowed = np.zeros((len(out), out.shape[1] * 32), bool)
    for c, positions in enumerate(_allowed(class_bits, len(out))):
        allowed[np.ix_(positions, class_token[class_ptr[c] : class_ptr[c + 1]])] = True
    words = allowed.reshape(*out.shape, 32).astype(np.uint32) << np.arange(32, dtype=np.uint32)
    out[:] = words.sum(2, dtype=np.uint32).view(np.int32)


def class_lists(class_bits, positions):
    """Position by position."""
    lists = [np.flatnonzero(column).tolist() for column in _allowed(class_bits, positions).T]
    which, distinct = [], []
    for classes in lists:
        if not distinct or classes != distinct[-1]:
            distinct.append(classes)
        which.append(len(distinct) - 1)
    ptr = np.cumsum([0, *map(len, distinct)], dtype=np.int64)
    return np.array(which, np.int32), ptr, np.array([c for classes in distinct for c in classes], np.int32)

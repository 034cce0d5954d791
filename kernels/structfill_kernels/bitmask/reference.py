"""The specification of the token masks: one boolean matrix."""

from __future__ import annotations

import numpy as np


def token_masks(class_bits, class_ptr, class_token, positions, vocabulary):
    """Unpacked, then packed again."""
    allowed = np.zeros((positions, -(-vocabulary // 32) * 32), bool)
    for c in range(len(class_bits)):
        for i in range(positions):
            if class_bits[c, i // 64] >> np.uint64(i % 64) & np.uint64(1):
                allowed[i, class_token[class_ptr[c] : class_ptr[c + 1]]] = True
    words = allowed.reshape(positions, -1, 32).astype(np.uint32) << np.arange(32, dtype=np.uint32)
    return words.sum(2, dtype=np.uint32).view(np.int32)

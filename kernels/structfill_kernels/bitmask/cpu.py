"""Token masks row by row: a row is the row above with the tokens of the changed classes flipped."""

from __future__ import annotations

import numpy as np
from numba import njit

U64, U32 = np.uint64, np.uint32
WHOLE = 2048  # classes of more tokens than this get a mask of their own


@njit(cache=True, nogil=True)
def _flip_tokens(row, tokens):
    for x in range(tokens.shape[0]):
        row[tokens[x] >> 5] ^= U32(1) << U32(tokens[x] & 31)


@njit(cache=True, nogil=True)
def _token_masks(class_bits, class_ptr, class_token, positions, words):
    C = class_ptr.shape[0] - 1
    whole_of, wholes = np.full(C, -1, np.int32), 0
    for c in range(C):
        if class_ptr[c + 1] - class_ptr[c] > WHOLE:
            whole_of[c] = wholes
            wholes += 1
    whole = np.zeros((wholes, words), np.uint32)
    for c in range(C):
        if whole_of[c] >= 0:
            _flip_tokens(whole[whole_of[c]], class_token[class_ptr[c] : class_ptr[c + 1]])
    out, on = np.zeros((positions, words), np.uint32), np.zeros(C, np.bool_)
    for i in range(positions):
        if i:
            out[i] = out[i - 1]
        for c in range(C):
            bit = (class_bits[c, i >> 6] >> U64(i & 63)) & U64(1) != 0
            if bit == on[c]:
                continue
            on[c] = bit
            if whole_of[c] >= 0:
                mask = whole[whole_of[c]]
                for w in range(words):
                    out[i, w] ^= mask[w]
            else:
                _flip_tokens(out[i], class_token[class_ptr[c] : class_ptr[c + 1]])
    return out


def token_masks(class_bits, class_ptr, class_token, positions, vocabulary):
    """See the package."""
    return _token_masks(class_bits, class_ptr, class_token, positions, -(-vocabulary // 32)).view(np.int32)

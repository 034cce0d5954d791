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
def _changes(class_bits):
    """uint64 [W]: bit i says that some class differs between the positions i - 1 and i."""
    out = np.zeros(class_bits.shape[1], np.uint64)
    for c in range(class_bits.shape[0]):
        carry = U64(0)
        for w in range(out.shape[0]):
            bits = class_bits[c, w]
            out[w] |= bits ^ ((bits << U64(1)) | carry)
            carry = bits >> U64(63)
    return out


@njit(cache=True, nogil=True, inline="always")
def _bit(words, i):
    return (words[i >> 6] >> U64(i & 63)) & U64(1) != U64(0)


@njit(cache=True, nogil=True)
def _token_masks(class_bits, class_ptr, class_token, out):
    C, words = class_ptr.shape[0] - 1, out.shape[1]
    whole_of, wholes = np.full(C, -1, np.int32), 0
    for c in range(C):
        if class_ptr[c + 1] - class_ptr[c] > WHOLE:
            whole_of[c] = wholes
            wholes += 1
    whole = np.zeros((wholes, words), np.uint32)
    for c in range(C):
        if whole_of[c] >= 0:
            _flip_tokens(whole[whole_of[c]], class_token[class_ptr[c] : class_ptr[c + 1]])
    changes, on = _changes(class_bits), np.zeros(C, np.bool_)
    for i in range(out.shape[0]):
        if i:
            out[i] = out[i - 1]
            if not _bit(changes, i):
                continue
        else:
            out[0] = 0
        for c in range(C):
            bit = _bit(class_bits[c], i)
            if bit == on[c]:
                continue
            on[c] = bit
            if whole_of[c] >= 0:
                mask = whole[whole_of[c]]
                for w in range(words):
                    out[i, w] ^= mask[w]
            else:
                _flip_tokens(out[i], class_token[class_ptr[c] : class_ptr[c + 1]])


def token_masks(class_bits, class_ptr, class_token, out):
    """See the package."""
    _token_masks(class_bits, class_ptr, class_token, out.view(np.uint32))


@njit(cache=True, nogil=True)
def _class_lists(class_bits, positions):
    C, changes = class_bits.shape[0], _changes(class_bits)
    which, ptr, distinct = np.empty(positions, np.int32), np.zeros(positions + 1, np.int64), 0
    classes = np.empty(4 * C, np.int32)
    for i in range(positions):
        if i == 0 or _bit(changes, i):
            top = ptr[distinct]
            if top + C > classes.shape[0]:
                longer = np.empty(2 * (top + C), np.int32)
                longer[:top] = classes[:top]
                classes = longer
            for c in range(C):
                if _bit(class_bits[c], i):
                    classes[top] = c
                    top += 1
            distinct += 1
            ptr[distinct] = top
        which[i] = distinct - 1
    return which, ptr[: distinct + 1].copy(), classes[: ptr[distinct]].copy()


def class_lists(class_bits, positions):
    """See the package."""
    return _class_lists(class_bits, positions)

"""Which bytes stand below a node of a trie, as 64 bits: one for almost every ASCII byte, one for whole characters
beyond ASCII, one for bytes that are no whole characters."""

from __future__ import annotations

import numpy as np
from numba import njit

CHARACTERS, RAGGED = 62, 63  # groups of bytes beyond ASCII: where they spell whole characters, and where not
WHOLE, BROKEN = 0, 8  # states of the reader of UTF-8: no character is begun; the bytes are no UTF-8
_LEAD_E0, _LEAD_ED, _LEAD_F0, _LEAD_F4 = 4, 5, 6, 7  # 1 to 3: so many bytes are missing, of any kind


@njit(cache=True, nogil=True)
def group_of(byte):
    """The group of an ASCII byte: letters of either case share one, digits, and control characters."""
    if byte < 0x20 or byte == 0x7F:
        return 0
    if 0x30 <= byte <= 0x39:
        return 1
    folded = byte | 0x20
    if 0x61 <= folded <= 0x7A:
        return 2 + folded - 0x61
    if byte < 0x30:
        return 28 + byte - 0x20  # 28 to 43
    if byte < 0x41:
        return 44 + byte - 0x3A  # 44 to 50
    if byte < 0x61:
        return 51 + byte - 0x5B  # 51 to 56
    return 57 + byte - 0x7B  # 57 to 60; "@" and "`" are letters by their bits: 50 and 56


@njit(cache=True, nogil=True)
def begins(byte):
    """Is it the first byte of a character?"""
    return byte & 0xC0 != 0x80


@njit(cache=True, nogil=True)
def utf8_after(state, byte):
    """The state of the reader of UTF-8 (RFC 3629, section 4) after one more byte."""
    if state == WHOLE:
        if byte < 0x80:
            return WHOLE
        if byte < 0xC2 or byte > 0xF4:
            return BROKEN
        if byte < 0xE0:
            return 1
        if byte < 0xF0:
            return _LEAD_E0 if byte == 0xE0 else _LEAD_ED if byte == 0xED else 2
        return _LEAD_F0 if byte == 0xF0 else _LEAD_F4 if byte == 0xF4 else 3
    if state == BROKEN or byte < 0x80 or byte > 0xBF:
        return BROKEN
    if state <= 3:
        return state - 1
    if state == _LEAD_E0:
        return 1 if byte >= 0xA0 else BROKEN
    if state == _LEAD_ED:
        return 1 if byte < 0xA0 else BROKEN
    if state == _LEAD_F0:
        return 2 if byte >= 0x90 else BROKEN
    return 2 if byte < 0x90 else BROKEN


@njit(cache=True, nogil=True)
def classes_of_groups(byte_class):
    """(ptr int64 [63], class): the byte classes that the ASCII bytes of every group belong to."""
    ptr, found, count = np.zeros(CHARACTERS + 1, np.int64), np.empty(128, np.int32), 0
    for g in range(CHARACTERS):
        for byte in range(128):
            if group_of(byte) == g:
                new = True
                for x in range(ptr[g], count):
                    new = new and found[x] != byte_class[byte]
                if new:
                    found[count] = byte_class[byte]
                    count += 1
        ptr[g + 1] = count
    return ptr, found[:count].copy()

"""float32 by its bits, in Numba: numbers as integers that order like them, and e**x without a library call."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

F32, I32 = np.float32, np.int32
ABSENT = I32(-2147483648)  # order key below every number
KEY_IMPOSSIBLE = I32(-2139095041)  # order key of -inf
KEY_LARGEST = I32(0x7F7FFFFF)  # order key of the largest finite float32
MAGNITUDE = I32(0x7FFFFFFF)
CUT = F32(-87.0)  # e**-87 is the last normal float32

_grid = np.cos(np.pi * (np.arange(64) + 0.5) / 64) * 0.5 - 0.5
_fit = np.polynomial.polynomial.Polynomial.fit(_grid, 2.0**_grid, 6, domain=[-1, 0]).convert().coef
C0, C1, C2, C3, C4, C5, C6 = (F32(c) for c in _fit)
LOG2_E = F32(1.4426950408889634)


@intrinsic
def _as_float(typing_context, bits):
    """The float32 with these bits."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@njit(inline="always")
def order_key(bits):
    """Bits of a float32 -> an integer that orders like it; NaN becomes -inf, +inf the largest finite number.

    LLVM vectorises the integer maximum, not the float one.
    """
    key = bits ^ ((bits >> I32(31)) & MAGNITUDE)
    key = key if key <= I32(0x7F800000) else KEY_IMPOSSIBLE
    key = key if key >= KEY_IMPOSSIBLE else KEY_IMPOSSIBLE
    return min(key, KEY_LARGEST)


@njit(inline="always")
def value_of(key):
    """The float32 of an order key."""
    return _as_float(key ^ ((key >> I32(31)) & MAGNITUDE))


@njit(inline="always")
def exponential(x):
    """e**x for -87 <= x <= 0, relative error below 5e-6: 2**n by the exponent's bits, 2**f by a polynomial."""
    y = x * LOG2_E
    n = I32(y)
    f = y - F32(n)
    p = C0 + f * (C1 + f * (C2 + f * (C3 + f * (C4 + f * (C5 + f * C6)))))
    return _as_float((n + I32(127)) << I32(23)) * p

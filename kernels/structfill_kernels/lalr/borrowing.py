"""Arrays that are not counted: copying one costs nothing.

Every use of a tuple of arrays in a jitted function counts references, atomically and for each of its arrays. Where the
caller keeps the arrays alive, there is nothing to count.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _without_owner(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    array = context.make_array(kind)(context, builder, value)
    array.meminfo = ir.Constant(array.meminfo.type, None)
    return array._getvalue()


@intrinsic
def borrowed(typing_context: Any, held: Any) -> Any:
    """An argument, an array or a tuple of arrays, without its owner. Valid as long as the caller holds the original."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if isinstance(held, types.Array):
            return _without_owner(context, builder, held, arguments[0])
        out = arguments[0]
        for i, kind in enumerate(held):
            one = _without_owner(context, builder, kind, builder.extract_value(out, i))
            out = builder.insert_value(out, one, i)
        return out

    return held(held), generate

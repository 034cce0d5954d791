"""Python's cyclic garbage collector, paused while many small objects are made that all stay in use."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Nothing is collected meanwhile, unless another thread wants it so.

    Otherwise the objects of one large schema make it look through the whole heap of the program, tenths of a second
    each time, for a few that could be freed as well later.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()

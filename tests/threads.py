"""The same function in many threads at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def in_threads(call: Callable[[S], T], given: Iterable[S]) -> list[T]:
    """What `call` says of each, eight at a time, with the threads changing as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(call, given))
    finally:
        sys.setswitchinterval(interval)

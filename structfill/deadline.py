"""The clock behind `Limits(seconds)`: looked at between the steps of compiling, in the thread that compiles."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import TooLarge

_running: ContextVar[tuple[float, float] | None] = ContextVar("structfill_deadline", default=None)


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Let `check_time` raise where more than so many seconds have passed; None: never. The innermost one counts."""
    token = _running.set(None if seconds is None else (time.monotonic(), seconds))
    try:
        yield
    finally:
        _running.reset(token)


def check_time() -> None:
    """Raise `TooLarge("seconds", ...)` behind the deadline that runs."""
    running = _running.get()
    if running is not None and (passed := time.monotonic() - running[0]) > running[1]:
        raise TooLarge("seconds", float(f"{passed:.3g}"), running[1])

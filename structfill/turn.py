"""One thread at a time."""

from __future__ import annotations

import threading


class Turn:
    """A lock for one thread at a time, which may take it again. Copies, also by `pickle`, are locks of their own."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type[Turn], tuple[()]]:
        return Turn, ()

"""A cache of compiled constraints on disk. Its files are disposable: whatever is wrong with one, it is a miss.

An entry is a header line, the SHA-256 of the payload and the payload, written to a temporary file and renamed, so
that readers see it whole or not at all. The least recently used entries go when the size passes the bound.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import warn_caller

_HEADER = b"structfill-cache 1\n"
_SUFFIX = ".graph"
DEFAULT_BYTES = 256 * 2**20

Arrays = dict[str, NDArray[np.generic]]


class Cache:
    """Arrays by key, in a directory that holds at most `max_bytes`. Never raises on what it finds there."""

    def __init__(self, directory: Path, max_bytes: int = DEFAULT_BYTES) -> None:
        self.directory, self.max_bytes = Path(directory), max_bytes
        self._warned = False

    @classmethod
    def default(cls) -> Cache | None:
        """The user's cache, in STRUCTFILL_CACHE_DIR or the platform's place; None if that variable is "off"."""
        chosen = os.environ.get("STRUCTFILL_CACHE_DIR")
        if chosen and chosen.lower() == "off":
            return None
        if chosen:
            return cls(Path(chosen).expanduser())
        import platformdirs

        try:
            return cls(Path(platformdirs.user_cache_dir("structfill", appauthor=False)))
        except (RuntimeError, OSError):  # no home directory
            return None

    def load(self, key: str) -> Arrays | None:
        """The arrays stored under `key`, or None."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        arrays = _decode(content)
        if arrays is not None:
            with contextlib.suppress(OSError):
                os.utime(path)  # marks it as used
        return arrays

    def store(self, key: str, arrays: Arrays) -> None:
        """Keep `arrays` under `key`. Anything the file system refuses is a warning, once."""
        content = _encode(arrays)
        if len(content) > self.max_bytes:
            return
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._make_room(len(content))
            self._write(self._path(key), content)
        except OSError as error:
            self._warn(error)

    def _write(self, path: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.directory, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise

    def _make_room(self, needed: int) -> None:
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if total + needed <= self.max_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """(last use, size, path) of every file that is ours, left-overs of killed writers included."""
        for path in [*self.directory.glob(f"*{_SUFFIX}"), *self.directory.glob("*.tmp")]:
            with contextlib.suppress(OSError):
                status = path.stat()
                yield status.st_mtime, status.st_size, path

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}{_SUFFIX}"

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            warn_caller(RuntimeWarning(f"structfill works without its cache: {error}"))


def _encode(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    payload = buffer.getvalue()
    return _HEADER + hashlib.sha256(payload).digest() + payload


def _decode(content: bytes) -> Arrays | None:
    """The arrays of an entry; None for anything but a whole entry of this version."""
    start = len(_HEADER) + 32
    payload = content[start:]
    if not content.startswith(_HEADER) or hashlib.sha256(payload).digest() != content[len(_HEADER):start]:
        return None
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
            return dict(stored)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):  # not written by us
        return None

"""Cache files are disposable: whatever happens to them, the answer is right and at most a warning is shown."""

from __future__ import annotations

import errno
import hashlib
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lark.exceptions import UnexpectedInput

import structfill as sf
from structfill import cache as module
from structfill.cache import Cache
from structfill.front.lark.stored_parser import lalr_parser

ARRAYS = {"a": np.arange(7, dtype=np.int32), "b": np.array([[True, False]])}


def _equal(found: dict[str, Any] | None) -> bool:
    return found is not None and set(found) == set(ARRAYS) and all(np.array_equal(found[k], ARRAYS[k]) for k in ARRAYS)


def test_round_trip_and_miss(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new" / "folder")
    assert cache.load("k") is None
    cache.store("k", ARRAYS)
    assert _equal(cache.load("k")) and cache.load("other") is None


def test_truncated_and_flipped_entries_are_misses(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.store("k", ARRAYS)
    path = next(tmp_path.iterdir())
    whole = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cut in range(0, len(whole), 16):
            path.write_bytes(whole[:cut])
            assert cache.load("k") is None
        for place in range(0, len(whole), 5):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
            assert cache.load("k") is None
    path.write_bytes(whole)
    assert _equal(cache.load("k"))


def test_a_directory_in_its_place_is_one_warning(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.store("k", ARRAYS)
    path = next(tmp_path.iterdir())
    path.unlink()
    path.mkdir()
    with pytest.warns(RuntimeWarning, match="without its cache") as seen:
        assert cache.load("k") is None
        cache.store("k", ARRAYS)
    assert len(seen) == 1


def test_size_is_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    big = {"x": np.zeros(10_000, np.uint8)}
    cache = Cache(tmp_path, max_bytes=45_000)
    for number in range(6):
        cache.store(f"k{number}", big)
        os.utime(tmp_path / f"k{number}.graph", (number, number))
        assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 45_000
    assert cache.load("k0") is None and cache.load("k5") is not None
    Cache(tmp_path, max_bytes=10).store("huge", big)
    assert cache.load("huge") is None


@pytest.mark.parametrize("name", ["mkstemp", "replace", "fdopen", "mkdir", "write"])
def test_a_full_or_forbidden_disk_is_a_warning_and_leaves_nothing_half(
        name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    if name == "write":
        monkeypatch.setattr("structfill.cache.os.fdopen", lambda handle, mode: _FullFile(handle))
    else:
        target = {"mkstemp": "structfill.cache.tempfile.mkstemp", "mkdir": "pathlib.Path.mkdir"}
        monkeypatch.setattr(target.get(name, f"structfill.cache.os.{name}"), fail)
    cache = Cache(tmp_path)
    with pytest.warns(RuntimeWarning):
        cache.store("k", ARRAYS)
    assert cache.load("k") is None and not list(tmp_path.glob("*.graph")) and not list(tmp_path.glob("*.tmp"))


class _FullFile:
    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __enter__(self) -> _FullFile:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)

    def write(self, data: bytes) -> int:
        os.write(self.handle, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")


def test_compile_uses_it_and_survives_foreign_entries(tmp_path: Path) -> None:
    cache, vocab = Cache(tmp_path), sf.Vocab.bytes()
    constraint = sf.json_schema({"type": "object", "properties": {"a": {"type": "integer"}}})
    first = sf.compile(constraint, vocab, cache=cache)
    entry = next(tmp_path.glob("*.graph"))
    again = sf.compile(constraint, vocab, cache=cache)
    assert again.to_arrays().keys() == first.to_arrays().keys()
    assert all(np.array_equal(v, again.to_arrays()[k]) for k, v in first.to_arrays().items())
    cache.store(entry.stem, ARRAYS)  # a valid file with other content
    assert sf.compile(constraint, vocab, cache=cache).states == first.states
    sf.compile(constraint, vocab, cache=cache, limits=sf.Limits(depth=1))
    assert len(list(tmp_path.glob("*.graph"))) == 2


def test_the_environment_chooses_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRUCTFILL_CACHE_DIR", str(tmp_path))
    chosen = Cache.default()
    assert chosen is not None and chosen.directory == tmp_path
    monkeypatch.setenv("STRUCTFILL_CACHE_DIR", "off")
    assert Cache.default() is None


def test_an_entry_with_the_right_digest_and_another_content_is_a_miss(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    payload = b"no archive"
    (tmp_path / "key.graph").write_bytes(module._HEADER + hashlib.sha256(payload).digest() + payload)
    assert cache.load("key") is None


def test_a_stored_parser_reads_as_the_built_one(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    text = 'start: ("let" NAME "=" /[0-9]+/ ";")+\nNAME: /[a-z]+/\n%ignore " "'
    built = lalr_parser(text, cache)
    entry = next(tmp_path.glob("*.graph"))
    loaded = lalr_parser(text, cache)
    assert loaded is not built and loaded.parse("let a = 1; let b = 22;") == built.parse("let a = 1; let b = 22;")
    assert loaded.lexer_conf.ignore == built.lexer_conf.ignore
    for parser in built, loaded:
        with pytest.raises(UnexpectedInput) as error:
            parser.parse("let 1 = a;")
        assert error.value.pos_in_stream == 4
    for content in ({"parser": np.frombuffer(b"[{}, {}]", np.uint8)}, {"parser": np.zeros(3, np.uint8)}, ARRAYS):
        cache.store(entry.stem, content)
        assert lalr_parser(text, cache).parse("let a = 1;") == built.parse("let a = 1;")
        assert (cache.load(entry.stem) or {})["parser"].size > 1_000  # written anew

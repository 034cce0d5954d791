"""The public data sets that some tests use, which are never part of the project."""

from __future__ import annotations

import lzma
import os
from pathlib import Path

import pytest

# Schemas that a long run over whole models takes; all that the acceptance asks for by STRUCTFILL_ALL=1 (hours).
MANY = 200 if os.environ.get("STRUCTFILL_ALL") else 24
ROOT = Path(__file__).resolve().parents[1]


def many(steps: int) -> int:
    """`MANY`, fewer where a text takes many denoising steps."""
    return MANY if steps < 48 or MANY > 24 else MANY // 6


def data_folder() -> Path:
    """The folder of the data sets; skips the test where there is none."""
    for candidate in (os.environ.get("STRUCTFILL_DATA"), ROOT.parent / "shared" / "data"):
        if candidate and Path(candidate).is_dir():
            return Path(candidate)
    pytest.skip("the public data sets are not here (set STRUCTFILL_DATA to their folder)")


def tokenizer_file(name: str, folder: Path) -> Path:
    """An unpacked tokenizer.json in `folder`."""
    target = folder / f"{name}.tokenizer.json"
    if not target.exists():
        packed = (data_folder() / "tokenizers" / f"{name}.tokenizer.json.xz").read_bytes()
        target.write_bytes(lzma.decompress(packed))
    return target

"""The wheel holds what users need and nothing else, and works in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)],
                   check=True)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_contents(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"structfill", "structfill_kernels"}
    for needed in ("structfill/models/default/denoiser.safetensors", "structfill/models/default/tokenizer.json",
                   "structfill/grammars/README.md", "structfill_kernels/sweep/cpu.py"):
        assert needed in names
    assert not any(name.endswith((".pkl", ".pt", ".bin", ".nbi", ".nbc")) or "/tests/" in name for name in names)
    assert wheel.stat().st_size < 25 * 2**20


@pytest.mark.slow
def test_it_works_installed(wheel: Path, tmp_path: Path) -> None:
    """Installed into a folder of its own, away from the checkout."""
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)],
                   check=True)
    environment = os.environ | {"PYTHONPATH": str(target), "STRUCTFILL_CACHE_DIR": str(tmp_path / "cache")}
    code = ("import structfill as sf; assert 'site' in sf.__file__; "
            "print(sf.generate('It is red.', {'enum': ['red', 'blue']}, options=sf.SamplerOptions(passes=1)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.strip() in ("red", "blue"), done.stderr

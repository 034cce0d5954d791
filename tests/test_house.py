"""The rules of the house that matter, held by a test: layers, file lengths, a light import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*ROOT.glob("structfill/**/*.py"), *ROOT.glob("kernels/**/*.py")])
ALL_CODE = sorted(p for folder in ("structfill", "kernels", "tests", "examples", "bench", "training")
                  for p in (ROOT / folder).rglob("*.py"))
MAX_LINES = 400

# Lower layers first; a module may import its own layer (siblings of SEPARATE apart) and those before it.
LAYERS = ("errors", "limits", "versions", "vocab", "cache", "automaton", "front", "counting", "linking", "tokengraph",
          "trellis", "lazy", "distinct", "blocks", "compilation", "serving", "samplers", "models", "placing",
          "generator", "integrations")
SEPARATE = ("samplers", "models", "integrations")
# The files or folders that may import a library.
ONLY_IN = {"triton": ["gpu.py"], "transformers": ["transformers"], "typer": ["cli.py"], "rich": ["cli.py"],
           "diffusers": ["diffusers.py"], "vllm": ["vllm.py", "vllm_model.py"], "sglang": ["sglang.py"],
           "openai": ["mercury.py"]}


def _imports(path: Path) -> list[str]:
    """Absolute dotted names of everything a module imports at any depth, type checking included."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return found


def _layer(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "structfill" and len(parts) > 1 and parts[1] in LAYERS else None


@pytest.mark.parametrize("path", [p for p in SOURCES if "structfill_kernels" not in p.parts],
                         ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = _layer(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if own is None:
        return  # the door itself
    for name in _imports(path):
        other = _layer(name)
        if other is not None and other != own:
            allowed_up = own == "samplers" and other == "models" and "protocol" in name
            assert LAYERS.index(other) < LAYERS.index(own) or allowed_up, f"{path} imports {name}"
        for library, files in ONLY_IN.items():
            here = {path.name, path.stem, path.parent.name}
            assert name.split(".")[0] != library or here & set(files), f"{path} imports {name}"


def test_kernels_know_only_arrays() -> None:
    for path in ROOT.glob("kernels/**/*.py"):
        assert not any(name.split(".")[0] == "structfill" for name in _imports(path)), path


@pytest.mark.parametrize("path", ALL_CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


def test_import_is_light() -> None:
    code = ("import sys, time; start = time.perf_counter(); import structfill; "
            "took = time.perf_counter() - start; "
            "assert 'torch' not in sys.modules and 'numba' not in sys.modules and took < 0.3, took")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_every_name_of_the_door_exists() -> None:
    import structfill

    assert sorted(structfill._HOME) == structfill.__all__
    for name in structfill.__all__:
        assert getattr(structfill, name) is not None

"""Compile time and pass time over real schemas, beside what an unconstrained sampler step costs in the same run.

    python bench/compile_and_pass.py [--limit 60] [--length 256] [--tokenizer qwen3]

Needs the public data sets (see CONTRIBUTING.md). Prints percentiles in ms, and ratios against torch's
softmax + multinomial + entropy on the same logits. One thread.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import structfill as sf

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("STRUCTFILL_DATA", ROOT.parent / "shared" / "data"))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--limit", type=int, default=60)
    options.add_argument("--length", type=int, default=256)
    options.add_argument("--tokenizer", default="qwen3")
    chosen = options.parse_args()
    if not DATA.is_dir():
        sys.exit(f"the public data sets are not in {DATA}: set STRUCTFILL_DATA to their folder")
    torch.set_num_threads(1)
    vocab = sf.Vocab.from_file(tokenizer_path(chosen.tokenizer))
    sf.compile(sf.json_schema({"type": "string"}), vocab)  # warm: kernels and the vocabulary's trie
    logits = torch.randn(chosen.length, len(vocab), generator=torch.Generator().manual_seed(0)) * 4
    plain = min(_timed(lambda: _unconstrained(logits)) for _ in range(2))
    names = "schema to automaton", "automaton to graph", "first canvas", "pass", "masks"
    rows: dict[str, list[float]] = {name: [] for name in names}
    sizes: dict[str, list[float]] = {"states": [], "edges": [], "classes": [], "states on the canvas": []}
    refused: Counter[str] = Counter()
    for schema in schemas(chosen.limit):
        try:
            _measure(schema, vocab, logits, rows, sizes)
        except sf.StructfillError as error:
            refused[type(error).__name__] += 1
    _report("ms", rows)
    _report("count", sizes)
    passes = statistics.median(rows["pass"])
    print(f"\nan unconstrained step (softmax, multinomial, entropy) on the same logits: {plain:.0f} ms; "
          f"a constrained pass, class statistics included: {passes / plain:.3f} of it at the median")
    print("refused:", dict(refused))


def _measure(schema: Any, vocab: sf.Vocab, logits: torch.Tensor, rows: dict[str, list[float]],
             sizes: dict[str, list[float]]) -> None:
    start = time.perf_counter()
    constraint = sf.json_schema(schema)
    constraint.counting(sf.Limits())
    front = (time.perf_counter() - start) * 1e3
    graph = sf.compile(constraint, vocab)
    start = time.perf_counter()
    trellis = sf.Trellis(graph, length=len(logits))
    rows["first canvas"].append((time.perf_counter() - start) * 1e3)
    rows["schema to automaton"].append(front)
    rows["automaton to graph"].append(graph.compile_ms)
    rows["pass"].append(_timed(lambda: trellis.posterior(logits)))
    rows["masks"].append(_timed(trellis.masks))
    for name in ("states", "edges", "classes"):
        sizes[name].append(getattr(graph, name))
    sizes["states on the canvas"].append(trellis.graph.states)


def _unconstrained(logits: torch.Tensor) -> None:
    probabilities = torch.softmax(logits, -1)
    torch.multinomial(probabilities, 1)
    torch.special.entr(probabilities).sum(-1)


def _timed(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1e3


def schemas(limit: int) -> list[Any]:
    with lzma.open(DATA / "jsonschemabench_dev.jsonl.xz", "rt", encoding="utf-8") as lines:
        schemas = [json.loads(line)["schema"] for line in lines]
    return schemas[::max(1, len(schemas) // limit)][:limit]


def tokenizer_path(name: str) -> Path:
    target = Path(tempfile.gettempdir()) / f"structfill-bench-{name}.json"
    if not target.exists():
        target.write_bytes(lzma.decompress((DATA / "tokenizers" / f"{name}.tokenizer.json.xz").read_bytes()))
    return target


def _report(unit: str, table: dict[str, list[float]]) -> None:
    print(f"\n{unit:>22} {'p50':>10} {'p90':>10} {'p99':>10} {'max':>10}")
    for name, values in table.items():
        ordered = sorted(values)
        cells = [ordered[min(len(ordered) - 1, round(p * (len(ordered) - 1)))] for p in (0.5, 0.9, 0.99, 1)]
        print(f"{name:>22} " + " ".join(f"{cell:>10.4g}" for cell in cells))


if __name__ == "__main__":
    main()

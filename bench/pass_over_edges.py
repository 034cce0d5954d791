"""Time of a pass over the edges of the canvas's graph: is it linear?

    python bench/pass_over_edges.py [--limit 100] [--length 256] [--plot FILE.svg]

A pass is posterior and best path, without reading the logits. Thread CPU time, the best of three, one thread, random
logits, Gemma vocabulary. Prints a line for every tenth of the schemas by edges, and the slope in logs over those of
1,000 edges and more. `--plot` needs matplotlib (`pip install --group bench .`).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from compile_and_pass import schemas, tokenizer_path
from structfill_kernels import sweep

import structfill as sf
from structfill.trellis import reading

ENOUGH = 1000  # edges: below, what every pass costs is most of it


def measured(limit: int, length: int) -> np.ndarray:
    """float64 [schemas, 2]: edges, and ms of a pass; sorted."""
    vocab, rows = sf.Vocab.from_file(tokenizer_path("gemma3")), []
    logits = torch.randn(length, len(vocab), generator=torch.Generator().manual_seed(0)) * 4
    for schema in schemas(limit):
        try:
            trellis = sf.Trellis(sf.compile(sf.json_schema(schema), vocab), length)
        except sf.StructfillError:
            continue
        [(x, row)] = reading.Logits(trellis.graph, trellis._rows, logits)
        read = reading.read(trellis.graph, row, x, 1.0)
        edges, best = trellis.graph.sweep_edges, np.inf
        for _ in range(3):
            began = time.thread_time()
            sweep.posterior_and_path(edges, read.score, read.peak, read.stats.top, row.live)
            best = min(best, time.thread_time() - began)
        rows.append((len(edges.out_target), best * 1e3))
    return np.array(sorted(rows))


def draw(rows: np.ndarray, line: np.ndarray, path: Path) -> None:
    """Both axes in logs, with the fitted line."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4))
    axes.loglog(rows[:, 0], rows[:, 1], "o", markersize=4)
    fitted = np.array([ENOUGH, rows[:, 0].max()])
    axes.loglog(fitted, np.exp(np.polyval(line, np.log(fitted))), label=f"slope {line[0]:.2f}")
    axes.set(xlabel="edges of the graph on the canvas", ylabel="a pass, ms of CPU")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--limit", type=int, default=100)
    options.add_argument("--length", type=int, default=256)
    options.add_argument("--plot", type=Path)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    rows = measured(chosen.limit, chosen.length)
    for part in np.array_split(rows, 10):
        edges, ms = np.median(part, axis=0)
        print(f"{edges:>10,.0f} edges {ms:>8.1f} ms {ms * 1e6 / edges / chosen.length:>6.2f} ns an edge and position")
    large = rows[rows[:, 0] >= ENOUGH]
    line = np.polyfit(np.log(large[:, 0]), np.log(large[:, 1]), 1)
    print(f"{len(large)} schemas of {ENOUGH:,} edges and more: ms ~ edges ** {line[0]:.2f}, "
          f"r = {np.corrcoef(np.log(large.T))[0, 1]:.3f}")
    if chosen.plot:
        draw(rows, line, chosen.plot)


if __name__ == "__main__":
    main()

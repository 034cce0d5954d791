"""One pass of the lazy engine: time, and how far its best canvas is below that of a wide beam.

    python bench/lark_pass.py GRAMMAR.lark TEXTS.jsonl[.xz] TOKENIZER.json[.xz] [positions ...]

Logits are simulated: "peaked" ones favour the tokens of a real text, with neighbours and random tokens as rivals,
"flat" ones are noise. Each pass has fresh logits; what was explored before is kept, as it would be between passes.
"""

from __future__ import annotations

import json
import lzma
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from structfill.front.lark.constraint import lark
from structfill.lazy import LazyGraph, LazyTrellis
from structfill.lazy.reading import read
from structfill.vocab import Vocab

WIDE, PASSES = 512, 40


def opened(path: str) -> bytes:
    return lzma.open(path).read() if path.endswith(".xz") else Path(path).read_bytes()


def simulated(rng, tokens, length, vocab, flat):
    """float32 [N, V]."""
    x = rng.standard_normal((length, len(vocab)), dtype=np.float32) * (1.0 if flat else 1.5)
    if not flat:
        full = [*tokens, vocab.eos_ids[0], *[vocab.pad_id] * length]
        for i in range(length):
            for d in (-2, -1, 1, 2):
                if i + d >= 0:
                    x[i, full[i + d]] += rng.uniform(4, 13)
            x[i, rng.integers(0, len(vocab), 4)] += rng.uniform(4, 13, 4).astype(np.float32)
            x[i, full[i]] += rng.uniform(6, 17)
    return x


def score(reading, tokens):
    """Log probability of a canvas."""
    x = reading.logits[np.arange(len(tokens)), tokens].astype(np.float64)
    return float((x - reading.top - reading.norm).sum())


def main(grammar, texts, tokenizer, *positions):
    torch.set_num_threads(1)
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(opened(tokenizer))
        file.flush()
        vocab, tokens_of = Vocab.from_file(file.name), Tokenizer.from_file(file.name)
    constraint = lark(Path(grammar).read_text(), engine="lazy")
    graph = LazyGraph(constraint, vocab)
    queries = [json.loads(line)["sql"] for line in opened(texts).decode().splitlines()]
    print(f"graph {graph.compile_ms:.0f} ms, {len(graph.structural)} structural tokens")
    for length in map(int, positions or (32, 64, 128)):
        fits = [ids for q in queries if constraint.accepts(q)
                and length // 3 < len(ids := tokens_of.encode(q, add_special_tokens=False).ids) < length]
        for flat in (False, True):
            rng = np.random.default_rng(length)
            run_case(graph, fits, length, flat, rng)


def run_case(graph, fits, length, flat, rng):
    times, reads, gaps, found = [], [], [], []
    for n in range(PASSES + 2):
        ids = fits[rng.integers(len(fits))]
        x = torch.from_numpy(simulated(rng, ids, length, graph.vocab, flat))
        trellis, wide = LazyTrellis(graph, length), LazyTrellis(graph, length, width=WIDE)
        a = time.thread_time()
        reading = read(graph, x, 1.0)
        b = time.thread_time()
        lattice = trellis._lattice(trellis._rows[0], reading)
        c = time.thread_time()
        best = wide._lattice(wide._rows[0], reading).best
        assert graph.constraint.accepts(trellis.text(lattice.best)) or "\ufffd" in trellis.text(lattice.best)
        if n >= 2:  # after warm-up
            times.append((c - b) * 1e3)
            reads.append((b - a) * 1e3)
            gaps.append(score(reading, best) - score(reading, lattice.best))
            found.append(gaps[-1] < 1e-6)
    counted = [trellis._lattice(trellis._rows[0], reading) for _ in range(3)]
    a = time.thread_time()
    for _ in counted:
        trellis._lattice(trellis._rows[0], reading)
    again = (time.thread_time() - a) / len(counted) * 1e3
    kind = "flat" if flat else "peaked"
    print(f"N={length} {kind}: pass {statistics.median(times):.1f} ms (max {max(times):.1f}, again "
          f"{again:.1f}), reading "
          f"{statistics.median(reads):.1f} ms, gap mean {statistics.mean(gaps):.2f} max {max(gaps):.1f} nats, best in "
          f"{statistics.mean(found):.0%}, {int(graph.machine.store.count[1])} configurations known", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

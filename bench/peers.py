"""Compile and mask times beside peers and a dense trellis, in one run, on one thread, in CPU time.

    python bench/peers.py [--limit 60] [--tokenizer gemma3] [--length 256]

Peers are bench-only (`pip install --group bench .`): llguidance, xgrammar, outlines-core; one that is not installed is
left out and named. Each compiles the same schemas for the same vocabulary and then computes one mask, that of the first
token; structfill computes the exact masks of all positions of a canvas. Needs the public data sets (CONTRIBUTING.md).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from structfill_kernels import sweep

import structfill as sf
from structfill.integrations.cli import warm
from structfill.trellis import reading

sys.path.insert(0, str(Path(__file__).parent))
from compile_and_pass import DATA, tokenizer_path
from compile_and_pass import schemas as sample

END = {"gemma3": "<end_of_turn>", "qwen3": "<|im_end|>"}


class Structfill:
    """Ours: all positions of a canvas."""

    def __init__(self, path: Path, end: str, length: int) -> None:
        self.vocab, self.length = sf.Vocab.from_file(path), length

    def compile(self, schema: Any) -> None:
        self.trellis = sf.Trellis(sf.compile(sf.json_schema(schema), self.vocab), self.length)

    def mask(self) -> None:
        self.trellis.class_lists()


class StructfillBitmasks(Structfill):
    """Ours, as bitmasks."""

    def mask(self) -> None:
        self.trellis.masks()


class LLGuidance:
    """One mask, left to right."""

    def __init__(self, path: Path, end: str, length: int) -> None:
        import llguidance

        self.module, self.tokenizer = llguidance, llguidance.LLTokenizer(path.read_text(), eos_token=_id(path, end))
        self.buffer = np.zeros((self.tokenizer.vocab_size + 31) // 32, np.int32)

    def compile(self, schema: Any) -> None:
        grammar = self.module.LLMatcher.grammar_from_json_schema(json.dumps(schema))
        self.matcher = self.module.LLMatcher(self.tokenizer, grammar, log_level=0)
        if self.matcher.is_error():
            raise ValueError(self.matcher.get_error())

    def mask(self) -> None:
        self.matcher.unsafe_compute_mask_ptr(self.buffer.ctypes.data, self.buffer.nbytes)


class XGrammar:
    """One mask, left to right."""

    def __init__(self, path: Path, end: str, length: int) -> None:
        import xgrammar
        from tokenizers import Tokenizer

        vocab = Tokenizer.from_file(str(path)).get_vocab(with_added_tokens=True)
        pieces = [""] * (max(vocab.values()) + 1)
        for piece, number in vocab.items():
            pieces[number] = piece
        fallback = json.loads(path.read_text())["model"].get("byte_fallback", False)
        kind = xgrammar.VocabType.BYTE_FALLBACK if fallback else xgrammar.VocabType.BYTE_LEVEL
        info = xgrammar.TokenizerInfo(pieces, kind, vocab_size=len(pieces), stop_token_ids=[vocab[end]])
        self.module, self.compiler = xgrammar, xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)
        self.buffer = xgrammar.allocate_token_bitmask(1, info.vocab_size)

    def compile(self, schema: Any) -> None:
        self.matcher = self.module.GrammarMatcher(self.compiler.compile_json_schema(json.dumps(schema)))

    def mask(self) -> None:
        self.matcher.fill_next_token_bitmask(self.buffer)


class OutlinesCore:
    """One mask, left to right."""

    def __init__(self, path: Path, end: str, length: int) -> None:
        from outlines_core import Vocabulary

        vocab, by_bytes = sf.Vocab.from_file(path), dict[bytes, list[int]]()
        for number, text in enumerate(vocab.tokens):
            if text and number not in vocab.eos_ids:
                by_bytes.setdefault(text, []).append(number)
        self.vocabulary = Vocabulary(_id(path, end), by_bytes)
        self.buffer = np.zeros((len(vocab) + 31) // 32, np.int32)

    def compile(self, schema: Any) -> None:
        from outlines_core import Guide, Index, json_schema

        self.guide = Guide(Index(json_schema.build_regex_from_schema(json.dumps(schema)), self.vocabulary))

    def mask(self) -> None:
        self.guide.write_mask_into(self.buffer.ctypes.data, self.buffer.size, 4)


ENGINES: dict[str, Callable[[Path, str, int], Any]] = {
    "structfill, class lists": Structfill, "structfill, bitmasks": StructfillBitmasks, "llguidance": LLGuidance,
    "xgrammar": XGrammar, "outlines-core": OutlinesCore,
}  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--limit", type=int, default=60)
    options.add_argument("--length", type=int, default=256)
    options.add_argument("--tokenizer", default="gemma3", choices=sorted(END))
    chosen = options.parse_args()
    if not DATA.is_dir():
        sys.exit(f"the public data sets are not in {DATA}: set STRUCTFILL_DATA to their folder")
    torch.set_num_threads(1)
    warm()  # our kernels are compiled once a machine
    path, schemas = tokenizer_path(chosen.tokenizer), sample(chosen.limit)
    print(f"{len(schemas)} schemas, {chosen.tokenizer}, {chosen.length} positions; CPU time, one thread")
    compiled, masked = f"{'compile ms: p50':>16} {'p95':>8} {'max':>8}", f"{'mask µs: p50':>14} {'p95':>8}"
    print(f"{'':>24} {'refused':>8} {compiled} {masked} {'positions':>10}")
    for name, engine in ENGINES.items():
        try:
            made = engine(path, END[chosen.tokenizer], chosen.length)
        except ImportError:
            print(f"{name:>24} not installed")
            continue
        _row(name, made, schemas, chosen.length if name.startswith("structfill") else 1)
    _dense(path, schemas, chosen.length)


def _row(name: str, engine: Any, schemas: list[Any], positions: int) -> None:
    compiled, masked, refused = [], [], 0
    engine.compile({"type": "string"})
    engine.mask()
    for schema in schemas:
        start = time.process_time()
        try:
            engine.compile(schema)
        except Exception:  # every engine refuses in its own way
            refused += 1
            continue
        compiled.append((time.process_time() - start) * 1e3)
        masked.append(min(_clocked(engine.mask) for _ in range(3)) * 1e6)
    cells = f"{_at(compiled, 0.5):>16.3g} {_at(compiled, 0.95):>8.3g} {max(compiled):>8.3g} {_at(masked, 0.5):>14.3g}"
    print(f"{name:>24} {refused:>8} {cells} {_at(masked, 0.95):>8.3g} {positions:>10}", flush=True)


def _dense(path: Path, schemas: list[Any], length: int) -> None:
    """Sum-product over dense 512 x 512 matrices in log space, as a tree, against our sweep of a graph of that size."""
    vocab, graphs = sf.Vocab.from_file(path), []
    for schema in schemas:
        try:
            graphs.append(sf.compile(sf.json_schema(schema), vocab))
        except sf.StructfillError:
            continue
    graph = min(graphs, key=lambda g: abs(g.states - 512) if g.counting is None else math.inf)
    logits = torch.randn(length, len(vocab), generator=torch.Generator().manual_seed(0))
    trellis = sf.Trellis(graph, length)
    whole = min(_clocked(lambda: trellis.posterior(logits)) for _ in range(2))
    [(x, row)] = reading.Logits(trellis.graph, trellis._rows, logits)
    read = reading.read(trellis.graph, row, x, 1.0)
    given = trellis.graph.sweep_edges, read.score, read.peak, read.stats.top, row.live
    ours = min(_clocked(lambda: sweep.posterior_and_path(*given)) for _ in range(3))
    matrices = torch.randn(length, 512, 512)
    start = time.process_time()
    while len(matrices) > 1:
        left, right = matrices[0::2], matrices[1::2]
        a, b = left.amax(2, keepdim=True), right.amax(1, keepdim=True)
        matrices = ((left - a).exp() @ (right - b).exp()).log() + a + b
    dense = time.process_time() - start
    print(f"\nsum-product over {length} positions: dense tree at 512 states {dense * 1e3:.0f} ms; ours and the best "
          f"path at {graph.states} states {ours * 1e3:.1f} ms ({dense / ours:.0f} times), with reading the logits of "
          f"{len(vocab):,} tokens {whole * 1e3:.0f} ms ({dense / whole:.0f} times)")


def _clocked(function: Callable[[], Any]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _id(path: Path, token: str) -> int:
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(path)).token_to_id(token)
    if found is None:
        raise SystemExit(f"{path} has no token {token}")
    return int(found)


if __name__ == "__main__":
    main()

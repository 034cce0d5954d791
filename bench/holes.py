"""All exact masks of a canvas with holes, beside what others publish for one check of one proposal.

    python bench/holes.py [--tokenizer gemma3] [--runs 25]

A JSON object with an array of objects, cut to 124 tokens as in EPIC's published timing (arXiv 2606.00722: 57 to 62 ms
for one check with 16 holes of 2 tokens, 4 to 8 with one hole of 16). Here every run fixes all tokens outside the holes,
which lie at random, finds the feasible states and makes the masks of all positions. Thread CPU time, one thread.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import torch
from compile_and_pass import tokenizer_path
from tokenizers import Tokenizer

import structfill as sf

TOKENS = 124
PATTERNS = {"1 hole of 16": (1, 16), "4 holes of 8": (4, 8), "8 holes of 4": (8, 4), "16 holes of 2": (16, 2)}
SCHEMA = {
    "type": "object", "required": ["order", "customer", "items"], "additionalProperties": False,
    "properties": {
        "order": {"type": "string"}, "customer": {"type": "string"},
        "items": {"type": "array", "items": {
            "type": "object", "required": ["name", "amount", "note"], "additionalProperties": False,
            "properties": {"name": {"type": "string"}, "amount": {"type": "integer"}, "note": {"type": "string"}}}},
    },
}  # fmt: skip
WORDS = "lamp paper chair table glass bottle basket carpet window candle mirror pillow".split()


def document(tokenizer: Tokenizer) -> list[int]:
    """A text of the schema, as the tokenizer cuts it, of exactly `TOKENS` tokens."""
    for items in range(1, 40):
        for words in range(60):
            rows = [{"name": WORDS[i % 12], "amount": 7 * i, "note": f"the {WORDS[5 * i % 12]}"} for i in range(items)]
            value = {"order": " ".join(WORDS[i % 12] for i in range(1 + words)), "customer": "Ada", "items": rows}
            ids = tokenizer.encode(json.dumps(value), add_special_tokens=False).ids
            if len(ids) == TOKENS:
                return list(ids)
    raise SystemExit(f"no text of {TOKENS} tokens was found")


def holes(count: int, size: int, generator: torch.Generator) -> list[int]:
    """The positions of so many holes that do not touch."""
    gaps = torch.multinomial(torch.ones(count + 1), TOKENS - count * size - count + 1, True, generator=generator)
    lengths = torch.bincount(gaps, minlength=count + 1).tolist()
    found, at = [], 0
    for length in lengths[:count]:
        at += length + (1 if found else 0)
        found += range(at, at + size)
        at += size
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tokenizer", default="gemma3")
    options.add_argument("--runs", type=int, default=25)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    path = tokenizer_path(chosen.tokenizer)
    vocab, ids = sf.Vocab.from_file(path), document(Tokenizer.from_file(str(path)))
    graph = sf.compile(sf.json_schema(SCHEMA), vocab)
    print(f"{graph.states} states, {graph.edges} edges; {TOKENS} tokens, all masks at once, ms: median (largest)")
    print(f"{'':>16} {'states':>16} {'class lists':>16} {'bitmasks':>16}")
    generator = torch.Generator().manual_seed(0)
    for name, (count, size) in PATTERNS.items():
        times: list[list[float]] = [[], [], []]
        for run in range(chosen.runs + 2):
            hidden = set(holes(count, size, generator))
            marks = [time.thread_time()]
            trellis = sf.Trellis(graph, TOKENS, {i: t for i, t in enumerate(ids) if i not in hidden})
            marks.append(time.thread_time())
            trellis.class_lists()
            marks.append(time.thread_time())
            trellis.masks()
            marks.append(time.thread_time())
            if run >= 2:  # after warm-up
                for step, found in enumerate(times):
                    found.append((marks[step + 1] - marks[step]) * 1e3)
        cells = [f"{statistics.median(found):.2f} ({max(found):.2f})" for found in times]
        print(f"{name:>16} " + " ".join(f"{cell:>16}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()

"""What a constraint adds to a denoising step of transformers' DiffusionGemma.

    python bench/denoising_step.py [--limit 8] [--tokenizer gemma3]

At the size of the real model, random logits [256, V]: the processor's call beside what the stock step does with the
same logits anyway (softmax, multinomial, entropy, argmax). And with a tiny model of the real architecture over bytes:
whole `generate()` calls with and without the processor, by step. CPU time of one thread, the least of several runs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import structfill as sf  # noqa: E402
from bench.compile_and_pass import DATA, schemas, tokenizer_path  # noqa: E402

LENGTH = 256


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--limit", type=int, default=8)
    options.add_argument("--tokenizer", default="gemma3")
    chosen = options.parse_args()
    if not DATA.is_dir():
        sys.exit(f"the public data sets are not in {DATA}: set STRUCTFILL_DATA to their folder")
    torch.set_num_threads(1)
    at_full_size(sf.Vocab.from_file(tokenizer_path(chosen.tokenizer)), chosen.limit)
    with_a_tiny_model()


def at_full_size(vocab: sf.Vocab, limit: int) -> None:
    """A call of the processor beside the stock step's own work."""
    from structfill.integrations.transformers import ConstraintProcessor

    logits = torch.randn(1, LENGTH, vocab.width, generator=torch.Generator().manual_seed(0)) * 4
    ids = torch.zeros((1, 1), dtype=torch.int64)
    plain = least(lambda: stock_step(logits), 2)
    found = []
    for schema in schemas(limit):
        try:
            processor = ConstraintProcessor(sf.compile(sf.json_schema(schema), vocab))
            processor(ids, logits)
        except sf.StructfillError as error:
            print("left out:", error)
            continue
        found.append(least(lambda p=processor: p(ids, logits), 3))
    middle = statistics.median(found)
    print(f"[{LENGTH}, {vocab.width}] logits: stock step {plain:.0f} ms; processor {middle:.0f} ms at the median of "
          f"{len(found)} schemas, {max(found):.0f} at most: "
          f"{middle / plain:.3f} and {max(found) / plain:.3f} of the step")


def stock_step(logits: torch.Tensor) -> None:
    """What transformers does with the logits of a step."""
    probabilities = torch.softmax(logits, -1, dtype=torch.float32)
    torch.multinomial(probabilities.view(-1, logits.shape[-1]), 1)
    logits.argmax(-1)
    for _ in range(2):  # acceptance and stopping
        torch.distributions.Categorical(logits=logits).entropy()


def with_a_tiny_model() -> None:
    """`generate()` of two layers over bytes."""
    from structfill.integrations.transformers import ConstraintProcessor
    from tests.tiny_models import diffusion_gemma, prompts, transformers

    model, (ids, attention) = diffusion_gemma(LENGTH), prompts("some prompt")
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
              "required": ["name", "age"]}
    graph, steps = sf.compile(sf.json_schema(schema), sf.Vocab.bytes()), 8

    def run(constrained: bool) -> None:
        chosen = [ConstraintProcessor(graph)] if constrained else []
        model.generate(ids, attention_mask=attention, max_denoising_steps=steps, max_new_tokens=LENGTH,
                       logits_processor=transformers.LogitsProcessorList(chosen))

    free, bound = (least(lambda c=c: run(c), 3) / steps for c in (False, True))
    print(f"tiny model over bytes: {free:.1f} ms a step without, {bound:.1f} with the processor")


def least(call: Callable[[], object], times: int) -> float:
    """CPU milliseconds of the quickest of so many calls, after one that warms up."""
    call()
    found = []
    for _ in range(times):
        start = time.process_time()
        call()
        found.append((time.process_time() - start) * 1e3)
    return min(found)


if __name__ == "__main__":
    main()

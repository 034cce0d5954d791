"""Denoising steps of the embedded model with its schema as a constraint, and without any.

    python bench/passes.py [--count 60]

Held-out documents, positions committed where the model is surer than 0.9 (at least one in every step, all within 64).
Without the schema the model is told the same of it, and any text is allowed.
"""

from __future__ import annotations

import argparse
import random
import statistics
from typing import Any

import torch

import structfill as sf
from structfill.models.embedded import EmbeddedModel
from training.documents import document
from training.evaluate import closed

RULES = ("confidence", "margin", "entropy")


class Told:
    """A model that is told of a schema whatever the constraint says."""

    def __init__(self, model: EmbeddedModel, outline: str | None) -> None:
        self.model, self.outline = model, outline

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def __call__(self, *arguments: Any) -> torch.Tensor:
        return self.model(*arguments)

    def encode(self, text: str, outline: str | None) -> list[int]:
        return self.model.encode(text, self.outline)


def passes(constraint: sf.Constraint, model: Any, text: str, rule: str) -> tuple[int, str]:
    options = sf.SamplerOptions(passes=64, rule=rule, threshold=0.9, window=None, horizon=None)
    result = sf.Generator(constraint=constraint, model=model, options=options, cache=None)(text)
    return result.passes, result.text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    count = parser.parse_args().count
    torch.set_num_threads(1)
    model, anything = EmbeddedModel.load(), sf.regex("[^\u0000]*")
    made = [document(random.Random(f"passes:{i}"), False) for i in range(count)]
    for rule in RULES:
        with_schema, without, valid = [], [], 0
        for one in made:
            constraint = sf.json_schema(closed(one.schema))
            with_schema.append(passes(constraint, model, one.text, rule)[0])
            number, text = passes(anything, Told(model, constraint.outline), one.text, rule)
            without.append(number)
            valid += constraint.accepts(text)
        more = sum(a > b for a, b in zip(with_schema, without, strict=True))
        print(f"{rule}: {statistics.mean(with_schema):.1f} passes with the schema, {statistics.mean(without):.1f} "
              f"without it (mean; median {statistics.median(with_schema):g} and {statistics.median(without):g}); "
              f"more in {more} of {count} texts; without it {valid / count:.0%} valid", flush=True)


if __name__ == "__main__":
    main()

"""A model with mask tokens whose unconstrained answer is almost valid: the constrained one changes only what must
change, by edit distance, and needs no more passes."""

from __future__ import annotations

import json

import pytest
import torch

import structfill as sf
from structfill.models.protocol import Model
from tests.planted import ALMOST, CANVAS, SCHEMA

VOCAB = sf.Vocab.bytes()
EOS, PAD = 256, 257
CASES = ALMOST | {"the end is missing": ('{"name": "Ada", "tags": ["x", "y"], "age": 36', 1)}  # edits
RULES = {
    "confidence": sf.SamplerOptions(passes=48, window=None, horizon=None, threshold=0.9),
    "margin": sf.SamplerOptions(passes=48, rule="margin", window=None, horizon=None, threshold=0.9),
    "entropy": sf.SamplerOptions(passes=48, rule="entropy", window=None, horizon=None, threshold=0.9),
    "entropy bound": sf.SamplerOptions(passes=48, rule="entropy", window=None, horizon=None, threshold=1.0,
                                       entropy_bound=0.5),
    "blocks of 32": sf.SamplerOptions(passes=48, window=32, horizon=None, threshold=0.9),
}


class Planted:
    """The surer of a position of its text, the more tokens around it agree; as sure as `least` where none is known."""

    vocab, canvas_length = VOCAB, CANVAS

    def __init__(self, text: str, least: float = 6.5) -> None:
        tokens = [*text.encode(), EOS]
        self.tokens = torch.tensor(tokens + [PAD] * (CANVAS - len(tokens)))
        self.least, self.calls = least, 0

    def encode(self, text: str, outline: str | None) -> list[int]:
        return list(text.encode())

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        agrees = (canvas == self.tokens).float()
        near = torch.nn.functional.avg_pool1d(agrees[:, None], 5, stride=1, padding=2)[:, 0] * 5
        noise = torch.rand(CANVAS, len(VOCAB), generator=torch.Generator().manual_seed(1))
        own = self.least + 2.0 * near + torch.arange(CANVAS) % 3 / 2
        wanted = self.tokens.expand(len(canvas), -1)[:, :, None]
        return noise.expand(len(canvas), -1, -1).scatter(2, wanted, own[..., None])


def edits(a: str, b: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def run(constraint: sf.Constraint, model: Model, options: sf.SamplerOptions) -> sf.Result:
    return sf.Generator(constraint=constraint, model=model, options=options, max_tokens=CANVAS, cache=None)("who?")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("case", CASES)
def test_only_what_must_change_changes(case, rule):
    text, least = CASES[case]
    free = run(sf.regex("[^\u0000]*"), Planted(text), RULES[rule])
    assert free.text == text
    model = Planted(text)
    got = run(sf.json_schema(SCHEMA), model, RULES[rule])
    json.loads(got.text)
    distance = edits(got.text, text)
    print(f"{case}; {rule}: {distance} edits; {got.passes} passes, {free.passes} unconstrained")
    assert distance == least, got.text
    assert got.passes == model.calls <= free.passes

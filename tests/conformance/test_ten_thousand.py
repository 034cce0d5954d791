"""Ten thousand texts drawn from random logits under random schemas with any keyword: every one valid."""

from __future__ import annotations

import json
import random

import jsonschema
import pytest
import torch

import structfill as sf
from tests.random_schemas import UNLIKE, rich_schema

POSITIONS, DRAWS = 96, 20


@pytest.mark.slow
def test_ten_thousand_draws_are_valid() -> None:
    vocab, generator = sf.Vocab.bytes(), torch.Generator().manual_seed(0)
    valid = seed = 0
    while valid < 10_000:
        seed += 1
        schema = rich_schema(random.Random(seed))
        try:
            constraint = sf.json_schema(schema, limits=sf.Limits(states=5000))
            trellis = sf.Trellis(sf.compile(constraint, vocab, limits=sf.Limits(states=5000)), POSITIONS)
        except sf.StructfillError:
            continue
        validator = jsonschema.Draft202012Validator(schema)
        logits = torch.randn(POSITIONS, len(vocab), generator=generator) * random.Random(seed).choice([0.1, 3, 100])
        logits[:, vocab.eos_ids[0]] += 3  # or hardly a text would end before the canvas does
        for _ in range(DRAWS):
            text = trellis.text(trellis.sample(logits, generator))
            assert constraint.accepts(text), (schema, text)
            assert UNLIKE.search(text) or validator.is_valid(json.loads(text)), (schema, text)
            valid += 1

"""A thousand generations with the embedded model: random prompts, random schemas, every text valid."""

from __future__ import annotations

import random

import jsonschema
import pytest

import structfill as sf
from structfill.errors import BudgetTooSmall, EmptyLanguage, TooLarge
from tests.random_schemas import random_schema

WORDS = "the invoice 2026-03-01 paid Anna Löfgren $12.50 \" { } [ ] , : null true \\ 東京 😀 INV-77 \n total".split(" ")


@pytest.mark.slow
def test_a_thousand_generations_are_valid() -> None:
    valid = seed = 0
    while valid < 1000:
        seed += 1
        rng = random.Random(seed)
        schema = random_schema(rng)
        options = sf.SamplerOptions(passes=rng.randint(1, 3), temperature=rng.choice([0.0, 0.0, 1.0]), seed=seed,
                                    remask=rng.choice([0.0, 0.2]))
        try:
            generator = sf.Generator(schema, options=options, max_tokens=rng.choice([48, 96]), cache=None)
        except (EmptyLanguage, BudgetTooSmall, TooLarge):
            continue
        prompts = [" ".join(rng.choices(WORDS, k=rng.randint(0, 30))) for _ in range(5)]
        for result in generator.batch(prompts):
            jsonschema.Draft202012Validator(schema).validate(result.value)
            assert generator.constraint.accepts(result.text)
            valid += 1

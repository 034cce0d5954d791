"""Every keyword, in every company: judging agrees with the validator library, and what is written is valid."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import numpy as np
import pytest

import structfill as sf
from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.errors import EmptyLanguage, TooLarge, UnsupportedFeature
from tests.random_schemas import UNLIKE, random_value, rich_schema

SEEDS = 2000


def _validator(schema: Any) -> Any:
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("block", range(4))
def test_judging_agrees_with_the_validator_library(block: int) -> None:
    for seed in range(block, SEEDS, 4):
        rng = random.Random(seed)
        schema = rich_schema(rng)
        constraint, validator = sf.json_schema(schema), _validator(schema)
        for _ in range(25):
            value = random_value(rng)
            assert constraint.accepts(json.dumps(value)) == validator.is_valid(value), (seed, schema, value)


class _Walker:
    """Random texts of an automaton: like nothing a model writes, so that rare branches are met; after a while they
    hurry to an end."""

    def __init__(self, automaton: ByteAutomaton, rng: random.Random) -> None:
        self.automaton, self.rng = automaton, rng
        self.bytes = [np.flatnonzero(automaton.byte_class == k).tolist() for k in range(automaton.delta.shape[1])]
        self.away = np.where(automaton.accepting, 0, 10**6)  # from the nearest end
        while True:
            ahead = np.where(automaton.delta >= 0, self.away[automaton.delta], 10**6).min(1) + 1
            if (ahead >= self.away).all():
                break
            self.away = np.minimum(self.away, ahead)

    def text(self) -> str:
        text, state = bytearray(), 0
        while not (self.automaton.accepting[state] and self.rng.random() < 0.4):
            row = self.automaton.delta[state]
            ways = np.flatnonzero(row >= 0).tolist()
            if not ways:
                break
            if len(text) > 40:
                ways = [min(ways, key=lambda k: self.away[row[k]])]
            k = self.rng.choice(ways)
            text.append(self.rng.choice([b for b in self.bytes[k] if b in b'ab1"'] or self.bytes[k]))
            state = int(row[k])
        return text.decode()


@pytest.mark.parametrize("block", range(4))
def test_what_is_written_is_valid_and_read(block: int) -> None:
    written = 0
    for seed in range(block, SEEDS, 4):
        rng = random.Random(seed)
        schema = rich_schema(rng)
        order = "any" if rng.random() < 0.25 else "declared"
        roughly = rng.choice([None, "sound"])
        constraint = sf.json_schema(schema, whitespace="compact", key_order=order, approximate=roughly)
        validator = _validator(schema)
        try:
            automaton = constraint.automaton(sf.Limits(states=3000))
        except (EmptyLanguage, TooLarge, UnsupportedFeature):
            continue
        walker = _Walker(automaton, rng)
        for _ in range(25):
            text = walker.text()
            if UNLIKE.search(text):
                continue
            assert validator.is_valid(json.loads(text)), (seed, schema, text)
            assert constraint.accepts(text) and constraint.read(text).accepted, (seed, schema, text)
            assert all(constraint.accepts_prefix(text[:k]) for k in range(len(text))), (seed, schema, text)
            written += 1
    assert written > 500

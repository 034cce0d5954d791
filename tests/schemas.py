"""Schemas of the public sample, compiled for single bytes, for tests over whole models."""

from __future__ import annotations

import json
import lzma
from typing import Any, NamedTuple

import jsonschema

import structfill as sf
from tests.data import data_folder
from tests.random_schemas import UNLIKE

VOCAB = sf.Vocab.bytes()


class Case(NamedTuple):
    """One schema."""

    schema: Any
    graph: sf.TokenGraph
    validator: Any

    def check(self, text: str) -> None:
        """Raise unless `text` is JSON that structfill accepts and, where Python's patterns and floats judge as the
        specification does, an independent validator too (its `.` takes a carriage return, its `$` a last line end)."""
        if not UNLIKE.search(text):
            self.validator.validate(json.loads(text))
        if not sf.json_schema(self.schema).accepts(text):
            raise ValueError(f"structfill does not accept {text!r}")

    def is_valid(self, text: str) -> bool:
        try:
            self.check(text)
        except (ValueError, jsonschema.ValidationError):
            return False
        return True


def sample(count: int, longest: int) -> list[Case]:
    """`count` schemas spread over the sample whose shortest texts have at most `longest` bytes."""
    with lzma.open(data_folder() / "jsonschemabench_dev.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found: list[Case] = []
    for offset in range(7):
        for row in rows[offset::7]:
            schema = row["schema"]
            kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
            try:
                graph = sf.compile(sf.json_schema(schema), VOCAB, limits=sf.Limits(states=20_000))
            except sf.StructfillError:
                continue
            if graph.shortest[0] <= longest:
                found.append(Case(schema, graph, kind(schema)))
            if len(found) == count:
                return found
    raise AssertionError(f"only {len(found)} schemas of the sample will do")

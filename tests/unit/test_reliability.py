"""Promises that hold for every input: named errors only, nothing dropped, no network, no files, deterministic."""

from __future__ import annotations

import builtins
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import structfill as sf
from structfill.errors import StructfillError
from structfill.front.json_schema.keywords import BESIDE, KEYWORDS, REFUSED

ROOT = Path(__file__).resolve().parents[2]
# Every keyword of drafts 4 to 2020-12 that asserts, applies or refers.
ASSERTING = set(
    "type enum const minLength maxLength pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
    "items prefixItems additionalItems minItems maxItems uniqueItems contains minContains maxContains properties "
    "patternProperties additionalProperties propertyNames required minProperties maxProperties dependencies "
    "dependentRequired dependentSchemas unevaluatedItems unevaluatedProperties allOf anyOf oneOf not if then else $ref "
    "$dynamicRef $recursiveRef".split())

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
junk = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner,
                                                                                         max_size=3), max_leaves=6)
keywords = st.sampled_from(sorted(ASSERTING | {"$defs", "definitions", "$schema", "$id", "$anchor", "title"}))
schemas = st.recursive(
    st.booleans() | st.builds(dict) | junk,
    lambda inner: st.dictionaries(keywords, inner | st.lists(inner, max_size=3) | junk
                                  | st.dictionaries(st.text(max_size=4), inner, max_size=3)
                                  | st.sampled_from(["#", "#/$defs/a", "#/properties/x", "object", "string"]),
                                  max_size=4), max_leaves=12)
texts = st.text(max_size=30) | junk.map(lambda value: json.dumps(value, default=str))


def test_every_keyword_is_honoured_or_refused() -> None:
    assert {*KEYWORDS, *BESIDE, *REFUSED} >= ASSERTING
    assert not {*KEYWORDS} & {*REFUSED} and {*BESIDE.values()} <= {*KEYWORDS}


@settings(max_examples=1500, deadline=None)
@given(schemas, texts)
def test_any_schema_ends_in_a_constraint_or_a_named_error(schema: Any, text: str) -> None:
    limits = sf.Limits(states=3000, work=3_000_000)
    try:
        constraint = sf.json_schema(schema, limits=limits)
        constraint.accepts(text)
        constraint.automaton(limits)
    except StructfillError as error:
        assert str(error)


@settings(max_examples=600, deadline=None)
@given(st.text(alphabet='{}[]":,\\ntrue1.-eé\U0001f600 typeproperties$ref#/', max_size=60))
def test_any_schema_text_ends_in_a_constraint_or_a_named_error(text: str) -> None:
    try:
        sf.json_schema(text)
    except StructfillError as error:
        assert str(error)


@settings(max_examples=600, deadline=None)
@given(st.text(alphabet="ab()[]{}*+?|^$\\d.-,0123:=!<>pLu", max_size=16))
def test_any_pattern_ends_in_a_constraint_or_a_named_error(pattern: str) -> None:
    try:
        sf.regex(pattern, limits=sf.Limits(states=3000, work=3_000_000)).accepts("ab")
    except StructfillError as error:
        assert str(error)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    reading = sf.json_schema({"type": "object", "properties": {"a": {"type": "number", "maximum": 3}}}).read(text)
    assert 0 <= reading.position <= len(text) and reading.accepted <= reading.continuable


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/x.json", "https://example.com/a", "file:///etc/passwd",
                                       "../other.json", "other.json#/a", "//host/x", "urn:uuid:1"])
def test_nothing_is_fetched(reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: Any, **_: Any) -> Any:
        raise AssertionError(f"accessed {arguments[:1]}")

    small = {"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}
    sf.json_schema(small).automaton(sf.Limits())  # loads what is lazy
    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(builtins, "open", forbidden)
    with pytest.raises(sf.UnsupportedFeature, match="nothing is fetched"):
        sf.json_schema({"$ref": reference})
    sf.json_schema({"$id": reference, **small}).automaton(sf.Limits())
    given = sf.json_schema({"$ref": reference}, documents={reference.partition("#")[0]: {"a": {"type": "null"},
                                                                                        "type": "null"}})
    assert given.accepts("null") and not given.accepts("1")


def test_hash_seed_and_threads_do_not_matter(tmp_path: Path) -> None:
    code = """
import torch, structfill as sf
from tests.fake_models import RandomModel
from tests.random_schemas import random_schema
import random
torch.set_num_threads(int(__import__("sys").argv[1]))
out = []
for seed in (1, 4, 5, 8):
    try:
        g = sf.Generator(random_schema(random.Random(seed)), model=RandomModel(), cache=None, max_tokens=200,
                         options=sf.SamplerOptions(passes=3, temperature=1.0))
        out.append((g.graph.states, g.graph.edges, g("x").tokens))
    except sf.StructfillError as error:
        out.append(str(error))
print(out)
"""
    seen = set()
    for hash_seed, threads in (("0", "1"), ("1", "2"), ("2", "1")):
        environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", "PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", code, threads], capture_output=True, text=True, env=environment,
                              cwd=ROOT)
        assert done.returncode == 0, done.stderr
        seen.add(done.stdout)
    assert len(seen) == 1

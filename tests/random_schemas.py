"""Random schemas of the supported subset, from a seed. Some are contradictory; callers expect `EmptyLanguage` then."""

from __future__ import annotations

import random
import re
from typing import Any

NAMES = ["id", "name", "total", "käse", "a b", "items", "x", "created_at", "\"q\"", "€"]
PATTERNS = [r"^\d{4}-\d{2}-\d{2}$", r"^[A-Z]{2,3}-\d+$", "foo|ba+r", r"^\S+@\S+\.[a-z]+$", r"^(yes|no)$", r"[äöü]"]
WORDS = ["red", "grün", "a\"b", "\\", "", "long value with spaces", "日本", "😀", "0"]


def random_schema(rng: random.Random, depth: int = 3) -> Any:
    """A schema; deeper ones hold objects, arrays, combinators and references."""
    schema = _node(rng, depth)
    if depth > 1 and rng.random() < 0.15:
        schema = {"$defs": {"node": {"type": "object", "properties": {
            "value": _node(rng, 1), "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}},
            "required": ["value", "next"], "additionalProperties": False}},
            "type": "object", "properties": {"head": {"$ref": "#/$defs/node"}, "rest": schema}}
    return schema


def _node(rng: random.Random, depth: int) -> Any:
    leaves = [_string, _number, _enum, _constant, _types]
    makers = leaves if depth <= 0 else [*leaves, _object, _object, _object, _array, _array, _combined]
    return rng.choice(makers)(rng, depth)


def _string(rng: random.Random, depth: int) -> Any:
    schema: dict[str, Any] = {"type": "string"}
    if rng.random() < 0.4:
        schema["pattern"] = rng.choice(PATTERNS)
    if rng.random() < 0.4:
        schema["minLength"] = rng.randint(0, 4)
        schema["maxLength"] = rng.randint(schema["minLength"], 14)
    return schema


def _number(rng: random.Random, depth: int) -> Any:
    schema: dict[str, Any] = {"type": rng.choice(["integer", "number"])}
    low = rng.choice([-1000, -1.5, 0, 0.25, 3, 99])
    if rng.random() < 0.6:
        schema[rng.choice(["minimum", "exclusiveMinimum"])] = low
    if rng.random() < 0.6:
        schema[rng.choice(["maximum", "exclusiveMaximum"])] = low + rng.choice([1, 2.75, 10, 12345])
    return schema


def _enum(rng: random.Random, depth: int) -> Any:
    values = [*rng.sample(WORDS, 3), rng.randint(-9, 9), None, {"k": rng.choice(WORDS)}, [1, [True]]]
    return {"enum": rng.sample(values, rng.randint(1, 4))}


def _constant(rng: random.Random, depth: int) -> Any:
    return rng.choice([True, {"const": rng.choice(WORDS)}, {"const": 1.5}, {"type": "boolean"}, {"type": "null"}])


def _types(rng: random.Random, depth: int) -> Any:
    return {"type": rng.sample(["string", "integer", "boolean", "null", "number"], 2)}


def _object(rng: random.Random, depth: int) -> Any:
    names = rng.sample(NAMES, rng.randint(0, 4))
    schema: dict[str, Any] = {"type": "object", "properties": {n: _node(rng, depth - 1) for n in names}}
    if rng.random() < 0.7:
        schema["required"] = [n for n in names if rng.random() < 0.6]
    if rng.random() < 0.6:
        schema["additionalProperties"] = rng.choice([False, False, True, {"type": "integer"}])
    return schema


def _array(rng: random.Random, depth: int) -> Any:
    schema: dict[str, Any] = {"type": "array", "items": _node(rng, depth - 1)}
    if rng.random() < 0.3:
        schema["prefixItems"] = [_node(rng, depth - 1) for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.5:
        schema["minItems"] = rng.randint(0, 2)
        schema["maxItems"] = rng.randint(schema["minItems"], 4)
    return schema


def _combined(rng: random.Random, depth: int) -> Any:
    key = rng.choice(["anyOf", "oneOf", "allOf"])
    return {key: [_node(rng, depth - 1) for _ in range(rng.randint(1, 3))]}


def rich_schema(rng: random.Random, depth: int = 3) -> Any:
    """A schema that may hold any keyword; names and values are few, so that keywords meet."""
    makers = [_leaf, _leaf, _rich_object, _rich_object, _rich_array, _boolean, _boolean]
    return rng.choice(makers if depth > 0 else [_leaf])(rng, depth)


UNLIKE = re.compile("[0-9.]{14}|\\\\[rn]|[\u2028\u2029]")  # judged by floats or by Python's patterns there
SHORT = ["a", "b", "aa", "ab", "ba", "c"]


def _leaf(rng: random.Random, depth: int) -> Any:
    return rng.choice([
        lambda: {"type": rng.choice(["integer", "number"]), "multipleOf": rng.choice([1, 2, 0.5]), "minimum": -3},
        lambda: {"type": "string", "minLength": rng.randint(0, 2), "maxLength": rng.randint(0, 3)},
        lambda: {"enum": rng.sample(["a", "aa", 1, 2, None, True], rng.randint(1, 3))},
        lambda: {"pattern": rng.choice(["^a", "b$", "^[ab]*$"])}, lambda: {"type": rng.choice(["null", "boolean"])},
        lambda: rng.choice([True, {}, False]), lambda: {"maximum": 1}, lambda: {"const": rng.choice([1, "b", [1], {}])},
    ])()


def _some(rng: random.Random, parts: dict[str, Any], share: float) -> dict[str, Any]:
    return {key: make() for key, make in parts.items() if rng.random() < share}


def _rich_object(rng: random.Random, depth: int) -> Any:
    def inner() -> Any:
        return rich_schema(rng, depth - 1)
    found = _some(rng, {
        "properties": lambda: {n: inner() for n in rng.sample(SHORT, rng.randint(1, 3))},
        "patternProperties": lambda: {p: inner() for p in rng.sample(["^a", "b$", "^.$"], rng.randint(1, 2))},
        "additionalProperties": lambda: rng.choice([False, {"type": "integer"}, inner()]),
        "propertyNames": lambda: rng.choice([{"maxLength": 1}, {"pattern": "a"}, {"enum": ["a", "b", "zz"]}]),
        "required": lambda: rng.sample(SHORT, rng.randint(0, 2)),
        "minProperties": lambda: rng.randint(0, 3), "maxProperties": lambda: rng.randint(0, 3),
        "dependentRequired": lambda: {rng.choice(SHORT): [rng.choice(SHORT)]},
        "dependentSchemas": lambda: {rng.choice(SHORT): inner()},
        "unevaluatedProperties": lambda: rng.choice([False, {"type": "string"}]),
        "anyOf": lambda: [inner(), inner()], "not": inner}, 0.28)
    return found | ({"type": "object"} if rng.random() < 0.7 else {})


def _rich_array(rng: random.Random, depth: int) -> Any:
    def inner() -> Any:
        return rich_schema(rng, depth - 1)
    found = _some(rng, {
        "prefixItems": lambda: [inner() for _ in range(rng.randint(1, 2))], "items": inner, "contains": inner,
        "minContains": lambda: rng.randint(0, 2), "maxContains": lambda: rng.randint(1, 2),
        "minItems": lambda: rng.randint(0, 2), "maxItems": lambda: rng.randint(0, 3),
        "uniqueItems": lambda: True, "unevaluatedItems": lambda: rng.choice([False, {"type": "string"}]),
        "anyOf": lambda: [inner(), inner()]}, 0.3)
    return found | ({"type": "array"} if rng.random() < 0.7 else {})


def _boolean(rng: random.Random, depth: int) -> Any:
    def inner() -> Any:
        return rich_schema(rng, depth - 1)
    return rng.choice([
        lambda: {"not": inner()}, lambda: {"if": inner(), "then": inner(), "else": inner()},
        lambda: {"allOf": [inner(), inner()]}, lambda: {"anyOf": [inner(), inner()]},
        lambda: {"oneOf": [inner(), inner(), inner()]}])()


def random_value(rng: random.Random, depth: int = 3) -> Any:
    """A JSON value of the same few names and scalars."""
    kind = rng.randint(0, 5 if depth > 0 else 3)
    if kind >= 4:
        parts = [random_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
        return parts if kind == 4 else dict(zip(rng.sample(SHORT, len(parts)), parts, strict=True))
    return rng.choice(["a", "aa", "b", "", "ab", 1, 2, 0, -3, 0.5, 1.5, None, True, False])

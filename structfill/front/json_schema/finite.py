"""The values of a schema that plainly has only a few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .lower import Lowering

MAX_DEPTH = 8


def values_of(low: Lowering, schema: Any, place: str, depth: int = 0) -> list[Any] | None:
    """A list that holds every value of the schema (and may hold more), or None where that is not seen at a glance."""
    if schema is False:
        return []
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return None
    schema = low.effective(schema, place)
    if "const" in schema and low.knows("const", place):
        return [schema["const"]]
    if isinstance(schema.get("enum"), list):
        return _distinct(schema["enum"])
    if schema.get("type") in ("boolean", "null"):
        return [None] if schema["type"] == "null" else [True, False]
    if isinstance(schema.get("$ref"), str):
        return values_of(low, *low.target(schema, "$ref", place), depth + 1)
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            parts = [values_of(low, part, f"{place}/{key}/{i}", depth + 1) for i, part in enumerate(schema[key])]
            return None if None in parts else _distinct([v for part in parts if part is not None for v in part])
    return None


def _distinct(values: list[Any]) -> list[Any]:
    found: dict[object, Any] = {}
    for value in values:
        found.setdefault(canonical(value), value)
    return list(found.values())


def canonical(value: Any) -> object:
    """A hashable form that is equal exactly for equal JSON values: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, list):
        return "array", tuple(map(canonical, value))
    if isinstance(value, dict):
        return "object", frozenset((name, canonical(part)) for name, part in value.items())
    return ("boolean", value) if isinstance(value, bool) else value

"""Keywords that combine schemas about the same value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..formula import TRUE, Formula, conj, disj, exactly_one, negate
from .reading import schemas

if TYPE_CHECKING:
    from ..lower import Lowering


def reference(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`$ref`, `$dynamicRef` and `$recursiveRef`"""
    parent, _, key = place.rpartition("/")
    return low.same_value(*low.target(schema, key, parent))


def parts(low: Lowering, schema: dict[str, Any], place: str) -> list[Formula]:
    """The formulas of an array of schemas."""
    key = place.rsplit("/", 1)[1]
    found = schemas(schema[key], key, place)
    low.weights[place] = len(found)
    return [low.same_value(part, f"{place}/{i}") for i, part in enumerate(found)]


def all_of(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`allOf`"""
    return conj(parts(low, schema, place))


def any_of(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`anyOf`"""
    return disj(parts(low, schema, place))


def one_of(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`oneOf`"""
    return exactly_one(parts(low, schema, place))


def not_(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`not`"""
    return negate(low.same_value(schema["not"], place))


def if_(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`if` with `then` and `else`"""
    parent = place.rpartition("/")[0]
    branches = [low.same_value(schema[key], f"{parent}/{key}") if key in schema else TRUE for key in ("then", "else")]
    condition = low.same_value(schema["if"], place)
    return conj([disj([negate(condition), branches[0]]), disj([condition, branches[1]])])

"""Keywords about arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....errors import SpecError
from .. import atoms as at
from ..finite import values_of
from ..formula import TRUE, Formula, conj
from .reading import kind_name, natural, schemas
from .values import count, unless

if TYPE_CHECKING:
    from ..lower import Lowering

MAX_UNIQUE = 8  # values that unique items may have: what was used is a subset of them, and each subset a state


def items(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`items`: one schema, or, up to draft 2019-09, an array of them"""
    found = schema["items"]
    if isinstance(found, list):
        return conj([at.ItemAt(i, low.child(s, f"{place}/{i}")) for i, s in enumerate(found)])
    prefix = schema.get("prefixItems") if low.knows("prefixItems", place) else None
    return at.ItemsFrom(len(prefix) if isinstance(prefix, list) else 0, low.child(found, place))


def additional_items(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`additionalItems`, ignored without an array of items (draft 2019-09, section 9.3.1.2)"""
    if not isinstance(schema.get("items"), list):
        return TRUE
    return at.ItemsFrom(len(schema["items"]), low.child(schema["additionalItems"], place))


def prefix_items(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`prefixItems`"""
    parts = schemas(schema["prefixItems"], "prefixItems", place)
    return conj([at.ItemAt(i, low.child(s, f"{place}/{i}")) for i, s in enumerate(parts)])


def min_items(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`minItems`"""
    low.weights[place] = least = natural(schema["minItems"], "minItems", place)
    return conj(count(least, None))


def max_items(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`maxItems`"""
    low.weights[place] = most = natural(schema["maxItems"], "maxItems", place)
    return conj(count(0, most))


def contains(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`contains` with `minContains` and `maxContains`"""
    key = low.child(schema["contains"], place)
    bounded = low.knows("minContains", place)
    parent = place.rpartition("/")[0]
    least = natural(schema.get("minContains", 1), "minContains", f"{parent}/minContains") if bounded else 1
    parts: list[Formula] = [at.Contains(least, key)] if least else []
    if bounded and "maxContains" in schema:
        most = natural(schema["maxContains"], "maxContains", f"{parent}/maxContains")
        parts.append(unless(at.ARRAY, at.Contains(most + 1, key)))
    return conj(parts)


def unique_items(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`uniqueItems`: no value of a finite language occurs twice; for others texts can be judged, not written"""
    if not isinstance(schema["uniqueItems"], bool):
        raise SpecError(f"uniqueItems must be true or false, not {kind_name(schema['uniqueItems'])}", pointer=place)
    if not schema["uniqueItems"]:
        return TRUE
    if isinstance(schema.get("maxItems"), int | float) and schema["maxItems"] <= 1:
        return TRUE
    found = values_of(low, schema.get("items"), f"{place.rpartition('/')[0]}/items")
    if found is None or "prefixItems" in schema:
        low.judged_only("uniqueItems", "where the items are not a few given values", place)
        return at.Unique()
    if len(found) > MAX_UNIQUE:
        low.judged_only("uniqueItems", f"over {len(found)} possible items (at most {MAX_UNIQUE})", place)
        return at.Unique()
    return conj(unless(at.ARRAY, at.Contains(2, low.constant(value, f"{place}/{i}"))) for i, value in enumerate(found))

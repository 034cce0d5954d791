"""A schema that says nothing: what was meant may stand below one of its keys."""

from __future__ import annotations

from typing import Any

from ...errors import warn_caller
from .dialect import subschemas
from .keywords import BESIDE, KEYWORDS, REFUSED
from .pointers import escape

ANNOTATIONS = frozenset(
    "$schema $id id $anchor $dynamicAnchor $recursiveAnchor $vocabulary $comment $defs definitions title description "
    "default example examples deprecated nullable readOnly writeOnly contentMediaType contentSchema".split())
_DEPTH, _SEEN = 4, 1_000  # how deep, and among how many objects, a schema is looked for


def warn_of_no_keyword(schema: Any) -> None:
    """Warn of a schema in which no key is a keyword, so that any value satisfies it."""
    if not isinstance(schema, dict) or _speaks(schema):
        return
    unknown = [key for key in schema if isinstance(key, str) and key not in ANNOTATIONS and not key.startswith("x-")]
    if unknown:
        named = ", ".join(map(repr, unknown[:4])) + (", ..." if len(unknown) > 4 else "")
        place = _schema_inside(schema)
        meant = "" if place is None else f"; did you mean the schema under {place}?"
        warn_caller(UserWarning(f"none of {named} is a keyword of JSON Schema, so any value is valid{meant}"))


def _speaks(schema: dict[str, Any]) -> bool:
    return any(key in KEYWORDS or key in BESIDE or key in REFUSED for key in schema)


def _schema_inside(schema: dict[str, Any]) -> str | None:
    """The place nearest to the root of what looks like a schema."""
    waiting: list[tuple[str, Any, int]] = [("", schema, 0)]
    for place, part, depth in waiting:
        if not isinstance(part, dict):
            continue
        if depth and _speaks(part) and (isinstance(part.get("type"), str | list) or any(subschemas(part))
                                        or "$ref" in part or "enum" in part):
            return place
        if depth < _DEPTH and len(waiting) < _SEEN:
            waiting += [(f"{place}/{escape(str(key))}", inner, depth + 1) for key, inner in part.items()]
    return None

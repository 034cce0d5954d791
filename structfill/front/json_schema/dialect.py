"""The drafts of JSON Schema: which keywords each of them has, and where schemas stand inside a schema."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from ...errors import UnsupportedFeature


class Dialect(IntEnum):
    """A draft, in the order of time."""

    DRAFT4 = 4
    DRAFT6 = 6
    DRAFT7 = 7
    DRAFT2019 = 2019
    DRAFT2020 = 2020


_NAMES = {"draft-04": Dialect.DRAFT4, "draft-05": Dialect.DRAFT4, "draft-06": Dialect.DRAFT6,
          "draft-07": Dialect.DRAFT7, "draft/2019-09": Dialect.DRAFT2019, "draft/2020-12": Dialect.DRAFT2020}
SINCE = {  # keywords that drafts before do not know: there they are annotations
    "const": Dialect.DRAFT6, "contains": Dialect.DRAFT6, "propertyNames": Dialect.DRAFT6,
    "if": Dialect.DRAFT7, "contentEncoding": Dialect.DRAFT7,
    "minContains": Dialect.DRAFT2019, "maxContains": Dialect.DRAFT2019, "dependentRequired": Dialect.DRAFT2019,
    "dependentSchemas": Dialect.DRAFT2019, "unevaluatedProperties": Dialect.DRAFT2019,
    "unevaluatedItems": Dialect.DRAFT2019, "$recursiveRef": Dialect.DRAFT2019, "$dynamicRef": Dialect.DRAFT2020,
    "prefixItems": Dialect.DRAFT2020}
UNTIL = {"additionalItems": Dialect.DRAFT2019, "$recursiveRef": Dialect.DRAFT2019, "contentEncoding": Dialect.DRAFT7}

_ONE = ("additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not",
        "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties")
_LIST = ("allOf", "anyOf", "items", "oneOf", "prefixItems")
_MAP = ("$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties")


def dialect_of(schema: Any) -> Dialect:
    """The dialect that ``$schema`` names, 2020-12 without one. Raises `UnsupportedFeature` for one that is not known:
    it might give keywords another meaning."""
    name = schema.get("$schema") if isinstance(schema, dict) else None
    if not isinstance(name, str):
        return Dialect.DRAFT2020
    for part, dialect in _NAMES.items():
        if part in name:
            return dialect
    if "json-schema.org/schema" in name or "://" not in name:
        return Dialect.DRAFT2020
    raise UnsupportedFeature("$schema", f"$schema {name!r} is not a known draft (4, 6, 7, 2019-09, 2020-12)",
                             pointer="/$schema", hint="leave it out to have the schema read as draft 2020-12")


def knows(dialect: Dialect, key: str) -> bool:
    """Is `key` a keyword of the dialect?"""
    return SINCE.get(key, Dialect.DRAFT4) <= dialect <= UNTIL.get(key, Dialect.DRAFT2020)


def subschemas(schema: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, schema) of the schemas directly inside a schema."""
    for key in _ONE:
        if key in schema and not isinstance(schema[key], list):
            yield (key,), schema[key]
    for key in _LIST:
        if isinstance(schema.get(key), list):
            for i, part in enumerate(schema[key]):
                yield (key, str(i)), part
    for key in _MAP:
        if isinstance(schema.get(key), dict):
            for name, part in schema[key].items():
                if not isinstance(part, list):  # of a draft-4 dependency
                    yield (key, str(name)), part

"""The keywords of JSON Schema, each a function from a schema to a formula.

A function gets the `Lowering`, the schema and the place of its keyword, and returns what the keyword demands. The order
here is also the order in which property names are first met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import arrays, combining, objects, scalars, unevaluated, values

if TYPE_CHECKING:
    from ..formula import Formula
    from ..lower import Lowering

REFUSED = ("extends", "disallow", "divisibleBy")  # of draft 3
BESIDE = {  # read with another keyword
    "minContains": "contains", "maxContains": "contains", "then": "if", "else": "if"}

KEYWORDS: dict[str, Callable[[Lowering, dict[str, Any], str], Formula]] = {
    "type": values.type_, "enum": values.enum, "const": values.const,
    "minLength": scalars.length, "maxLength": scalars.length, "pattern": scalars.pattern, "format": scalars.format_,
    "contentEncoding": scalars.content_encoding,
    "minimum": scalars.bound, "maximum": scalars.bound, "exclusiveMinimum": scalars.bound,
    "exclusiveMaximum": scalars.bound, "multipleOf": scalars.multiple_of,
    "prefixItems": arrays.prefix_items, "items": arrays.items, "additionalItems": arrays.additional_items,
    "minItems": arrays.min_items, "maxItems": arrays.max_items, "contains": arrays.contains,
    "uniqueItems": arrays.unique_items,
    "properties": objects.properties, "$ref": combining.reference, "$dynamicRef": combining.reference,
    "$recursiveRef": combining.reference,
    "allOf": combining.all_of, "anyOf": combining.any_of, "oneOf": combining.one_of, "not": combining.not_,
    "if": combining.if_,
    "required": objects.required, "patternProperties": objects.pattern_properties,
    "additionalProperties": objects.additional_properties, "propertyNames": objects.property_names,
    "minProperties": objects.min_properties, "maxProperties": objects.max_properties,
    "dependentRequired": objects.dependent_required, "dependentSchemas": objects.dependent_schemas,
    "dependencies": objects.dependencies,
    "unevaluatedProperties": unevaluated.properties, "unevaluatedItems": unevaluated.items,
}

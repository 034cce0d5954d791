"""Names of objects in the schemas of Pydantic's types: keys that can be read as what they are to be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import SchemaValidator, ValidationError, core_schema, to_jsonable_python

from ....errors import UnsupportedFeature
from .bounds import BOUNDS, NUMBER, bounded, integers, whole

_FLOAT = rf"{NUMBER}(?:[eE][+-]?\d{{1,2}})?"
_KEYS = {"int": r"0|-?[1-9]\d*", "float": _FLOAT, "decimal": _FLOAT, "bool": "true|false",
         "fraction": rf"{NUMBER}|-?\d+/[1-9]\d*"}
MAX_KEYS = 1_000


class WithKeys(GenerateJsonSchema):
    """Pydantic's schemas, with what its validators demand of names. Raises `UnsupportedFeature` for names that no JSON
    has."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._defined: dict[str, Any] = {}

    def definitions_schema(self, schema: core_schema.DefinitionsSchema) -> JsonSchemaValue:
        """Remembered, since keys and tags look into them."""
        self._defined.update((part["ref"], part) for part in schema["definitions"])
        return super().definitions_schema(schema)

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """With keys that Pydantic can read as what they are to be."""
        return self._with_keys(super().dict_schema(schema), schema)

    def counter_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return self._with_keys(super().counter_schema(schema), schema)

    def ordered_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return self._with_keys(super().ordered_dict_schema(schema), schema)

    def frozendict_schema(self, schema: Any) -> JsonSchemaValue:
        """The same."""
        return self._with_keys(super().frozendict_schema(schema), schema)

    def _with_keys(self, found: JsonSchemaValue, schema: Any) -> JsonSchemaValue:
        """With what keys have to be like that are no strings."""
        names = self._possible_names(schema.get("keys_schema", {"type": "any"}))
        if "patternProperties" in found or names.get("type") == "string" and "propertyNames" in found:
            return found  # as Pydantic has described them
        if names in ({}, {"type": "string"}):
            return found
        return {**found, "propertyNames": names}

    def model_fields_schema(self, schema: core_schema.ModelFieldsSchema) -> JsonSchemaValue:
        """With other names only where they can be read as keys of what is extra."""
        found = super().model_fields_schema(schema)
        if "extras_keys_schema" not in schema:
            return found
        names = self._possible_names(schema["extras_keys_schema"])
        declared = list(found["properties"])
        return {**found, "propertyNames": {"anyOf": [{"enum": declared}, names]} if declared else names}

    def _possible_names(self, keys: Any) -> JsonSchemaValue:
        names = self._names(keys)
        if names is None:
            raise UnsupportedFeature("keys of a dict", f"keys of this type ({keys['type']}) cannot be read from JSON",
                                     hint="use keys that are strings or numbers, or a list of pairs")
        return names

    def _names(self, keys: Any) -> JsonSchemaValue | None:
        """What names can be read as keys of a type. None if there are none."""
        kind = keys["type"]
        if kind in ("enum", "literal"):
            texts = _readable_names(keys)
            return {"enum": texts} if texts else None
        if kind in _KEYS:
            return _number_names(keys)
        if kind == "definition-ref":
            return self._names(self._defined[keys["schema_ref"]])
        if kind == "union":
            ways = [way for part in core_schema.iter_union_choices(keys) if (way := self._names(part)) is not None]
            return {"anyOf": ways} if ways else None
        found = self.resolve_ref_schema(self.generate_inner(keys))
        if not found or found.get("type") == "string":
            return found
        texts = [part for part in found.get("anyOf", []) if part.get("type") == "string"]
        if texts and kind not in ("nullable", "default"):
            return {"anyOf": texts}
        inner = keys.get("json_schema_input_schema") or keys.get("schema") or keys.get("lax_schema") or (
            keys.get("json_schema") or keys.get("steps", [None])[0])
        return self._names(inner) if inner and kind not in ("dataclass", "typed-dict") else None


def readable(schema: Any, values: Iterable[Any]) -> list[Any]:
    """The JSON of values of a type, as far as Pydantic reads the same from it."""
    validator, found = SchemaValidator(schema), []
    for value in values:
        with suppress(ValueError):  # of bytes, too, that are no UTF-8
            plain = to_jsonable_python(value.value if isinstance(value, Enum) else value)
            ways = [plain, *([float(plain)] if isinstance(getattr(value, "value", value), Decimal) else [])]
            found += [way for way in ways if _read(validator, way) == value][:1]
    return found


def _read(validator: SchemaValidator, value: Any) -> Any:
    """What Pydantic reads from the JSON of a value; None if it refuses."""
    with suppress(ValidationError):
        return validator.validate_json(json.dumps(value))
    return None


def _readable_names(keys: Any) -> list[str]:
    """The names that are read as members of an Enum, or as values of a Literal."""
    values = [getattr(value, "value", value) for value in keys.get("members", keys.get("expected"))]
    validator = SchemaValidator(core_schema.dict_schema(keys))
    return [text for text in dict.fromkeys(value if isinstance(value, str) else str(value) for value in values)
            if _read(validator, {text: None})]


def _number_names(keys: Any) -> JsonSchemaValue:
    """Names that are numbers. Bounds are those of integers; multiples are listed, if they are few."""
    limits = {"multiple_of", "max_digits", "decimal_places", *BOUNDS} & {key for key in keys if keys[key] is not None}
    names = {"pattern": whole(_KEYS[keys["type"]])}
    if keys["type"] != "int" and limits:
        raise UnsupportedFeature("bounds of keys", f"{', '.join(sorted(limits))} of keys that are no integers",
                                 hint="use integers or strings as keys, or a list of pairs")
    least = max(keys.get("ge", -math.inf), keys.get("gt", -math.inf) + 1)
    most = min(keys.get("le", math.inf), keys.get("lt", math.inf) - 1)
    step = keys.get("multiple_of", 1)
    if most - least < MAX_KEYS * step:
        return {"enum": [str(number) for number in range(-(-least // step) * step, most + 1, step)]}
    if step != 1:
        raise UnsupportedFeature("multiple_of of keys", f"the multiples of {step} are too many to be listed",
                                 hint="bound the keys on both sides")
    return bounded(names, keys, integers)

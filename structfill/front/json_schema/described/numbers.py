"""Numbers in the schemas of Pydantic's types: floats, decimals and fractions, and the strings that stand for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from ....errors import UnsupportedFeature
from .bounds import BOUNDS, NUMBER, also, bounded, decimals, seen_multiples, whole
from .sets import WithSets

MAX_DIGITS = 20  # of a decimal, for each of which its places are an alternative
_HELD = 15  # digits that a float holds, which Pydantic makes of a number before it makes a decimal of it
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"
_IMAGINARY = r"\d+(?:\.\d+)?j"


class WithNumbers(WithSets):
    """Pydantic's schemas, with what its validators demand of numbers. Raises `UnsupportedFeature` for floats of which
    no schema can tell whether they are multiples."""

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        """Of multiples, those that are seen to be some."""
        found, step = super().float_schema(schema), schema.get("multiple_of")
        if not step:
            return found
        most = seen_multiples(float(step))
        if max(schema.get("ge") or 0, schema.get("gt") or 0, -(schema.get("le") or 0), -(schema.get("lt") or 0)) > most:
            raise UnsupportedFeature("multiple_of of a float", f"floats beyond {most:g} do not tell the multiples of "
                                     f"{step} from other numbers", hint="declare an int, or a Decimal")
        return also(found, {"minimum": -most, "maximum": most})

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """A number of so many digits, or a string that is one."""
        step = schema.get("multiple_of")
        unstepped: Any = {**schema, "multiple_of": None}
        found = _number(super().decimal_schema(unstepped))
        if step is not None:
            held = 10.0 ** (_HELD - max(0, -int(step.as_tuple().exponent)))
            found = also({**found, "multipleOf": float(step)}, {"minimum": -held, "maximum": held})
        sizes = _sizes(schema)
        if sizes:
            found = also(found, {"anyOf": [_number_of(*size) for size in sizes]})
        if self._distinct or step is not None and (not sizes or sizes != _places(step)):
            return found
        any_digits = NUMBER if _is_bounded(schema) else NUMBER + _EXPONENT
        pattern = "|".join(_digits_of(*size) for size in sizes) or any_digits
        text = bounded({"type": "string", "pattern": whole(pattern)}, schema, decimals)
        return {"anyOf": [found, text]}

    def fraction_schema(self, schema: Any) -> JsonSchemaValue:
        """A number, or a string that is one or two of them."""
        found = _number(super().fraction_schema(schema))
        if self._distinct or schema.get("multiple_of") is not None or _is_bounded(schema):
            return found
        return {"anyOf": [found, {"type": "string", "pattern": whole(rf"{NUMBER}|-?\d+/0*[1-9]\d*")}]}

    def complex_schema(self, schema: core_schema.ComplexSchema) -> JsonSchemaValue:
        """As Python writes it."""
        pattern = whole(rf"{NUMBER}(?:[+-]{_IMAGINARY})?|-?{_IMAGINARY}")
        return {**super().complex_schema(schema), "pattern": pattern}


def _is_bounded(schema: Any) -> bool:
    return any(schema.get(key) is not None for key in BOUNDS)


def _sizes(schema: Any) -> list[tuple[int | None, int]]:
    """The ways to divide the digits of a decimal: those before its point (None: any number), and those behind it."""
    digits, places = schema.get("max_digits"), schema.get("decimal_places")
    if digits is None:
        return _places(schema.get("multiple_of")) if places is None else [(None, places)]
    ways = range(min(digits, MAX_DIGITS) + 1) if places is None else [places]
    return [(digits - way, min(way, digits)) for way in ways]


def _places(step: Decimal | None) -> list[tuple[int | None, int]]:
    """The same for multiples of a step, if they are all numbers of so many places."""
    if step is None or step.normalize().as_tuple().digits != (1,):
        return []
    places = -int(step.normalize().as_tuple().exponent)
    return [(_HELD - places, places)] if 0 <= places < _HELD else []


def _number_of(before: int | None, behind: int) -> JsonSchemaValue:
    """Numbers of at most so many digits before the point, where a zero counts as one, and behind it."""
    found: JsonSchemaValue = {"multipleOf": float(f"1e-{behind}")}
    if before is None:
        return found
    found |= {"exclusiveMinimum": -(10 ** max(before, 0)), "exclusiveMaximum": 10 ** max(before, 0)}
    return found if before > 0 else {**found, "not": {"const": 0}}


def _digits_of(before: int | None, behind: int) -> str:
    """The same of strings."""
    fraction = rf"\.(?=\d)\d{{0,{behind}}}0*"
    if before is not None and before <= 0:
        return f"-?0{fraction}"
    return rf"-?(?:0|[1-9]\d{{0,{'' if before is None else before - 1}}})(?:{fraction})?"


def _number(found: JsonSchemaValue) -> JsonSchemaValue:
    """The number, of a schema that allows strings beside it."""
    return next((part for part in found.get("anyOf", []) if part.get("type") == "number"), found)

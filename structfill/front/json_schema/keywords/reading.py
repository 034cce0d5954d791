"""Values of keywords, read with errors that name the place."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from ....errors import SpecError


def mapping(value: Any, place: str) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise SpecError(f"expected an object, found {kind_name(value)}", pointer=place)
    for name in value:
        check_name(name, place)
    return value


def schemas(value: Any, key: str, place: str) -> list[Any]:
    """A non-empty array."""
    if not isinstance(value, list) or not value:
        raise SpecError(f"{key} must be a non-empty array of schemas", pointer=place)
    return value


def names(value: Any, key: str, place: str) -> list[str]:
    """An array of strings."""
    if not isinstance(value, list) or not all(isinstance(n, str) for n in value):
        raise SpecError(f"{key} must be an array of names", pointer=place)
    return value


def check_name(name: Any, place: str) -> None:
    """Property names are strings."""
    if not isinstance(name, str):
        raise SpecError(f"a property name must be a string, not {kind_name(name)}", pointer=place)


def natural(value: Any, key: str, place: str) -> int:
    """A non-negative integer; 2.0 is one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value) or value < 0 \
            or int(value) != value:
        raise SpecError(f"{key} must be a non-negative integer, not {shown(value)}", pointer=place)
    return int(value)


def exact(value: Any, place: str) -> Fraction:
    """The number as written: 0.1 is one tenth."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise SpecError(f"expected a finite number, found {shown(value)}", pointer=place)
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def shown(value: Any) -> str:
    """A value in an error message."""
    try:
        return f"{value!r:.80}"
    except ValueError:  # an integer of thousands of digits
        return "a number of thousands of digits"


def kind_name(value: Any) -> str:
    """What JSON calls a value."""
    return {dict: "an object", list: "an array", str: "a string", type(None): "null", bool: "a boolean",
            int: "a number", float: "a number"}.get(type(value), type(value).__name__)


def _finite(value: int | float) -> bool:
    return isinstance(value, int) or math.isfinite(value)  # integers beyond the floats are finite, too

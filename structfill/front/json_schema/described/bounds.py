"""Schemas of what is bounded in Python's own terms: dates, times, durations, integers as names; and of JSON in strings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from math import floor, log2
from typing import Any

from ....errors import UnsupportedFeature
from .patterns import beyond, decimals_beyond, durations_beyond, fractions_beyond, integers_beyond

_INTEGER = r"-?(?:0|[1-9]\d*)"
NUMBER = rf"{_INTEGER}(?:\.\d+)?"
_STRING = r'"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt])*"'
_SCALARS = {"null": "null", "boolean": "(?:true|false)", "integer": _INTEGER, "number": NUMBER, "string": _STRING}
_ANY = f"(?:{'|'.join(_SCALARS.values())})"


def _listed(kind: str, part: str) -> str:
    """An array of such parts, or an object with such values."""
    part = part if kind == "array" else rf"{_STRING}: ?{part}"
    inside = rf"(?:{part}(?:, ?{part})*)?"
    return rf"\[{inside}\]" if kind == "array" else rf"\{{{inside}\}}"


def content(schema: Any, depth: int = 0) -> str | None:
    """A pattern of JSON texts that satisfy a plain schema: scalars, arrays and maps of them. None for other schemas."""
    if not isinstance(schema, dict):
        return None
    rest = {key: part for key, part in schema.items() if key != "title"}
    kind = rest.pop("type", None)
    if kind is None and not rest:  # any value: a shallow one
        return f"(?:{_ANY}|{_listed('array', _ANY)}|{_listed('object', _ANY)})"
    if kind in _SCALARS and not rest:
        return _SCALARS[kind]
    key = {"array": "items", "object": "additionalProperties"}.get(kind, "")
    if list(rest) != [key] or depth > 3 or (inner := content(rest[key], depth + 1)) is None:
        return None
    return _listed(kind, inner)


def also(found: dict[str, Any], *parts: dict[str, Any]) -> dict[str, Any]:
    """A schema that demands these parts as well."""
    return {**found, "allOf": [*found.get("allOf", []), *parts]} if parts else found


def _begins(ways: Iterable[str]) -> dict[str, Any]:
    return {"pattern": f"^(?:{'|'.join(ways) or '!'})"}  # no date and no number begins with that


def from_now(schema: Any, found: dict[str, Any], margin: int) -> dict[str, Any]:
    """With what a date (a time: `margin` days away, since zones differ) has to be like to lie in the future or past."""
    if "now_op" not in schema:
        return found
    later = schema["now_op"] == "future"
    day = dt.date.today() + dt.timedelta(margin if later else -margin)
    return also(found, _begins(beyond(day.isoformat(), later)))


BOUNDS = {"gt": (True, False), "ge": (True, True), "lt": (False, False), "le": (False, True)}  # later? equal?


def bounded(found: dict[str, Any], schema: Any,
            part: Callable[[Any, bool, bool], dict[str, Any]]) -> dict[str, Any]:
    """With a part for each bound that a schema has."""
    return also(found, *(part(schema[key], *how) for key, how in BOUNDS.items() if schema.get(key) is not None))


def dates(day: dt.date, later: bool, equal: bool) -> dict[str, Any]:
    """Dates after (or before) a given one."""
    return _begins([*beyond(day.isoformat(), later), *([day.isoformat()] if equal else [])])


def moments(moment: dt.datetime | dt.time, later: bool, equal: bool) -> dict[str, Any]:
    """Times after (or before) a given one, zones not considered."""
    text = moment.replace(microsecond=0, tzinfo=None).isoformat()
    fractions = fractions_beyond(moment.microsecond, later, equal, "(?:[^0-9.]|$)")
    ways = [*beyond(text, later), *(text + way for way in fractions)]
    return _begins(way.replace("T", "[tT]") for way in ways)


_UTC = {"pattern": "(?:[zZ]|[+-]00:00)$"}


def zoned(moment: dt.datetime | dt.time, later: bool, equal: bool) -> dict[str, Any]:
    """The same for times that have a zone. Pydantic considers it where the given time has one, too: then times are in
    UTC, or (times of a date) more than a day away."""
    offset = moment.utcoffset()
    if offset is None:
        return moments(moment, later, equal)
    if isinstance(moment, dt.datetime):
        utc = moment.replace(tzinfo=None) - offset
        ways = [also(moments(utc, later, equal), _UTC)]
        with suppress(OverflowError):
            ways.append(moments(utc + dt.timedelta(1 if later else -1), later, equal=False))
        return {"anyOf": ways}
    utc = dt.datetime.combine(dt.date(2000, 1, 1), moment.replace(tzinfo=None)) - offset
    if utc.date() != dt.date(2000, 1, 1):
        raise UnsupportedFeature("bounds of time", f"the bound {moment} lies on another day in UTC",
                                 hint="give it in UTC, or without a zone")
    return also(moments(utc.time(), later, equal), _UTC)


def spans(span: dt.timedelta, later: bool, equal: bool) -> dict[str, Any]:
    """Durations longer (or shorter) than a given one; a minus stands only before what is not nothing."""
    minus = [f"-{way}" for way in durations_beyond(abs(span), not later, equal)] if span < dt.timedelta() else []
    plus = durations_beyond(span, later, equal) if span >= dt.timedelta() else []
    if later and minus:
        plus = ["P"]
    elif not later and not minus:
        minus = [f"-{way}" for way in durations_beyond(dt.timedelta(), later=True, equal=False)]
    return _begins([*plus, *minus])


def integers(number: int, later: bool, equal: bool) -> dict[str, Any]:
    """Names that are integers above (or below) a given one."""
    number += (1 if later else -1) * (not equal)
    if later:
        ways = integers_beyond(number - 1, later) if number > 0 else [
            r"\d.*", *(f"-{way}" for way in integers_beyond(1 - number, later=False))]
    else:
        ways = [f"-{way}" for way in integers_beyond(-number - 1, later=True)] if number < 0 else [
            "-.*", *integers_beyond(number + 1, later=False)]
    return {"pattern": whole("|".join(ways))}


def decimals(number: Decimal, later: bool, equal: bool) -> dict[str, Any]:
    """Strings that are decimals above (or below) a given one."""
    minus = number < 0
    ways = decimals_beyond(format(abs(number), "f"), later != minus, equal)
    if minus:
        return {"pattern": whole("|".join([*(f"-{way}" for way in ways), *([r"\d.*"] if later else [])]))}
    return {"pattern": whole("|".join([*ways, *([] if later else [r"-.*[1-9].*"])]))}


def seen_multiples(step: float) -> float:
    """Up to where the multiples of a step are seen to be: Pydantic takes the remainder of floats, and leaves it an
    error of 1e-9."""
    held, meant = Fraction(step), Fraction(repr(step))
    if held == meant:  # no error as long as the digits are held
        odd = held.numerator // (held.numerator & -held.numerator)
        return max(float(2**53 * held / odd), step)
    error = 2.0**-54 + float(abs(held / meant - 1))  # of numbers below a power of two, relative to it
    return float(max(2.0 ** floor(log2(0.99e-9 / error)), step))


def whole(pattern: str) -> str:
    """The pattern of whole strings."""
    return f"^(?:{pattern})$"
